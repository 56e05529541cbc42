package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sequence returns cells of weight 1.
func sequence(n int, value func(i int) float64) (s Sequence) {
	for i := range n {
		s = append(s, Cell{value(i), 1})
	}
	return s
}

// autoregression returns values of mean 1 and the correlation from one to the next.
func autoregression(rng *rand.Rand, phi float64) func(int) float64 {
	x := rng.NormFloat64()
	return func(int) float64 {
		x = phi*x + math.Sqrt(1-phi*phi)*rng.NormFloat64()
		return 1 + 0.2*x
	}
}

// Dependence that the batches show widens the interval; where the window holds fewer than 20 correlation times, there
// is hardly ever one.
func TestRatioCovers(t *testing.T) {
	const windows, cells = 500, 2000
	for _, c := range []struct {
		name        string
		times       float64 // correlation times in the window
		least, most float64 // share of the windows with an interval
		held        float64 // least share of those that hold the mean
	}{
		{"independent", math.Inf(1), 1, 1, 0.94},
		{"200 correlation times", 200, 0.98, 1, 0.93},
		{"50 correlation times", 50, 0.85, 1, 0.9},
		{"10 correlation times", 10, 0, 0.3, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 5))
			given, held := 0.0, 0.0
			for range windows {
				phi := math.Exp(-c.times / cells)
				i, why := sequence(cells, autoregression(rng, phi)).Ratio(cells)
				if i == nil {
					if why.Code != Correlated {
						t.Fatal(why)
					}
					continue
				}
				given++
				if i.Low <= 1 && 1 <= i.High {
					held++
				}
			}
			t.Logf("%.3f have an interval, %.3f of them hold", given/windows, held/given)
			if given/windows < c.least || given/windows > c.most {
				t.Errorf("%.3f have an interval, want %g to %g", given/windows, c.least, c.most)
			}
			if held/given < c.held || held/given > 0.98 {
				t.Errorf("%.3f hold the mean", held/given)
			}
		})
	}
}

func TestRatioNeedsUnits(t *testing.T) {
	alternating := func(i int) float64 { return float64(i % 2) }
	few := &Warning{FewBatches, "fewer than 6 blocks, or transactions of each client"}
	for _, c := range []struct{ cells, most, batches int }{
		{5, 100, 0}, {100, 5, 0}, {6, 100, 6}, {100, 6, 6}, {11, 100, 10}, {19, 100, 10}, {24, 100, 12}, {1000, 1000, 16},
	} {
		i, why := sequence(c.cells, alternating).Ratio(c.most)
		switch {
		case c.batches > 0 && (i == nil || i.N != c.batches):
			t.Errorf("%d cells, at most %d: got %v, %v, want %d batches", c.cells, c.most, i, why, c.batches)
		case c.batches == 0:
			if diff := cmp.Diff(few, why); diff != "" || i != nil {
				t.Errorf("%d cells, at most %d: %v (-want +got):\n%s", c.cells, c.most, i, diff)
			}
		}
	}
}

// The figure is the ratio of the sums, whatever the cells weigh.
func TestRatioOfUnequalCells(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var s Sequence
	for range 400 {
		weight := 1 + 9*rng.Float64()
		s = append(s, Cell{3 * weight, weight})
	}
	i, why := s.Ratio(len(s))
	want := &Interval{Low: 3, High: 3, N: 16, Method: "within this window: Student's t over 16 batches, corrected for correlation and skewness"}
	if diff := cmp.Diff(want, i, cmpopts.EquateApprox(1e-9, 0)); diff != "" || why != nil {
		t.Errorf("%v, interval (-want +got):\n%s", why, diff)
	}
}

// A mean that may be 0 has no interval, and that of a skewed one reaches further up.
func TestMeanIsSkewed(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	i, _ := sequence(60, func(int) float64 { return rng.ExpFloat64() }).Mean(60)
	if mean := 1.0; i == nil || i.High-mean <= mean-i.Low {
		t.Errorf("got %v", i)
	}
	if i, why := sequence(60, func(i int) float64 { return 30 * float64(i%30/29) }).Mean(6); i != nil || why.Code != TooWide {
		t.Errorf("got %v, %v", i, why)
	}
}

func TestQuantileOfSequence(t *testing.T) {
	values := func(n int, of func(i int) float64) (s Sequence, sorted []Value) {
		s = sequence(n, of)
		for i, c := range s {
			sorted = append(sorted, Value{c.Sum, i})
		}
		slices.SortFunc(sorted, func(a, b Value) int { return int(math.Copysign(1, a.Value-b.Value)) })
		return s, sorted
	}
	rng := rand.New(rand.NewPCG(4, 2))
	s, sorted := values(4000, func(int) float64 { return rng.Float64() })
	for _, p := range []float64{0.5, 0.95, 0.99} {
		i, why := s.Quantile(sorted, p, len(s))
		half := 2 * math.Sqrt(p*(1-p)/4000) // of independent values
		if i == nil || i.Low > p || i.High < p || i.High-i.Low < half || i.High-i.Low > 6*half {
			t.Errorf("p%g: got %v, %v", 100*p, i, why)
		}
	}
	// The values beyond come all at once.
	s, sorted = values(4000, func(i int) float64 { return 1 + float64(i%7)/10 + float64(i/3900) })
	if i, why := s.Quantile(sorted, 0.99, len(s)); i != nil {
		t.Errorf("of one excursion: got %v, %v", i, why)
	}
	s, sorted = values(100, func(int) float64 { return 0.25 })
	i, _ := s.Quantile(sorted, 0.95, len(s))
	if diff := cmp.Diff(&Interval{Low: 0.25, High: 0.25, N: 100, Method: "within this window: all values are alike"}, i); diff != "" {
		t.Errorf("of equal values (-want +got):\n%s", diff)
	}
	if i, why := s.Quantile(nil, 0.95, len(s)); i != nil || why.Code != FewBatches {
		t.Errorf("of no values: got %v, %v", i, why)
	}
}
