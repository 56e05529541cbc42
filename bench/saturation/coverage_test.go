package saturation_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"meterbench/bench/saturation"
	"meterbench/bench/stats"
)

// Of repeated searches, six repetitions each as an interval takes, nine in ten intervals hold the true capacity,
// and what is found is off by less than a percent on average, whatever the queue and its blocks.
func TestIntervalHoldsCapacity(t *testing.T) {
	for _, c := range []struct {
		name     string
		searches int
		of       server
		covered  float64 // least share of the intervals
		bias     float64 // most
	}{
		{"M-D-4", 200, server{servers: 4, hold: 10}, 0.9, 0.01},
		{"M-M-1", 200, server{servers: 1, hold: 10, service: exponential}, 0.9, 0.01},
		{"M-D-1", 50, server{servers: 1, hold: 10}, 0.9, 0.01},
		{"M-LN-2", 50, server{servers: 2, hold: 10, service: lognormal}, 0.88, 0.01},
		{"M-H2-1", 50, server{servers: 1, hold: 10, service: hyperexponential}, 0.88, 0.01},
		{"D-M-1", 50, server{servers: 1, hold: 10, service: exponential, regular: true}, 0.88, 0.01},
		{"M-M-1, blocks by timer", 50, server{servers: 1, hold: 10, service: exponential, messages: 1e6, timeout: 0.5}, 0.88, 0.01},
		{"M-D-4, blocks by count", 50, server{servers: 4, hold: 10, messages: 500, timeout: 2}, 0.9, 0.01},
		{"D-D-4, few blocks by timer", 30, server{servers: 4, hold: 10, regular: true, messages: 1e6, timeout: 2}, 0.95, 0.01},
		{"M-M-1, blocks by count", 50, server{servers: 1, hold: 10, service: exponential, messages: 100, timeout: 2}, 0.88, 0.01},
		{"M-M-1, 1,000 transactions in a step", 100, server{servers: 1, hold: 10, service: exponential, capacity: 100}, 0.88, 0.015},
		// A machine whose pace wanders, as that of a shared host.
		{"M-D-4, pace differs by 3 %", 40, server{servers: 4, hold: 10, wander: 0.03}, 0.88, 0.01},
		{"M-M-1, pace differs by 5 %", 40, server{servers: 1, hold: 10, service: exponential, wander: 0.05}, 0.85, 0.02},
		// Throughput that falls under overload is found no higher than it is.
		{"M-D-4, retrograde", 50, server{servers: 4, hold: 10, collapse: 0.3}, 0.88, 0.01},
		{"M-D-4, collapse", 30, server{servers: 4, hold: 10, collapse: 3}, 0.8, 0.01},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cover(t, c.searches, c.covered, c.bias, saturation.OpenConfig{From: 10, To: 5000}, func(rng *rand.Rand) (server, float64) {
				target := c.of
				if target.capacity == 0 {
					target.capacity = 400 + 600*rng.Float64()
				}
				return target, target.capacity
			})
		})
	}
}

// The p99 of an M/M/1 queue is ln(100) / (capacity - load). Where a step has few transactions it is held longer.
func TestIntervalHoldsCapacityUnderObjective(t *testing.T) {
	for _, c := range []struct {
		name      string
		searches  int
		of        server
		objective float64
	}{
		{"800/s, 20 ms", 60, server{servers: 1, hold: 10, service: exponential, capacity: 800}, 0.02},
		{"800/s, 50 ms", 30, server{servers: 1, hold: 20, service: exponential, capacity: 800}, 0.05},
		{"20/s, 500 ms", 100, server{servers: 1, hold: 55, service: exponential, capacity: 20}, 0.5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config := saturation.OpenConfig{From: 2, To: 5000, MaxP99: c.objective}
			cover(t, c.searches, 0.88, 0.02, config, func(*rand.Rand) (server, float64) {
				return c.of, c.of.capacity - math.Log(100)/c.objective
			})
		})
	}
}

// cover makes searches of targets whose capacity is known.
func cover(t *testing.T, searches int, least, most float64, config saturation.OpenConfig, sample func(*rand.Rand) (server, float64)) {
	config.Repetitions = 6
	if testing.Short() {
		searches, least, most = max(5, searches/15), least-0.25, 2*most
	}
	covered, steps, bias, width := 0, 0, 0.0, 0.0
	n := float64(searches)
	for i := range searches {
		rng := rand.New(rand.NewPCG(77, uint64(i)))
		target, capacity := sample(rng)
		target.rng, target.objective = rng, config.MaxP99
		hold := target.hold
		found := open(t, config, func(load float64) saturation.Step {
			if config.MaxP99 > 0 {
				target.hold = max(hold, 1100/load)
			}
			return target.measure(load)
		})
		if !found.Reached {
			t.Errorf("%g/s: not reached: %s", capacity, found.Reason)
		}
		if found.OfferedLow <= capacity && capacity <= found.OfferedHigh {
			covered++
		}
		steps += len(found.Trials)
		bias += (found.Load/capacity - 1) / n
		width += (found.OfferedHigh/found.OfferedLow - 1) / n
	}
	t.Logf("%d of %d intervals hold the capacity, bias %+.2f %%, width %.2f %%; %.0f steps per search",
		covered, searches, 100*bias, 100*width, float64(steps)/n)
	if share := float64(covered) / n; share < least {
		t.Errorf("%.3f of the intervals hold the capacity, want %g", share, least)
	}
	if math.Abs(bias) > most {
		t.Errorf("the bias is %+.2f %%, want at most %.2g %%", 100*bias, 100*most)
	}
	if float64(steps)/n > 100 {
		t.Errorf("a search takes %.0f steps", float64(steps)/n)
	}
}

// What a step could have seen is what random arrivals hide: with c² of the arrivals and of the service as noise, the
// slope of the backlog has the standard error √(1.2 c² rate/hold), of both tries together √2 less.
func TestSmallestOverload(t *testing.T) {
	for _, c := range []struct {
		name string
		of   server
		c2   float64
	}{
		{"Poisson", server{servers: 4, hold: 20, capacity: 1000}, 1},
		{"longer", server{servers: 4, hold: 80, capacity: 1000}, 1},
		{"constant", server{servers: 4, hold: 20, capacity: 1000, regular: true}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.of.rng = rand.New(rand.NewPCG(3, 5))
			found := open(t, saturation.OpenConfig{From: 100, To: 5000, Repetitions: 3}, c.of.measure)
			want := max(0.005, (1.645+1.282)*math.Sqrt(1.2*c.c2/1000/c.of.hold/2))
			t.Logf("%.2f %%, want %.2f %%", 100*found.SmallestOverload, 100*want)
			if ratio := found.SmallestOverload / want; ratio < 0.7 || ratio > 1.4 {
				t.Errorf("%.2f %%, want %.2f %%", 100*found.SmallestOverload, 100*want)
			}
			warned := false
			for _, code := range codes(found.Warnings) {
				warned = warned || code == saturation.CoarseSteps
			}
			if warned != (found.SmallestOverload > 0.02) {
				t.Errorf("warnings %v", found.Warnings)
			}
		})
	}
}

// Whether few transactions meet an objective is known where none of them is late, or very many are.
func TestFewTransactionsAndTheObjective(t *testing.T) {
	for _, c := range []struct {
		name      string
		due, late uint64
		reason    string
	}{
		{"none of 299 late", 299, 0, "the highest load passed"},
		{"none of 298 late", 298, 0, "298 transactions are too few for a p99"},
		{"1 of 500 late", 500, 1, "too few for a p99"},
		{"8 of 300 late", 300, 8, "p99 was more than 1 s: 2.7 %"},
		{"10 of 1,000 late", 1000, 10, "the highest load passed"},
		{"11 of 1,000 late", 1000, 11, "p99 was more than 1 s: 1.1 %"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := open(t, saturation.OpenConfig{From: 100, To: 100, MaxP99: 1}, func(load float64) saturation.Step {
				return saturation.Step{Load: load, Sent: load, Due: c.due, Late: c.late, Received: load, Success: 1, Backlog: stats.Slope{}}
			})
			if !strings.Contains(found.Reason, c.reason) {
				t.Errorf("reason %q, want %q in it", found.Reason, c.reason)
			}
		})
	}
}
