package reports

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/result"
)

// tallied is a level at a constant rate, with a stall of a second from its third on.
func tallied(perSecond int, length time.Duration) *tally {
	t := newTally(result.PartCommit)
	gap := time.Second / time.Duration(perSecond)
	for at := time.Duration(0); at < length; at += gap {
		took := 50 * time.Millisecond
		if at > 3*time.Second && at < 4*time.Second {
			took = 4*time.Second + 50*time.Millisecond - at
		}
		r := sent(at, took)
		t.add(&r)
	}
	return t
}

// The figures over time show when a level stalled, what was marked, and what lies outside of its window.
func TestOverTime(t *testing.T) {
	sum := result.Summary{Points: []result.Point{closed("s", 1, 10, 0.05), closed("s", 4, 100, 0.05), closed("s", 2, 50, 0.05)}}
	all := seriesOf(sum)
	more := details{tallies: map[result.LevelKey]*tally{}, timelines: map[result.LevelKey]result.LevelTimeline{}}
	for _, l := range timedLevels(all) {
		more.tallies[l.key()] = tallied(50, 10*time.Second)
		more.timelines[l.key()] = result.LevelTimeline{From: 2, To: 8, Marks: map[result.MarkKind][]float64{
			result.MarkTimer: {1, 2, 99}, result.MarkCollection: {5}}}
	}
	r := build(result.Run{}, sum, more)
	for _, id := range []string{"time-latency", "time-throughput"} {
		f := figure(t, r, id)
		if diff := cmp.Diff([]string{"s, 1 client", "s, 4 clients"}, titles(f.Panels)); diff != "" {
			t.Fatalf("%s, panels (-want +got):\n%s", id, diff)
		}
		for _, p := range f.Panels {
			if diff := cmp.Diff([]Mark{{Name: "block cut: batch timer", X: []float64{1, 2}}, {Name: "garbage collected in the client", Hue: 3, Top: true, X: []float64{5}}},
				p.Marks); diff != "" {
				t.Errorf("%s, marks (-want +got):\n%s", id, diff)
			}
			if len(p.Spans) != 2 || p.Spans[0] != (Span{0, 2}) || p.Spans[1].From != 8 || p.Spans[1].To != p.Until {
				t.Errorf("%s: outside of the window are %v of %g s, want 0 to 2 and 8 on", id, p.Spans, p.Until)
			}
		}
	}
	heat := figure(t, r, "time-latency").Panels[0]
	slowest := slices.MaxFunc(heat.Series[1].Points, func(a, b Point) int { return int(math.Copysign(1, a.Y-b.Y)) })
	if slowest.X < 3 || slowest.X > 3.3 || slowest.Y < 1 {
		t.Errorf("the largest latency is %g s at %g s, want over 1 s right after 3 s", slowest.Y, slowest.X)
	}
	rates := figure(t, r, "time-throughput").Panels[0]
	committed := rates.Series[slices.IndexFunc(rates.Series, func(s Series) bool { return s.Name == "committed" })]
	low := slices.MinFunc(committed.Points[1:len(committed.Points)-1], func(a, b Point) int { return int(math.Copysign(1, a.Y-b.Y)) })
	if low.X < 3 || low.X > 4.1 || low.Y > 10 {
		t.Errorf("throughput is lowest at %g s with %g tx/s, want the stall from 3 to 4 s", low.X, low.Y)
	}
	if slices.ContainsFunc(Build(result.Run{}, sum).Sections, func(s Section) bool { return s.ID == "time" }) {
		t.Error("a section over time without the folder's transactions")
	}
	if rows := tableOf(t, r, "time"); !rows.Data || len(rows.Rows) == 0 {
		t.Errorf("the table behind the figures has %d rows, data %v", len(rows.Rows), rows.Data)
	}
}

// Of many series only the load at saturation is drawn.
func TestOverTimeOfManySeries(t *testing.T) {
	var sum result.Summary
	for _, name := range strings.Split("abcde", "") {
		sum.Points = append(sum.Points, closed(name, 1, 10, 0.05), closed(name, 2, 30, 0.05), closed(name, 4, 20, 0.05))
	}
	for _, l := range timedLevels(seriesOf(sum)) {
		if l.load.Clients != 2 {
			t.Errorf("%s is drawn over time", l.load)
		}
	}
}

// Tiles cover what they count: shares are above 0 and at most 1, rectangles are not empty.
func TestHeat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tally := newTally(result.PartCommit)
		n := rapid.IntRange(1, 300).Draw(t, "n")
		for range n {
			r := sent(time.Duration(rapid.Int64Range(0, 1e10).Draw(t, "at")), time.Duration(rapid.Int64Range(1, 1e10).Draw(t, "took")))
			tally.add(&r)
		}
		p := tally.heat(Panel{})
		for i, median := range p.Series[0].Points {
			if largest := p.Series[1].Points[i]; median.X != largest.X || median.Y > largest.Y {
				t.Fatalf("the median %v is above the largest %v", median, largest)
			}
		}
		darkest := 0.0
		for _, tile := range p.Tiles {
			if !(tile.Share > 0 && tile.Share <= 1 && tile.X[0] < tile.X[1] && tile.Y[0] < tile.Y[1]) {
				t.Fatalf("tile %v", tile)
			}
			darkest = max(darkest, tile.Share)
		}
		if darkest != 1 || len(p.Tiles) > heatColumns*heatRows {
			t.Fatalf("%d tiles, the darkest %g", len(p.Tiles), darkest)
		}
	})
}

// A figure of one level keeps what is drawn beside its series: tiles, marks and what is outside of the window.
func TestOneLevelOverTime(t *testing.T) {
	line := []Series{{Name: "median", Points: []Point{{X: 1, Y: 1}, {X: 2, Y: 1}}}}
	framed := Panel{Title: "plain, 10/s", Series: line, Marks: []Mark{{Name: "block cut", X: []float64{1}}}, Spans: []Span{{To: 1}}}
	f := Figure{ID: "time-latency", Title: "Latency over time"}.split([]Panel{framed}, "nothing")[0]
	if diff := cmp.Diff([]Panel{framed}, f.All()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if plain := (Figure{Title: "Latency"}).split([]Panel{{Title: "plain", Series: line}}, "nothing")[0]; plain.Panels != nil || plain.Title != "Latency: plain" {
		t.Errorf("a panel of series alone: %+v", plain)
	}
}
