package bench_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
)

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
