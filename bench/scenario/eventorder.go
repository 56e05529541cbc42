package scenario

import (
	"fmt"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// A condition is what the events until some instant have made of a network. Where a leader was harmed, whichever it was,
// that counts for a node of the name leaderWord.
type condition struct {
	stage
	killed, stopped, slowed, filled map[string]time.Duration // by node, with the time of the event
	cramped                         map[string]bool          // was filled, and may have ended since
	cut, apart                      map[[2]string]bool       // by pair of sites, in order of their names: nothing passes, or it is slow
	joined                          map[string]bool
}

func newCondition(s stage) *condition {
	type nodes = map[string]time.Duration
	return &condition{s, nodes{}, nodes{}, nodes{}, nodes{}, map[string]bool{}, map[[2]string]bool{}, map[[2]string]bool{}, map[string]bool{}}
}

// pairs returns the pairs of sites between which an event happens.
func (c *condition) pairs(of []string) (all [][2]string) {
	others := c.sites
	if len(of) == 2 {
		others = of[1:]
	}
	for _, other := range others {
		if other != of[0] {
			all = append(all, [2]string{min(of[0], other), max(of[0], other)})
		}
	}
	return all
}

// nodesOf returns the nodes that an event is done to, leaderWord for a leader.
func nodesOf(e Event) []string {
	if e.Leader {
		return []string{leaderWord}
	}
	return e.Nodes
}

// refuse returns why an event cannot be done, with a hint; the reason is empty where it can.
func (c *condition) refuse(e Event) (reason, hint string) {
	switch e.subject() {
	case subjectOrganisation:
		if c.joined[e.Organisation] {
			return fmt.Sprintf("%s has joined already", e.Organisation), "leave it out"
		}
		return "", ""
	case subjectSites:
		return c.refuseSites(e)
	}
	for _, n := range nodesOf(e) {
		if reason, hint = c.refuseNode(e.Kind, n); reason != "" {
			return reason, hint
		}
	}
	return "", ""
}

// apply does an event.
func (c *condition) apply(e Event) {
	if e.Organisation != "" {
		c.joined[e.Organisation] = true
	}
	for _, n := range nodesOf(e) {
		switch e.Kind {
		case result.EventKill:
			c.killed[n] = e.At
			delete(c.stopped, n)
		case result.EventStop:
			c.stopped[n] = e.At
		case result.EventSlow:
			c.slowed[n] = e.At
		case result.EventFill:
			c.filled[n], c.cramped[n] = e.At, true
		case result.EventRestart:
			delete(c.killed, n)
			delete(c.stopped, n)
			delete(c.cramped, n)
		case result.EventHeal:
			delete(c.stopped, n)
			delete(c.slowed, n)
			delete(c.filled, n)
		}
	}
	if e.Sites == nil {
		return
	}
	for _, p := range c.pairs(e.Sites) {
		switch e.Kind {
		case result.EventCut:
			c.cut[p] = true
		case result.EventSlow:
			c.apart[p] = true
		case result.EventHeal:
			delete(c.cut, p)
			delete(c.apart, p)
		}
	}
}

// down reports whether a node was killed or stopped.
func (c *condition) down(node string) bool {
	_, killed := c.killed[node]
	_, stopped := c.stopped[node]
	return killed || stopped
}

// refuseNode is refuse of an event that is done to a node. Where a leader was killed or stopped, another one leads.
func (c *condition) refuseNode(kind result.EventKind, node string) (reason, hint string) {
	killed, dead := c.killed[node]
	stopped, halted := c.stopped[node]
	_, slow := c.slowed[node]
	_, full := c.filled[node]
	led := node == leaderWord
	switch kind {
	case result.EventRestart:
		switch {
		case dead || halted || c.cramped[node]:
			return "", ""
		case led:
			return "no leader was killed or stopped before", "kill or stop one before, or leave it out"
		}
		return fmt.Sprintf("%s was not killed or stopped before", node), "kill or stop it before, or leave it out"
	case result.EventHeal:
		switch {
		case halted || slow || full:
			return "", ""
		case dead && !led:
			return fmt.Sprintf("%s was killed at %s, which no healing takes back", node, killed), "use restart"
		case led:
			return "no leader was stopped, slowed or filled before", "stop one before, or leave it out"
		}
		return fmt.Sprintf("%s was not stopped, slowed or filled before", node), "stop it before, or leave it out"
	}
	switch {
	case led:
		return "", ""
	case dead:
		return fmt.Sprintf("%s was killed at %s and is not there", node, killed), "restart it before"
	case halted && kind == result.EventStop:
		return fmt.Sprintf("%s was stopped at %s already", node, stopped), "restart it before"
	case kind == result.EventFill && slices.ContainsFunc(c.nodes, func(n stagedNode) bool { return n.Name == node && n.Role == result.RoleChaincode }):
		return fmt.Sprintf("%s keeps no data that could fill a disk", node), "fill its peer"
	case full && kind == result.EventFill:
		return fmt.Sprintf("%s was filled already", node), "heal it before"
	}
	return "", ""
}

// refuseSites is refuse of an event that is done to sites.
func (c *condition) refuseSites(e Event) (reason, hint string) {
	pairs := c.pairs(e.Sites)
	harmed := slices.ContainsFunc(pairs, func(p [2]string) bool { return c.cut[p] || c.apart[p] })
	through := slices.ContainsFunc(pairs, func(p [2]string) bool { return !c.cut[p] })
	switch {
	case e.Kind == result.EventHeal && !harmed:
		return fmt.Sprintf("%s was not cut or slowed before", e.Asked()), "cut it before, or leave it out"
	case e.Kind == result.EventCut && !through:
		return fmt.Sprintf("%s was cut already", e.Asked()), "heal it before"
	}
	return "", ""
}

// checkEvents checks the schedule of a series as far as it can be without the network.
func (s Series) checkEvents() *strictyaml.Problem {
	at, hold := s.Events.from, s.Load.Hold
	switch {
	case s.Events.Empty():
		return nil
	case s.Load.Search != nil:
		return strictyaml.Problemf("give clients or rate in place of search", at, "a search compares levels, and events would make each of them another network")
	case s.Group != "":
		return strictyaml.Problemf("use workload and load", at, "phases run together, and what an event costs could not be told for each")
	}
	count := len(s.Events.Events)
	for _, r := range s.Events.Random {
		count += r.Count
		if r.Until > hold && !s.Load.unsettled() {
			return strictyaml.Problemf("hold longer", r.from+".until", "must be at most the hold of the level, %s; got %s", hold, r.Until)
		}
	}
	if count > maxEvents {
		return strictyaml.Problemf("", at, "%d events in one level, more than %d", count, maxEvents)
	}
	for _, e := range s.Events.Events {
		if e.At >= hold && !s.Load.unsettled() {
			return strictyaml.Problemf("hold longer", e.from+".at", "must be before the end of the level, which is held for %s; got %s", hold, e.At)
		}
	}
	return nil
}

// setStage finds what a schedule names on the stage and checks the order of its events.
func (s *Schedule) setStage(on stage) *strictyaml.Problem {
	if s.Empty() {
		return nil
	}
	if len(on.nodes) == 0 {
		return strictyaml.Problemf("leave it out, or give a topology in place of the target", s.from, "a %s has no nodes to which events could be done", on.called)
	}
	s.stage, s.Events = on, slices.Clone(s.Events) // others may share them
	c := newCondition(on)
	for i := range s.Events {
		e := &s.Events[i]
		if p := on.resolve(e); p != nil {
			return p
		}
		if reason, hint := c.refuse(*e); reason != "" {
			return strictyaml.Problemf(hint, e.from+"."+string(e.Kind), "%s", reason)
		}
		c.apply(*e)
	}
	for _, r := range s.Random {
		if !slices.ContainsFunc(r.Kinds, func(k result.EventKind) bool { return k.Harms() && len(s.candidates(newCondition(on), k)) > 0 }) {
			return strictyaml.Problemf("choose other kinds", r.from, "none of these can be done to what the events at set times leave alone")
		}
	}
	return nil
}
