package stats_test

import (
	"math"
	"testing"

	"meterbench/bench/stats"
)

// Coverage factors are those of JCGM 100:2008, table G.2, at 95.45 %.
func TestExpansion(t *testing.T) {
	for freedom, want := range map[float64]float64{0: 2, -1: 2, math.Inf(1): 2, 1: 13.97, 2: 4.53, 3: 3.31, 5: 2.65, 10: 2.28, 15: 2.18, 20: 2.13, 100: 2.025, 1e9: 2} {
		if got := stats.Expansion(freedom); math.Abs(got-want) > 0.005 {
			t.Errorf("%v degrees of freedom: %v, want %v", freedom, got, want)
		}
	}
}

// An interval of Student's t tells the standard error that it was made of.
func TestScatter(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	standard, freedom := stats.Scatter(values)
	if math.Abs(standard-math.Sqrt(0.5)) > 1e-12 || freedom != 4 {
		t.Errorf("%v with %v degrees of freedom", standard, freedom)
	}
	if again, of := stats.MeanInterval(values).Scatter(); math.Abs(again-standard) > 1e-9 || of != freedom {
		t.Errorf("of the interval %v with %v", again, of)
	}
	if standard, freedom := stats.Scatter(values[:1]); standard != 0 || freedom != 0 {
		t.Errorf("of one value %v with %v", standard, freedom)
	}
}

// What is cut off of an interval is what cannot be, so that it holds the figure as before.
func TestWithin(t *testing.T) {
	for _, c := range []struct{ low, high, from, to, wantLow, wantHigh float64 }{
		{-1, 5, 0, math.Inf(1), 0, 5}, {0.5, 1.5, 0, 1, 0.5, 1}, {-1, 2, 0, 1, 0, 1}, {0.1, 0.2, 0, 1, 0.1, 0.2}, {-3, -1, 0, 1, 0, 0}, {2, 3, 0, 1, 1, 1},
	} {
		i := &stats.Interval{Low: c.low, High: c.high, N: 2, Method: "m"}
		got := i.Within(c.from, c.to)
		if got.Low != c.wantLow || got.High != c.wantHigh || got.N != 2 {
			t.Errorf("%v: %+v", c, got)
		}
		if i.Low != c.low || i.High != c.high {
			t.Errorf("%v: the interval itself is %+v", c, i)
		}
	}
	var none *stats.Interval
	if none.Within(0, 1) != nil {
		t.Error("there is an interval")
	}
}
