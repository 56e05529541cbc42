package stats

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// The order in which values are added makes no difference, nor do places that
// stay empty.
func TestSeriesProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.SliceOfNDistinct(rapid.Uint64Range(0, 3*batchSize*maxBatches), 1, 200, rapid.ID).Draw(t, "places")
		value := func(i uint64) float64 { return float64(i % 1009) } // whole, so that sums are exact
		var mixed, ordered Series
		for _, i := range places {
			mixed.Add(i, value(i))
		}
		slices.Sort(places)
		var sum float64
		for _, i := range places {
			ordered.Add(i, value(i))
			sum += value(i)
		}
		means, counts := ordered.means()
		if m, c := mixed.means(); !slices.Equal(m, means) || !slices.Equal(c, counts) {
			t.Fatalf("in order %v of %v, mixed %v of %v", means, counts, m, c)
		}
		if len(ordered.sums) > maxBatches {
			t.Fatalf("%d batches", len(ordered.sums))
		}
		var n uint64
		var total float64
		for i := range means {
			n += counts[i]
			total += means[i] * float64(counts[i])
		}
		if n != uint64(len(places)) || n != ordered.N() || math.Abs(total-sum) > 1e-6*sum {
			t.Fatalf("%d values of sum %g, want %d of %g", n, total, len(places), sum)
		}
	})
}

func TestSeriesBatches(t *testing.T) {
	var s Series
	for i := range uint64(13) {
		s.Add(i+2, float64(i)) // two places at the start stay empty
	}
	means, counts := s.means()
	if !slices.Equal(means, []float64{1, 5, 10}) || !slices.Equal(counts, []uint64{3, 5, 5}) {
		t.Errorf("got %v of %v", means, counts)
	}
	s.Add(batchSize*maxBatches, 7) // one batch too many
	means, counts = s.means()
	if !slices.Equal(means, []float64{3.5, 10, 7}) || !slices.Equal(counts, []uint64{8, 5, 1}) || s.size != 2*batchSize {
		t.Errorf("coarsened: got %v of %v, batches of %d", means, counts, s.size)
	}
}

// The recursion must find what the formula says.
func TestMSERAgreesWithFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.SliceOfN(rapid.Float64Range(0, 100), minKept, 80).Draw(t, "y")
		error2 := func(d int) (e float64) {
			mean, kept := Mean(y[d:]), float64(len(y)-d)
			for _, v := range y[d:] {
				e += (v - mean) * (v - mean) / kept / kept
			}
			return e
		}
		got := mser(y)
		for d := range len(y) - minKept + 1 {
			if error2(d) < error2(got)-1e-9 {
				t.Fatalf("cuts %d with %g, but %d leaves %g", got, error2(got), d, error2(d))
			}
		}
	})
	if d := mser([]float64{9, 9, 1, 1, 1, 1, 1, 1, 1, 1}); d != 2 {
		t.Errorf("a transient of 2: got %d", d)
	}
	if d := mser(slices.Repeat([]float64{0.1}, 50)); d != 0 {
		t.Errorf("a constant: got %d", d)
	}
}

// The spans' means must be the integral of what is under way.
func TestBacklogAgreesWithIntegral(t *testing.T) {
	type tx struct{ intended, ended float64 }
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Float64Range(-5, 5).Draw(t, "from")
		width := rapid.Float64Range(0.01, 2).Draw(t, "width")
		b := NewBacklog(from, from+width*MinBatches)
		var all []tx
		for range rapid.IntRange(0, 50).Draw(t, "n") {
			in := rapid.Float64Range(-10, 30).Draw(t, "intended")
			x := tx{in, in + rapid.Float64Range(0, 20).Draw(t, "latency")}
			if rapid.IntRange(0, 9).Draw(t, "lost") == 0 {
				x.ended = math.Inf(1)
			}
			all = append(all, x)
			b.Add(x.intended, x.ended)
		}
		for i, got := range b.Means() {
			left := from + float64(i)*width
			var want float64
			for _, x := range all {
				want += max(0, min(x.ended, left+width)-max(x.intended, left)) / width
			}
			if math.Abs(got-want) > 1e-6 {
				t.Fatalf("span %d: %g under way, want %g", i, got, want)
			}
		}
	})
}

func TestBacklogSlope(t *testing.T) {
	b := NewBacklog(10, 30)
	for i := range 40 {
		b.Add(10+float64(i)/2, math.Inf(1)) // 2 per second arrive, none ever ends
	}
	// The mean of a staircase within a span is the same distance from its start.
	differ := func(name string, want, got Slope) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	differ("a backlog that grows", Slope{PerSecond: 2}, b.Slope())
	if b.Rate() != 2 {
		t.Errorf("%g/s arrive, want 2/s", b.Rate())
	}
	// y = 1, 2, 2, 3 over spans of 2 s: slope 0.6 and error sqrt(0.2/2/5) a span;
	// P of t = 4.2426 with 2 degrees of freedom is 1 - t/sqrt(2+t²).
	tt := 0.6 / math.Sqrt(0.02)
	differ("four means", Slope{PerSecond: 0.3, Error: math.Sqrt(0.02) / 2, P: 1 - tt/math.Sqrt(2+tt*tt)}, slope([]float64{1, 2, 2, 3}, 2))
	differ("an empty backlog", Slope{P: 1}, NewBacklog(0, 1).Slope())
}

func TestNoBacklogWithoutWindow(t *testing.T) {
	for _, w := range [][2]float64{{1, 1}, {2, 1}, {math.NaN(), 1}, {0, math.Inf(1)}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic for %v", w)
				}
			}()
			NewBacklog(w[0], w[1])
		}()
	}
}
