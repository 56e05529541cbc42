package stats

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Of many ratios of means whose truth is known, 95 % of the intervals hold it.
func TestRatioIntervalCovers(t *testing.T) {
	const trials, a, b = 2000, 3.0, 20.0
	luck := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		n      int
		spread float64 // of single values, relative
	}{{10, 0.1}, {10, 0.5}, {26, 0.3}} {
		held := 0
		sample := func(mean float64) []float64 {
			values := make([]float64, c.n)
			for i := range values {
				values[i] = mean * (1 + c.spread*luck.NormFloat64())
			}
			return values
		}
		for range trials {
			if i := RatioInterval(MeanInterval(sample(a)), MeanInterval(sample(b))); i != nil && i.Low <= a/b && a/b <= i.High {
				held++
			}
		}
		if share := float64(held) / trials; share < 0.94 || share > 0.98 {
			t.Errorf("n = %d, spread %g: %.3f of the intervals hold the ratio", c.n, c.spread, share)
		}
	}
}

func TestRatioInterval(t *testing.T) {
	exact := func(mean float64) *Interval { return &Interval{Low: mean, High: mean, N: 10} }
	differ := func(name string, want, got *Interval, within float64) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Interval{}, "Method"), cmpopts.EquateApprox(0, within)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	differ("of exact means", &Interval{Low: 0.75, High: 0.75, N: 10}, RatioInterval(exact(3), exact(4)), 0)
	wide := &Interval{Low: -1, High: 9, N: 12} // of a mean that may be 0
	differ("over a mean that may be 0", nil, RatioInterval(exact(3), wide), 0)
	// Only the numerator is uncertain: its interval, over the denominator.
	differ("of a wide mean", &Interval{Low: -0.5, High: 4.5, N: 10}, RatioInterval(wide, exact(2)), 0.1)
	if RatioInterval(nil, exact(1)) != nil || RatioInterval(exact(1), nil) != nil {
		t.Errorf("without an interval there is a ratio's")
	}
}
