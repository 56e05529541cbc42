package scenario

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/random"
)

// The delay that a random event adds to a round trip.
const (
	leastDrawn = 20 * time.Millisecond
	mostDrawn  = 500 * time.Millisecond
)

// EventsAt returns what is done during a level of the series, in order of time: what is scheduled, and what is drawn for the
// level and the repetition from the scenario's seed. The same arguments give the same events. Random events are always
// possible in their order, and leave alone what those at set times name.
func (s Series) EventsAt(seed uint64, load result.Load, repetition int) []Event {
	if len(s.Events.Random) == 0 {
		return s.Events.Events
	}
	rng := random.Stream{Seed: seed, Purpose: random.Events, Series: s.Name, Level: load.String(), Repetition: repetition}.Rand()
	type occasion struct {
		at    time.Duration
		kinds []result.EventKind
	}
	var occasions []occasion
	for _, r := range s.Events.Random {
		for range r.Count {
			at := r.From + time.Duration(rng.Int64N(int64(r.Until-r.From))).Truncate(time.Millisecond)
			occasions = append(occasions, occasion{at, r.Kinds})
		}
	}
	slices.SortStableFunc(occasions, func(a, b occasion) int { return cmp.Compare(a.at, b.at) })
	c := newCondition(s.Events.stage)
	all := slices.Clone(s.Events.Events)
	for _, one := range occasions {
		if e, ok := s.Events.draw(rng, c, one.at, one.kinds); ok {
			c.apply(e)
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, byTime)
	return all
}

// draw returns one of the events that are possible, of each kind as often.
func (s Schedule) draw(rng *rand.Rand, c *condition, at time.Duration, kinds []result.EventKind) (e Event, ok bool) {
	var possible [][]Event
	for _, k := range kinds {
		if all := s.candidates(c, k); len(all) > 0 {
			possible = append(possible, all)
		}
	}
	if len(possible) == 0 {
		return e, false
	}
	of := possible[rng.IntN(len(possible))]
	e = of[rng.IntN(len(of))]
	e.At, e.Random = at, true
	if e.Kind == result.EventSlow {
		e.Delay = (leastDrawn + time.Duration(rng.Int64N(int64(mostDrawn-leastDrawn)))).Truncate(time.Millisecond)
	}
	return e, true
}

// candidates returns the events of a kind that are possible and can be drawn.
func (s Schedule) candidates(c *condition, kind result.EventKind) (all []Event) {
	row := kindOfEvent(kind)
	if s.stage.kinds != nil && !slices.Contains(s.stage.kinds, kind) {
		return nil
	}
	add := func(e Event) {
		e.Kind = kind
		if reason, _ := c.refuse(e); reason == "" {
			all = append(all, e)
		}
	}
	if slices.Contains(row.subjects, subjectNodes) && kind != result.EventSlow {
		for _, n := range s.stage.nodes {
			// One that was filled may still run: whether it needs a restart is not known beforehand.
			if n.Role != result.RoleChaincode && !s.names(n) && (kind != result.EventRestart || c.down(n.Name)) {
				add(Event{Nodes: []string{n.Name}})
			}
		}
	}
	if slices.Contains(row.subjects, subjectSites) && !slices.ContainsFunc(s.Events, func(e Event) bool { return e.Sites != nil }) {
		for i, site := range s.stage.sites {
			add(Event{Sites: []string{site}})
			for _, other := range s.stage.sites[i+1:] {
				add(Event{Sites: []string{site, other}})
			}
		}
	}
	return all
}

// names reports whether an event at a set time may be done to a node.
func (s Schedule) names(n stagedNode) bool {
	return slices.ContainsFunc(s.Events, func(e Event) bool {
		return slices.Contains(e.Nodes, n.Name) || e.Leader && n.Role == result.RoleOrderer
	})
}
