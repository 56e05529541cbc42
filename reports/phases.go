package reports

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// phasesTogether returns the series that are phases of a level, those that ran together in one
// group, in order of their starts.
func phasesTogether(all []series) [][]series {
	phases := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.phase() == nil })
	groups := GroupBy(phases, func(s series) string { return s.phase().Group })
	for _, g := range groups {
		slices.SortStableFunc(g, func(a, b series) int { return cmp.Compare(a.phase().Start, b.phase().Start) })
	}
	return groups
}

// phase says when the load of the series ran, nil where it ran alone.
func (s series) phase() *result.LoadPhase { return s.levels[0].points[0].Phase }

// phasesSection shows the loads of a level that ran together. It is false for a run without phases.
func phasesSection(all []series) (Section, bool) {
	groups := phasesTogether(all)
	s := Section{
		ID: "phases-together", Title: "Loads that ran together",
		Intro:  intro("section phases-together"),
		Tables: []Table{togetherTable(slices.Concat(groups...))},
	}
	for _, g := range groups {
		s.Figures = append(s.Figures, timelineFigure(g))
	}
	return s, len(groups) > 0
}

func togetherTable(phases []series) Table {
	latency := func(pick func(stats.Quantiles) *float64) func(series) Cell {
		return func(s series) Cell {
			phase, _ := s.headline()
			v, ok := s.levels[0].median(quantileOf(phase, pick))
			if !ok {
				return Cell{Why: whyQuantile}
			}
			return number(v)
		}
	}
	return tabulate(Table{ID: "phases-together", Title: "Phases of a level", Notes: notes("phases-together")}, phases, []field[series]{
		{Column{Key: "level", Title: "level"}, func(s series) Cell { return text(s.phase().Group) }},
		{Column{Key: "phase", Title: "phase"}, func(s series) Cell { return text(s.name) }},
		{Column{Key: "start_s", Title: "start", Unit: Seconds}, func(s series) Cell { return number(s.phase().Start) }},
		{Column{Key: "hold_s", Title: "hold", Unit: Seconds}, func(s series) Cell { return number(s.phase().Hold) }},
		{Column{Key: "load", Title: "load"}, func(s series) Cell { return text(s.levels[0].load.String()) }},
		{Column{Key: "transaction", Title: "transaction", Rank: 2}, func(s series) Cell { return text(s.workload()) }},
		{Column{Key: "throughput_per_s", Title: "throughput", Unit: PerSecond}, func(s series) Cell { return optional(s.levels[0].median(throughput)) }},
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
		Y: Axis{Label: "throughput, valid commits", Unit: PerSecond},
	}
	for _, s := range phases {
		line := Series{Name: s.name, Hue: s.hue}
		repetitions := s.levels[0].points
		p := repetitions[max(0, slices.IndexFunc(repetitions, func(p result.Point) bool { return p.Valid }))]
		for i, rate := range p.Phase.Rates {
			line.Points = append(line.Points, Point{X: p.Phase.From + (float64(i)+0.5)*p.Phase.Bin, Y: rate, Invalid: !p.Valid})
		}
		f.Series = append(f.Series, line)
	}
	f = f.Settle(noPoints)
	f.Notes = append(notes("figure timeline"), markNotes(f, false)...)
	f.Alt = fmt.Sprintf("Throughput of each phase of %s over its measured window: %s.", level, listed(names(f.Series)))
	return f
}
