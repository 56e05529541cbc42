package bench_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
)

// differ reports where a result is not the wanted one, whose Ended may be left out. Its epoch, failures
// and garbage are not compared.
func differ(t testing.TB, what string, want, got bench.Result) {
	t.Helper()
	if want.Ended == 0 {
		want.Ended = got.Ended
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(want, "Epoch", "Failures", "GC")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestInterrupt(t *testing.T) {
	plans := map[string]bench.Plan{
		"closed": {Clients: 10, Hold: time.Minute},
		"open":   {Arrivals: arrival.Constant{PerSecond: 10}, Slots: 100, Hold: time.Minute},
	}
	for name, p := range plans {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(3300*time.Millisecond, cancel)
				var n atomic.Int64
				res, got := run(t, ctx, p, empty, func(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
					if n.Add(1)%2 == 0 {
						return commits(0, time.Second)(ctx, tx) // in time
					}
					return commits(0, 10*time.Second)(ctx, tx) // never in time
				})
				if !res.Partial || res.Held != 3300*time.Millisecond || res.Ended != 5300*time.Millisecond {
					t.Errorf("partial %v, held %v, ended %v", res.Partial, res.Held, res.Ended)
				}
				valid, interrupted := res.Counts[result.Valid], res.Counts[result.Interrupted]
				if valid == 0 || interrupted == 0 || valid+interrupted != res.Scheduled {
					t.Errorf("%v", res.Counts.Map())
				}
				for _, rec := range got.all {
					if rec.Intended > res.Held {
						t.Errorf("transaction %d is scheduled at %v, after the interrupt", rec.Seq, rec.Intended)
					}
				}
			})
		})
	}
}

func TestInterruptWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(4*time.Second, cancel)
		res, _ := run(t, ctx, bench.Plan{Clients: 3, Hold: time.Second}, empty, commits(0, time.Hour))
		want := bench.Result{Partial: true, Held: time.Second, Ended: 6 * time.Second, Scheduled: 3, Counts: result.Counts{result.Interrupted: 3}, Next: 3}
		differ(t, "result", want, res)
	})
}

func TestInterruptBeforeTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		res, _ := run(t, ctx, bench.Plan{Clients: 3, Hold: time.Second, First: 7}, empty, commits(0, time.Second))
		differ(t, "result", bench.Result{Partial: true, Next: 7}, res)
	})
}

// What never ends is Unknown once the time to drain is over.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		p := bench.Plan{Arrivals: arrival.Constant{PerSecond: 10}, Slots: 100, Hold: time.Second, Drain: 5050 * time.Millisecond}
		res, _ := run(t, t.Context(), p, empty, func(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
			if n.Add(1) == 4 {
				<-ctx.Done()
				return bench.Receipt{Outcome: result.EndorseRefused}, ctx.Err()
			}
			return commits(0, 3*time.Second)(ctx, tx) // the last ones after the hold, and the run-out's after the drain
		})
		counts := result.Counts{result.Valid: 9, result.Unknown: 1}
		differ(t, "result", bench.Result{Held: time.Second, Ended: 9 * time.Second, Scheduled: 10, Counts: counts, Next: 10}, res)
		if len(res.Failures) != 1 || !strings.Contains(res.Failures[0].Text, "within the time allowed") {
			t.Errorf("failures %v", res.Failures)
		}
	})
}

func TestFailuresAreContainedAndExplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bench.Plan{Arrivals: arrival.Constant{PerSecond: 10}, Slots: 100, Hold: 2 * time.Second}
		res, got := run(t, t.Context(), p,
			func(_ context.Context, seq uint64) (bench.Transaction, error) {
				switch seq {
				case 0:
					panic("no such meter")
				case 1, 2:
					return bench.Transaction{}, errors.New("value out of range")
				}
				return bench.Transaction{Args: [][]byte{{byte(seq)}}, Encrypt: time.Microsecond}, nil
			},
			func(_ context.Context, tx bench.Transaction) (bench.Receipt, error) {
				switch seq := tx.Args[0][0]; {
				case seq == 3:
					panic("lost")
				case seq == 4:
					return bench.Receipt{Outcome: 200}, nil
				case seq < 15:
					return bench.Receipt{Outcome: result.MVCCConflict, Committed: time.Now()}, errors.New("conflict on key " + string('a'+rune(seq)))
				}
				return bench.Receipt{Outcome: result.Valid, Committed: time.Now()}, nil
			})
		want := map[string]uint64{"prepare_error": 3, "unknown": 2, "mvcc_conflict": 10, "valid": 5}
		for name, n := range want {
			if res.Counts.Map()[name] != n {
				t.Errorf("%s: %d, want %d", name, res.Counts.Map()[name], n)
			}
		}
		var text []string
		var explained uint64
		for _, f := range res.Failures {
			text = append(text, f.Outcome.String()+": "+f.Text)
			explained += f.Count
		}
		if explained != 15 {
			t.Errorf("%d of 15 failures are explained", explained)
		}
		for _, line := range []string{
			"unknown: target panicked: lost", "unknown: the target returned outcome(200), which is no outcome",
			"prepare_error: workload panicked: no such meter", "prepare_error: prepare: value out of range",
			"mvcc_conflict: conflict on key f", "mvcc_conflict: other errors",
		} {
			if !slices.Contains(text, line) {
				t.Errorf("no failure %q in\n%s", line, strings.Join(text, "\n"))
			}
		}
		if rec := got.sorted()[0]; rec.Started != 0 || rec.Prepared != result.NotReached || rec.Outcome != result.PrepareError {
			t.Errorf("a transaction that could not be made started at %v, was prepared at %v and ended as %v", rec.Started, rec.Prepared, rec.Outcome)
		}
		if rec := got.sorted()[19]; rec.Encrypt != time.Microsecond || rec.Prepared != rec.Started {
			t.Errorf("a valid transaction started at %v, was prepared at %v and encrypted for %v", rec.Started, rec.Prepared, rec.Encrypt)
		}
	})
}
