package stats_test

import (
	"math/rand/v2"
	"testing"

	"meterbench/bench/stats"
)

// between is an exponential service time whose mean is another one from one share of the window to another.
func between(mean, other, from, to, length float64) func(*rand.Rand, float64) float64 {
	return func(rng *rand.Rand, at float64) float64 {
		if share := (at - warmup) / length; share >= from && share < to {
			return other * rng.ExpFloat64()
		}
		return mean * rng.ExpFloat64()
	}
}

// A latency that changes for a while is found wherever that is, and though the backlog, which follows in the time of a
// latency, or after the next block, shows it late. Where it stays the same there is no alarm.
func TestStepRates(t *testing.T) {
	const windows, before = 100, -1
	for _, c := range []struct {
		name        string
		queue       queue
		length      float64
		least, most float64 // share of the windows that are not steady
	}{
		{"tripled from 35 to 65 %", queue{rate: 200, servers: 20, service: between(0.02, 0.06, 0.35, 0.65, 20)}, 20, 0.97, 1},
		{"doubled from 35 to 65 %", queue{rate: 200, servers: 20, service: between(0.02, 0.04, 0.35, 0.65, 20)}, 20, 0.9, 1},
		{"doubled from 28 to 57 %", queue{rate: 200, servers: 20, service: between(0.02, 0.04, 0.28, 0.57, 20)}, 20, 0.85, 1},
		{"halved from 20 to 60 %", queue{rate: 200, servers: 20, service: between(0.04, 0.02, 0.2, 0.6, 20)}, 20, 0.9, 1},
		{"tripled at first, blocks of 1 s",
			queue{rate: 200, service: between(0.5, 1.5, before, 0.3, 20), messages: 1000, timeout: 1}, 20, 0.9, 1},
		{"tripled from 1 s at first, blocks of 2 s",
			queue{rate: 200, service: between(1, 3, before, 0.3, 40), messages: 1000, timeout: 2}, 40, 0.95, 1},
		{"tripled from 1 s at last, blocks of 2 s",
			queue{rate: 200, service: between(1, 3, 0.7, 2, 40), messages: 1000, timeout: 2}, 40, 0.95, 1},
		{"tripled from 1 s at last", queue{rate: 200, service: between(1, 3, 0.7, 2, 20)}, 20, 0.95, 1},
		{"D/M/1 at 0.9", queue{rate: 900, regular: true, servers: 1, service: exponential(0.001)}, 15, 0, 0.01},
		{"M/M/1 at 0.9", queue{rate: 900, servers: 1, service: exponential(0.001)}, 15, 0, 0.03},
		{"M/M/∞ of 1 s", queue{rate: 200, service: exponential(1)}, 20, 0, 0.01},
		{"M/M/∞ of 1 s, blocks of 2 s", queue{rate: 200, service: exponential(1), messages: 1000, timeout: 2}, 40, 0, 0},
		{"blocks of 1 s", queue{rate: 200, servers: 4, service: exponential(0.004), messages: 1000, timeout: 1}, 20, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(17, 19))
			found := 0.0
			for range windows {
				if c.queue.judge(rng, c.length).State != stats.Steady {
					found += 1. / windows
				}
			}
			t.Logf("%.2f of %d windows are not steady", found, windows)
			if found < c.least-1e-9 || found > c.most+1e-9 {
				t.Errorf("%.2f are not steady, want %g to %g", found, c.least, c.most)
			}
		})
	}
}
