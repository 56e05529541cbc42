package reports

import (
	"fmt"
	"strings"

	"meterbench/bench/history"
	"meterbench/internal/printable"
)

// History makes the report of a history: its change points, its series, and a figure of each series.
func History(h *history.History, a *history.Analysis) Report {
	r := Report{Scenario: historyTitle(h), Lead: historyLead(h, a), Complete: true}
	all := make([]historySeries, len(a.Series))
	for i := range a.Series {
		all[i] = historySeries{&a.Series[i], i + 1}
		for _, w := range a.Series[i].Warnings {
			r.Warnings = append(r.Warnings, Warning{all[i].name(), w.Text})
		}
	}
	s := Section{ID: "history", Title: "History", Intro: intro("section history"),
		Tables: []Table{changeTable(a, all), historyTable(all), historyData(all)}}
	for _, one := range all {
		if len(one.Values) > 1 {
			s.Figures = append(s.Figures, one.figure())
		}
	}
	r.Sections = []Section{s}
	return r.present()
}

// historyTitle says which runs were looked at.
func historyTitle(h *history.History) string {
	if len(h.Lines) == 0 {
		return "The history has no runs"
	}
	day := func(l history.Line) string { return l.Time.UTC().Format("2006-01-02") }
	first, last := day(h.Lines[0]), day(h.Lines[len(h.Lines)-1])
	text := fmt.Sprintf("History of %s, %s", printable.Count(len(h.Lines), "run"), first)
	if first != last {
		text += " to " + last
	}
	return text
}

// historyLead says what came of it.
func historyLead(h *history.History, a *history.Analysis) string {
	if len(h.Lines) == 0 {
		return "run --history FILE appends a line for each run."
	}
	changes := 0
	for _, s := range a.Series {
		changes += len(s.Changes)
	}
	text := fmt.Sprintf("%s in %s with enough runs", printable.Count(changes, "change point"), printable.Count(a.Tested, "series"))
	if short := len(a.Series) - a.Tested; short > 0 {
		text += fmt.Sprintf(", %d more with fewer than %d", short, history.MinRuns)
	}
	if h.Repeated > 0 {
		text += fmt.Sprintf("; %s that are there twice count once", printable.Count(h.Repeated, "line"))
	}
	if h.Disordered > 0 {
		text += "; runs are taken in the order in which they started, which is not that of the lines"
	}
	return text + "."
}

// A historySeries is a series of a history with its number, from 1.
type historySeries struct {
	*history.Series
	number int
}

// name says what the series is of, without its scenario.
func (s historySeries) name() string { return s.Column.String() }

// format writes a value of the series with its unit.
func (s historySeries) format(v float64) string {
	return UnitOf(s.Column.Metric.Unit).Format(v)
}

// A changeRow is a change point of a series.
type changeRow struct {
	historySeries
	history.Change
}

// historyFields say which series a row is about.
func historyFields[T any](of func(T) historySeries) []field[T] {
	return []field[T]{
		{Column{Key: "scenario", Title: "scenario", Rank: 3}, func(r T) Cell { return text(of(r).Scenario) }},
		{Column{Key: "metric", Title: "metric"}, func(r T) Cell { return text(of(r).Column.Metric.Name) }},
		{Column{Key: "series", Title: "series"}, func(r T) Cell { return text(of(r).Column.Series) }},
		{Column{Key: "load", Title: "load", Rank: 1}, func(r T) Cell {
			if of(r).Column.Load.Kind == "" {
				return Cell{}
			}
			return text(of(r).Column.Load.String())
		}},
		{Column{Key: "column", Title: "column", CSVOnly: true}, func(r T) Cell { return text(of(r).name()) }},
		{Column{Key: "unit", Title: "unit", CSVOnly: true}, func(r T) Cell { return text(string(of(r).Column.Metric.Unit)) }},
	}
}

// changeTable lists the change points.
func changeTable(a *history.Analysis, all []historySeries) Table {
	var rows []changeRow
	for _, s := range all {
		for _, c := range s.Changes {
			rows = append(rows, changeRow{s, c})
		}
	}
	t := Table{ID: "changes", Title: "Change points", Notes: append([]string{
		fmt.Sprintf("p, of %d random orders, is multiplied by the number of series tested, %d; a change point has at most %s. So all series together, if none of "+
			"them changes and runs are independent, have a false one with a probability of at most %s.",
			a.Orders, a.Tested, significant(a.Alpha, 2), significant(max(a.Alpha, float64(a.Tested)*a.Level), 2)),
		fmt.Sprintf("At least %d runs lie between two change points, and before the first and after the last.", a.Segment),
	}, notes("changes")...)}
	return tabulate(t, rows, append(historyFields(func(r changeRow) historySeries { return r.historySeries }), []field[changeRow]{
		{Column{Key: "run", Title: "since run"}, func(r changeRow) Cell { return text(r.Runs[r.Index].Run) }},
		{Column{Key: "time", Title: "started", Rank: 2}, func(r changeRow) Cell { return text(r.Runs[r.Index].Time.UTC().Format("2006-01-02 15:04")) }},
		{Column{Key: "line", Title: "line", Unit: Count, CSVOnly: true}, func(r changeRow) Cell { return count(r.Runs[r.Index].Number) }},
		{Column{Key: "last_run_before", Title: "last run before", CSVOnly: true}, func(r changeRow) Cell { return text(r.Runs[r.Index-1].Run) }},
		{Column{Key: "before_text", Title: "before"}, func(r changeRow) Cell { return text(r.format(r.Before)) }},
		{Column{Key: "after_text", Title: "after"}, func(r changeRow) Cell { return text(r.format(r.After)) }},
		{Column{Key: "before", Title: "before", Unit: Plain, CSVOnly: true}, func(r changeRow) Cell { return number(r.Before) }},
		{Column{Key: "after", Title: "after", Unit: Plain, CSVOnly: true}, func(r changeRow) Cell { return number(r.After) }},
		{Column{Key: "change_share", Title: "change", Unit: Share}, func(r changeRow) Cell { return optional(r.Share()) }},
		{Column{Key: "verdict", Title: "verdict"}, func(r changeRow) Cell { return text(string(r.Verdict)) }},
		{Column{Key: "p_adjusted", Title: "p", Unit: Plain}, func(r changeRow) Cell { return number(r.Adjusted) }},
		{Column{Key: "unlike", Title: "changed with it", Rank: 1}, func(r changeRow) Cell { return text(unlikeWords(r.Unlike)) }},
	}...))
}

// unlikeWords says what changed beside a figure.
func unlikeWords(all []history.Unlike) string {
	var words []string
	for _, u := range all {
		words = append(words, fmt.Sprintf("%s: %s → %s", u.Key, orNone(u.Before), orNone(u.After)))
	}
	return strings.Join(words, ", ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// historyTable lists the series with what they came to last.
func historyTable(all []historySeries) Table {
	latest := func(s historySeries) history.Stretch { return s.Segments[len(s.Segments)-1] }
	t := Table{ID: "history-series", Title: "Series", Notes: notes("history series")}
	return tabulate(t, all, append(historyFields(func(s historySeries) historySeries { return s }), []field[historySeries]{
		{Column{Key: "runs", Title: "runs", Unit: Count}, func(s historySeries) Cell { return count(len(s.Runs)) }},
		{Column{Key: "left", Title: "runs before", Unit: Count, CSVOnly: true}, func(s historySeries) Cell { return count(s.Left) }},
		{Column{Key: "changes", Title: "change points", Unit: Count}, func(s historySeries) Cell {
			if !s.Tested {
				return Cell{Why: fmt.Sprintf("fewer than %d runs have it", history.MinRuns)}
			}
			return count(len(s.Changes))
		}},
		{Column{Key: "since", Title: "mean since run", Rank: 2}, func(s historySeries) Cell { return text(s.Runs[latest(s).From].Run) }},
		{Column{Key: "mean_text", Title: "mean"}, func(s historySeries) Cell { return text(s.format(latest(s).Mean)) }},
		{Column{Key: "mean", Title: "mean", Unit: Plain, CSVOnly: true}, func(s historySeries) Cell { return number(latest(s).Mean) }},
		{Column{Key: "correlation", Title: "correlation", Unit: Plain, Rank: 2}, func(s historySeries) Cell { return optional(s.Correlation, s.Tested) }},
	}...))
}

// A historyPoint is a run of a series, with its number, from 1.
type historyPoint struct {
	historySeries
	number int
}

// historyData is what the figures draw.
func historyData(all []historySeries) Table {
	var rows []historyPoint
	for _, s := range all {
		for i := range s.Runs {
			rows = append(rows, historyPoint{s, i + 1})
		}
	}
	return tabulate(Table{ID: "history-values", Title: "Values", Data: true}, rows,
		append(historyFields(func(p historyPoint) historySeries { return p.historySeries }), []field[historyPoint]{
			{Column{Key: "number", Unit: Count}, func(p historyPoint) Cell { return count(p.number) }},
			{Column{Key: "run"}, func(p historyPoint) Cell { return text(p.Runs[p.number-1].Run) }},
			{Column{Key: "time"}, func(p historyPoint) Cell { return text(p.Runs[p.number-1].Time.UTC().Format("2006-01-02T15:04:05Z")) }},
			{Column{Key: "value", Unit: Plain}, func(p historyPoint) Cell { return number(p.Values[p.number-1]) }},
		}...))
}

// figure shows the series, run after run, with its change points and the means between them.
func (s historySeries) figure() Figure {
	unit := UnitOf(s.Column.Metric.Unit)
	panel := Panel{Series: []Series{{Name: "runs"}}}
	for i, v := range s.Values {
		panel.Series[0].Points = append(panel.Series[0].Points, Point{X: float64(i + 1), Y: v})
	}
	mean := Series{Name: "mean between change points", Hue: 1, Unmarked: true}
	for _, g := range s.Segments {
		mean.Points = append(mean.Points, Point{X: float64(g.From + 1), Y: g.Mean}, Point{X: float64(g.To), Y: g.Mean})
	}
	panel.Series = append(panel.Series, mean)
	for _, c := range s.Changes {
		label := fmt.Sprintf("%s, since %s", c.Verdict, s.Runs[c.Index].Run)
		if share, ok := c.Share(); ok {
			label = fmt.Sprintf("%s %% %s", signed(100*share), label)
		}
		worse := c.Verdict == history.Worse
		panel.Events = append(panel.Events, Event{X: float64(c.Index) + 0.5, Label: label, Harms: worse,
			Means: map[bool]string{true: "change point, worse", false: "change point, better or of the spread"}[worse]})
	}
	title := fmt.Sprintf("%s, %s", s.Scenario, s.name())
	f := Figure{
		ID: fmt.Sprintf("history-%03d-%s", s.number, slug(s.name())), Title: title,
		X: Axis{Label: "run, in the order of time"}, Y: Axis{Label: s.Column.Metric.Title, Unit: unit}, Panels: []Panel{panel}, Notes: notes("history figure"),
	}
	f.Alt = fmt.Sprintf("%s over %s, with %s.", title, printable.Count(len(s.Runs), "run"), printable.Count(len(s.Changes), "change point"))
	if unit == Plain {
		f.Y.Label += fmt.Sprintf(" (%s)", s.Column.Metric.Unit)
	}
	return f
}

// signed writes a number with its sign and two significant digits.
func signed(v float64) string {
	if v > 0 {
		return "+" + significant(v, 2)
	}
	return significant(v, 2)
}
