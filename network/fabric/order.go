package fabric

import (
	"slices"

	"meterbench/bench/topology"
)

// Order returns the numbers of the orderers in the order in which a channel's configuration lists them: as they are, but that
// one of the organisation that is to lead first, if any, has changed places with the one that would.
func (c Consensus) Order(o topology.Orderers, channel string) []int {
	order := make([]int, o.Count)
	for i := range order {
		order[i] = i
	}
	if leader := slices.Index(o.Owners, o.Leader); leader >= 0 {
		first := c.first(channel, o.Count)
		order[first], order[leader] = order[leader], order[first]
	}
	return order
}
