package reference_test

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/internal/race"
)

// A steady load is measured as it is in the long run: what is intended late in the hold ends among transactions that
// come after it, as all others do.
func TestLatencyAtTheEndOfTheHold(t *testing.T) {
	batch := func(timeout time.Duration, messages int) reference.Config {
		return reference.Config{Endorse: stage(1, reference.Constant, time.Millisecond/2), Batch: &reference.Batch{Timeout: timeout, Messages: messages}}
	}
	for _, tt := range []struct {
		name     string
		config   reference.Config
		arrivals arrival.Process
		hold     time.Duration
		p99      float64 // in seconds, of the steady state
	}{
		// A block fills in 0.5 s, the last one of the hold only after it.
		{"cut by count", batch(2*time.Second, 500), arrival.Constant{PerSecond: 1000}, 5300 * time.Millisecond, 0.494},
		{"cut by count, random arrivals", batch(2*time.Second, 500), arrival.Poisson{PerSecond: 1000}, 20300 * time.Millisecond, 0.51},
		{"ramp that has ended", batch(time.Second, 100), arrival.Ramp{From: 999, To: 1000, Over: time.Second}, 5037 * time.Millisecond, 0.0985},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := run(t, t.Context(), tt.config, bench.Plan{Arrivals: tt.arrivals, Slots: 5000, Hold: tt.hold}, empty)
				var latencies []float64
				for _, r := range tr.records {
					latencies = append(latencies, (r.Committed - r.Intended).Seconds())
				}
				slices.Sort(latencies)
				if got := latencies[len(latencies)*99/100]; math.Abs(got/tt.p99-1) > 0.02 {
					t.Errorf("p99 of %.3f s, in the steady state %.3f s", got, tt.p99)
				}
			})
		})
	}
}

// Little's law holds between the clients, the throughput and the mean latency of one window.
func TestLittlesLawOfClients(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	const warmup, hold = 3 * time.Second, 63 * time.Second
	busy := reference.Config{
		Endorse: stage(2, reference.Exponential, 5*time.Millisecond), Order: stage(1, reference.Constant, time.Millisecond),
		Batch: &reference.Batch{Timeout: 2 * time.Second, Messages: 500}, Commit: commit(1, reference.Exponential, 2*time.Millisecond),
	}
	// Blocks are full all the time; in the end what is left over would wait for the timer.
	full := reference.Config{Endorse: stage(1, reference.Constant, time.Millisecond), Batch: &reference.Batch{Timeout: 10 * time.Second, Messages: 600}}
	for _, tt := range []struct {
		name   string
		config reference.Config
		plan   bench.Plan
	}{
		{"cut by count", full, bench.Plan{Clients: 1024}},
		{"cut by count and timer", busy, bench.Plan{Clients: 1024}},
		{"cut by timer", busy, bench.Plan{Clients: 128}},
		{"think time", busy, bench.Plan{Clients: 1024, Think: time.Second}},
		{"acknowledgement", busy, bench.Plan{Clients: 16, Wait: result.WaitAcknowledge}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.plan.Hold = hold
				tr := run(t, t.Context(), tt.config, tt.plan, empty)
				ended, n, total := 0, 0, time.Duration(0)
				for _, r := range tr.records {
					at := r.Committed
					if tt.plan.Wait == result.WaitAcknowledge {
						at = r.Submitted
					}
					if at >= warmup && at < hold {
						ended++
					}
					if r.Intended >= warmup {
						n, total = n+1, total+at-r.Intended
					}
				}
				cycle := total.Seconds()/float64(n) + tt.plan.Think.Seconds()
				little := float64(tt.plan.Clients) * (hold - warmup).Seconds() / float64(ended)
				if math.Abs(little/cycle-1) > 0.05 {
					t.Errorf("N/X is %.3f s, R + think %.3f s: %+.1f %%", little, cycle, 100*(little/cycle-1))
				}
			})
		})
	}
}
