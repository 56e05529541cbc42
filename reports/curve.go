package reports

import (
	"fmt"
	"math"
	"slices"

	"meterbench/bench/result"
)

const (
	// mostPairs is the number of series whose curves a figure draws twice, by the median and by p99.
	mostPairs = 4
	// wideRange is how many times the smallest latency the largest may be on a linear axis.
	wideRange = 20
)

// curveFigures draw latency against throughput: each series is a curve along its load, which climbs where the target
// saturates. The marks at the saturation point and at the largest load carry that load.
func curveFigures(groups [][]series, kind result.LoadKind) []Figure {
	all := slices.Concat(groups...)
	f := Figure{
		ID: "latency-throughput" + ofLoad(kind), Title: "Latency against throughput",
		X: rateAxis(all), Y: Axis{Label: headlinesOf(all), Unit: Seconds},
		Levels: objectives(all), Notes: slices.Concat(notes("figures of latency against throughput"), overAllNotes(all)),
	}
	f.X.Free = true
	if kind == result.LoadOpen {
		f.Title += ", open loads"
	}
	pairs := len(all) <= mostPairs
	if !pairs {
		f.Y.Label = "median " + f.Y.Label
	}
	lines := func(group []series) (lines []Series) {
		for _, s := range group {
			median, tail := s.curve(s.overAll(50), 0), s.curve(s.overAll(99), 1)
			if !pairs {
				lines = append(lines, median)
				continue
			}
			median.Name, tail.Name = median.Name+", p50", tail.Name+", p99"
			lines = append(lines, median, tail)
		}
		return lines
	}
	if len(groups) == 1 && wide(lines(all)) {
		f.Y.Log, f.Y.Label = true, f.Y.Label+" (log scale)"
	}
	figures := perGroup(f, groups, "No data: no load level has both a throughput and enough transactions for a median.", lines)
	for i := range figures {
		figures[i].Notes = append(figures[i].Notes, markNotes(figures[i], false)...)
	}
	return figures
}

// curve is the series as a line along its load. Its first variant carries the labels.
func (s series) curve(latency measure, variant int) Series {
	line := Series{Name: s.name, Hue: s.hue, Variant: variant}
	for i, l := range s.levels {
		x, measured := l.median(throughput)
		y, ok := l.median(latency)
		if !ok || !measured {
			continue
		}
		p := Point{X: x, Y: y, Invalid: !l.valid(), Saturation: s.saturatesAt(l)}
		if variant == 0 && (p.Saturation || i == len(s.levels)-1) {
			p.Label = map[bool]Unit{true: PerSecond, false: Count}[s.kind == result.LoadOpen].Tick(l.load.Amount())
		}
		line.Points = append(line.Points, p)
	}
	return line
}

// objectives are the latencies that a search held levels to, and those that transactions were measured against.
func objectives(all []series) (levels []Level) {
	for _, s := range all {
		if o := s.saturation.Objective; o != nil && finite(o.Latency) && o.Latency > 0 {
			levels = append(levels, Level{Name: fmt.Sprintf("objective: p%.4g within %s", 100*o.Quantile, Seconds.Format(o.Latency)), Y: o.Latency})
		}
	}
	for _, r := range rowsOf(all) {
		of := func(l Level) bool { return l.Y == r.Satisfaction.Objective }
		if o := r.Satisfaction; o != nil && finite(o.Objective) && o.Objective > 0 && !slices.ContainsFunc(levels, of) {
			levels = append(levels, Level{Name: "objective: " + Seconds.Format(o.Objective), Y: o.Objective})
		}
	}
	return distinct(levels)
}

// wide reports whether a linear axis would flatten what is small of the lines.
func wide(lines []Series) bool {
	low, high := math.Inf(1), 0.0
	for _, s := range lines {
		for _, p := range s.Points {
			if p.Y > 0 && finite(p.Y) {
				low, high = min(low, p.Y), max(high, p.Y)
			}
		}
	}
	return high > wideRange*low
}
