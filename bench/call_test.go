package bench_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
)

// A workload hears the outcome of each transaction that it made, once, also where the target panics.
func TestEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		heard := map[uint64][]result.Outcome{}
		work := func(_ context.Context, seq uint64) (bench.Transaction, error) {
			return bench.Transaction{Args: [][]byte{{byte(seq)}}, Ended: func(o result.Outcome) {
				mu.Lock()
				defer mu.Unlock()
				heard[seq] = append(heard[seq], o)
			}}, nil
		}
		p := bench.Plan{Arrivals: arrival.Constant{PerSecond: 10}, Slots: 10, Hold: time.Second, Drain: time.Second}
		_, records := run(t, t.Context(), p, work, func(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
			switch tx.Args[0][0] {
			case 3:
				panic("broken")
			case 4:
				<-ctx.Done()
				return bench.Receipt{}, ctx.Err()
			}
			return bench.Receipt{Committed: time.Now(), Outcome: result.Valid}, nil
		})
		want := map[uint64][]result.Outcome{}
		for _, r := range append(records.all, records.runOut...) {
			want[r.Seq] = []result.Outcome{r.Outcome}
		}
		if diff := cmp.Diff(want, heard); diff != "" || len(want) < 10 {
			t.Errorf("outcomes (-recorded +heard):\n%s", diff)
		}
	})
}

// A transaction that is carried out beside the target never reaches it, and ends as its receipt says.
func TestCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bench.Plan{Clients: 2, Wait: result.WaitEndorse, Hold: time.Second}
		work := func(_ context.Context, seq uint64) (bench.Transaction, error) {
			return bench.Transaction{Query: true, Call: func(context.Context) (bench.Receipt, error) {
				time.Sleep(100 * time.Millisecond)
				switch seq {
				case 3:
					return bench.Receipt{Outcome: result.CARefused}, errors.New("revoked")
				case 4:
					panic("broken")
				}
				return bench.Receipt{Endorsed: time.Now(), Outcome: result.Answered}, nil
			}}, nil
		}
		res, _ := run(t, t.Context(), p, work, func(context.Context, bench.Transaction) (bench.Receipt, error) {
			t.Error("the target was asked")
			return bench.Receipt{}, nil
		})
		if diff := cmp.Diff(result.Counts{result.Answered: 18, result.CARefused: 1, result.Unknown: 1}, res.Counts); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
	})
}
