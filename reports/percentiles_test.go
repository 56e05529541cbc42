package reports

import (
	"math"
	"slices"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// A spectrum never falls, begins at the smallest value, and ends where ten samples lie beyond.
func TestSpectrum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := hdrhistogram.New(1, 3.6e12, 3)
		values := rapid.SliceOfN(rapid.Int64Range(1, 1e10), 0, 3000).Draw(t, "latencies")
		for _, v := range values {
			if err := h.RecordValue(v); err != nil {
				t.Fatal(err)
			}
		}
		missing := rapid.Uint64Range(0, 100).Draw(t, "missing")
		points := spectrum(h, missing)
		all := len(values) + int(missing)
		if all < 2*stats.MinBeyond {
			if points != nil {
				t.Fatalf("%d points of %d values: the median is not stated of so few", len(points), all)
			}
			return
		}
		if len(values) > 0 && (len(points) == 0 || math.Abs(points[0].Y*1e9/float64(slices.Min(values))-1) > 0.001) {
			t.Fatalf("it begins with %v, want the smallest value, %d ns", points, slices.Min(values))
		}
		for i, p := range points {
			if i > 0 && (p.X <= points[i-1].X || p.Y < points[i-1].Y) {
				t.Fatalf("from %v to %v", points[i-1], p)
			}
			// The share beyond the percentile is 1/X.
			if left := float64(all) / p.X; left < stats.MinBeyond-1e-6 || left < float64(missing)-1e-6 {
				t.Fatalf("only %g samples lie beyond %v, of which %d are missing", left, p, missing)
			}
		}
		slices.Sort(values)
		if tenth := all - stats.MinBeyond; missing == 0 && points[len(points)-1].Y > float64(values[tenth])/1e9*1.001 {
			t.Fatalf("it ends at %g s, above the tenth largest value, %d ns", points[len(points)-1].Y, values[tenth])
		}
	})
}

// The levels drawn over each other are few, in order, and hold the ends and the saturation point.
func TestSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clients := rapid.SliceOfNDistinct(rapid.IntRange(1, 1000), 1, 12, rapid.ID).Draw(t, "clients")
		var points []result.Point
		for _, n := range clients {
			points = append(points, closed("s", n, 10, 0.1))
		}
		at := rapid.SampledFrom(clients).Draw(t, "saturation")
		s := seriesOf(result.Summary{Points: points, Saturation: []result.Saturation{{Series: "s", Reached: true, Clients: at}}})[0]
		var drawn []int
		for _, l := range s.spread() {
			drawn = append(drawn, l.load.Clients)
		}
		if !slices.IsSorted(drawn) || len(distinct(drawn)) != len(drawn) || len(drawn) != min(len(clients), mostLevels) {
			t.Fatalf("%v of %v", drawn, clients)
		}
		for _, must := range []int{slices.Min(clients), slices.Max(clients), at} {
			if !slices.Contains(drawn, must) {
				t.Fatalf("%v lacks %d", drawn, must)
			}
		}
	})
}

// The plot has a line for each level, whose colours go by load in all panels.
func TestPercentilePlot(t *testing.T) {
	run, sum := fixture(t)
	all := seriesOf(sum)
	more := details{latencies: map[result.LevelKey]*hdrhistogram.Histogram{}}
	for _, s := range all {
		for _, l := range s.levels {
			h := hdrhistogram.New(1, 3.6e12, 3)
			for i := range 2000 {
				_ = h.RecordValue(int64(1e6 * (l.load.Amount() + float64(i))))
			}
			more.latencies[l.key()] = h
		}
	}
	f := figure(t, build(run, sum, more), "percentiles-clients")
	if len(f.Panels) != len(all) || f.X.Ticks[len(f.X.Ticks)-1] != 100 {
		t.Errorf("%d panels, ticks %v; want %d, to 99 %%", len(f.Panels), f.X.Ticks, len(all))
	}
	same(t, "label of the last tick", "99 %", f.X.Unit.Tick(100))
	if !slices.IsSortedFunc(f.Legend(), func(a, b Series) int { return a.Hue - b.Hue }) {
		t.Errorf("the legend does not go by load: %v", names(f.Legend()))
	}
	steps := map[string]int{}
	for _, p := range f.Panels {
		for i, s := range p.Series {
			if known, there := steps[s.Name]; there && known != s.Hue {
				t.Errorf("%s is step %d and %d", s.Name, known, s.Hue)
			}
			steps[s.Name] = s.Hue
			if i > 0 && s.Hue <= p.Series[i-1].Hue || s.Hue >= s.Steps {
				t.Errorf("panel %s: %s is step %d of %d after %d", p.Title, s.Name, s.Hue, s.Steps, p.Series[max(0, i-1)].Hue)
			}
		}
	}
	if slices.ContainsFunc(Build(run, sum).Figures(), func(f Figure) bool { return f.ID == "percentiles-clients" }) {
		t.Error("a figure without the folder's histograms")
	}
}
