package claims

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/stats"
	"meterbench/reports"
)

// Row returns a row of a table: cells, texts, numbers and intervals.
func Row(values ...any) []reports.Cell {
	row := make([]reports.Cell, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case reports.Cell:
			row[i] = v
		case stats.Interval:
			row[i].Interval = &v
		case string:
			row[i].Text = v
		case int:
			row[i].Number = new(float64(v))
		case uint64:
			row[i].Number = new(float64(v))
		case float64:
			row[i].Number = &v
		default:
			panic(fmt.Sprintf("row: cell %d is a %T", i, v))
		}
	}
	return row
}

// Unless returns v, or where it does not exist a cell that says why.
func Unless(absent bool, why string, v any) any {
	if absent {
		return reports.Cell{Why: why}
	}
	return v
}

// Point returns the mark of an estimate.
func Point(x float64, y Estimate) reports.Point {
	p := reports.Point{X: x, Y: y.Value}
	if y.Low > 0 && y.Low < y.High {
		p.Interval = &stats.Interval{Low: y.Low, High: y.High}
	}
	return p
}

// Finish labels the figure's X axis at its points, drops what cannot be drawn, and says why it is
// empty where nothing is left.
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
