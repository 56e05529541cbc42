package result

import (
	"math"
	"math/rand/v2"
	"testing"
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
			b.Add(SourceScatter, s)
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
