package saturation_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/saturation"
	"meterbench/bench/stats"
)

// open runs a search to its end.
func open(t *testing.T, c saturation.OpenConfig, measure func(float64) saturation.Step) saturation.Result {
	t.Helper()
	s, err := saturation.NewOpenSearch(c)
	if err != nil {
		t.Fatal(err)
	}
	for load, more := s.Next(); more; load, more = s.Next() {
		s.Observe(measure(load))
	}
	return s.Result()
}

// TestFindsCapacity searches many servers of known capacity and shows how
// often what was found is within 3 % of it.
func TestFindsCapacity(t *testing.T) {
	searches := 100
	if testing.Short() {
		searches = 20
	}
	for _, c := range []struct {
		name  string
		of    server
		least float64 // share within 3 %
	}{
		{"M/D/4, 50 s", server{servers: 4, hold: 50}, 0.95},
		{"M/D/4, 20 s", server{servers: 4, hold: 20}, 0.95},
		{"M/D/4, 10 s", server{servers: 4, hold: 10}, 0.95},
		{"M/D/4, 5 s", server{servers: 4, hold: 5}, 0.7},
		{"M/D/1, 20 s", server{servers: 1, hold: 20}, 0.95},
		{"M/M/1, 20 s", server{servers: 1, hold: 20, service: exponential}, 0.85},
		{"M/M/1, 50 s", server{servers: 1, hold: 50, service: exponential}, 0.95},
		{"D/D/4, 5 s", server{servers: 4, hold: 5, regular: true}, 1},
		{"M/D/4, 20 s, blocks of 2 s or 500", server{servers: 4, hold: 20, messages: 500, timeout: 2}, 0.95},
		{"D/D/4, 20 s, blocks of 2 s or 500", server{servers: 4, hold: 20, regular: true, messages: 500, timeout: 2}, 0.95},
		{"M/D/4, 20 s, retrograde", server{servers: 4, hold: 20, collapse: 3}, 0.95},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.of.hold > 20 {
				t.Skip("takes millions of transactions")
			}
			t.Parallel()
			rng := rand.New(rand.NewPCG(17, 19))
			var near, steps, most int
			var completed, fewest uint64 = 0, math.MaxUint64
			var seconds, worst, bias float64
			for i := range searches {
				target := c.of
				target.rng = rand.New(rand.NewPCG(23, uint64(i)))
				target.capacity = 400 + 600*rng.Float64()
				found := open(t, saturation.OpenConfig{From: 50, To: 5000}, target.measure)
				off := found.Load/target.capacity - 1
				if math.Abs(off) <= 0.03 {
					near++
				}
				if !found.Reached || target.completed < 20_000 {
					t.Errorf("%g/s: %d completions, reached %v: %s", target.capacity, target.completed, found.Reached, found.Reason)
				}
				worst, bias = max(worst, math.Abs(off)), bias+off/float64(searches)
				steps, most = steps+len(found.Trials), max(most, len(found.Trials))
				completed, fewest = completed+target.completed, min(fewest, target.completed)
				seconds += target.seconds
			}
			n := float64(searches)
			t.Logf("%d of %d within 3 %%, bias %+.2f %%, worst %.1f %%; per search %.1f steps (at most %d), %.0f completions (at least %d), %.0f s",
				near, searches, 100*bias, 100*worst, float64(steps)/n, most, float64(completed)/n, fewest, seconds/n)
			if share := float64(near) / n; share < c.least {
				t.Errorf("%.3f are within 3 %%, want %g", share, c.least)
			}
			if most > 30 {
				t.Errorf("a search took %d steps", most)
			}
		})
	}
}

// The p99 of an M/M/1 queue's latency is ln(100) / (capacity - load), so that
// the load which meets an objective is known.
func TestFindsCapacityUnderObjective(t *testing.T) {
	const searches, objective = 20, 0.02
	near, bias := 0, 0.0
	for i := range uint64(searches) {
		target := server{rng: rand.New(rand.NewPCG(29, i)), capacity: 800, servers: 1, service: exponential, hold: 50, objective: objective}
		found := open(t, saturation.OpenConfig{From: 50, To: 5000, MaxP99: objective}, target.measure)
		off := found.Load/(800-math.Log(100)/objective) - 1
		if math.Abs(off) <= 0.03 {
			near++
		}
		bias += off / searches
		if !found.Reached || !strings.Contains(found.Reason, "p99 was more than 0.02 s") {
			t.Errorf("got %g/s, reached %v: %s", found.Load, found.Reached, found.Reason)
		}
	}
	t.Logf("%d of %d within 3 %%, bias %+.2f %%", near, searches, 100*bias)
	if near < 17 { // a p99 scatters more than a rate
		t.Errorf("%d of %d are within 3 %%", near, searches)
	}
}

func TestRepeatsForInterval(t *testing.T) {
	target := server{rng: rand.New(rand.NewPCG(31, 37)), capacity: 700, servers: 4, hold: 10}
	found := open(t, saturation.OpenConfig{From: 50, To: 5000, Repetitions: 6}, target.measure)
	for _, c := range []struct {
		what string
		ok   bool
	}{
		{"reached", found.Reached},
		{"six repetitions", found.N == 6},
		{"the interval of the load holds 700/s", found.OfferedLow <= 707 && found.OfferedHigh >= 693},
		{"it is narrow", found.OfferedHigh-found.OfferedLow <= 0.06*700},
		{"the interval of the throughput holds it", found.Low <= found.Throughput && found.Throughput <= found.High},
		{"the load is an offered one", found.Offered == found.Load && found.Clients == 0},
		{"the only warning is that 10 s are short", slices.Equal(codes(found.Warnings), []stats.Code{saturation.CoarseSteps})},
	} {
		if !c.ok {
			t.Errorf("not so: %s", c.what)
		}
	}
	t.Logf("%g/s, %g to %g, in %d steps", found.Load, found.OfferedLow, found.OfferedHigh, len(found.Trials))
}
