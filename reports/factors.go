package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/topology"
)

// A factor is a condition that a scenario can vary.
type factor struct {
	key, title string
	unit       Unit // Text if its levels are words
	level      func(result.Conditions) (word string, number float64)
}

// factors returns every factor in its order of presentation.
func factors() []factor {
	word := func(of func(result.Conditions) string) func(result.Conditions) (string, float64) {
		return func(c result.Conditions) (string, float64) { return of(c), 0 }
	}
	count := func(of func(result.Conditions) int) func(result.Conditions) (string, float64) {
		return func(c result.Conditions) (string, float64) { return "", float64(of(c)) }
	}
	all := []factor{
		{"topology", "topology", Text, word(func(c result.Conditions) string { return c.Topology })},
		{"policy", "endorsement policy", Text, word(func(c result.Conditions) string { return c.Policy })},
		{"batch_timeout_s", "batch timeout", Seconds, func(c result.Conditions) (string, float64) { return "", c.BatchTimeout }},
		{"batch_messages", "batch size", Count, count(func(c result.Conditions) int { return int(c.BatchMessages) })},
		{"gateway_limit", "gateway limit", Count, count(func(c result.Conditions) int { return c.Limits.Gateway })},
		{"endorser_limit", "endorser limit", Count, count(func(c result.Conditions) int { return c.Limits.Endorser })},
		{"deliver_limit", "deliver limit", Count, count(func(c result.Conditions) int { return c.Limits.Deliver })},
		{"channels", "channels", Count, count(func(c result.Conditions) int { return max(1, c.Channels) })},
		{"workload", "workload", Text, word(func(c result.Conditions) string { return c.Workload })},
		{"form", "form of the readings", Text, word(func(c result.Conditions) string { return c.Form })},
		{"readings", "readings per bill", Count, count(func(c result.Conditions) int { return c.Readings })},
		{"scheme", "scheme", Text, word(func(c result.Conditions) string { return c.Scheme })},
		{"bits", "key bits", Count, count(func(c result.Conditions) int { return c.Bits })},
		{"length", "values per reading", Count, count(func(c result.Conditions) int { return c.Length })},
		{"encryption", "encrypted", Text, word(func(c result.Conditions) string { return c.Encryption })},
		{"wait", "client waits for", Text, word(func(c result.Conditions) string { return c.Wait })},
	}
	for _, role := range []struct {
		name string
		of   func(topology.Caps) topology.Cap
	}{
		{"peer", func(c topology.Caps) topology.Cap { return c.Peer }},
		{"orderer", func(c topology.Caps) topology.Cap { return c.Orderer }},
		{"chaincode", func(c topology.Caps) topology.Cap { return c.Chaincode }},
		{"device", func(c topology.Caps) topology.Cap { return c.Device }},
	} {
		all = append(all,
			factor{role.name + "_cap_cores", "CPU cap of the " + role.name, Cores, func(c result.Conditions) (string, float64) { return "", role.of(c.Caps).CPUs }},
			factor{role.name + "_cap_bytes", "memory cap of the " + role.name, Bytes, func(c result.Conditions) (string, float64) { return "", float64(role.of(c.Caps).Memory) }})
	}
	return all
}

// base is the name of a series, and of a phase, without its factors' levels,
// which a scenario writes behind it: plain/batch=2s,10.
func (s series) base() (name string, expanded bool) {
	parts := strings.Split(s.name, "/")
	if i := slices.IndexFunc(parts, func(part string) bool { return strings.Contains(part, "=") }); i > 0 {
		return strings.Join(parts[:i], "/"), true
	}
	return s.name, false
}

// varied returns the factors in which the series differ.
func varied(all []series) []factor {
	return slices.DeleteFunc(factors(), func(f factor) bool {
		return !slices.ContainsFunc(all, func(s series) bool { return f.of(s) != f.of(all[0]) })
	})
}

// A factorLevel is a factor's level, to compare.
type factorLevel struct {
	word   string
	number float64
}

func (f factor) of(s series) (l factorLevel) {
	l.word, l.number = f.level(s.conditions)
	return l
}

// cell is the level in a table: empty where the factor means nothing.
func (f factor) cell(s series) Cell {
	l := f.of(s)
	switch {
	case f.unit == Text:
		return text(l.word)
	case l.number == 0:
		return Cell{}
	}
	return number(l.number)
}

// factorSection says what difference the factors make that a scenario varied.
// It is false where none were.
func factorSection(all []series) (Section, bool) {
	var expanded []series
	for _, s := range all {
		if _, is := s.base(); is {
			expanded = append(expanded, s)
		}
	}
	if len(expanded) < 2 {
		return Section{}, false
	}
	by := varied(expanded)
	s := Section{
		ID: "factors", Title: "Factors",
		Intro:  "Every combination of the factors' levels was measured as a series of its own, the series in turn.",
		Tables: []Table{factorTable(expanded, by)},
	}
	for _, f := range by {
		if figure, ok := factorFigure(expanded, by, f); ok {
			s.Figures = append(s.Figures, figure)
		}
	}
	return s, true
}

// highest is the throughput at the saturation point, or where there is none the
// highest median of a load level.
func (s series) highest() (l level, throughput float64, ok bool) {
	for _, one := range s.levels {
		median, is := one.median(func(p result.Point) (float64, bool) { return p.Throughput, true })
		if !is {
			continue
		}
		if sat := s.saturation; sat != nil && amount(saturationLoad(sat)) == amount(one.load) {
			return one, sat.Throughput, true
		}
		if !ok || median > throughput {
			l, throughput, ok = one, median, true
		}
	}
	return l, throughput, ok
}

func factorTable(all []series, by []factor) Table {
	const most = 5 // factors that a terminal has room for
	t := Table{ID: "factors", Title: "Throughput and latency by factor", Detail: len(by) > most, Columns: []Column{{Key: "series", Title: "series"}}}
	for _, f := range by {
		t.Columns = append(t.Columns, Column{Key: f.key, Title: f.title, Unit: f.unit})
	}
	t.Columns = append(t.Columns,
		Column{Key: "throughput_per_s", Title: "throughput", Unit: PerSecond},
		Column{Key: "throughput_per_s_interval", Title: "95 % interval", Unit: PerSecond, Interval: true, Rank: 2},
		Column{Key: "at", Title: "at"},
		Column{Key: "saturated", Title: "saturated", Rank: 1},
		Column{Key: "commit_p50_s", Title: "commit p50 there", Unit: Seconds},
		Column{Key: "commit_p99_s", Title: "commit p99 there", Unit: Seconds, Rank: 3})
	commit := func(pick func(stats.Quantiles) *float64) func(result.Point) (float64, bool) {
		return func(p result.Point) (float64, bool) {
			v := pick(p.Latency[result.PartCommit.String()])
			if v == nil {
				return 0, false
			}
			return *v, true
		}
	}
	for _, s := range all {
		name, _ := s.base()
		row := []Cell{text(name)}
		for _, f := range by {
			row = append(row, f.cell(s))
		}
		l, throughput, ok := s.highest()
		if !ok {
			t.Rows = append(t.Rows, append(row, Cell{}, Cell{}, text("nothing measured"), Cell{}, Cell{}, Cell{}))
			continue
		}
		interval, saturated := Cell{Why: whyInterval}, "not determined"
		if s.saturation != nil {
			interval, saturated = saturationInterval(s), "no"
			if s.saturation.Reached {
				saturated = "yes"
			}
		} else if i := throughputInterval(l.points[0]); len(l.points) == 1 && i != nil {
			interval = Cell{Interval: i}
		} else if p, _, ok := l.mark(func(p result.Point) (float64, bool) { return p.Throughput, true }); ok && p.Interval != nil {
			interval = Cell{Interval: p.Interval}
		}
		p50, has50 := l.median(commit(func(q stats.Quantiles) *float64 { return q.P50 }))
		p99, has99 := l.median(commit(func(q stats.Quantiles) *float64 { return q.P99 }))
		t.Rows = append(t.Rows, append(row, number(throughput), interval, text(at(l.load)), text(saturated), optional(p50, has50), optional(p99, has99)))
	}
	t.Notes = []string{"throughput: at the saturation point, or where none was determined the highest of all load levels; medians over the valid repetitions."}
	return t
}

// factorFigure draws throughput against a factor whose levels are numbers, a
// line for each combination of the other factors under which it was varied. It
// is false where no two series differ in that factor alone.
func factorFigure(all []series, by []factor, f factor) (Figure, bool) {
	figure := Figure{
		ID: "throughput-" + strings.ReplaceAll(f.key, "_", "-"), Title: "Throughput by " + f.title, Kind: Lines,
		X: Axis{Label: f.title + " (log scale)", Unit: f.unit, Log: true}, Y: Axis{Label: "throughput, valid commits", Unit: PerSecond},
	}
	if f.unit == Text {
		return figure, false
	}
	type line struct {
		series // any of those on it
		points []Point
	}
	var lines []line
	for _, s := range all {
		_, throughput, ok := s.highest()
		x := f.of(s).number
		if !ok || x == 0 {
			continue
		}
		p := Point{X: x, Y: throughput}
		if sat := s.saturation; sat != nil {
			p.Interval, p.Saturation = saturationInterval(s).Interval, sat.Reached
		}
		name := s.others(by, f)
		i := slices.IndexFunc(lines, func(l line) bool { return l.others(by, f) == name })
		if i < 0 {
			i, lines = len(lines), append(lines, line{series: s})
		}
		lines[i].points = append(lines[i].points, p)
	}
	lines = slices.DeleteFunc(lines, func(l line) bool { return len(l.points) < 2 })
	if len(lines) == 0 {
		return figure, false
	}
	var drawn []series
	for _, l := range lines {
		drawn = append(drawn, l.series)
	}
	differ := varied(drawn) // what else is the same on every line is not named
	for i, l := range lines {
		slices.SortFunc(l.points, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
		for _, p := range l.points {
			if !slices.Contains(figure.X.Ticks, p.X) {
				figure.X.Ticks = append(figure.X.Ticks, p.X)
			}
		}
		figure.Series = append(figure.Series, Series{Name: l.others(differ, f), Hue: i, Points: l.points})
	}
	slices.Sort(figure.X.Ticks)
	figure.Alt = fmt.Sprintf("%s for %s.", figure.Title, listed(names(figure.Series)))
	figure.Notes = []string{"Each point is a series: its throughput at the saturation point, or the highest measured where none was determined. Conditions under which the factor was not varied are in the table."}
	return figure.Settle(noPoints), true
}

// others names a series by all varied factors but one.
func (s series) others(by []factor, but factor) string {
	name, _ := s.base()
	for _, f := range by {
		l := f.of(s)
		switch {
		case f.key == but.key || l == factorLevel{}:
		case f.unit == Text:
			name += ", " + l.word
		case f.unit == Count:
			name += fmt.Sprintf(", %s %s", f.title, strconv.FormatFloat(l.number, 'f', -1, 64))
		default:
			name += fmt.Sprintf(", %s %s", f.title, f.unit.Format(l.number))
		}
	}
	return name
}
