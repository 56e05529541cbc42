package saturation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
)

// search runs a closed search to its end.
func search(t *testing.T, c saturation.ClosedConfig, throughput func(clients float64) float64) saturation.Result {
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
	return s.Result()
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
		{"starts on the plateau", saturation.ClosedConfig{From: 4, To: 1000}, func(float64) float64 { return 100 }, true, 4, 100, "gained less than 5 %", 4},
		// Of the levels climbed 128 clients have most, 928.
		{"retrograde", saturation.ClosedConfig{From: 1, To: 1000}, func(n float64) float64 { return min(10*n, 960) - max(0, n-96) }, true, 89, 890, "gained less than 5 %", 20},
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
			want := result.Saturation{Reached: c.reached, Clients: int(c.clients), Throughput: c.rate}
			if diff := cmp.Diff(want, f.Saturation, cmpopts.IgnoreFields(want, "Plateau", "Method", "Gain")); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			if f.Load != c.clients {
				t.Errorf("found %g clients, want %g", f.Load, c.clients)
			}
			if !strings.Contains(f.Reason, c.reason) {
				t.Errorf("reason %q, want %q in it", f.Reason, c.reason)
			}
			if len(f.Trials) > c.steps {
				t.Errorf("%d steps, want at most %d", len(f.Trials), c.steps)
			}
			if warned := slices.Contains(codes(f.Warnings), saturation.NotConfirmed); warned == f.Reached {
				t.Errorf("warnings %v", f.Warnings)
			}
		})
	}
}

// With the noise of real throughput the number found has 95 % of the true
// plateau, within that noise, and a percent of its own less does not.
func TestClosedSearchInNoise(t *testing.T) {
	const searches = 200
	near, held, steps := 0, 0, 0
	var least, most float64 = math.Inf(1), 0
	for i := range uint64(searches) {
		rng := rand.New(rand.NewPCG(43, i))
		f := search(t, saturation.ClosedConfig{From: 1, To: 10_000, Repetitions: 6}, func(n float64) float64 {
			return min(10*n, 960) * (1 + 0.01*rng.NormFloat64())
		})
		if f.Reached && f.ClientsLow <= 92 && 92 <= f.ClientsHigh {
			held++
		}
		steps = max(steps, len(f.Trials))
		if !f.Reached || f.N != 6 || f.Warnings != nil {
			t.Fatalf("reached %v by %d repetitions: %s %v", f.Reached, f.N, f.Reason, f.Warnings)
		}
		least, most = min(least, f.Load), max(most, f.Load)
		if math.Abs(f.Load/91.2-1) <= 0.05 {
			near++
		}
	}
	t.Logf("%d of %d within 5 %% of 91.2 clients, all from %g to %g, in up to %d steps; %d intervals hold 92", near, searches, least, most, steps, held)
	if held < searches*95/100 {
		t.Errorf("%d of %d intervals hold 92", held, searches)
	}
	if near < searches*95/100 {
		t.Errorf("%d of %d are within 5 %%", near, searches)
	}
}

// In more noise fewer searches end within a percent, but their intervals hold the knee all the same.
func TestClosedSearchIntervalCovers(t *testing.T) {
	for _, noise := range []float64{0.02, 0.05} {
		t.Run(fmt.Sprintf("noise %g", noise), func(t *testing.T) {
			const searches = 200
			held, reached, steps := 0, 0, 0
			for i := range uint64(searches) {
				rng := rand.New(rand.NewPCG(53, i))
				f := search(t, saturation.ClosedConfig{From: 1, To: 2048, Repetitions: 3}, func(n float64) float64 {
					return min(10*n, 960) * (1 + noise*rng.NormFloat64())
				})
				steps += len(f.Trials)
				if f.Reached {
					reached++
					if f.ClientsLow <= 92 && 92 <= f.ClientsHigh {
						held++
					}
				}
			}
			t.Logf("%d of %d reached, %d intervals hold 92, %d steps on average", reached, searches, held, steps/searches)
			if reached < searches*8/10 || held < reached*93/100 {
				t.Errorf("%d of %d reached, %d intervals hold 92", reached, searches, held)
			}
		})
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
	differ := func(want result.Saturation, got saturation.Result) {
		t.Helper()
		if diff := cmp.Diff(want, got.Saturation, cmpopts.IgnoreFields(want, "Plateau", "Method", "Gain")); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
	}
	differ(result.Saturation{Reached: true, Clients: 8, Throughput: 100, Repetitions: 2}, f)
	if calls != 7 {
		t.Errorf("%d calls, want 7", calls)
	}
	calls = 0
	f = search(t, saturation.ClosedConfig{From: 8, To: 100}, func(float64) float64 {
		if calls++; calls >= 4 {
			return -100
		}
		return 100
	})
	differ(result.Saturation{Clients: 8, Throughput: 100}, f)
	if !strings.Contains(f.Reason, "failed when measured again") {
		t.Errorf("reason %q", f.Reason)
	}
}

// Levels that were measured again may all fall short of the plateau that they first showed.
func TestClosedSearchThatFallsShort(t *testing.T) {
	rates := []float64{1.125, 0.5, 0.25, 1}
	f := search(t, saturation.ClosedConfig{From: 1, To: 4}, func(float64) float64 {
		rate := rates[0]
		if len(rates) > 1 {
			rates = rates[1:]
		}
		return rate
	})
	if f.Clients < 1 || f.Clients > 4 {
		t.Errorf("found %d clients of 1 to 4", f.Clients)
	}
}

func TestClosedSearchProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := saturation.ClosedConfig{
			From: rapid.IntRange(1, 100).Draw(t, "from"), Repetitions: rapid.IntRange(0, 3).Draw(t, "repetitions"),
		}
		c.To = c.From * rapid.IntRange(1, 1000).Draw(t, "to")
		s, err := saturation.NewClosedSearch(c)
		if err != nil {
			t.Fatal(err)
		}
		steps := 0
		for clients, more := s.Next(); more; clients, more = s.Next() {
			// Doublings, halvings and repetitions, each tried up to three times.
			if steps++; steps > 3*(11+40+4+3) || clients < float64(c.From) || clients > float64(c.To) {
				t.Fatalf("step %d with %g clients", steps, clients)
			}
			s.Observe(saturation.Step{
				Load: clients, Received: rapid.Float64Range(0, 1000).Draw(t, "throughput"),
				Success: rapid.SampledFrom([]float64{1, 1, 1, 0.5}).Draw(t, "success"),
			})
		}
		f := s.Result()
		if f.Throughput < 0 || f.Load > float64(c.To) {
			t.Fatalf("found %g clients of at most %d, %g/s", f.Load, c.To, f.Throughput)
		}
		if f.Reached && f.Load < float64(c.From) {
			t.Fatalf("found %g clients, fewer than %d", f.Load, c.From)
		}
	})
}
