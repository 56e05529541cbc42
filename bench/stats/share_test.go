package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"meterbench/bench/stats"
)

// The interval holds the true share in 95 of 100 windows, whether its values are independent, come in blocks that are
// all ones or all zeros, or follow from a latency that wanders.
func TestShareCoverage(t *testing.T) {
	cases := 600
	if testing.Short() {
		cases = 300
	}
	const n, block = 3000, 25
	independent := func(p float64) func(*rand.Rand, *stats.Series) {
		return func(rng *rand.Rand, s *stats.Series) {
			for i := range uint64(n) {
				s.Add(i, one(rng.Float64() < p))
			}
		}
	}
	blocks := func(p float64) func(*rand.Rand, *stats.Series) {
		return func(rng *rand.Rand, s *stats.Series) {
			var v float64
			for i := range uint64(n) {
				if i%block == 0 {
					v = one(rng.Float64() < p)
				}
				s.Add(i, v)
			}
		}
	}
	// An AR(1) process with standard normal values is below z with probability p; its values forget each other over about 30.
	wandering := func(z float64) func(*rand.Rand, *stats.Series) {
		return func(rng *rand.Rand, s *stats.Series) {
			const phi = 0.97
			x := rng.NormFloat64()
			for i := range uint64(n) {
				s.Add(i, one(x < z))
				x = phi*x + math.Sqrt(1-phi*phi)*rng.NormFloat64()
			}
		}
	}
	for _, tt := range []struct {
		name  string
		p     float64
		draw  func(*rand.Rand, *stats.Series)
		units int // that are independent, at most
	}{
		{"half", 0.5, independent(0.5), n}, {"most", 0.95, independent(0.95), n}, {"nearly all", 0.999, independent(0.999), n}, {"all but one", 0.9998, independent(0.9998), n},
		{"half of the blocks", 0.5, blocks(0.5), n / block}, {"most blocks", 0.95, blocks(0.95), n / block}, {"nearly all blocks", 0.995, blocks(0.995), n / block},
		{"wandering about it", 0.5, wandering(0), n / block}, {"wandering above it", 0.9, wandering(1.2816), n / block},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(11, 4))
			covered, given := 0, 0
			for range cases {
				s := stats.NewSeries(1)
				tt.draw(rng, s)
				i, _ := stats.ShareInterval(s, tt.units)
				if i == nil {
					continue
				}
				given++
				if i.Low < 0 || i.High > 1 || !(i.Low < i.High) {
					t.Fatalf("from %g to %g", i.Low, i.High)
				}
				if i.Low <= tt.p && tt.p <= i.High {
					covered++
				}
			}
			share := float64(covered) / float64(given)
			t.Logf("covered in %.1f %% of %d", 100*share, given)
			if share < 0.92 || given < cases*9/10 {
				t.Errorf("the true share is in %.1f %% of the intervals, of which there are %d in %d windows", 100*share, given, cases)
			}
		})
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func TestShareNeedsBatches(t *testing.T) {
	s := stats.NewSeries(1)
	for i := range uint64(5) {
		s.Add(i, 1)
	}
	if i, why := stats.ShareInterval(s, 5); i != nil || why == nil || why.Code != stats.FewBatches {
		t.Errorf("five values have an interval: %+v, %v", i, why)
	}
}
