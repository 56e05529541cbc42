package plot_test

import (
	"strings"
	"testing"

	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/plot"
)

// sideBySide is a figure of dots over categories, one of them without one of the series.
func sideBySide() reports.Figure {
	dot := func(x, y float64) reports.Point {
		return reports.Point{X: x, Y: y, Interval: &stats.Interval{Low: 0.7 * y, High: 1.4 * y}}
	}
	ledger := reports.Series{Name: "ledger", Hue: 0, Points: []reports.Point{dot(0, 0.23), dot(1, 0.004), {X: 2, Y: 0.25, Invalid: true}}}
	ca := reports.Series{Name: "CA", Hue: 1, Points: []reports.Point{dot(0, 0.02), dot(1, 0.00008)}}
	places := []string{"registration", "reading", "revocation"}
	return reports.Figure{ID: "dots", Title: "Time by operation", Kind: reports.Dots, X: reports.Axis{Label: "operation"},
		Y: reports.Axis{Label: "time (log scale)", Unit: reports.Seconds, Log: true}, Levels: []reports.Level{{Name: "one batch timeout", Y: 0.2}},
		Panels: []reports.Panel{
			{Title: "alone", Categories: places, Series: []reports.Series{ledger, ca}},
			{Title: "under load", Categories: places, Series: []reports.Series{ca, ledger}},
		}}
}

// Dots have no lines from one to the next, their categories are on the axis, and the drawing is golden.
func TestDots(t *testing.T) {
	f := sideBySide()
	document := svg(t, f)
	golden(t, f.ID, document)
	words := texts(t, document)
	for _, want := range []string{"registration", "reading", "revocation", "ledger", "CA", "hollow: not valid", "one batch timeout", "under load"} {
		if !strings.Contains(words, want) {
			t.Errorf("no %q among the texts", want)
		}
	}
	for _, key := range plot.Legend(f) {
		if drawn := svgOf(t, key); (key.Label == "ledger" || key.Label == "CA") && strings.Count(drawn, "<path") != 2 {
			t.Errorf("the key of %s is more than a mark: %s", key.Label, drawn)
		}
	}
}

func svgOf(t *testing.T, key plot.Key) string {
	t.Helper()
	var b strings.Builder
	if err := key.SVG(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
