package stats_test

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"meterbench/bench/stats"
)

// tails returns the shares of all ways to part the values into samples of these sizes in which b ranks at least as high as
// it does, and at most.
func tails(a, b []float64) (above, below float64) {
	all := append(append([]float64{}, a...), b...)
	over := func(set uint) (u float64) { // pairs in which the one of the set is larger
		for i, x := range all {
			for j, y := range all {
				switch {
				case set>>i&1 == 0 || set>>j&1 == 1:
				case x > y:
					u++
				case x == y:
					u += 0.5
				}
			}
		}
		return u
	}
	found := over((1<<len(b) - 1) << len(a))
	var ways float64
	for set := range uint(1) << len(all) {
		if bits.OnesCount(set) != len(b) {
			continue
		}
		ways++
		if u := over(set); u >= found {
			above++
		}
		if over(set) <= found {
			below++
		}
	}
	return above / ways, below / ways
}

// The probability is that of enumeration, with ties and samples of unequal sizes, too.
func TestRankDifference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 15))
	for range 300 {
		sample := func() (values []float64) {
			for range 2 + r.IntN(4) {
				values = append(values, float64(r.IntN(5))) // zeros, and other values that are there twice
			}
			return values
		}
		a, b := sample(), sample()
		above, below := tails(a, b)
		p, direction := stats.RankDifference(a, b, 0)
		want := min(1, 2*min(above, below))
		if math.Abs(p-want) > 1e-9 || want < 1 && (direction > 0) != (above < below) {
			t.Fatalf("%v against %v: p %g, direction %d; want %g", a, b, p, direction, want)
		}
	}
	for _, c := range []struct {
		a, b []float64
		p    float64
		way  int
	}{
		{[]float64{5, 6, 7, 5, 6, 7}, make([]float64, 6), 2. / 924, -1}, // 12 over 6 ways to part them
		{make([]float64, 8), []float64{1, 2, 3, 4, 5, 6, 7, 8}, 2. / 12870, 1},
		{make([]float64, 60), make([]float64, 60), 1, 0},
		{nil, []float64{1}, 1, 0},
	} {
		if p, way := stats.RankDifference(c.a, c.b, 0); math.Abs(p-c.p) > 1e-9 || way != c.way {
			t.Errorf("%v against %v: p %g, direction %d", c.a, c.b, p, way)
		}
	}
	if p, way := stats.RankDifference(make([]float64, 60), []float64{1, 2, 3, 4, 5, 6, 7, 8}, 0); p > 1e-9 || way != 1 {
		t.Errorf("more than are counted out: p %g, direction %d", p, way)
	}
	if p, _ := stats.RankDifference(make([]float64, 8), []float64{1, 2, 3, 4, 5, 6, 7, 8}, 1./3); math.Abs(p-0.0049) > 5e-4 {
		t.Errorf("eight with correlated neighbours: p = %g", p)
	}
	// Of four values C is 2.0625 with a correlation of 0.5, as TestCorrelatedDifference adds up: 2/70 is a deviate of 2.190,
	// which becomes 1.525.
	if p, _ := stats.RankDifference([]float64{1, 2, 3, 4}, []float64{5, 6, 7, 8}, 0.5); math.Abs(p-0.1273) > 2e-4 {
		t.Errorf("with correlated neighbours p = %g", p)
	}
}
