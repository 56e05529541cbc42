package bench_test

import (
	"context"
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

// together runs loads that are right, and returns a sink for each.
func together(t *testing.T, ctx context.Context, plans []bench.Plan, f target, observe func(bench.Live)) ([]bench.Result, []*records) {
	t.Helper()
	var loads []bench.Load
	var sinks []*records
	for _, p := range plans {
		sinks = append(sinks, &records{})
		loads = append(loads, bench.Load{Plan: p, Workload: workload(empty), Sink: sinks[len(sinks)-1]})
	}
	results, err := bench.RunTogether(ctx, alarm.Timers{}, loads, f, bench.Watch{Live: observe})
	if err != nil {
		t.Fatal(err)
	}
	for i, res := range results {
		sinks[i].apart(t, plans[i], &results[i])
		if !res.Epoch.Equal(results[0].Epoch) {
			t.Errorf("load %d counts from %v, load 0 from %v", i, res.Epoch, results[0].Epoch)
		}
	}
	return results, sinks
}

// Each load keeps to its own schedule from its own start on, by one clock.
func TestLoadsStartAtTheirStarts(t *testing.T) {
	const service = 23700 * time.Microsecond
	synctest.Test(t, func(t *testing.T) {
		plans := []bench.Plan{
			{Arrivals: arrival.Constant{PerSecond: 100}, Slots: 10, Hold: 10 * time.Second, First: 500},
			{Clients: 3, Start: 2 * time.Second, Hold: 4 * time.Second},
			{Arrivals: arrival.Constant{PerSecond: 10}, Slots: 10, Start: 7 * time.Second, Hold: 5 * time.Second, First: 7},
		}
		var lives []bench.Live
		results, got := together(t, t.Context(), plans, commits(0, service), func(l bench.Live) { lives = append(lives, l) })
		due := []func(k int) time.Duration{
			func(k int) time.Duration { return time.Duration(k) * 10 * time.Millisecond },
			func(k int) time.Duration { return 2*time.Second + time.Duration(k/3)*service },
			func(k int) time.Duration { return 7*time.Second + time.Duration(k)*100*time.Millisecond },
		}
		var all uint64
		for i, want := range []uint64{1000, 3 * 169, 50} {
			differ(t, fmt.Sprintf("load %d", i), bench.Result{
				Held: plans[i].Hold, Scheduled: want, Counts: result.Counts{result.Valid: want}, Next: plans[i].First + want,
			}, results[i])
			all += want + uint64(len(got[i].runOut))
			for k, rec := range got[i].sorted() {
				onTime(t, rec, plans[i].First+uint64(k), due[i](k), service)
			}
		}
		if last := lives[len(lives)-1]; last.Counts.Total() != all || last.InFlight != 0 || last.Hold != 12*time.Second {
			t.Errorf("in the end %v ended and %d are under way, of %v; want all %d transactions", last.Counts.Map(), last.InFlight, last.Hold, all)
		}
		if third := lives[2]; third.Elapsed != 3*time.Second || third.Offered < 220 || third.Offered > 230 {
			t.Errorf("at %v %g/s are offered, want 100/s and 3 clients", third.Elapsed, third.Offered)
		}
	})
}

// A load that has no slots left drops its own transactions and no other's.
func TestDropsAreOfOneLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		results, got := together(t, t.Context(), []bench.Plan{
			{Arrivals: arrival.Constant{PerSecond: 10}, Slots: 100, Hold: 6 * time.Second},
			{Arrivals: arrival.Constant{PerSecond: 100}, Slots: 1, Start: 2 * time.Second, Hold: 2 * time.Second},
		}, commits(0, 23700*time.Microsecond), nil)
		if n := results[0].Counts; n[result.Valid] != 60 || n.Total() != 60 {
			t.Errorf("the first load: %v", n.Map())
		}
		// Of every three arrivals the slot takes one.
		if n := results[1].Counts; n[result.Valid] != 67 || n[result.Dropped] != 133 {
			t.Errorf("the second load: %v", n.Map())
		}
		for _, rec := range got[1].all {
			if rec.Intended < 2*time.Second || rec.Intended >= 4*time.Second {
				t.Errorf("due at %v, outside its load", rec.Intended)
			}
		}
	})
}

// An interruption ends the loads under way, keeps others from beginning, and
// leaves those that were over as they are.
func TestInterruptedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5450*time.Millisecond, cancel) // between two arrivals
		steady := bench.Plan{Arrivals: arrival.Constant{PerSecond: 10}, Slots: 100}
		over, under, never, clients := steady, steady, steady, bench.Plan{Clients: 4}
		over.Hold = 3 * time.Second
		under.Start, under.Hold = 2*time.Second, time.Minute
		never.Start, never.Hold = time.Minute, time.Minute
		clients.Start, clients.Hold = time.Minute, time.Minute
		results, _ := together(t, ctx, []bench.Plan{over, under, never, clients}, commits(0, 205*time.Millisecond), nil)
		valid := func(n uint64) result.Counts { return result.Counts{result.Valid: n} }
		differ(t, "over before the interrupt", bench.Result{Held: over.Hold, Scheduled: 30, Counts: valid(30), Next: 30}, results[0])
		differ(t, "interrupted", bench.Result{Partial: true, Held: 3450 * time.Millisecond, Scheduled: 35, Counts: valid(35), Next: 35}, results[1])
		for _, res := range results[2:] {
			differ(t, "not begun", bench.Result{Partial: true}, res)
		}
	})
}

// What outlives the time to drain of its load is cut off then, and not when
// another load ends.
func TestLoadsDrainByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		results, _ := together(t, t.Context(), []bench.Plan{
			{Clients: 1, Hold: time.Second, Drain: 2 * time.Second},
			{Clients: 1, Start: 500 * time.Millisecond, Hold: 10 * time.Second, Think: 70 * time.Millisecond},
		}, func(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
			if n.Add(1) == 1 {
				return commits(0, time.Hour)(ctx, tx)
			}
			return commits(0, 30*time.Millisecond)(ctx, tx)
		}, nil)
		unknown := result.Counts{result.Unknown: 1}
		differ(t, "cut off", bench.Result{Held: time.Second, Ended: 3 * time.Second, Scheduled: 1, Counts: unknown, Next: 1}, results[0])
		valid := result.Counts{result.Valid: 100}
		differ(t, "the other load", bench.Result{Held: 10 * time.Second, Scheduled: 100, Counts: valid, Next: 100}, results[1])
	})
}

func TestBrokenLoadAmongOthers(t *testing.T) {
	for _, p := range []bench.Plan{{Clients: 1, Hold: time.Second, Start: -1}, {Hold: time.Second}} {
		loads := []bench.Load{{Plan: bench.Plan{Clients: 1, Hold: time.Second}}, {Plan: p}}
		if _, err := bench.RunTogether(t.Context(), alarm.Timers{}, loads, nil, bench.Watch{}); err == nil {
			t.Errorf("a plan with start %v and %d clients was run", p.Start, p.Clients)
		}
	}
}
