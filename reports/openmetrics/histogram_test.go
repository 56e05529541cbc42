package openmetrics

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"
)

// Our histogram has what the library's has of the same times.
func TestHistogramIsTheLibrarys(t *testing.T) {
	edges := []time.Duration{0, 1, time.Microsecond - 1, time.Microsecond, time.Second, time.Second - 1, time.Second + 1, 31250 * time.Microsecond,
		100 * time.Microsecond, 100*time.Microsecond + 1, 100 * time.Second, 100*time.Second + 1, time.Hour, 30 * time.Hour}
	for _, edge := range classics {
		edges = append(edges, time.Duration(math.Round(edge*1e9)))
	}
	times := rapid.OneOf(rapid.SampledFrom(edges), rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(math.Exp2(rapid.Float64Range(0, 46).Draw(t, "log2"))) // to 19 hours
	}))
	rapid.Check(t, func(t *rapid.T) {
		library := prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "x", Buckets: classics[:], NativeHistogramBucketFactor: 1.1, NativeHistogramZeroThreshold: math.Exp2(lowest),
		})
		var h histogramOf
		for _, d := range rapid.SliceOfN(times, 1, 200).Draw(t, "times") {
			library.Observe(d.Seconds())
			h.observe(d)
		}
		var want, got dto.Metric
		if err := library.Write(&want); err != nil {
			t.Fatal(err)
		}
		h.write(&got, time.Unix(0, 0))
		// A sum of floating-point numbers has rounding errors that one of nanoseconds has not.
		if a, b := want.Histogram.GetSampleSum(), got.Histogram.GetSampleSum(); math.Abs(a-b) > 1e-9*a {
			t.Errorf("sum %v, want %v", b, a)
		}
		if diff := cmp.Diff(&want, &got, protocmp.Transform(),
			protocmp.IgnoreFields(&dto.Histogram{}, "sample_sum", "created_timestamp")); diff != "" {
			t.Errorf("-library +ours:\n%s", diff)
		}
	})
}

// What is beyond the buckets is in the last one, and no time at all in that of zero.
func TestHistogramEnds(t *testing.T) {
	var h histogramOf
	h.observe(-time.Second)
	h.observe(math.MaxInt64)
	if h.count != 2 || h.zero != 1 || h.native[natives-1] != 1 || h.classic[len(classics)] != 1 {
		t.Errorf("%d counted, %d as none, last native bucket %d, above all bounds %d", h.count, h.zero, h.native[natives-1], h.classic[len(classics)])
	}
}

func BenchmarkHistogram(b *testing.B) {
	var h histogramOf
	for i := 0; b.Loop(); i++ {
		h.observe(time.Duration(80e6 + i%100*1e6))
	}
}

func BenchmarkLibrarysHistogram(b *testing.B) {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "x", Buckets: classics[:], NativeHistogramBucketFactor: 1.1})
	for i := 0; b.Loop(); i++ {
		h.Observe(time.Duration(80e6 + i%100*1e6).Seconds())
	}
}
