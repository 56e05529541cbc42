package stats

import (
	"math"
	"math/rand/v2"
	"testing"
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
	if i := RatioInterval(exact(3), exact(4)); i == nil || i.Low != 0.75 || i.High != 0.75 || i.N != 10 {
		t.Errorf("of exact means: %+v", i)
	}
	wide := &Interval{Low: -1, High: 9, N: 12} // of a mean that may be 0
	if i := RatioInterval(exact(3), wide); i != nil {
		t.Errorf("over a mean that may be 0: %+v", i)
	}
	// Only the numerator is uncertain: its interval, over the denominator.
	if i := RatioInterval(wide, exact(2)); i == nil || math.Abs(i.Low+0.5) > 0.1 || math.Abs(i.High-4.5) > 0.1 || i.N != 10 {
		t.Errorf("of a wide mean: %+v", i)
	}
	if RatioInterval(nil, exact(1)) != nil || RatioInterval(exact(1), nil) != nil {
		t.Errorf("without an interval there is a ratio's")
	}
}

func TestSeriesBatchMeans(t *testing.T) {
	s := NewSeries(1)
	var values []float64
	for i := range 40 {
		v := float64(i * 7 % 11)
		values = append(values, v)
		s.Add(uint64(i), v)
	}
	got, want := s.BatchMeans(20), BatchMeans(values, 20)
	if got.Low != want.Low || got.High != want.High || got.N != 20 {
		t.Errorf("%+v, want %+v", got, want)
	}
}
