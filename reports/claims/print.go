package claims

import (
	"fmt"
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
		case *int:
			row[i].Number = new(float64(*v))
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

// Finish labels the figure's X axis at its points, drops what cannot be drawn, and says why it is empty where
// nothing is left.
func Finish(f reports.Figure, why string) reports.Figure {
	f = f.TickPoints().Settle(why)
	var names []string
	for _, s := range f.Series {
		names = append(names, s.Name)
	}
	f.Alt = fmt.Sprintf("%s: %s.", f.Title, strings.Join(names, "; "))
	return f
}

// Percent writes a share with three digits at most.
func Percent(share float64) string {
	digits := reports.Share.Digits(share, reports.Scale{Factor: 0.01})
	if strings.Contains(digits, ".") {
		digits = strings.TrimRight(strings.TrimRight(digits, "0"), ".")
	}
	return digits + " %"
}

// Rate writes a throughput with its interval.
func Rate(x Estimate) string {
	text := reports.PerSecond.Format(x.Value)
	if x.Low != x.High {
		text += ", 95 % interval " + reports.PerSecond.Range(x.Low, x.High, reports.Scale{Factor: 1})
	}
	return text
}

// Multiple writes a ratio of two figures with its interval.
func Multiple(x Estimate) string {
	text := reports.Times.Format(x.Value)
	if x.N > 0 {
		text += fmt.Sprintf(" (%s)", reports.Times.Range(x.Low, x.High, reports.Scale{Factor: 1}))
	}
	return text
}
