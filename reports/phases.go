package reports

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/result"
)

// A group is the phases of a level that ran together, in order of their starts.
type group struct {
	name   string
	phases []series
}

// groupsOf returns the series that are phases, by what ran together.
func groupsOf(all []series) (groups []group) {
	for _, s := range all {
		phase := s.phase()
		if phase == nil {
			continue
		}
		i := slices.IndexFunc(groups, func(g group) bool { return g.name == phase.Group })
		if i < 0 {
			i, groups = len(groups), append(groups, group{name: phase.Group})
		}
		groups[i].phases = append(groups[i].phases, s)
	}
	for _, g := range groups {
		slices.SortStableFunc(g.phases, func(a, b series) int {
			return cmp.Compare(a.phase().Start, b.phase().Start)
		})
	}
	return groups
}

// phase says when the load of the series ran, nil where it ran alone.
func (s series) phase() *result.LoadPhase { return s.levels[0].points[0].Phase }

// phasesSection shows the loads of a level that ran together. It is false for a
// run without phases.
func phasesSection(all []series) (Section, bool) {
	groups := groupsOf(all)
	if groups == nil {
		return Section{}, false
	}
	s := Section{
		ID: "phases-together", Title: "Loads that ran together",
		Intro:  "The phases of a level share the network, and each starts at its own time. A phase is measured over its own window: from its start, warm-up cut off, to its end. What processes use of CPU and memory in a window is for all phases that ran in it.",
		Tables: []Table{togetherTable(groups)},
	}
	for _, g := range groups {
		s.Figures = append(s.Figures, timelineFigure(g))
	}
	return s, true
}

func togetherTable(groups []group) Table {
	t := Table{ID: "phases-together", Title: "Phases of a level", Columns: []Column{
		{Key: "level", Title: "level"},
		{Key: "phase", Title: "phase"},
		{Key: "start_s", Title: "start", Unit: Seconds},
		{Key: "hold_s", Title: "hold", Unit: Seconds},
		{Key: "load", Title: "load"},
		{Key: "transaction", Title: "transaction", Rank: 2},
		{Key: "throughput_per_s", Title: "throughput", Unit: PerSecond},
		{Key: "valid_share", Title: "success", Unit: Share, Rank: 1},
		{Key: "latency_p50_s", Title: "latency p50", Unit: Seconds},
		{Key: "latency_p99_s", Title: "latency p99", Unit: Seconds},
	}}
	for _, g := range groups {
		for _, s := range g.phases {
			l, phase := s.levels[0], s.phase()
			headline, _ := headlinePhase(s)
			row := []Cell{text(g.name), text(s.name), number(phase.Start), number(phase.Hold), text(at(l.load)), text(s.workload()),
				optional(l.median(func(p result.Point) (float64, bool) { return p.Throughput, true })),
				optional(l.median(successShare))}
			for _, q := range []namedQuantile{quantiles[0], quantiles[2]} {
				cell := Cell{Why: whyQuantile}
				if v, ok := l.median(q.of(headline)); ok {
					cell = number(v)
				}
				row = append(row, cell)
			}
			t.Rows = append(t.Rows, row)
		}
	}
	t.Notes = []string{"start: after the start of the level, from which all instants in transactions.parquet count. hold: from there on, warm-up included. Where levels were repeated, medians over the repetitions that count."}
	return t
}

func successShare(p result.Point) (float64, bool) {
	if v := share(p).Number; v != nil {
		return *v, true
	}
	return 0, false
}

// timelineFigure draws when each phase ran and what came of it.
func timelineFigure(g group) Figure {
	f := Figure{
		ID: "timeline-" + slug(g.name), Title: "Throughput of the phases over the level: " + g.name, Kind: Lines,
		X: Axis{Label: "time since the start of the level", Unit: Seconds},
		Y: Axis{Label: "throughput, valid commits", Unit: PerSecond},
	}
	for _, s := range g.phases {
		line := Series{Name: s.name, Hue: s.hue}
		p := s.levels[0].points[0]
		for _, repetition := range s.levels[0].points {
			if !p.Valid {
				p = repetition
			}
		}
		for i, rate := range p.Phase.Rates {
			line.Points = append(line.Points, Point{X: p.Phase.From + (float64(i)+0.5)*p.Phase.Bin, Y: rate, Invalid: !p.Valid})
		}
		f.Series = append(f.Series, line)
	}
	f = f.Settle(noPoints)
	f.Notes = []string{"Each line runs over the measured window of a phase, of the first repetition that counts. Commits come block by block, so that they scatter from mark to mark."}
	f.Notes = append(f.Notes, markNotes(f, false)...)
	f.Alt = fmt.Sprintf("When each phase of %s was measured and how much of it was committed: %s.", g.name, listed(names(f.Series)))
	return f
}
