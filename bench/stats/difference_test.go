package stats_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"meterbench/bench/stats"
)

// The values of Student's own example, the additional sleep by two drugs in ten patients (Biometrika 6, 1908, page 20), whose
// t and p every textbook has: paired t = 4.0621, p = 0.002833; Welch's t = 1.8608, ν = 17.776, p = 0.07939.
func TestDifference(t *testing.T) {
	a := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	b := []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	paired, ok := stats.PairedDifference(a, b)
	welch, also := stats.UnpairedDifference(a, b, 0)
	if !ok || !also {
		t.Fatal("no difference")
	}
	low, high := paired.Limits()
	got := []float64{paired.Mean / paired.Error, paired.Freedom, paired.P(), low, high, welch.Mean / welch.Error, welch.Freedom, welch.P()}
	want := []float64{4.0621, 9, 0.002833, 0.7001, 2.4599, 1.8608, 17.776, 0.07939}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(5e-4, 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, ok := stats.PairedDifference(a[:1], b[:1]); ok {
		t.Error("one pair has a difference")
	}
	if _, ok := stats.UnpairedDifference(a[:1], b, 0); ok {
		t.Error("one value has a variance")
	}
	same, _ := stats.PairedDifference(a, a)
	if same.P() != 1 {
		t.Errorf("the same values: p = %g", same.P())
	}
	if p := (stats.Difference{Mean: 1, Freedom: 5}).P(); p != 0 {
		t.Errorf("a difference without an error: p = %g", p)
	}
}

// The intercept and its error are those of any line through points: of Anscombe's first set they are 3.0001 and 1.1247
// (Graphs in Statistical Analysis, The American Statistician 27, 1973).
func TestDifferenceAt(t *testing.T) {
	x := []float64{10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5}
	b := []float64{8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68}
	a := make([]float64, len(b))
	d, ok := stats.PairedDifferenceAt(a, b, x)
	want := stats.Difference{Mean: 3.0001, Error: 1.1247, Freedom: 9, N: 11}
	if diff := cmp.Diff(want, d, cmpopts.EquateApprox(5e-5, 0)); diff != "" || !ok {
		t.Errorf("%v (-want +got):\n%s", ok, diff)
	}
	plain, _ := stats.PairedDifference(a, b)
	if d, ok := stats.PairedDifferenceAt(a, b, make([]float64, len(b))); !ok || d != plain {
		t.Errorf("without a spread of the covariate: %v, %v", d, ok)
	}
	if _, ok := stats.PairedDifferenceAt(a[:3], b[:3], x[:3]); ok {
		t.Error("a line through three points")
	}
}

// What the covariate makes of the values drops out, whatever it is.
func TestDifferenceAtIsFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(5, 12).Draw(t, "n")
		values := rapid.SliceOfN(rapid.Float64Range(-1, 1), n, n)
		a, b, x := values.Draw(t, "a"), values.Draw(t, "b"), values.Draw(t, "x")
		if slices.Max(x)-slices.Min(x) < 0.1 {
			t.Skip("no spread")
		}
		slope := rapid.Float64Range(-3, 3).Draw(t, "slope")
		moved := slices.Clone(b)
		for i := range moved {
			moved[i] += slope * x[i]
		}
		one, _ := stats.PairedDifferenceAt(a, b, x)
		other, _ := stats.PairedDifferenceAt(a, moved, x)
		if math.Abs(one.Mean-other.Mean) > 1e-9 || math.Abs(one.Error-other.Error) > 1e-9 {
			t.Errorf("%v became %v", one, other)
		}
	})
}

// With a correlation the error is what the covariance matrix says, added up term by term for n = 4, φ = 0.5: C = 2.0625,
// ν = 5.15 of both sides together instead of 6.
func TestCorrelatedDifference(t *testing.T) {
	a, b := []float64{1, 2, 3, 4}, []float64{11, 12, 13, 14}
	const phi, n = 0.5, 4.0
	c, squares, trace := 0.0, 0.0, 0.0
	for i := range 4 {
		row := 0.0
		for j := range 4 {
			r := math.Pow(phi, math.Abs(float64(i-j)))
			row, trace = row+r, trace+r*r
		}
		c, squares = c+row/n, squares+row*row
	}
	variance := 2 * (5. / 3) / n * c * (n - 1) / (n - c)
	freedom := 2 * (n - c) * (n - c) / (trace - 2*squares/n + c*c)
	d, _ := stats.UnpairedDifference(a, b, phi)
	want := stats.Difference{Mean: 10, Error: math.Sqrt(variance), Freedom: freedom, N: 4}
	if diff := cmp.Diff(want, d, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if math.Abs(c-2.0625) > 1e-12 || math.Abs(freedom-5.153) > 1e-3 {
		t.Errorf("C = %g, ν = %g", c, freedom)
	}
}

// Smallest against tables of the power of t: with 10 pairs and α = 0.05, 0.8 needs a difference of 0.9958 standard deviations
// (Cohen, Statistical Power Analysis, 2nd ed., 1988), with 6 of 1.4348.
func TestSmallest(t *testing.T) {
	for n, want := range map[float64]float64{6: 1.4348, 10: 0.9958} {
		d := stats.Difference{Error: 1 / math.Sqrt(n), Freedom: n - 1}
		if got := d.Smallest(0.05, 0.8); math.Abs(got/want-1) > 0.02 {
			t.Errorf("%g pairs: %.4f standard deviations, want %.4f", n, got, want)
		}
	}
}

func TestHolm(t *testing.T) {
	for _, c := range []struct{ ps, want []float64 }{
		{nil, []float64{}},
		{[]float64{0.03}, []float64{0.03}},
		// Holm's worked steps: 4 · 0.005, 3 · 0.01, 2 · 0.03, 1 · 0.04 raised to that before.
		{[]float64{0.01, 0.04, 0.03, 0.005}, []float64{0.03, 0.06, 0.06, 0.02}},
		{[]float64{0.5, 0.5, 1}, []float64{1, 1, 1}},
	} {
		if diff := cmp.Diff(c.want, stats.Holm(c.ps), cmpopts.EquateApprox(1e-12, 0)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.ps, diff)
		}
	}
}

// Adjusted ps are no smaller than before, no larger than Bonferroni's, and in the same order.
func TestHolmOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ps := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 20).Draw(t, "ps")
		adjusted := stats.Holm(ps)
		for i, p := range ps {
			if adjusted[i] < p || adjusted[i] > min(1, p*float64(len(ps)))+1e-12 {
				t.Fatalf("%g became %g of %d", p, adjusted[i], len(ps))
			}
			for j := range ps {
				if ps[j] < p && adjusted[j] > adjusted[i] {
					t.Fatalf("%g became %g, but %g became %g", ps[j], adjusted[j], p, adjusted[i])
				}
			}
		}
	})
}
