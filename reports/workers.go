package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/internal/printable"
)

// A workerRow is what one worker did at a point.
type workerRow struct {
	pointRow
	result.WorkerPoint
}

// name names the worker and its machine.
func (r workerRow) name() string { return fmt.Sprintf("%d on %s", r.Rank, r.Host) }

func workerRows(all []series) (rows []workerRow) {
	for _, r := range rowsOf(all) {
		for _, w := range r.Workers {
			rows = append(rows, workerRow{r, w})
		}
	}
	return rows
}

// workersSection shows what each of the processes did that made the load together, nil where one process did.
func workersSection(all []series) []Section {
	rows := workerRows(all)
	if rows == nil {
		return nil
	}
	return []Section{{
		ID: "workers", Title: "Workers", Intro: intro("section workers"), Figures: workerFigures(all), Tables: []Table{workerTable(all, rows)},
	}}
}

// workerTable lists every worker at every point.
func workerTable(all []series, rows []workerRow) Table {
	var fields []field[workerRow]
	for _, f := range levelFields(all) {
		fields = append(fields, field[workerRow]{f.Column, func(r workerRow) Cell { return f.Cell(r.pointRow) }})
	}
	lost := func(r workerRow) Cell {
		if r.Lost == nil {
			return Cell{}
		}
		return number(r.Lost.Share())
	}
	cores := func(r workerRow) Cell {
		if r.WorkerPoint.CPU == nil {
			return Cell{}
		}
		return number(*r.WorkerPoint.CPU)
	}
	t := Table{ID: "workers", Title: "What each worker did", Notes: notes("workers")}
	if slices.ContainsFunc(rows, func(r workerRow) bool { return r.Lost != nil }) {
		t.Notes = append(t.Notes, notes("workers that were lost")...)
	}
	return tabulate(t, rows, append(fields, []field[workerRow]{
		{Column{Key: "worker", Title: "worker"}, func(r workerRow) Cell { return text(fmt.Sprint(r.Rank)) }},
		{Column{Key: "host", Title: "host"}, func(r workerRow) Cell { return text(r.Host) }},
		{Column{Key: "transactions", Title: "transactions", Unit: Count}, func(r workerRow) Cell { return count(r.WorkerPoint.Scheduled) }},
		{Column{Key: "cpu_cores", Title: "CPU", Unit: Cores}, cores},
		{Column{Key: "schedule_lag_p50_s", Title: "lag p50", Unit: Seconds, Rank: 1}, func(r workerRow) Cell { return quantile(r.WorkerPoint.ScheduleLag.P50) }},
		{Column{Key: "schedule_lag_p99_s", Title: "lag p99", Unit: Seconds}, func(r workerRow) Cell { return quantile(r.WorkerPoint.ScheduleLag.P99) }},
		{Column{Key: "gc_pause_max_s", Title: "longest GC pause", Unit: Seconds, Rank: 2}, func(r workerRow) Cell { return number(r.WorkerPoint.GC.PauseMax) }},
		{Column{Key: "halted_s", Title: "longest halt", Unit: Seconds, Rank: 2}, func(r workerRow) Cell { return number(r.Gap.Halted) }},
		{Column{Key: "stalls", Title: "stalls", Unit: Count, Rank: 3}, func(r workerRow) Cell { return count(r.Stalls) }},
		{Column{Key: "wall_ahead_s", Title: "clock ahead", Unit: Seconds, Rank: 3}, func(r workerRow) Cell { return number(r.Clock.Wall) }},
		{Column{Key: "half_round_trip_s", Title: "half a round trip", Unit: Seconds, Rank: 1}, func(r workerRow) Cell { return number(r.Clock.Half) }},
		{Column{Key: "drift_s", Title: "drift", Unit: Seconds, Rank: 2}, func(r workerRow) Cell { return number(r.Clock.Drift) }},
		{Column{Key: "misplaced_s", Title: "window off by up to", Unit: Seconds, CSVOnly: true}, func(r workerRow) Cell { return number(r.Clock.Misplaced) }},
		{Column{Key: "lost_share", Title: "lost", Unit: Share}, lost},
		{Column{Key: "valid", Title: "valid"}, func(r workerRow) Cell { return yesNo(r.WorkerPoint.Valid) }},
		{Column{Key: "reasons", Title: "why not", CSVOnly: true}, func(r workerRow) Cell { return text(strings.Join(r.WorkerPoint.Reasons, "; ")) }},
	}...))
}

// workerFigures draw lag and CPU by worker: a panel for each series, at its load of the highest throughput.
func workerFigures(all []series) (figures []Figure) {
	for _, f := range []struct {
		id, title, label string
		unit             Unit
		lines            []workerLine
	}{
		{"workers-lag", "Schedule lag by worker", "schedule lag", Seconds, []workerLine{
			{"p50", func(w result.WorkerPoint) *float64 { return w.ScheduleLag.P50 }},
			{"p99", func(w result.WorkerPoint) *float64 { return w.ScheduleLag.P99 }},
		}},
		{"workers-cpu", "CPU by worker", "CPU of the worker", Cores, []workerLine{
			{"CPU", func(w result.WorkerPoint) *float64 { return w.CPU }},
		}},
	} {
		figure := Figure{
			ID: f.id, Title: f.title, Kind: Dots, X: Axis{Label: "worker"}, Y: Axis{Label: f.label, Unit: f.unit}, Notes: notes("figures of workers"),
		}
		var panels []Panel
		for _, s := range evenly(slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.peak() == nil }), mostDrawn) {
			l := s.peak().level
			if panel := workerPanel(l.drawn().Workers, f.lines); panel.Categories != nil {
				panel.Title = fmt.Sprintf("%s, %s", s.name, l.load)
				panels = append(panels, panel)
			}
		}
		if panels == nil {
			continue
		}
		for _, one := range figure.split(panels, "No data: no worker has enough transactions for a quantile.") {
			one.Notes = append(one.Notes, markNotes(one, false)...)
			figures = append(figures, one)
		}
	}
	return figures
}

// A workerLine is one of the figures of workers that a diagram shows.
type workerLine struct {
	name string
	of   func(result.WorkerPoint) *float64 // nil where it is not known
}

// workerPanel has the workers of a point as categories.
func workerPanel(workers []result.WorkerPoint, lines []workerLine) (p Panel) {
	for _, w := range workers {
		p.Categories = append(p.Categories, fmt.Sprint(w.Rank))
	}
	for hue, line := range lines {
		s := Series{Name: line.name, Hue: hue, Variant: hue}
		for i, w := range workers {
			if v := line.of(w); v != nil {
				s.Points = append(s.Points, Point{X: float64(i), Y: *v, Invalid: !w.Valid})
			}
		}
		p.Series = append(p.Series, s)
	}
	return p
}

// workersFinding says whether all workers did their part, and which was the latest; nil where the load generator was one process. Of workers
// that made no level only the notices of the run know.
func workersFinding(all []series, notices []result.Warning) []Finding {
	rows := workerRows(all)
	if rows == nil {
		return nil
	}
	levels, took, failed := len(rowsOf(all)), map[string]int{}, map[string]int{}
	var names []string // in order
	var latest *workerRow
	for i := range rows {
		r := &rows[i]
		if took[r.name()]++; took[r.name()] == 1 {
			names = append(names, r.name())
		}
		if !r.WorkerPoint.Valid {
			failed[r.name()]++
		}
		if lag := r.WorkerPoint.ScheduleLag.P99; lag != nil && (latest == nil || *lag > *latest.WorkerPoint.ScheduleLag.P99) {
			latest = r
		}
	}
	f := Finding{Subject: "Workers", Value: fmt.Sprintf("%d, all did their part", len(names)), Verdict: Good, To: "table-workers",
		Text: "They made the load together, each its share. "}
	amiss := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return failed[name] == 0 && took[name] == levels })
	if len(amiss) > 0 {
		f.Verdict, f.Value = Caution, fmt.Sprintf("%d of %d did not do their part", len(amiss), len(names))
	} else if slices.ContainsFunc(notices, func(n result.Warning) bool { return n.Code == result.FewerWorkers }) {
		f.Verdict, f.Value = Caution, fmt.Sprintf("%d, fewer than were asked for", len(names))
		f.Text = "The load levels were made without the others, which the warnings name. "
	}
	missing := func(name string) int { return levels - took[name] }
	most := func(of func(name string) int) string {
		return slices.MaxFunc(names, func(a, b string) int { return cmp.Compare(of(a), of(b)) })
	}
	if name := most(func(name string) int { return failed[name] }); failed[name] > 0 {
		f.Verdict = Bad
		f.Text += fmt.Sprintf("Most often worker %s, at %s: where one does not, the level is not valid. ", name, printable.Count(failed[name], "load level"))
	}
	if name := most(missing); missing(name) > 0 {
		f.Text += fmt.Sprintf("Worker %s had no part in %s, which the others made. ", name, printable.Count(missing(name), "load level"))
	}
	if latest != nil {
		f.Text += fmt.Sprintf("The latest was worker %s: schedule lag p99 %s, for %s at %s.",
			latest.name(), Seconds.Format(*latest.WorkerPoint.ScheduleLag.P99), latest.of.name, latest.Load)
	}
	f.Text = strings.TrimSpace(f.Text)
	return []Finding{f}
}
