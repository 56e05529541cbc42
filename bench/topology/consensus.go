package topology

import (
	"fmt"

	"meterbench/internal/strictyaml"
)

// A Consensus is the name of a way in which orderers agree on blocks. How it is configured and what it reports is in
// network/fabric.
type Consensus string

// The consensus types.
const (
	Raft Consensus = "raft" // Fabric's etcdraft: orderers may crash
	BFT  Consensus = "bft"  // Fabric's SmartBFT, since 3.0: some orderers may do anything
)

// consensusTypes has a row for each constant.
var consensusTypes = []struct {
	name   Consensus
	fewest int                // orderers
	faults func(n int) int    // most of n orderers that may fail
	quorum func(n, f int) int // fewest of n orderers that agree on a block, of which f may fail
}{
	{Raft, 1, func(n int) int { return (n - 1) / 2 }, func(n, _ int) int { return n/2 + 1 }},
	// Any two quorums have f+1 orderers in common, one of which is right: the least q with 2q-n >= f+1, so ceil((n+f+1)/2).
	// As computeQuorum of github.com/hyperledger-labs/SmartBFT (internal/bft/util.go) and ComputeBFTQuorum of Fabric
	// (common/policies/bft.go) have it.
	// Fewer than four could not do without any.
	{BFT, 4, func(n int) int { return (n - 1) / 3 }, func(n, f int) int { return (n + f + 2) / 2 }},
}

// ConsensusTypes returns what a topology may name.
func ConsensusTypes() []Consensus {
	var names []Consensus
	for _, row := range consensusTypes {
		names = append(names, row.name)
	}
	return names
}

// Faults returns how many of the orderers may fail at a time without an end to new blocks, 0 if their consensus is unknown.
func (o Orderers) Faults() int {
	for _, row := range consensusTypes {
		if row.name == o.Consensus {
			return row.faults(o.Count)
		}
	}
	return 0
}

// Quorum returns how many of the orderers must agree on a block, all if their consensus is unknown. With BFT it is also
// how many must have a transaction before it counts as acknowledged: to one that is not the leader alone it would wait for
// seconds, and a faulty one may keep it to itself. So it is sent to all.
func (o Orderers) Quorum() int {
	for _, row := range consensusTypes {
		if row.name == o.Consensus {
			return row.quorum(o.Count, row.faults(o.Count))
		}
	}
	return o.Count
}

// Validate returns the first mistake, a *strictyaml.Problem, or nil.
func (o Orderers) Validate() error {
	if p := o.check(); p != nil {
		return p
	}
	return nil
}

func (o Orderers) check() *strictyaml.Problem {
	path := "orderers.count"
	if len(o.Owners) > 0 {
		path = "orderers.owners"
	}
	if len(o.Owners) > 0 && len(o.Owners) != o.Count {
		return strictyaml.Problemf("", path, "%d orderers have %d owners", o.Count, len(o.Owners))
	}
	for _, row := range consensusTypes {
		switch {
		case row.name != o.Consensus:
		case o.Count >= row.fewest || row.fewest == 1:
			return strictyaml.Between(path, o.Count, row.fewest, maxNodes)
		default:
			return strictyaml.Problemf(fmt.Sprintf("ask for %d to %d, or for consensus: %s", row.fewest, maxNodes, Raft), path,
				"consensus %s takes at least %d orderers, got %d", row.name, row.fewest, o.Count)
		}
	}
	return strictyaml.Problemf(strictyaml.Hint(o.Consensus, ConsensusTypes()), "orderers.consensus", "unknown consensus %q", o.Consensus)
}
