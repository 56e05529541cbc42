package expect_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/expect"
	"meterbench/bench/topology"
)

// A topology of three institutes at two places, two of them with orderers.
const institutes = `
name: institutes
sites: [{name: north}, {name: south}]
links: [{between: [north, south], round_trip: 80ms}]
distance: 0.5
organisations: [{name: ptb, site: north, peers: 2}, {name: cmi, site: north}, {name: nmij, site: south}]
orderers: {owners: [ptb, nmij, cmi]}
channels:
  - {name: metrology, members: [ptb, nmij], batch: {timeout: 500ms}, chaincodes: [{name: readings}]}
`

func TestOf(t *testing.T) {
	top, err := topology.Parse("institutes.yaml", []byte(institutes))
	if err != nil {
		t.Fatal(err)
	}
	way := 20 * time.Millisecond // half of half of 80 ms
	n, gateways, err := expect.Of(top, top.Channels[0], "1 of [nmij]", expect.Reported{Leader: "orderer1", Sources: map[string]string{"peer0.nmij": "orderer2"}})
	if err != nil {
		t.Fatal(err)
	}
	wantNet := expect.Network{OneWay: [][]time.Duration{{0, way}, {way, 0}}, Orderers: []int{0, 1, 0}, Leader: 1, Consensus: topology.Raft, Quorum: 2,
		Timeout: 500 * time.Millisecond}
	if diff := cmp.Diff(wantNet, n); diff != "" {
		t.Errorf("network (-want +got):\n%s", diff)
	}
	ptb := expect.Path{Endorsers: []int{1}, Required: 1, Own: -1, Source: -1}
	want := []expect.Gateway{
		{Peer: "peer0.ptb", Site: "north", Path: ptb}, {Peer: "peer1.ptb", Site: "north", Path: ptb},
		{Peer: "peer0.nmij", Site: "south", Path: expect.Path{Client: 1, Gateway: 1, Endorsers: []int{1}, Required: 1, Observer: 1, Source: 2}},
	}
	if diff := cmp.Diff(want, gateways); diff != "" {
		t.Errorf("gateways (-want +got):\n%s", diff)
	}
}

func TestOfWhatIsNotKnown(t *testing.T) {
	top, err := topology.Parse("institutes.yaml", []byte(institutes))
	if err != nil {
		t.Fatal(err)
	}
	lost := top
	lost.Organisations = top.Organisations[:2] // nmij has orderers and is nowhere
	for _, c := range []struct {
		name           string
		top            topology.Topology
		policy, leader string
		want           string
	}{
		{"leader", top, "any", "", "which orderer leads"},
		{"leader that is no orderer", top, "any", "orderer3", "which orderer leads"},
		{"policy", top, "majority, any", "orderer0", "unknown endorsement"},
		{"organisation", top, "1 of [cmi]", "orderer0", "no member"},
		{"site", lost, "any", "orderer0", "at no site"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := expect.Of(c.top, c.top.Channels[0], c.policy, expect.Reported{Leader: c.leader})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
