package claims

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/stats"
	"meterbench/reports"
)

// Text returns a cell of words.
func Text(s string) reports.Cell { return reports.Cell{Text: s} }

// Number returns a cell of a number.
func Number[T int | uint64 | float64](n T) reports.Cell {
	v := float64(n)
	return reports.Cell{Number: &v}
}

// NumberOr returns a cell of a number, or of the reason why there is none where it is 0.
func NumberOr[T int | float64](n T, why string) reports.Cell {
	if n == 0 {
		return reports.Cell{Why: why}
	}
	return Number(n)
}

// Cell returns the cell of the ratio's interval.
func (r Ratio) Cell() reports.Cell {
	if r.N == 0 {
		return reports.Cell{Why: "it takes six repetitions, or ten batches of transactions within one"}
	}
	return reports.Cell{Interval: &stats.Interval{Low: r.Low, High: r.High, N: r.N}}
}

// Point returns the mark of an estimate.
func Point(x float64, y Estimate) reports.Point {
	p := reports.Point{X: x, Y: y.Value}
	if y.Low > 0 && y.Low < y.High {
		p.Interval = &stats.Interval{Low: y.Low, High: y.High}
	}
	return p
}

// Finish labels the figure's X axis at its points, drops what cannot be drawn, and says why
// it is empty where nothing is left.
func Finish(f reports.Figure, why string) reports.Figure {
	for _, s := range f.Series {
		for _, p := range s.Points {
			f.X.Ticks = append(f.X.Ticks, p.X)
		}
	}
	slices.Sort(f.X.Ticks)
	f.X.Ticks = slices.Compact(f.X.Ticks)
	f = f.Settle(why)
	var names []string
	for _, s := range f.Series {
		names = append(names, s.Name)
	}
	f.Alt = fmt.Sprintf("%s: %s.", f.Title, strings.Join(names, "; "))
	return f
}
