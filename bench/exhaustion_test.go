package bench_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

// limited is a workload of n transactions.
func limited(n uint64) workload {
	var made atomic.Uint64
	return func(context.Context, uint64) (bench.Transaction, error) {
		if made.Add(1) > n {
			return bench.Transaction{}, fmt.Errorf("transaction: %w", &bench.ExhaustedError{What: "no meter is left", Remedy: "give more meters"})
		}
		return bench.Transaction{}, nil
	}
}

// A closed load ends where its workload has no further transaction: at most one more of each client is asked for.
func TestClosedLoadEndsWithItsWorkload(t *testing.T) {
	for wait, held := range map[result.Wait]time.Duration{
		result.WaitCommit:      2 * time.Second,
		result.WaitAcknowledge: 0, // all are acknowledged at once
	} {
		t.Run(string(wait), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := bench.Plan{Clients: 4, Hold: time.Hour, Start: time.Second, Wait: wait}
				begin := time.Now()
				res, _ := run(t, t.Context(), p, limited(10), commits(0, time.Second))
				if res.Counts[result.Valid] != 10 || res.Counts[result.PrepareError] == 0 || res.Counts[result.PrepareError] > 4 {
					t.Errorf("outcomes %v", res.Counts.Map())
				}
				if res.Held != held || !res.Partial || len(res.Failures) > 0 {
					t.Errorf("held %v, partial %t, failures %v", res.Held, res.Partial, res.Failures)
				}
				if want := "no meter is left; give more meters"; fmt.Sprint(res.Exhausted) != want {
					t.Errorf("exhausted: %v, want %s", res.Exhausted, want)
				}
				if took := time.Since(begin); took > 5*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// The run-out may exhaust the workload; the hold, which is over, is whole.
func TestRunOutExhaustsTheWorkload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		res, _ := run(t, t.Context(), bench.Plan{Clients: 2, Hold: time.Second}, limited(2), commits(0, time.Second))
		if res.Partial || res.Exhausted != nil || res.Held != time.Second || res.Counts[result.Valid] != 2 {
			t.Errorf("%+v", res)
		}
	})
}

// Another load of the level goes on.
func TestOneOfTwoLoadsIsExhausted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, err := bench.RunTogether(t.Context(), alarm.Timers{}, []bench.Load{
			{Plan: bench.Plan{Clients: 1, Hold: 10 * time.Second}, Workload: limited(3), Sink: &records{}},
			{Plan: bench.Plan{Clients: 1, Hold: 10 * time.Second}, Workload: workload(empty), Sink: &records{}},
		}, target(commits(0, time.Second)), bench.Watch{})
		if err != nil {
			t.Fatal(err)
		}
		if all[0].Held != 3*time.Second || all[1].Held != 10*time.Second || all[1].Partial || all[1].Counts[result.Valid] != 10 {
			t.Errorf("%+v", all)
		}
	})
}

// Arrivals go on: each that finds no transaction fails.
func TestOpenLoadOutlivesItsWorkload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bench.Plan{Arrivals: arrival.Constant{PerSecond: 10}, Slots: 100, Hold: 2 * time.Second}
		res, _ := run(t, t.Context(), p, limited(5), commits(0, time.Second))
		if res.Partial || res.Exhausted != nil || res.Counts[result.Valid] != 5 || res.Counts[result.PrepareError] != 15 || len(res.Failures) != 1 {
			t.Errorf("%+v", res)
		}
	})
}

func TestExhaustedError(t *testing.T) {
	err := fmt.Errorf("transaction 7: %w", &bench.ExhaustedError{What: "a", Remedy: "b"})
	if _, is := errors.AsType[*bench.ExhaustedError](err); !is || err.Error() != "transaction 7: a; b" {
		t.Errorf("%v", err)
	}
}
