package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
)

// eventsSection lists what was done to the network on purpose and how it came back, nil where nothing was.
func eventsSection(all []series) []Section {
	rows := eventRows(all)
	if len(rows) == 0 {
		return nil
	}
	return []Section{{ID: "events", Title: "Events and recovery", Intro: intro("section events"),
		Tables: slices.Concat([]Table{eventTable(all, rows)}, recoveryTable(all), siteRecoveryTable(all))}}
}

// An eventRow is an event of a point, with its number there, from 1.
type eventRow struct {
	pointRow
	number int
	event  result.Event
}

func eventRows(all []series) (rows []eventRow) {
	for _, r := range rowsOf(all) {
		for i, e := range r.Events {
			rows = append(rows, eventRow{r, i + 1, e})
		}
	}
	return rows
}

// eventWords name an event in tables and plots: cut inmetro.
func eventWords(e result.Event) string { return string(e.Kind) + " " + e.Asked }

// events are those of a point as plots over time have them.
func events(p result.Point) (all []Event) {
	for i, e := range p.Events {
		if e.Failed == "" {
			all = append(all, Event{X: e.At, Label: fmt.Sprintf("%d %s", i+1, eventWords(e)), Harms: e.Kind.Harms()})
		}
	}
	return all
}

// numbered says which event of which point a row is about.
func numbered[T any](all []series, of func(T) eventRow) (fields []field[T]) {
	for _, f := range levelFields(all) {
		fields = append(fields, field[T]{f.Column, func(r T) Cell { return f.Cell(of(r).pointRow) }})
	}
	return append(fields,
		field[T]{Column{Key: "number", Title: "no.", Unit: Count}, func(r T) Cell { return count(of(r).number) }},
		field[T]{Column{Key: "event", Title: "event"}, func(r T) Cell { return text(eventWords(of(r).event)) }})
}

func eventTable(all []series, rows []eventRow) Table {
	fields := append(numbered(all, func(r eventRow) eventRow { return r }), []field[eventRow]{
		{Column{Key: "details", Title: "with"}, func(r eventRow) Cell { return text(r.event.Details) }},
		{Column{Key: "done_to", Title: "done to", Rank: 1}, func(r eventRow) Cell { return text(doneTo(r.event)) }},
		{Column{Key: "planned_s", Title: "planned at", Unit: Seconds, Rank: 2}, func(r eventRow) Cell { return number(r.event.Planned) }},
		{Column{Key: "at_s", Title: "began at", Unit: Seconds}, func(r eventRow) Cell { return number(r.event.At) }},
		{Column{Key: "took_s", Title: "took", Unit: Seconds, Rank: 1}, func(r eventRow) Cell { return number(r.event.Took) }},
		{Column{Key: "random", Title: "drawn", Rank: 3}, func(r eventRow) Cell { return yesNo(r.event.Random) }},
		{Column{Key: "steps", Title: "steps", Rank: 2}, func(r eventRow) Cell { return text(steps(r.event)) }},
		{Column{Key: "failed", Title: "not done, because"}, func(r eventRow) Cell { return text(r.event.Failed) }},
	}...)
	return tabulate(Table{ID: "events", Title: "Events", Notes: notes("events")}, rows, fields)
}

// doneTo names the nodes, or else the sites, to which an event was done.
func doneTo(e result.Event) string {
	if len(e.Nodes) > 0 {
		return listed(each(e.Nodes, func(p result.Process) string { return p.Name }))
	}
	switch len(e.Sites) {
	case 0:
		return ""
	case 1:
		return e.Sites[0] + " and all others"
	}
	return listed(e.Sites)
}

func steps(e result.Event) string {
	return strings.Join(each(e.Steps, func(s result.Step) string {
		said := fmt.Sprintf("%s %s", s.Name, Seconds.Format(s.Seconds))
		if s.Bytes > 0 {
			said += ", " + Bytes.Format(float64(s.Bytes))
		}
		return said
	}), "; ")
}

// A recoveryRow is the recovery of a point from an event.
type recoveryRow struct {
	eventRow
	recovery result.Recovery
}

func recoveryRows(all []series) (rows []recoveryRow) {
	for _, r := range rowsOf(all) {
		for _, back := range r.Recoveries {
			if i := back.Event; i >= 0 && i < len(r.Events) {
				rows = append(rows, recoveryRow{eventRow{r, i + 1, r.Events[i]}, back})
			}
		}
	}
	return rows
}

const (
	whyNoCommit   = "no transaction that was intended after the event was committed before the level ended"
	whyNoFullRate = "throughput did not come back to what it was before the level ended"
	whyNoRate     = "too little was seen before the first event to tell the throughput"
	whyNoSpan     = "too little was seen before the first event, or after this one, to tell the full rate"
)

// instantCell makes a cell of an instant that may not have come.
func instantCell(v *float64, why string) Cell {
	if v == nil {
		return Cell{Why: why}
	}
	return number(*v)
}

// recoveryTable lists recoveries, nil where there are none.
func recoveryTable(all []series) []Table {
	rows := recoveryRows(all)
	if len(rows) == 0 {
		return nil
	}
	fields := append(numbered(all, func(r recoveryRow) eventRow { return r.eventRow }), []field[recoveryRow]{
		{Column{Key: "at_s", Title: "began at", Unit: Seconds, Rank: 2}, func(r recoveryRow) Cell { return number(r.event.At) }},
		{Column{Key: "next_commit_s", Title: "next commit after", Unit: Seconds},
			func(r recoveryRow) Cell { return instantCell(r.recovery.NextCommit, whyNoCommit) }},
		{Column{Key: "full_rate_s", Title: "full rate after", Unit: Seconds}, func(r recoveryRow) Cell {
			if r.recovery.Before == 0 {
				return Cell{Why: whyNoRate}
			}
			if r.recovery.FullRate == nil && r.recovery.Span == 0 {
				return Cell{Why: whyNoSpan}
			}
			return instantCell(r.recovery.FullRate, whyNoFullRate)
		}},
		{Column{Key: "observed_s", Title: "observed for", Unit: Seconds, Rank: 1}, func(r recoveryRow) Cell { return number(r.recovery.Observed) }},
		{Column{Key: "before_per_s", Title: "rate before", Unit: PerSecond, Rank: 1}, func(r recoveryRow) Cell { return positive(r.recovery.Before) }},
		{Column{Key: "before_per_s_interval", Title: "95 % interval", Unit: PerSecond, Interval: true, Rank: 3},
			func(r recoveryRow) Cell { return interval(r.recovery.BeforeInterval, whyInterval) }},
		{Column{Key: "outcomes", Title: "meanwhile"}, func(r recoveryRow) Cell { return text(outcomesOf(r.recovery.Outcomes)) }},
	}...)
	return []Table{tabulate(Table{ID: "recoveries", Title: "Recovery from events", Notes: notes("recoveries")}, rows, fields)}
}

// A siteRecoveryRow is a recovery as the clients of one site saw it.
type siteRecoveryRow struct {
	recoveryRow
	site result.SiteRecovery
}

// siteRecoveryTable says the same by the clients' site, nil where they have none.
func siteRecoveryTable(all []series) []Table {
	var rows []siteRecoveryRow
	for _, r := range recoveryRows(all) {
		for _, site := range r.recovery.Sites {
			rows = append(rows, siteRecoveryRow{r, site})
		}
	}
	if rows == nil {
		return nil
	}
	fields := append(numbered(all, func(r siteRecoveryRow) eventRow { return r.eventRow }), []field[siteRecoveryRow]{
		{Column{Key: "site", Title: "clients at"}, func(r siteRecoveryRow) Cell { return text(r.site.Site) }},
		{Column{Key: "next_commit_s", Title: "next commit after", Unit: Seconds},
			func(r siteRecoveryRow) Cell { return instantCell(r.site.NextCommit, whyNoCommit) }},
		{Column{Key: "outcomes", Title: "meanwhile"}, func(r siteRecoveryRow) Cell { return text(outcomesOf(r.site.Outcomes)) }},
	}...)
	return []Table{tabulate(Table{ID: "recoveries-sites", Title: "Recovery from events, by the clients' site", Detail: true,
		Notes: notes("recoveries-sites")}, rows, fields)}
}

// outcomesOf counts transactions by outcome in words, those that succeeded first.
func outcomesOf(counts map[string]uint64) string {
	var said []string
	known := map[string]bool{}
	outcomes := result.Outcomes()
	slices.SortStableFunc(outcomes, func(a, b result.Outcome) int {
		failed := map[bool]int{true: 1}
		return failed[a.Class() != result.Succeeded] - failed[b.Class() != result.Succeeded]
	})
	for _, o := range outcomes {
		known[o.String()] = true
		if n := counts[o.String()]; n > 0 {
			said = append(said, fmt.Sprintf("%d %s", n, o))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if !known[name] && counts[name] > 0 {
			said = append(said, fmt.Sprintf("%d %s", counts[name], name))
		}
	}
	return strings.Join(said, ", ")
}

// recoveryFindings say how each level with events came back, of many only the longest; none where there were no events.
func recoveryFindings(all []series) (fs []Finding) {
	rows := recoveryRows(all)
	if len(rows) > headlines {
		return []Finding{recoveriesFinding(rows)}
	}
	for _, r := range rows {
		f := Finding{Subject: fmt.Sprintf("%s, %s", eventWords(r.event), r.of.name), To: "table-recoveries"}
		f.Value, f.Text = "no commit", fmt.Sprintf("in the %s until the level ended.", Seconds.Format(r.recovery.Observed))
		if next := r.recovery.NextCommit; next != nil {
			f.Value = "next commit after " + Seconds.Format(*next)
			switch full := r.recovery.FullRate; {
			case full != nil:
				f.Text = fmt.Sprintf("and %s after %s.", "the full rate", Seconds.Format(*full))
			case r.recovery.Span > 0:
				f.Text = fmt.Sprintf("and not the full rate in the %s until the level ended.", Seconds.Format(r.recovery.Observed))
			case r.recovery.Before > 0:
				f.Text = "Too little was seen before the first event, or after this one, to tell the full rate."
			default:
				f.Text = "Too little was seen before it to tell the full rate."
			}
		}
		if said := outcomesOf(r.recovery.Outcomes); said != "" {
			f.Text += " Meanwhile: " + said + "."
		}
		fs = append(fs, f)
	}
	return fs
}

// recoveriesFinding sums many recoveries up.
func recoveriesFinding(rows []recoveryRow) Finding {
	var next, full []float64
	for _, r := range rows {
		if r.recovery.NextCommit != nil {
			next = append(next, *r.recovery.NextCommit)
		}
		if r.recovery.FullRate != nil {
			full = append(full, *r.recovery.FullRate)
		}
	}
	f := Finding{Subject: "Recovery from events", Value: fmt.Sprintf("%d of %d", len(next), len(rows)), To: "table-recoveries",
		Text: "events that take something away were followed by a commit before their level ended"}
	if len(next) > 0 {
		f.Text += fmt.Sprintf(", after %s at most", Seconds.Format(slices.Max(next)))
	}
	f.Text += fmt.Sprintf("; %d by the full rate", len(full))
	if len(full) > 0 {
		f.Text += fmt.Sprintf(", after %s at most", Seconds.Format(slices.Max(full)))
	}
	f.Text += "."
	return f
}
