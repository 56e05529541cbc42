package bench_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

type workload func(ctx context.Context, seq uint64) (bench.Transaction, error)

func (w workload) Transaction(ctx context.Context, seq uint64) (bench.Transaction, error) {
	return w(ctx, seq)
}

type target func(ctx context.Context, tx bench.Transaction) (bench.Receipt, error)

func (f target) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	return f(ctx, tx)
}

// records is a Sink that keeps everything, in order of sequence number.
type records struct {
	mu     sync.Mutex
	all    []result.Record
	runOut []result.Record // once apart was called
}

// apart takes the transactions of the run-out apart from the others, in the records and in the result.
func (r *records) apart(t *testing.T, p bench.Plan, res *bench.Result) {
	t.Helper()
	all := r.sorted()
	r.all = nil
	for _, rec := range all {
		if rec.Intended < p.Start+p.Hold {
			r.all = append(r.all, rec)
		} else {
			r.runOut = append(r.runOut, rec)
		}
	}
	if res.Scheduled != res.Counts.Total() || int(res.Scheduled) != len(r.all) || int(res.RunOut.Total()) != len(r.runOut) {
		t.Errorf("%d scheduled, %d counted, %d recorded; of the run-out %d counted, %d recorded",
			res.Scheduled, res.Counts.Total(), len(r.all), res.RunOut.Total(), len(r.runOut))
	}
	if p.Spare == 0 {
		res.Next -= res.RunOut.Total()
	}
	res.RunOut = result.Counts{}
}

func (r *records) Record(rec result.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, rec)
}

func (r *records) sorted() []result.Record {
	slices.SortFunc(r.all, func(a, b result.Record) int { return int(a.Seq) - int(b.Seq) })
	return r.all
}

// slow returns how many records were committed at least d after they were intended.
func (r *records) slow(d time.Duration) (n int) {
	for _, rec := range r.all {
		if latency, ok := rec.Span(result.PartCommit); ok && latency >= d {
			n++
		}
	}
	return n
}

func empty(context.Context, uint64) (bench.Transaction, error) { return bench.Transaction{}, nil }

// pause waits for d and fails where ctx is done before.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// commits returns a target where a transaction is acknowledged and committed
// after these times.
func commits(acknowledge, commit time.Duration) target {
	return func(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
		var r bench.Receipt
		if err := pause(ctx, acknowledge); err != nil {
			return r, err
		}
		r.Submitted = time.Now()
		if tx.Acknowledged != nil {
			tx.Acknowledged(r.Submitted)
		}
		if err := pause(ctx, commit-acknowledge); err != nil {
			return r, err
		}
		r.Committed, r.Outcome = time.Now(), result.Valid
		return r, nil
	}
}

// run runs a level whose plan is right, and takes its run-out apart.
func run(t *testing.T, ctx context.Context, p bench.Plan, w workload, f target) (bench.Result, *records) {
	t.Helper()
	sink := &records{}
	res, err := bench.Run(ctx, alarm.Timers{}, p, w, f, sink, nil)
	if err != nil {
		t.Fatal(err)
	}
	sink.apart(t, p, &res)
	return res, sink
}

// onTime fails the test where a record has another number, or a transaction did not start when it was due
// or was not committed the service time after that.
func onTime(t testing.TB, rec result.Record, seq uint64, due, service time.Duration) {
	t.Helper()
	if rec.Seq != seq {
		t.Fatalf("transaction %d is due, got %d", seq, rec.Seq)
	}
	got := []time.Duration{rec.Intended, rec.Started, rec.Committed}
	if diff := cmp.Diff([]time.Duration{due, due, due + service}, got); diff != "" {
		t.Fatalf("transaction %d: intended, started and committed (-want +got):\n%s", seq, diff)
	}
}

func TestConstantLoadKeepsItsSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bench.Plan{Arrivals: arrival.Constant{PerSecond: 100}, Slots: 10, Hold: 10 * time.Second, First: 500}
		res, got := run(t, t.Context(), p, empty, commits(time.Millisecond, 23700*time.Microsecond))
		differ(t, "result", bench.Result{Held: p.Hold, Scheduled: 1000, Counts: result.Counts{result.Valid: 1000}, Next: 1500}, res)
		for k, rec := range got.sorted() {
			onTime(t, rec, 500+uint64(k), time.Duration(k)*10*time.Millisecond, 23700*time.Microsecond)
		}
	})
}

// A stop of one second at 100 transactions per second is seen by all that were
// due in it, not only by the one that was under way.
func TestStallIsSeenByAllThatWereDue(t *testing.T) {
	const service = 3700 * time.Microsecond
	tests := []struct {
		name          string
		slots         int
		where         string
		slow, dropped int
	}{
		// Due at 2.00, 2.01, … 2.50 s and committed at 3.0037 s.
		{"target stalls, slots in excess", 1000, "target", 51, 0},
		{"workload stalls, slots in excess", 1000, "workload", 51, 0},
		// Due at 2.01, … 3.00 s while the one of 2.00 s holds the slot.
		{"one slot", 1, "target", 1, 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				stall := func(where string) {
					if at := time.Since(start); where == tt.where && at >= 2*time.Second && at < 3*time.Second {
						time.Sleep(3*time.Second - at)
					}
				}
				p := bench.Plan{Arrivals: arrival.Constant{PerSecond: 100}, Slots: tt.slots, Hold: 5 * time.Second}
				res, got := run(t, t.Context(), p,
					func(ctx context.Context, seq uint64) (bench.Transaction, error) {
						stall("workload")
						return bench.Transaction{}, nil
					},
					func(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
						stall("target")
						return commits(0, service)(ctx, tx)
					})
				if n := got.slow(500 * time.Millisecond); n != tt.slow {
					t.Errorf("%d transactions took half a second or more, want %d", n, tt.slow)
				}
				if n := res.Counts[result.Dropped]; int(n) != tt.dropped {
					t.Errorf("%d dropped, want %d", n, tt.dropped)
				}
				if res.Scheduled != 500 {
					t.Errorf("%d scheduled, want 500: no more and no fewer than were due", res.Scheduled)
				}
				for _, rec := range got.all {
					if rec.Outcome == result.Dropped && (rec.Started != result.NotReached || rec.Committed != result.NotReached) {
						t.Errorf("dropped, but started at %v and committed at %v", rec.Started, rec.Committed)
					}
				}
			})
		})
	}
}

func TestClosedLoad(t *testing.T) {
	const service, hold = 30 * time.Millisecond, 10 * time.Second
	tests := []struct {
		name  string
		plan  bench.Plan
		cycle time.Duration // from one transaction of a client to its next
		lag   time.Duration // the clients' own: none in virtual time
	}{
		{"one client", bench.Plan{Clients: 1}, service, 0},
		{"many clients", bench.Plan{Clients: 64}, service, 0},
		{"think time", bench.Plan{Clients: 4, Think: 170 * time.Millisecond}, service + 170*time.Millisecond, 0},
		{"acknowledge", bench.Plan{Clients: 4, Wait: result.WaitAcknowledge}, 10 * time.Millisecond, 0},
		{"acknowledge and think", bench.Plan{Clients: 4, Wait: result.WaitAcknowledge, Think: 7 * time.Millisecond}, 17 * time.Millisecond, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.plan.Hold = hold
				res, got := run(t, t.Context(), tt.plan, empty, commits(10*time.Millisecond, service))
				perClient := int((hold + tt.cycle - 1) / tt.cycle) // at 0, cycle, 2 cycles, … before the hold ends
				if want := tt.plan.Clients * perClient; int(res.Scheduled) != want || int(res.Counts[result.Valid]) != want {
					t.Errorf("%d scheduled, %d valid, want %d", res.Scheduled, res.Counts[result.Valid], want)
				}
				for k, rec := range got.sorted() {
					onTime(t, rec, uint64(k), time.Duration(k/tt.plan.Clients)*tt.cycle, service)
				}
			})
		})
	}
}

// Clients that go on at the acknowledgement fill the allowance of outstanding
// transactions, then wait, and the wait shows as lag.
func TestOutstandingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var outstanding, most atomic.Int64
		commit := commits(time.Millisecond, 1003*time.Millisecond)
		p := bench.Plan{Clients: 4, Wait: result.WaitAcknowledge, Outstanding: 50, Hold: 10 * time.Second}
		res, got := run(t, t.Context(), p, empty, func(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
			most.Store(max(most.Load(), outstanding.Add(1)))
			defer outstanding.Add(-1)
			return commit(ctx, tx)
		})
		if most.Load() != 50 {
			t.Errorf("%d outstanding at most, want 50", most.Load())
		}
		if res.Scheduled < 450 || res.Scheduled > 504 { // those included with which the clients waited in the end
			t.Errorf("%d scheduled in 10 s at 50 per 1.003 s", res.Scheduled)
		}
		var lag time.Duration
		for _, rec := range got.all {
			lag = max(lag, rec.Started-rec.Intended)
		}
		if lag < 500*time.Millisecond || !res.Crowded {
			t.Errorf("the largest lag is %v, crowded: %v: the wait is hidden", lag, res.Crowded)
		}
	})
	synctest.Test(t, func(t *testing.T) { // an open load never waits
		p := bench.Plan{Arrivals: arrival.Constant{PerSecond: 100}, Slots: 10, Wait: result.WaitAcknowledge, Outstanding: 50, Hold: 4 * time.Second}
		res, _ := run(t, t.Context(), p, empty, commits(time.Millisecond, 1005*time.Millisecond))
		// 50 of each 1.005 s are taken, the others dropped.
		counts := result.Counts{result.Valid: 200, result.Dropped: 200}
		differ(t, "result", bench.Result{Held: p.Hold, Scheduled: 400, Counts: counts, Next: 400}, res)
	})
}

func TestEndorseOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bench.Plan{Clients: 2, Wait: result.WaitEndorse, Driver: result.DriverGateway, Hold: time.Second}
		res, _ := run(t, t.Context(), p, empty, func(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
			if tx.Wait != result.WaitEndorse || tx.Driver != result.DriverGateway || tx.Acknowledged != nil {
				t.Errorf("the target gets wait %v, driver %v, to acknowledge: %v", tx.Wait, tx.Driver, tx.Acknowledged != nil)
			}
			time.Sleep(100 * time.Millisecond)
			return bench.Receipt{Endorsed: time.Now(), Outcome: result.Answered}, nil
		})
		if res.Counts[result.Answered] != 20 || len(res.Failures) != 0 {
			t.Errorf("%v, %v", res.Counts.Map(), res.Failures)
		}
	})
}

func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lives []bench.Live
		p := bench.Plan{Arrivals: arrival.Constant{PerSecond: 100}, Slots: 1000, Hold: 4300 * time.Millisecond}
		_, err := bench.Run(t.Context(), alarm.Timers{}, p, workload(empty), commits(0, 205*time.Millisecond), &records{}, func(l bench.Live) { lives = append(lives, l) })
		if err != nil {
			t.Fatal(err)
		}
		if len(lives) != 5 {
			t.Fatalf("%d states in 4.5 s, want one per second and one at the end", len(lives))
		}
		for i, l := range lives[1:4] {
			if want := time.Duration(i+2) * time.Second; l.Elapsed != want || l.Hold != p.Hold {
				t.Errorf("%v of %v elapsed, want %v of %v", l.Elapsed, l.Hold, want, p.Hold)
			}
			for what, rate := range map[string]float64{"offered": l.Offered, "valid": l.Valid} {
				if rate < 99 || rate > 101 {
					t.Errorf("second %d: %g/s are %s, want 100/s", i+2, rate, what)
				}
			}
			if l.InFlight < 20 || l.InFlight > 22 {
				t.Errorf("second %d: %d are under way, want 20 to 22", i+2, l.InFlight)
			}
			for _, q := range []time.Duration{l.P50, l.P99} {
				if q < 203*time.Millisecond || q > 208*time.Millisecond {
					t.Errorf("second %d: latency %v, want 205 ms within 1 %%", i+2, q)
				}
			}
		}
		// With those of the run-out, due at 4.30, 4.31, … 4.49 s: the last of the hold is committed at 4.495 s.
		if l := lives[4]; l.InFlight != 0 || l.Counts[result.Valid] != 430+20 {
			t.Errorf("at the end %d are under way, %v ended", l.InFlight, l.Counts.Map())
		}
	})
}
