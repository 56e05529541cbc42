package plot_test

import (
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/plot"
)

// Numbers that no quantity has are not drawn, and what stands beside them is.
func TestNumbersWithoutAPlace(t *testing.T) {
	numbers := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 1e200, 5e-324, 0, -1, 1 << 62}
	sound := reports.Point{X: 2, Y: 3, Label: "a sound point"}
	for _, kind := range []reports.Kind{reports.Lines, reports.Stacked} {
		for _, log := range []bool{false, true} {
			for _, v := range numbers {
				t.Run(fmt.Sprintf("%v, log %v, %g", kind, log, v), func(t *testing.T) {
					axis := reports.Axis{Log: log && kind == reports.Lines}
					series := reports.Series{Name: "s", Points: []reports.Point{{X: v, Y: 1}, {X: 1, Y: v}, sound,
						{X: 1, Y: 1, Interval: &stats.Interval{Low: v, High: 1}, Across: &stats.Interval{Low: 1, High: v}}},
						Singles: []reports.Point{{X: v, Y: v}}, Curve: []reports.Point{{X: v, Y: v}}}
					panel := reports.Panel{Series: []reports.Series{series}, Categories: []string{"a", "b", "c"}, Until: v,
						Tiles: []reports.Tile{{X: [2]float64{v, 1}, Y: [2]float64{1, v}, Share: 0.5}}, Marks: []reports.Mark{{X: []float64{v}}},
						Spans: []reports.Span{{From: v, To: 1}}, Events: []reports.Event{{X: v, Label: "1 kill"}}}
					f := reports.Figure{ID: "f", Kind: kind, X: axis, Y: axis, Series: panel.Series, Levels: []reports.Level{{Y: v}}}
					f.X.Ticks = []float64{v}
					if kind == reports.Stacked {
						f.X.Categories = panel.Categories
					}
					several := f
					several.Series, several.Panels = nil, []reports.Panel{panel, panel}
					var svg strings.Builder
					for _, f := range []reports.Figure{f, several} {
						if err := plot.SVG(&svg, f); err != nil {
							t.Error(err)
						}
						if err := plot.PanelSVG(io.Discard, f, f.All()[0]); err != nil {
							t.Error(err)
						}
					}
					if strings.Contains(svg.String(), "NaN") || strings.Contains(svg.String(), "Inf") {
						t.Error("a coordinate is no number")
					}
				})
			}
		}
	}
}
