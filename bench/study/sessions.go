package study

import (
	"slices"
	"time"

	"meterbench/bench/scenario"
)

// Session is one network of a run, from its start to its end. A run has several where its series
// need different networks, or every repetition a fresh one.
type Session struct {
	Network    scenario.Network
	Number, Of int
}

// A sessionPlan is what runs on one network.
type sessionPlan struct {
	Session
	series     []scenario.Series
	repetition int // of all its levels; 0 where it has several
	turns      []turn
	searched   []scenario.Series // of series, those whose levels a search finds, after all others
	before     int               // number of turns of the sessions before
	after      time.Duration     // what comes after: load, and networks to bring up
	whole      time.Duration     // after of a session before the first
}

// sessions returns the sessions of a scenario in the order in which they run: repetition by
// repetition each network, or if nothing asks for more than one, all repetitions on that one. Every
// repetition begins with another network, so that drift of the machine does not meet the same one
// last each time.
func sessions(s scenario.Scenario) []sessionPlan {
	networks := s.Networks()
	var all []sessionPlan
	if len(networks) == 1 && !s.Fresh {
		one := sessionPlan{Session: Session{Network: networks[0]}, series: s.Series, searched: searched(s.Series)}
		for repetition := 1; repetition <= s.Repeat; repetition++ {
			one.turns = append(one.turns, turns(s.Series, repetition)...)
		}
		all = []sessionPlan{one}
	} else {
		for repetition := 1; repetition <= s.Repeat; repetition++ {
			for i := range networks {
				n := networks[(i+repetition-1)%len(networks)]
				series := slices.Clone(s.Series)
				series = slices.DeleteFunc(series, func(one scenario.Series) bool { return one.Network != n })
				one := sessionPlan{Session: Session{Network: n}, series: series, repetition: repetition, turns: turns(series, repetition)}
				if repetition == 1 { // a search repeats itself
					one.searched = searched(series)
				}
				if len(one.turns)+len(one.searched) > 0 {
					all = append(all, one)
				}
			}
		}
	}
	number(all, s.Repeat)
	return all
}

// searched returns the series whose levels a search finds.
func searched(all []scenario.Series) (of []scenario.Series) {
	for _, series := range all {
		if series.Load.Search != nil {
			of = append(of, series)
		}
	}
	return of
}

// number counts the sessions and their turns, and the time after each turn. A search counts as the
// most levels that it can take.
func number(all []sessionPlan, repeat int) {
	of := 0
	for i := range all {
		all[i].before = of
		of += len(all[i].turns)
		for _, series := range all[i].searched {
			of += bound(series, repeat)
		}
	}
	after, bounded := time.Duration(0), false
	for i := range slices.Backward(all) {
		all[i].Number, all[i].Of, all[i].after = i+1, len(all), after
		for _, series := range all[i].searched {
			after += time.Duration(bound(series, repeat)) * series.Load.Hold
			bounded = true
		}
		for j := range slices.Backward(all[i].turns) {
			t := &all[i].turns[j]
			t.number, t.of, t.after, t.bound = all[i].before+j+1, of, after, bounded
			after += t.hold()
		}
		if i > 0 {
			after += networkTime
		}
	}
	for i := range all {
		all[i].whole = after
		for j := range all[i].turns {
			all[i].turns[j].whole = after
		}
	}
}

// Levels returns the number of load levels that s runs, phases that run together counted as one.
// Where it searches, that is the most that it can be.
func Levels(s scenario.Scenario) (n int) {
	for _, one := range sessions(s) {
		n += len(one.turns)
		for _, series := range one.searched {
			n += bound(series, s.Repeat)
		}
	}
	return n
}

// Searches reports whether s looks for any of its loads, so that how long it takes is not known
// beforehand.
func Searches(s scenario.Scenario) bool { return searched(s.Series) != nil }
