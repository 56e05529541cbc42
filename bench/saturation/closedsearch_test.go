package saturation_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"meterbench/bench/saturation"
)

// search runs a closed search to its end.
func search(t *testing.T, c saturation.ClosedConfig, throughput func(clients float64) float64) saturation.Found {
	t.Helper()
	s, err := saturation.NewClosedSearch(c)
	if err != nil {
		t.Fatal(err)
	}
	for clients, more := s.Next(); more; clients, more = s.Next() {
		step := saturation.Step{Load: clients, Received: throughput(clients), Success: 1}
		if step.Received < 0 {
			step.Received, step.Success = -step.Received, 0.9
		}
		s.Observe(step)
	}
	return s.Found()
}

func TestClosedSearch(t *testing.T) {
	for _, c := range []struct {
		name       string
		config     saturation.ClosedConfig
		throughput func(float64) float64 // negative: with failures
		reached    bool
		clients    float64
		rate       float64
		reason     string
		steps      int
	}{
		// 95 % of 960 is 912, which 92 clients are the first to reach.
		{"hard limit", saturation.ClosedConfig{From: 1, To: 1000}, func(n float64) float64 { return min(10*n, 960) }, true, 92, 920, "gained less than 5 %", 17},
		{"coarser", saturation.ClosedConfig{From: 1, To: 1000, Resolution: 0.1}, func(n float64) float64 { return min(10*n, 960) }, true, 96, 960, "gained less than 5 %", 15},
		{"starts on the plateau", saturation.ClosedConfig{From: 4, To: 1000}, func(float64) float64 { return 100 }, true, 4, 100, "gained less than 5 %", 4},
		{"retrograde", saturation.ClosedConfig{From: 1, To: 1000}, func(n float64) float64 { return min(10*n, 960) - max(0, n-96) }, true, 92, 920, "gained less than 5 %", 20},
		{"limit on clients", saturation.ClosedConfig{From: 1, To: 50}, func(n float64) float64 { return 10 * n }, false, 50, 500, "may still grow", 7},
		{"one doubling is not enough", saturation.ClosedConfig{From: 1, To: 256}, func(n float64) float64 { return min(10*n, 960) }, false, 128, 960, "may still grow", 9},
		{"failures end the climb", saturation.ClosedConfig{From: 1, To: 1000}, func(n float64) float64 {
			if n > 40 {
				return -400
			}
			return 10 * n
		}, false, 32, 320, "64 clients failed: 90.0 % of the transactions were valid", 8},
		{"nothing works", saturation.ClosedConfig{From: 1, To: 1000}, func(float64) float64 { return -10 }, false, 0, 0, "1 clients failed", 2},
		{"nothing commits", saturation.ClosedConfig{From: 1, To: 2}, func(float64) float64 { return 0 }, false, 0, 0, "may still grow", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := search(t, c.config, c.throughput)
			if f.Reached != c.reached || f.Load != c.clients || f.Throughput != c.rate || !strings.Contains(f.Reason, c.reason) || len(f.Trials) > c.steps {
				t.Errorf("got %g clients, %g/s, reached %v in %d steps: %s", f.Load, f.Throughput, f.Reached, len(f.Trials), f.Reason)
			}
			if warned := slices.Contains(codes(f.Warnings), saturation.NotConfirmed); warned == f.Reached {
				t.Errorf("warnings %v", f.Warnings)
			}
			if s := f.Saturation; s.Clients != int(c.clients) || s.Offered != 0 || s.Throughput != c.rate {
				t.Errorf("stored as %+v", s)
			}
		})
	}
}

// With the noise of real throughput the number found has 95 % of the true
// plateau, within that noise, and a percent of its own less does not.
func TestClosedSearchInNoise(t *testing.T) {
	const searches = 200
	near := 0
	var least, most float64 = math.Inf(1), 0
	for i := range uint64(searches) {
		rng := rand.New(rand.NewPCG(43, i))
		f := search(t, saturation.ClosedConfig{From: 1, To: 10_000, Repetitions: 6}, func(n float64) float64 {
			return min(10*n, 960) * (1 + 0.01*rng.NormFloat64())
		})
		if !f.Reached || f.N != 6 || f.Warnings != nil {
			t.Fatalf("got %+v", f)
		}
		least, most = min(least, f.Load), max(most, f.Load)
		if math.Abs(f.Load/91.2-1) <= 0.05 {
			near++
		}
	}
	t.Logf("%d of %d within 5 %% of 91.2 clients, all from %g to %g", near, searches, least, most)
	if near < searches*95/100 {
		t.Errorf("%d of %d are within 5 %%", near, searches)
	}
}

// A failing repetition neither counts nor keeps the search from ending.
func TestClosedSearchRepeatsFail(t *testing.T) {
	calls := 0
	f := search(t, saturation.ClosedConfig{From: 8, To: 100, Repetitions: 3}, func(float64) float64 {
		if calls++; calls == 4 || calls == 5 { // both tries of the first repetition
			return -100
		}
		return 100
	})
	if !f.Reached || f.Load != 8 || f.Throughput != 100 || calls != 7 {
		t.Errorf("got %+v after %d calls", f, calls)
	}
	calls = 0
	f = search(t, saturation.ClosedConfig{From: 8, To: 100}, func(float64) float64 {
		if calls++; calls >= 4 {
			return -100
		}
		return 100
	})
	if f.Reached || f.Load != 8 || f.Throughput != 100 || !strings.Contains(f.Reason, "failed when measured again") {
		t.Errorf("got %+v", f)
	}
}

func TestClosedSearchProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := saturation.ClosedConfig{
			From: rapid.IntRange(1, 100).Draw(t, "from"), Tries: rapid.IntRange(0, 3).Draw(t, "tries"),
			Repetitions: rapid.IntRange(0, 3).Draw(t, "repetitions"), Resolution: rapid.Float64Range(0.001, 0.5).Draw(t, "resolution"),
		}
		c.To = c.From * rapid.IntRange(1, 1000).Draw(t, "to")
		s, err := saturation.NewClosedSearch(c)
		if err != nil {
			t.Fatal(err)
		}
		steps := 0
		for clients, more := s.Next(); more; clients, more = s.Next() {
			// Doublings, halvings and repetitions, each tried up to three times.
			if steps++; steps > 3*(11+40+3) || clients < float64(c.From) || clients > float64(c.To) {
				t.Fatalf("step %d with %g clients", steps, clients)
			}
			s.Observe(saturation.Step{
				Load: clients, Received: rapid.Float64Range(0, 1000).Draw(t, "throughput"),
				Success: rapid.SampledFrom([]float64{1, 1, 1, 0.5}).Draw(t, "success"),
			})
		}
		f := s.Found()
		if f.Throughput < 0 || f.Load > float64(c.To) || f.Reached && f.Load < float64(c.From) {
			t.Fatalf("found %+v", f)
		}
	})
}
