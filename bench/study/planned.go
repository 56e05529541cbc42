package study

import (
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// Planned is what a scenario measures on one network.
type Planned struct {
	Session
	Levels   []PlannedLevel
	Searched []string // series whose levels a search finds, after all others
}

// PlannedLevel is a load level, or a phase of one, before it has run.
type PlannedLevel struct {
	Series     string
	Load       result.Load
	Repetition int
	Hold       time.Duration // warm-up included
}

// String names the level.
func (l PlannedLevel) String() string { return place(l.Series, l.Load) }

// PlannedSessions returns what a scenario measures, in the order in which it does.
func PlannedSessions(s scenario.Scenario) (all []Planned) {
	for _, one := range sessions(s) {
		p := Planned{Session: one.Session}
		for _, t := range one.turns {
			for _, l := range t.levels {
				p.Levels = append(p.Levels, PlannedLevel{l.series.Name, l.load, l.repetition, l.series.Load.Hold})
			}
		}
		for _, series := range one.searched {
			p.Searched = append(p.Searched, series.Name)
		}
		all = append(all, p)
	}
	return all
}
