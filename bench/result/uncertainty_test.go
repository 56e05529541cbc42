package result

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"meterbench/bench/stats"
	"meterbench/internal/race"
)

// A value that is off by what its budget says lies within the expanded uncertainty about as often as a normal one does,
// whichever source prevails.
func TestBudgetCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ scatter, bounds []float64 }{
		{[]float64{1}, nil}, {nil, []float64{1, 1, 1}}, {[]float64{1}, []float64{1, 0.1}}, {[]float64{0.2, 0.3}, []float64{1}},
	} {
		var b Budget
		for _, s := range c.scatter {
			b.Add(SourceScatter, s, 0)
		}
		for _, s := range c.bounds {
			b.AddBounds(SourceInstrument, s)
		}
		const trials = 20_000
		within := 0
		for range trials {
			var off float64
			for _, s := range c.scatter {
				off += s * rng.NormFloat64()
			}
			for _, s := range c.bounds {
				off += s * (2*rng.Float64() - 1)
			}
			if math.Abs(off) <= b.Expanded {
				within++
			}
		}
		if share := float64(within) / trials; share < 0.94 {
			t.Errorf("scatter %v, bounds %v: %.3f within", c.scatter, c.bounds, share)
		}
		var shares float64
		for _, one := range b.Components {
			shares += b.Share(one)
		}
		if math.Abs(shares-1) > 1e-12 {
			t.Errorf("shares sum to %g", shares)
		}
	}
}

var budgets = flag.Int("budgets", 2000, "number of budgets of each kind that TestBudgetOfFewValues looks at")

// A scatter that few values tell is expanded by more than 2, so that value ± expanded covers the truth in 95 % of cases at
// least, whichever source prevails; by 2 alone, of few repetitions, it would not. With -budgets 100000 these are the rates
// that docs/statistics.md states.
func TestBudgetOfFewValues(t *testing.T) {
	if race.Enabled {
		t.Skip("it only calculates")
	}
	for _, n := range []int{2, 3, 4, 6, 10, 16} {
		for _, bound := range []float64{0, 1, 3} { // of the instrument, in standard errors of the mean
			t.Run(fmt.Sprintf("%d values, bound of %v", n, bound), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(n), uint64(100*bound)))
				within, byTwo, effective := 0, 0, 0
				for range *budgets {
					values := make([]float64, n)
					for i := range values {
						values[i] = math.Sqrt(float64(n)) * rng.NormFloat64()
					}
					var b Budget
					standard, freedom := stats.Scatter(values)
					b.Add(SourceScatter, standard, freedom)
					if bound > 0 {
						b.AddBounds(SourceInstrument, bound)
					}
					off := math.Abs(stats.Mean(values) + bound*(2*rng.Float64()-1))
					if off <= b.Expanded {
						within++
					}
					if off <= Coverage*b.Standard {
						byTwo++
					}
					share := b.Share(b.Components[0]) // after Welch and Satterthwaite
					if off <= stats.Expansion(freedom/(share*share))*b.Standard {
						effective++
					}
				}
				share := func(count int) float64 { return float64(count) / float64(*budgets) }
				t.Logf("covers %.1f %%, with k = 2 %.1f %%, with effective degrees of freedom %.1f %%",
					100*share(within), 100*share(byTwo), 100*share(effective))
				if slack := 3 * math.Sqrt(0.05*0.95/float64(*budgets)); share(within) < 0.95-slack {
					t.Errorf("%.3f within", share(within))
				}
				if n == 2 && bound == 0 && share(byTwo) > 0.8 {
					t.Errorf("twice the scatter of two values covers %.3f", share(byTwo))
				}
				if n == 2 && bound == 1 && share(effective) > 0.93 {
					t.Errorf("by effective degrees of freedom two values cover %.3f", share(effective))
				}
			})
		}
	}
}
