package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"meterbench/bench/stats"
)

func TestQuantilesNeedSamplesBeyond(t *testing.T) {
	for _, c := range []struct {
		n             int
		p50, p95, p99 bool
	}{
		{1, false, false, false},
		{19, false, false, false},
		{20, true, false, false},
		{199, true, false, false},
		{200, true, true, false},
		{999, true, true, false},
		{1000, true, true, true},
	} {
		h := hdrhistogram.New(1, 1e9, 3)
		for i := range c.n {
			if err := h.RecordValue(int64(i + 1)); err != nil {
				t.Fatal(err)
			}
		}
		s := stats.Summarize(h, 1)
		if (s.P50 != nil) != c.p50 || (s.P95 != nil) != c.p95 || (s.P99 != nil) != c.p99 {
			t.Errorf("%d: got p50 %v, p95 %v, p99 %v", c.n, s.P50 != nil, s.P95 != nil, s.P99 != nil)
		}
		if s.N != uint64(c.n) || s.Max != float64(c.n) {
			t.Errorf("%d: n %d, max %g", c.n, s.N, s.Max)
		}
	}
}

func TestNoSamples(t *testing.T) {
	if diff := cmp.Diff(stats.Quantiles{}, stats.Summarize(hdrhistogram.New(1, 1000, 3), 1)); diff != "" {
		t.Errorf("quantiles (-want +got):\n%s", diff)
	}
}

// A histogram of 3 significant digits and the samples themselves must agree
// within a part in a thousand.
func TestHistogramAgreesWithSamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(1, 3_600_000_000_000), 1000, 1500).Draw(t, "values")
		h := hdrhistogram.New(1, 3_600_000_000_000, 3)
		samples := make([]float64, len(values))
		for i, v := range values {
			if err := h.RecordValue(v); err != nil {
				t.Fatal(err)
			}
			samples[i] = float64(v)
		}
		slices.Sort(samples)
		// The histogram takes the nearest rank where the samples take the next.
		got, exact := stats.Summarize(h, 1), samples
		near := func(name string, got, percent float64) {
			rank := percent / 100 * float64(len(exact))
			low, high := exact[int(math.Floor(rank))-1], exact[min(int(math.Ceil(rank)), len(exact))-1]
			if got < low*0.999 || got > high*1.001 {
				t.Errorf("%s: histogram %g, samples %g to %g", name, got, low, high)
			}
		}
		near("p50", *got.P50, 50)
		near("p95", *got.P95, 95)
		near("p99", *got.P99, 99)
		near("max", got.Max, 100)
	})
}

func TestMeanInterval(t *testing.T) {
	if stats.MeanInterval([]float64{1}) != nil {
		t.Error("one value has an interval")
	}
	// t(0.975, 4) = 2.776445, s = sqrt(2.5)
	half := 2.776445 * math.Sqrt(2.5/5)
	want := &stats.Interval{Low: 3 - half, High: 3 + half, N: 5, Method: "Student's t over values"}
	if diff := cmp.Diff(want, stats.MeanInterval([]float64{5, 1, 4, 2, 3}), cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Errorf("interval (-want +got):\n%s", diff)
	}
}

// The ranks are those of the published tables (for example Conover, Practical
// Nonparametric Statistics, table A3).
func TestMedianInterval(t *testing.T) {
	for _, c := range []struct{ n, low, high int }{
		{0, 0, 0}, {1, 0, 0}, {5, 0, 0}, // infinite
		{6, 1, 6}, {7, 1, 7}, {8, 1, 8}, {9, 2, 8}, {10, 2, 9}, {15, 4, 12}, {20, 6, 15}, {30, 10, 21}, {100, 40, 61},
	} {
		values := make([]float64, c.n)
		for i := range values {
			values[i] = float64(c.n - i)
		}
		var want *stats.Interval
		if c.low > 0 {
			want = &stats.Interval{Low: float64(c.low), High: float64(c.high), N: c.n}
		}
		if diff := cmp.Diff(want, stats.MedianInterval(values), cmpopts.IgnoreFields(stats.Interval{}, "Method")); diff != "" {
			t.Errorf("n = %d (-want +got):\n%s", c.n, diff)
		}
	}
}

// The intervals must hold the true value in about 95 of 100 cases.
func TestCoverage(t *testing.T) {
	const cases = 2000
	rng := rand.New(rand.NewPCG(7, 1))
	var batch, median, dependent int
	for range cases {
		series := make([]float64, 200)
		for i := range series {
			series[i] = 100 + 10*rng.NormFloat64()
		}
		i := stats.BatchMeans(series, 20)
		if i.Low <= 100 && 100 <= i.High {
			batch++
		}
		if i.Warnings != nil {
			dependent++
		}
		runs := make([]float64, 9)
		for i := range runs {
			runs[i] = rng.ExpFloat64()
		}
		if m := stats.MedianInterval(runs); m.Low <= math.Ln2 && math.Ln2 <= m.High {
			median++
		}
	}
	share := func(n int) float64 { return float64(n) / cases }
	if s := share(batch); s < 0.935 || s > 0.965 {
		t.Errorf("batch means cover %.3f", s)
	}
	if s := share(dependent); s < 0.03 || s > 0.07 {
		t.Errorf("independent batches are called dependent in %.3f of the cases", s)
	}
	if s := share(median); s < 0.945 || s > 0.975 { // exactly 1 - 2*10/512 = 0.961
		t.Errorf("the median is covered in %.3f", s)
	}
}

func TestBatchMeans(t *testing.T) {
	if stats.BatchMeans(make([]float64, 9), 10) != nil {
		t.Error("nine values make ten batches")
	}
	if stats.BatchMeans(make([]float64, 90), 9) != nil {
		t.Error("nine batches pass for enough")
	}
	// The three values that are left over are the first ones.
	series := append([]float64{1e9, 1e9, 1e9}, make([]float64, 40)...)
	leftOver := &stats.Interval{N: 10, Method: "Student's t over 10 batch means"}
	if diff := cmp.Diff(leftOver, stats.BatchMeans(series, 10)); diff != "" {
		t.Errorf("interval (-want +got):\n%s", diff)
	}
	drift := make([]float64, 40)
	for i := range drift {
		drift[i] = float64(i)
	}
	i := stats.BatchMeans(drift, 20)
	if len(i.Warnings) != 1 || i.Warnings[0].Code != stats.Correlated {
		t.Errorf("a drift gives %v", i.Warnings)
	}
	const want = "the 20 batch means depend on each other, so the interval is too narrow; measure longer [correlated]"
	if got := i.Warnings[0].String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 2}, 2}} {
		if got := stats.Median(c.values); got != c.want {
			t.Errorf("%v: got %g, want %g", c.values, got, c.want)
		}
	}
}

func TestSamplesFor(t *testing.T) {
	for percent, want := range map[float64]uint64{50: 20, 90: 100, 95: 200, 99: 1000, 99.9: 10_000, 99.99: 100_000, 10: 100, 1: 1000, 33: 31} {
		if got := stats.SamplesFor(percent); got != want {
			t.Errorf("p%g needs %d samples, want %d", percent, got, want)
		}
	}
	if stats.SamplesFor(5e-324) == 0 {
		t.Error("a percentage next to nothing needs no samples")
	}
}

func TestQuantilesAskedFor(t *testing.T) {
	h := hdrhistogram.New(1, 1e9, 3)
	for i := range 1500 {
		if err := h.RecordValue(int64(i + 1)); err != nil {
			t.Fatal(err)
		}
	}
	f := func(v float64) *float64 { return &v }
	q := stats.Summarize(h, 1, 50, 90, 99, 99.9)
	want := stats.Quantiles{P50: f(750), P95: f(1425), P99: f(1485), Max: 1500, Mean: 750.5, N: 1500, More: []stats.Quantile{{90, f(1350)}, {99.9, nil}}}
	if diff := cmp.Diff(want, q, cmpopts.EquateApprox(1e-3, 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for percent, want := range map[float64]*float64{50: q.P50, 90: q.More[0].Value, 95: q.P95, 99: q.P99, 99.9: nil, 12: nil} {
		if q.At(percent) != want {
			t.Errorf("p%g is %v", percent, q.At(percent))
		}
	}
}

// Missing values are larger than all others: a quantile is the one that it would be had each of them come last.
func TestRankedCountsWhatIsMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values, missing := rapid.IntRange(0, 3000).Draw(t, "values"), rapid.IntRange(0, 3000).Draw(t, "missing")
		percent := rapid.SampledFrom([]float64{5, 50, 90, 95, 99, 99.9}).Draw(t, "percent")
		part, whole := hdrhistogram.New(1, 1e4, 4), hdrhistogram.New(1, 1e4, 4)
		for i := range values + missing {
			if err := whole.RecordValue(int64(i + 1)); err != nil {
				t.Fatal(err)
			}
			if i < values {
				if err := part.RecordValue(int64(i + 1)); err != nil {
					t.Fatal(err)
				}
			}
		}
		want, _, known := stats.Ranked(whole, 0, percent)
		value, beyond, ok := stats.Ranked(part, uint64(missing), percent)
		if ok != known || ok && beyond != (want > int64(values)) || ok && !beyond && value != want {
			t.Errorf("%d values, %d missing: p%g is %d, beyond %v, %v; want %d, %v", values, missing, percent, value, beyond, ok, want, known)
		}
	})
}
