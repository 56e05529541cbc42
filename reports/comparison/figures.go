package comparison

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/compare"
	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/group"
	"meterbench/reports"
)

// Figures are split beyond so many panels, and end with the last one.
const (
	panelsPerFigure = 12
	mostPanels      = 48
)

// split makes figures of the panels: one, or several where they are many.
func split(f reports.Figure, panels []reports.Panel) (figures []reports.Figure) {
	if len(panels) > mostPanels {
		f.Notes = append(slices.Clone(f.Notes), fmt.Sprintf("The first %d of %d panels.", mostPanels, len(panels)))
		panels = panels[:mostPanels]
	}
	id := f.ID
	for chunk := range slices.Chunk(panels, panelsPerFigure) {
		f.Panels = chunk
		f.Alt = f.Title + ", panel by panel."
		figures = append(figures, f.Settle("No data."))
		f.ID, f.Further = fmt.Sprintf("%s-%d", id, len(figures)+1), true
	}
	return figures
}

// differences draws the difference of each gated row with its interval, a panel for each metric.
func differences(c *compare.Comparison, gated []compare.Row) []reports.Figure {
	rows := slices.DeleteFunc(slices.Clone(gated), func(r compare.Row) bool { return !(r.Difference >= -1 && r.Difference < furthest) })
	slices.SortStableFunc(rows, func(a, b compare.Row) int { return place(c, a) - place(c, b) })
	f := reports.Figure{
		ID: "differences", Title: "Differences of the gated figures", Kind: reports.Dots,
		X: reports.Axis{Label: "level"}, Y: reports.Axis{Label: "change, head to base", Unit: reports.Share, Free: true},
		Levels: []reports.Level{{Name: percent(c.Minimum), Y: c.Minimum}, {Name: percent(-c.Minimum) + ": minimum effect", Y: -c.Minimum}},
		Notes: []string{"Each mark is the difference of a figure with its 95 % interval, which is cut off at ±100 %. " +
			"A verdict of worse or better takes a p below alpha over all gated figures, too."},
	}
	var panels []reports.Panel
	for _, of := range group.By(rows, levelled) {
		p := reports.Panel{Title: fmt.Sprintf("%s (%s is better)", of[0].Metric.Name, of[0].Metric.Better)}
		if of[0].Load != (result.Load{}) {
			p.Title = of[0].Series + ", " + p.Title
		}
		for _, v := range compare.Verdicts() {
			s := reports.Series{Name: string(v), Hue: hue(v)}
			for i, r := range of {
				if r.Verdict == v {
					s.Points = append(s.Points, reports.Point{X: float64(i), Y: r.Difference, Interval: cutOff(r.Interval)})
				}
			}
			if s.Points != nil {
				p.Series = append(p.Series, s)
			}
		}
		for _, r := range of {
			category := loadOf(r)
			if category == "" {
				category = r.Series
			}
			p.Categories = append(p.Categories, category)
		}
		panels = append(panels, p)
	}
	return split(f, panels)
}

// levelled names what a row shares with its metric at other loads, or in other benchmarks.
func levelled(r compare.Row) [2]string {
	if r.Load == (result.Load{}) {
		return [2]string{"", r.Metric.Name}
	}
	return [2]string{r.Series, r.Metric.Name}
}

// furthest is the largest relative difference that is drawn.
const furthest = 10

// place is that of a row in the comparison.
func place(c *compare.Comparison, r compare.Row) int {
	return slices.IndexFunc(c.Rows, func(o compare.Row) bool {
		return o.Series == r.Series && o.Load == r.Load && o.Metric.Name == r.Metric.Name
	})
}

// hue is the colour of a verdict: vermilion, green, grey and orange.
func hue(v compare.Verdict) int {
	return map[compare.Verdict]int{compare.Worse: 1, compare.Better: 2, compare.NoDifference: 6, compare.CannotTell: 4}[v]
}

// cutOff is an interval as far as it is drawn.
func cutOff(i *stats.Interval) *stats.Interval {
	if i == nil {
		return nil
	}
	cut := *i
	cut.Low, cut.High = max(cut.Low, -1), min(cut.High, 1)
	return &cut
}

// A curve is the rows of one metric in one series, by load.
type curve []compare.Row

// curves returns those of a metric that have more than one load, in the order of the series.
func curves(c *compare.Comparison, name string) (all []curve) {
	rows := slices.DeleteFunc(slices.Clone(c.Rows), func(r compare.Row) bool { return r.Metric.Name != name || r.Load == (result.Load{}) })
	for _, of := range group.By(rows, func(r compare.Row) [2]string { return [2]string{r.Series, string(r.Load.Kind)} }) {
		slices.SortStableFunc(of, func(a, b compare.Row) int { return cmp.Compare(a.Load.Amount(), b.Load.Amount()) })
		if len(of) > 1 {
			all = append(all, of)
		}
	}
	return all
}

// lines are both sides of a curve, over each other. suffix ends their names.
func (of curve) lines(suffix string, variant int) []reports.Series {
	line := func(name string, hue int, side func(compare.Row) compare.Sample) reports.Series {
		s := reports.Series{Name: name + suffix, Hue: hue, Variant: variant}
		for _, r := range of {
			sample, x := side(r), r.Load.Amount()
			if len(sample.Values) == 0 {
				continue
			}
			s.Points = append(s.Points, reports.Point{X: x, Y: sample.Median, Interval: stats.MedianInterval(sample.Values)})
			for _, v := range sample.Values {
				s.Singles = append(s.Singles, reports.Point{X: x, Y: v})
			}
		}
		return s
	}
	return []reports.Series{
		line("base", 0, func(r compare.Row) compare.Sample { return r.Base }),
		line("head", 1, func(r compare.Row) compare.Sample { return r.Head }),
	}
}

// loadAxis is the X axis of curves of one kind of load.
func loadAxis(kind result.LoadKind) reports.Axis {
	if kind == result.LoadOpen {
		return reports.Axis{Label: "offered load", Unit: reports.PerSecond}
	}
	return reports.Axis{Label: "clients (log scale)", Unit: reports.Count, Log: true}
}

var curveNotes = []string{
	"Medians over runs and repetitions, whose own values are the small marks; bars are 95 % intervals of the medians, which take six values.",
}

// byKind makes a figure for each kind of load, with a panel for each series.
func byKind(f reports.Figure, all []curve, lines func(curve) []reports.Series) (figures []reports.Figure) {
	for _, kind := range []result.LoadKind{result.LoadClosed, result.LoadOpen} {
		g := f
		g.ID, g.X = f.ID+"-"+string(kind), loadAxis(kind)
		var panels []reports.Panel
		for _, of := range all {
			if of[0].Load.Kind != kind {
				continue
			}
			p := reports.Panel{Title: of[0].Series, Series: lines(of)}
			for _, r := range of {
				g.X.Ticks = append(g.X.Ticks, r.Load.Amount())
			}
			panels = append(panels, p)
		}
		if panels != nil {
			slices.Sort(g.X.Ticks)
			g.X.Ticks = slices.Compact(g.X.Ticks)
			figures = append(figures, split(g, panels)...)
		}
	}
	return figures
}

// rateFigures draw throughput over load, or answers where nothing is committed.
func rateFigures(c *compare.Comparison) (figures []reports.Figure) {
	for _, of := range []struct {
		name, title string
		unit        reports.Unit
	}{{metric.Throughput, "Throughput over load", reports.PerSecond}, {"answered", "Answers over load", reports.AnswersPerSecond}} {
		f := reports.Figure{ID: of.name + "-load", Title: of.title, Y: reports.Axis{Label: of.name, Unit: of.unit, Free: true}, Notes: curveNotes}
		figures = append(figures, byKind(f, curves(c, of.name), func(c curve) []reports.Series { return c.lines("", 0) })...)
	}
	return figures
}

// latencyFigures draw the median and p99 of the whole latency over load.
func latencyFigures(c *compare.Comparison) (figures []reports.Figure) {
	for _, part := range []result.Part{result.PartCommit, result.PartAnswer} {
		f := reports.Figure{ID: part.String() + "-latency-load", Title: "Latency over load, " + part.String(),
			Y: reports.Axis{Label: part.String() + " latency (log scale)", Unit: reports.Seconds, Log: true}, Notes: curveNotes}
		tails := curves(c, part.String()+".p99")
		figures = append(figures, byKind(f, curves(c, part.String()+".p50"), func(of curve) []reports.Series {
			lines := of.lines(", p50", 0)
			for _, tail := range tails {
				if tail[0].Series == of[0].Series && tail[0].Load.Kind == of[0].Load.Kind {
					lines = append(lines, tail.lines(", p99", 1)...)
				}
			}
			return lines
		})...)
	}
	return figures
}

// runFigures draw the values behind the gated rows run by run, as their difference to the median of base.
func runFigures(gated []compare.Row) []reports.Figure {
	f := reports.Figure{ID: "runs", Title: "Values by run",
		X:     reports.Axis{Label: "run, in the order of time", Unit: reports.Count},
		Y:     reports.Axis{Label: "difference to the median of base", Unit: reports.Share, Free: true},
		Notes: []string{"Each mark is a run, or a repetition of one, as its difference to the median of base."}}
	if slices.ContainsFunc(gated, func(r compare.Row) bool { return r.Paired }) {
		f.Notes = append(f.Notes, "Runs of the same number are neighbours in time.")
	}
	var panels []reports.Panel
	for _, r := range gated {
		if len(r.Base.Values)+len(r.Head.Values) == 0 || !(r.Base.Median > 0) {
			continue
		}
		p := reports.Panel{Title: where(r) + ", " + r.Metric.Name + ": " + string(r.Verdict)}
		for hue, side := range []struct {
			name string
			compare.Sample
		}{{"base", r.Base}, {"head", r.Head}} {
			s := reports.Series{Name: side.name, Hue: hue}
			for i, v := range side.Values {
				s.Points = append(s.Points, reports.Point{X: float64(i + 1), Y: v/r.Base.Median - 1})
			}
			p.Series = append(p.Series, s)
		}
		panels = append(panels, p)
	}
	if panels == nil {
		return nil
	}
	return split(f, panels)
}
