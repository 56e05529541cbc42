package reports

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// closed is a valid point under a closed load.
func closed(series string, clients int, throughput, p50 float64) result.Point {
	return result.Point{
		Series: series, Repetition: 1, Valid: true, Load: result.Load{Kind: result.LoadClosed, Clients: clients}, Throughput: throughput,
		Latency: map[string]stats.Quantiles{"commit": {P50: &p50, Mean: p50, Max: p50, N: 100}},
	}
}

// A curve goes along the load, back where throughput falls, and tells where it saturates and which latency was sought.
func TestLatencyAgainstThroughput(t *testing.T) {
	sum := result.Summary{
		Points: []result.Point{closed("s", 4, 90, 0.05), closed("s", 1, 25, 0.04), closed("s", 8, 80, 0.1)},
		Saturation: []result.Saturation{{Series: "s", Reached: true, Clients: 4, Throughput: 90,
			Objective: &result.Objective{Quantile: 0.99, Latency: 0.2}}},
	}
	f := figure(t, Build(result.Run{}, sum), "latency-throughput-clients")
	want := []Series{{Name: "s, p50", Points: []Point{{X: 25, Y: 0.04}, {X: 90, Y: 0.05, Saturation: true, Label: "4"}, {X: 80, Y: 0.1, Label: "8"}}}}
	if diff := cmp.Diff(want, f.Series); diff != "" {
		t.Errorf("curve (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Level{{Name: "objective: p99 within 200 ms", Y: 0.2}}, f.Levels); diff != "" {
		t.Errorf("objective (-want +got):\n%s", diff)
	}
	for i, objective := range []float64{0.2, 0.15, 0.15} { // that of the search, and another one
		sum.Points[i].Satisfaction = &result.Satisfaction{Objective: objective}
	}
	f = figure(t, Build(result.Run{}, sum), "latency-throughput-clients")
	if diff := cmp.Diff([]Level{{Name: "objective: p99 within 200 ms", Y: 0.2}, {Name: "objective: 150 ms", Y: 0.15}}, f.Levels); diff != "" {
		t.Errorf("objectives (-want +got):\n%s", diff)
	}
}

// Every figure's legend has one key for a name, and the same key in all panels.
func TestPanelsShareOneLegend(t *testing.T) {
	for _, f := range Build(fixture(t)).Figures() {
		keys := map[string][2]int{}
		for _, s := range f.Legend() {
			if _, twice := keys[s.Name]; twice {
				t.Errorf("figure %s: the legend has %q twice", f.ID, s.Name)
			}
			keys[s.Name] = [2]int{s.Hue, s.Variant}
		}
		for _, p := range f.All() {
			for _, s := range p.Series {
				if key := [2]int{s.Hue, s.Variant}; keys[s.Name] != key {
					t.Errorf("figure %s, panel %s: %q is drawn as %v, the legend says %v", f.ID, p.Title, s.Name, key, keys[s.Name])
				}
			}
		}
	}
}

// Panels share a scale unless that flattens some of them, and the figure says so.
func TestPanelsScale(t *testing.T) {
	for name, test := range map[string]struct {
		second float64
		free   bool
	}{"alike": {0.2, false}, "far apart": {2, true}} {
		t.Run(name, func(t *testing.T) {
			sum := result.Summary{Points: []result.Point{closed("a", 1, 10, 0.1), closed("a", 2, 10, 0.1), closed("b", 1, 10, test.second), closed("b", 2, 10, test.second)}}
			f := figure(t, Build(result.Run{}, sum), "latency-clients")
			if f.Y.Free != test.free || len(f.Panels) != 2 {
				t.Errorf("free %v with %d panels, want %v with 2", f.Y.Free, len(f.Panels), test.free)
			}
		})
	}
}

// Where transactions were lost, figures draw no quantile of those that came through alone.
func TestFiguresOverAllScheduled(t *testing.T) {
	sum := lossy()
	for i := range sum.Points {
		sum.Points[i].Intervals["commit_p50_s"] = stats.Interval{Low: 0.019, High: 0.021, N: 10}
	}
	r := Build(result.Run{}, sum)
	for id, p99 := range map[string]string{"latency-clients": "p99", "latency-throughput-clients": "plain, p99"} {
		f := figure(t, r, id)
		points := map[string]int{}
		for _, s := range f.Series {
			points[s.Name] = len(s.Points)
		}
		if p50 := strings.Replace(p99, "99", "50", 1); points[p50] != 2 || points[p99] != 1 {
			t.Errorf("figure %s has %v points, want the median of both levels and the p99 of the one without losses", id, points)
		}
	}
	medians := figure(t, r, "latency-clients").Series[0].Points
	if medians[0].Interval == nil || medians[1].Interval != nil {
		t.Errorf("intervals %v and %v, want that of the level without losses alone", medians[0].Interval, medians[1].Interval)
	}
}

// A saturation point has the interval of its load.
func TestIntervalOfTheSaturationPoint(t *testing.T) {
	sum := result.Summary{
		Points:     []result.Point{closed("s", 4, 90, 0.05), closed("s", 8, 95, 0.1)},
		Saturation: []result.Saturation{{Series: "s", Reached: true, Clients: 4, ClientsLow: 3, ClientsHigh: 6}},
	}
	points := figure(t, Build(result.Run{}, sum), "throughput-clients").Series[0].Points
	if diff := cmp.Diff([]*stats.Interval{{Low: 3, High: 6}, nil}, []*stats.Interval{points[0].Across, points[1].Across}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
