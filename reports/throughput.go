package reports

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/group"
)

const noPoints = "No data: the run has no load levels."

// throughputSection shows how much the network commits and where throughput stops growing.
func throughputSection(all []series) Section {
	s := Section{ID: "throughput", Title: "Throughput and saturation",
		Intro: introOf(all, intro("section throughput"), intro("section throughput of answers"))}
	for _, kind := range kinds(all) {
		lines := linesOf(all, kind)
		for _, f := range slices.Concat(throughputFigures(lines, kind), curveFigures(lines, kind)) {
			f.Notes = append(f.Notes, omission(all, kind)...)
			s.Figures = append(s.Figures, f)
		}
	}
	s.Tables = slices.Concat([]Table{saturationTable(all), levelTable(all)}, limitTable(all), scalingTable(all), []Table{seriesTable(all)})
	return s
}

// mostLines is the number of series that a figure, or a panel of one, keeps apart.
const mostLines = 8

// linesOf returns the series of a kind of load in the groups in which they are drawn: together where they are few
// enough, or else by their names without factors, those of a single load level left to the tables.
func linesOf(all []series, kind result.LoadKind) (groups [][]series) {
	of := evenly(ofKind(all, kind), mostDrawn)
	if len(of) <= mostLines {
		return [][]series{of}
	}
	if several := slices.DeleteFunc(slices.Clone(of), func(s series) bool { return len(s.levels) < 2 }); len(several) > 0 {
		of = several
	}
	for _, group := range group.By(of, series.base) {
		groups = slices.AppendSeq(groups, slices.Chunk(group, mostLines))
	}
	return groups
}

// perGroup makes a figure with the lines of a single group of series, or else with a panel for each of the groups.
func perGroup(f Figure, groups [][]series, why string, lines func([]series) []Series) []Figure {
	if len(groups) == 1 {
		f.Series = lines(groups[0])
		return []Figure{f.Settle(why).described()}
	}
	var panels []Panel
	for i, group := range groups {
		p := Panel{Title: group[0].base(), Series: lines(group)}
		if i > 0 && groups[i-1][0].base() == p.Title {
			p.Title += ", continued"
		}
		panels = append(panels, p)
	}
	return f.split(panels, why)
}

// throughputFigures draw throughput against load.
func throughputFigures(groups [][]series, kind result.LoadKind) []Figure {
	all := slices.Concat(groups...)
	f := Figure{
		ID: "throughput" + ofLoad(kind), Title: "Throughput" + againstLoad(kind),
		X: loadAxis(all, kind), Y: rateAxis(all),
	}
	figures := perGroup(f, groups, noPoints, func(group []series) (lines []Series) {
		for _, s := range group {
			line := s.line(throughput, throughputInterval)
			line.Name, line.Hue, line.Curve = s.name, s.hue, lawCurve(s)
			if len(groups) == 1 {
				line.Name += saturationLabel(s)
			}
			for i, p := range line.Points {
				if line.Points[i].Saturation = s.saturation.Reached && p.X == s.saturation.Load().Amount(); line.Points[i].Saturation {
					line.Points[i].Across = s.loadInterval()
				}
			}
			lines = append(lines, line)
		}
		return lines
	})
	for i := range figures {
		figures[i].Notes = append(figures[i].Notes, markNotes(figures[i], repeated(all))...)
	}
	return figures
}

// line draws a measure of the series against load: at each level the median over the repetitions that count,
// and each repetition where there are several.
func (s series) line(of measure, own func(result.Point) *stats.Interval) (line Series) {
	for _, l := range s.levels {
		median, ok := l.median(of)
		if !ok {
			continue
		}
		x := l.load.Amount()
		line.Points = append(line.Points, Point{X: x, Y: median, Interval: l.interval(of, own), Invalid: !l.valid()})
		for _, p := range l.points {
			if v, ok := of(p); ok && len(l.points) > 1 {
				line.Singles = append(line.Singles, Point{X: x, Y: v, Invalid: !p.Valid})
			}
		}
	}
	return line
}

// interval is that of the median over the repetitions that count, or a single repetition's own.
func (l level) interval(of measure, own func(result.Point) *stats.Interval) *stats.Interval {
	if len(l.points) == 1 {
		return own(l.points[0])
	}
	return stats.MedianInterval(l.values(of))
}

// fewTicks is the number of powers of two below which an axis of clients is labelled at its levels.
const fewTicks = 3

// loadAxis is the X axis of everything drawn against load: from the fewest clients to the most, labelled at powers of two,
// so that a doubling is always the same step, or at the levels where these are few.
func loadAxis(all []series, kind result.LoadKind) Axis {
	if kind == result.LoadOpen {
		return Axis{Label: "offered load", Unit: PerSecond}
	}
	var levels []float64
	for _, s := range ofKind(all, kind) {
		levels = append(levels, each(s.levels, func(l level) float64 { return l.load.Amount() })...)
	}
	slices.Sort(levels)
	levels = slices.Compact(levels)
	axis := Axis{Label: "clients, each with one transaction outstanding (log scale)", Unit: Count, Log: true}
	for tick := 1.0; len(levels) > 0 && tick <= levels[len(levels)-1]; tick *= 2 {
		if tick >= levels[0] {
			axis.Ticks = append(axis.Ticks, tick)
		}
	}
	if len(axis.Ticks) < fewTicks {
		axis.Ticks = levels
	}
	return axis
}

// markNotes explains the marks that a figure against load uses.
func markNotes(f Figure, repeated bool) (all []string) {
	if f.HasIntervals() {
		all = append(all, notes("figures with intervals")...)
	}
	if repeated {
		all = append(all, notes("figures with repetitions")...)
	}
	if slices.ContainsFunc(f.Legend(), func(s Series) bool { return s.Curve != nil }) {
		all = append(all, notes("figures with laws")...)
	}
	if f.HasAcross() {
		all = append(all, notes("figures with intervals of loads")...)
	}
	if f.HasInvalid() {
		all = append(all, notes("figures with invalid points")...)
	}
	return all
}

// phasesTogether returns the series that are phases of a level, those that ran together in one group, in
// order of their starts.
func phasesTogether(all []series) [][]series {
	phases := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.phase() == nil })
	groups := group.By(phases, func(s series) string { return s.phase().Group })
	for _, g := range groups {
		slices.SortStableFunc(g, func(a, b series) int { return cmp.Compare(a.phase().Start, b.phase().Start) })
	}
	return groups
}

// phase says when the load of the series ran, nil where it ran alone.
func (s series) phase() *result.LoadPhase { return s.levels[0].points[0].Phase }

// phasesSection shows the loads of a level that ran together, nil for a run without phases.
func phasesSection(all []series) []Section {
	groups := phasesTogether(all)
	if len(groups) == 0 {
		return nil
	}
	s := Section{
		ID: "phases-together", Title: "Loads that ran together", Intro: intro("section phases-together"),
		Tables: []Table{togetherTable(slices.Concat(groups...))},
	}
	for _, g := range groups {
		s.Figures = append(s.Figures, timelineFigure(g))
	}
	return []Section{s}
}

func togetherTable(phases []series) Table {
	latency := func(pick func(stats.Quantiles) *float64) func(series) Cell {
		return func(s series) Cell {
			part, _ := s.headline()
			if v, ok := s.levels[0].median(quantileOf(part, pick)); ok {
				return number(v)
			}
			return Cell{Why: whyQuantile}
		}
	}
	return tabulate(Table{ID: "phases-together", Title: "Phases of a level", Notes: notes("phases-together")}, phases, []field[series]{
		{Column{Key: "level", Title: "level"}, func(s series) Cell { return text(s.phase().Group) }},
		{Column{Key: "phase", Title: "phase"}, func(s series) Cell { return text(s.name) }},
		{Column{Key: "start_s", Title: "start", Unit: Seconds}, func(s series) Cell { return number(s.phase().Start) }},
		{Column{Key: "hold_s", Title: "hold", Unit: Seconds}, func(s series) Cell { return number(s.phase().Hold) }},
		{Column{Key: "load", Title: "load"}, func(s series) Cell { return text(s.levels[0].load.String()) }},
		{Column{Key: "transaction", Title: "transaction", Rank: 2}, func(s series) Cell { return text(s.workload()) }},
		{Column{Key: "throughput_per_s", Title: rateTitle(phases), Unit: rateUnit(phases)}, func(s series) Cell { return optional(s.levels[0].median(throughput)) }},
		{Column{Key: "valid_share", Title: "success", Unit: Share, Rank: 1}, func(s series) Cell { return optional(s.levels[0].median(success)) }},
		{Column{Key: "latency_p50_s", Title: "latency p50", Unit: Seconds}, latency(p50)},
		{Column{Key: "latency_p99_s", Title: "latency p99", Unit: Seconds}, latency(p99)},
	})
}

// timelineFigure draws when each phase of a level ran and its throughput.
func timelineFigure(phases []series) Figure {
	level := phases[0].phase().Group
	f := Figure{
		ID: "timeline-" + slug(level), Title: "Throughput of the phases over the level: " + level,
		X: Axis{Label: "time since the start of the level", Unit: Seconds},
		Y: rateAxis(phases),
	}
	for _, s := range phases {
		line := Series{Name: s.name, Hue: s.hue}
		p := s.levels[0].drawn()
		for i, rate := range p.Phase.Rates {
			line.Points = append(line.Points, Point{X: p.Phase.From + (float64(i)+0.5)*p.Phase.Bin, Y: rate, Invalid: !p.Valid})
		}
		f.Series = append(f.Series, line)
	}
	f = f.Settle(noPoints)
	f.Notes = append(notes("figure timeline"), markNotes(f, false)...)
	f.Alt = fmt.Sprintf("Throughput of each phase of %s over its measured window: %s.", level, listed(names(f.Series)))
	if done := events(phases[0].levels[0].drawn()); done != nil && f.Empty == "" {
		f.Panels, f.Series = []Panel{{Title: level, Series: f.Series, Events: done}}, nil
		f.Notes = append(f.Notes, notes("figures with events")...)
	}
	return f
}
