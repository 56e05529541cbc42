package bench_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
)

// A client's next transaction is due by the instant at which the one before reached what the client waits for, as the
// target stamped it, or where that failed, by the instant at which the client knew. What passes until the client gets
// round to it is lag, and part of the latency.
func TestClosedLoadShowsItsLag(t *testing.T) {
	const service, late = 20 * time.Millisecond, 15 * time.Millisecond
	for _, tt := range []struct {
		name   string
		wait   result.Wait
		think  time.Duration
		lag    time.Duration
		finish func(r *bench.Receipt, acknowledged func(time.Time)) error // service after the start, late before the return
	}{
		{"commit", result.WaitCommit, 0, late, func(r *bench.Receipt, _ func(time.Time)) error {
			r.Committed, r.Outcome = time.Now(), result.Valid
			return nil
		}},
		{"commit as invalid", result.WaitCommit, 0, late, func(r *bench.Receipt, _ func(time.Time)) error {
			r.Committed, r.Outcome = time.Now(), result.MVCCConflict
			return errors.New("conflict")
		}},
		{"think time in which the client is back", result.WaitCommit, late + time.Millisecond, 0, func(r *bench.Receipt, _ func(time.Time)) error {
			r.Committed, r.Outcome = time.Now(), result.Valid
			return nil
		}},
		{"acknowledgement", result.WaitAcknowledge, 0, late, func(r *bench.Receipt, acknowledged func(time.Time)) error {
			r.Submitted, r.Outcome = time.Now(), result.Valid
			time.Sleep(late)
			acknowledged(r.Submitted)
			r.Committed = time.Now()
			return nil
		}},
		{"answer", result.WaitEndorse, 0, late, func(r *bench.Receipt, _ func(time.Time)) error {
			r.Endorsed, r.Outcome = time.Now(), result.Answered
			return nil
		}},
		{"refusal", result.WaitCommit, 0, 0, func(r *bench.Receipt, _ func(time.Time)) error {
			r.Outcome = result.EndorseRefused
			return errors.New("no")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := bench.Plan{Clients: 3, Think: tt.think, Wait: tt.wait, Hold: 2 * time.Second}
				_, got := run(t, t.Context(), p, empty, func(_ context.Context, tx bench.Transaction) (bench.Receipt, error) {
					var r bench.Receipt
					time.Sleep(service)
					err := tt.finish(&r, tx.Acknowledged)
					time.Sleep(late)
					return r, err
				})
				if len(got.all) < 3*20 {
					t.Fatalf("only %d transactions", len(got.all))
				}
				for _, rec := range got.sorted()[3:] { // the first ones are due at the start
					if lag := rec.Started - rec.Intended; lag != tt.lag {
						t.Fatalf("transaction %d is due at %v and starts %v later, want %v", rec.Seq, rec.Intended, lag, tt.lag)
					}
				}
			})
		})
	}
}

// The clients of a closed load begin evenly spread.
func TestClientsStartSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bench.Plan{Clients: 8, Spread: 2 * time.Second, Think: 9 * time.Second, Start: time.Second, Hold: 3 * time.Second}
		_, got := run(t, t.Context(), p, empty, commits(0, 10*time.Millisecond))
		var due []time.Duration
		for _, rec := range got.sorted() {
			due = append(due, rec.Intended)
		}
		var want []time.Duration
		for i := range time.Duration(8) {
			want = append(want, time.Second+i*250*time.Millisecond)
		}
		if diff := cmp.Diff(want, due); diff != "" {
			t.Errorf("due (-want +got):\n%s", diff)
		}
	})
}

// A load runs out with the load that it had until the last transaction of its hold has ended, and what it sends then
// is recorded and followed to its end.
func TestRunOut(t *testing.T) {
	const hold, service = 2 * time.Second, 705 * time.Millisecond
	for _, tt := range []struct {
		name   string
		plan   bench.Plan
		spare  uint64 // of the run-out's first
		until  time.Duration
		runOut int
	}{
		// The last one of the hold is due at 1.99 s and committed at 2.695 s.
		{"open", bench.Plan{Arrivals: arrival.Constant{PerSecond: 100}, Slots: 1000}, 200, 2690 * time.Millisecond, 70},
		{"open, numbers of its own", bench.Plan{Arrivals: arrival.Constant{PerSecond: 100}, Slots: 1000, Spare: 7000}, 7000, 2690 * time.Millisecond, 70},
		{"steps that go on", bench.Plan{Arrivals: arrival.Steps{{PerSecond: 100, For: time.Minute}}, Slots: 1000}, 200, 2690 * time.Millisecond, 70},
		{"steps that end", bench.Plan{Arrivals: arrival.Steps{{PerSecond: 100, For: hold}}, Slots: 1000}, 200, 0, 0},
		// The client that began at 90 ms ends its last one of the hold at 2.215 s, when each other one has sent another one.
		{"closed", bench.Plan{Clients: 10, Spread: 100 * time.Millisecond, Think: 5 * time.Millisecond}, 30, 2210 * time.Millisecond, 9},
		{"no longer than the drain", bench.Plan{Arrivals: arrival.Constant{PerSecond: 100}, Slots: 1000, Drain: 205 * time.Millisecond}, 200, 2200 * time.Millisecond, 21},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.plan.Hold = hold
				res, got := run(t, t.Context(), tt.plan, empty, commits(0, service))
				if len(got.runOut) != tt.runOut {
					t.Fatalf("%d transactions of the run-out, want %d", len(got.runOut), tt.runOut)
				}
				for i, rec := range got.runOut {
					if rec.Seq != tt.spare+uint64(i) || rec.Intended < hold || rec.Intended > tt.until {
						t.Errorf("transaction %d is due at %v, want number %d until %v", rec.Seq, rec.Intended, tt.spare+uint64(i), tt.until)
					}
					if tt.plan.Drain == 0 && rec.Outcome != result.Valid {
						t.Errorf("transaction %d ended as %v", rec.Seq, rec.Outcome)
					}
				}
				if res.Next != res.Scheduled {
					t.Errorf("the next level begins with %d, %d were scheduled", res.Next, res.Scheduled)
				}
				if want := tt.plan.Spare + uint64(tt.runOut); tt.plan.Spare != 0 && res.Spare != want {
					t.Errorf("the next run-out begins with %d, want %d", res.Spare, want)
				}
			})
		})
	}
}
