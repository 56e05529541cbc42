package scenario

import (
	"fmt"

	"meterbench/bench/topology"
)

// OrderersLeft returns for each of some events, in order of time, how many orderers of a topology it leaves that reach each
// other: at most, as those that Fabric chose to lead are not known.
func OrderersLeft(t topology.Topology, events []Event) (left []int) {
	c := newCondition(stageOf(t))
	for _, e := range events {
		c.apply(e)
		left = append(left, c.orderersLeft(t))
	}
	return left
}

// orderersLeft returns the most orderers that one of them reaches, itself among them.
func (c *condition) orderersLeft(t topology.Topology) (most int) {
	var sites []string // of those that are up
	for i := range t.Orderers.Count {
		name := fmt.Sprintf("orderer%d", i)
		if _, full := c.filled[name]; !full && !c.cramped[name] && !c.down(name) {
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
	if _, full := c.filled[leaderWord]; full || c.cramped[leaderWord] || c.down(leaderWord) {
		most = min(most, len(sites)-1)
	}
	return max(0, most)
}
