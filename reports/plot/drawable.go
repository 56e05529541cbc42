package plot

import (
	"math"
	"slices"

	"meterbench/reports"
)

// furthest is the largest number, and its inverse the smallest on a logarithmic axis, that is drawn. No quantity is beyond
// it, but a damaged file may say so, and sums and ratios of larger ones overflow.
const furthest = 1e100

// on reports whether a number has a place on an axis.
func on(a reports.Axis, v float64) bool {
	return math.Abs(v) < furthest && (!a.Log || v > 1/furthest)
}

// Drawable returns the figure without what has no place on its axes.
func Drawable(f reports.Figure) reports.Figure {
	f.Levels = kept(f.Levels, func(l reports.Level) bool { return on(f.Y, l.Y) })
	f.X.Ticks = kept(f.X.Ticks, func(t float64) bool { return on(f.X, t) })
	f.Series = drawableSeries(f, f.Series)
	if f.Map != nil {
		f.Map = drawableMap(*f.Map)
	}
	f.Panels = slices.Clone(f.Panels)
	for i, p := range f.Panels {
		f.Panels[i] = drawablePanel(f, p)
	}
	return f
}

func drawablePanel(f reports.Figure, p reports.Panel) reports.Panel {
	p.Series = drawableSeries(f, p.Series)
	p.Tiles = kept(p.Tiles, func(t reports.Tile) bool {
		return on(f.X, t.X[0]) && on(f.X, t.X[1]) && on(f.Y, t.Y[0]) && on(f.Y, t.Y[1])
	})
	p.Spans = kept(p.Spans, func(s reports.Span) bool { return on(f.X, s.From) && on(f.X, s.To) })
	p.Events = kept(p.Events, func(e reports.Event) bool { return on(f.X, e.X) })
	if !on(f.X, p.Until) {
		p.Until = 0
	}
	p.Marks = slices.Clone(p.Marks)
	for i := range p.Marks {
		p.Marks[i].X = kept(p.Marks[i].X, func(x float64) bool { return on(f.X, x) })
	}
	return p
}

func drawableSeries(f reports.Figure, series []reports.Series) []reports.Series {
	points := func(all []reports.Point) []reports.Point {
		all = kept(all, func(p reports.Point) bool { return on(f.X, p.X) && on(f.Y, p.Y) })
		for i, p := range all {
			y, x := p.Interval, p.Across
			if y != nil && !(on(f.Y, y.Low) && on(f.Y, y.High)) {
				y = nil
			}
			if x != nil && !(on(f.X, x.Low) && on(f.X, x.High)) {
				x = nil
			}
			if y != p.Interval || x != p.Across {
				all = slices.Clone(all)
				all[i].Interval, all[i].Across = y, x
			}
		}
		return all
	}
	series = slices.Clone(series)
	for i := range series {
		s := &series[i]
		s.Points, s.Singles, s.Curve = points(s.Points), points(s.Singles), points(s.Curve)
	}
	return series
}

// kept returns what is kept of a list, the list itself where that is all.
func kept[T any](all []T, keep func(T) bool) []T {
	if !slices.ContainsFunc(all, func(v T) bool { return !keep(v) }) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool { return !keep(v) })
}
