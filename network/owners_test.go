package network

import (
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/topology"
)

// Orderers belong to the institutes, and whoever is to lead first does, on every channel, whatever its name.
func TestOwners(t *testing.T) {
	needsNetwork(t)
	owners := []string{"inmetro", "ptb", "cmi", "nmij"}
	for _, test := range []struct {
		consensus topology.Consensus
		owners    []string
		leader    string
	}{
		{topology.Raft, owners[:3], "cmi"},
		{topology.BFT, owners, "nmij"},
	} {
		t.Run(string(test.consensus), func(t *testing.T) {
			dir := ownTemp(t)
			of := shape("owned", len(test.owners), 1, owners...)
			of.Orderers = topology.Orderers{Consensus: test.consensus, Count: len(test.owners), Owners: test.owners, Leader: test.leader}
			of.Channels = []topology.Channel{channel("metrology", "readings"), channel("second", "readings"), channel("third", "readings")}
			of.Channels[2].Members = owners[1:2] // whoever leads is no member
			n := up(t, of, Config{})
			put(t, n, "metrology", "readings")
			put(t, n, "third", "readings")
			leaders, err := n.Leaders(t.Context())
			if err != nil || len(leaders) != len(of.Channels) {
				t.Fatalf("%v, %v", leaders, err)
			}
			for _, l := range leaders {
				if got := n.node(l.Orderer).Organisation; got != test.leader {
					t.Errorf("channel %s is led by %q of %q, not by %s", l.Channel, l.Orderer, got, test.leader)
				}
			}
			for _, node := range n.Nodes {
				if node.Role == result.RoleOrderer && node.Organisation == topology.Ordering {
					t.Errorf("%s belongs to %s", node.Name, node.Organisation)
				}
			}
			checkStatus(t, n)
			checkKeys(t, n.Dir)
			nodes := n.Nodes
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			nothingLeft(t, dir, nodes)
		})
	}
}
