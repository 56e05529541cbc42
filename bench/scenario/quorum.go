package scenario

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/topology"
)

// OrderersLeft returns for each of some events, in order of time, how many orderers of a topology it leaves that reach each
// other: at most, as those that Fabric chose to lead are not known.
func OrderersLeft(t topology.Topology, events []Event) (left []int) {
	c := newCondition(stageOf(t))
	var led []result.EventKind // what was done to leaders that are lost, each another one
	for _, e := range events {
		c.apply(e)
		switch {
		case !e.Leader:
		case e.Kind == result.EventRestart || e.Kind == result.EventHeal:
			led = slices.DeleteFunc(led, func(k result.EventKind) bool { return slices.Contains(UndoneBy(k), e.Kind) })
		case e.Kind == result.EventKill || e.Kind == result.EventStop || e.Kind == result.EventFill:
			led = append(led, e.Kind)
		}
		left = append(left, c.orderersLeft(t, len(led)))
	}
	return left
}

// orderersLeft returns the most orderers that one of them reaches, itself among them, where so many leaders are lost.
func (c *condition) orderersLeft(t topology.Topology, led int) (most int) {
	var sites []string // of those that are up
	for i := range t.Orderers.Count {
		name := fmt.Sprintf("orderer%d", i)
		if _, full := c.filled[name]; !full && !c.down(name) {
			sites = append(sites, t.SiteOf(name))
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
	return max(0, min(most, len(sites)-led))
}
