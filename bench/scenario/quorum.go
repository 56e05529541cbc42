package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/topology"
)

// OrderersLeft returns for each of some events, in order of time, how many orderers of a topology it leaves that reach each
// other: at most, as those that Fabric chose to lead are not known. One of them may be an orderer that another event names, so
// that each that could have led is tried.
func OrderersLeft(t topology.Topology, events []Event) (left []int) {
	c := newCondition(stageOf(t))
	q := quorum{topology: t, named: map[string]bool{}}
	for i := range t.Orderers.Count {
		q.orderers = append(q.orderers, fmt.Sprintf("orderer%d", i))
	}
	for _, e := range events {
		for _, n := range e.Nodes {
			q.named[n] = true
		}
	}
	states := []string{strings.Repeat("\x00", len(q.orderers))}
	for _, e := range events {
		c.apply(e)
		next := map[string]bool{}
		for _, s := range states {
			for _, after := range q.after(s, e) {
				next[after] = true
			}
		}
		states = slices.Sorted(maps.Keys(next))
		slices.SortStableFunc(states, func(a, b string) int { return q.reached(c, b) - q.reached(c, a) })
		left = append(left, q.reached(c, states[0]))
		states = states[:min(len(states), mostStates)]
	}
	return left
}

// mostStates bounds the states that are followed, those with most orderers left: a schedule that names every orderer and harms
// many leaders has more of them than would matter.
const mostStates = 1000

// A quorum follows what events make of orderers. A state has a byte for each of them: in its lower half a bit for each of
// losses that took it, in its upper half for those that took it as the leader.
type quorum struct {
	topology topology.Topology
	orderers []string
	named    map[string]bool // by an event
}

// losses returns the kinds of events that take an orderer from the others.
func losses() []result.EventKind {
	return []result.EventKind{result.EventKill, result.EventStop, result.EventFill}
}

const asLeader = 4 // bits by which a loss as the leader is shifted

// after returns the states that an event may make of one.
func (q quorum) after(state string, e Event) (all []string) {
	var takes, undoes byte
	for i, kind := range losses() {
		if e.Kind == kind {
			takes = 1 << i
		}
		if slices.Contains(UndoneBy(kind), e.Kind) {
			undoes |= 1 << i
		}
	}
	switch {
	case takes != 0 && e.Leader && e.Nodes == nil:
		for _, i := range q.leaders(state) {
			all = append(all, state[:i]+string([]byte{takes | takes<<asLeader})+state[i+1:])
		}
		if all == nil { // nobody is left to lead
			all = []string{state}
		}
		return all
	case takes|undoes == 0:
		return []string{state}
	}
	next := []byte(state)
	for i, name := range q.orderers {
		switch led := next[i]>>asLeader&undoes != 0; {
		case !slices.Contains(e.Nodes, name) && (!e.Leader || !led):
		case takes != 0:
			next[i] |= takes
		default:
			next[i] &^= undoes | undoes<<asLeader
		}
	}
	return []string{string(next)}
}

// leaders returns the orderers that may lead in a state: of those at a site that no event names one, as they are alike.
func (q quorum) leaders(state string) (all []int) {
	alike := map[string]bool{}
	for i, name := range q.orderers {
		site := q.topology.SiteOf(name)
		if state[i] != 0 || !q.named[name] && alike[site] {
			continue
		}
		alike[site] = alike[site] || !q.named[name]
		all = append(all, i)
	}
	return all
}

// reached returns the most orderers that one of them reaches in a state, itself among them.
func (q quorum) reached(c *condition, state string) (most int) {
	var sites []string // of those that are up
	for i, name := range q.orderers {
		if state[i] == 0 {
			sites = append(sites, q.topology.SiteOf(name))
		}
	}
	for _, a := range sites {
		reached := 0
		for _, b := range sites {
			if !c.cut[[2]string{min(a, b), max(a, b)}] {
				reached++
			}
		}
		most = max(most, reached)
	}
	return most
}
