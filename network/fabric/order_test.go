package fabric

import (
	"slices"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/topology"
)

// Whoever is to lead stands first where Fabric looks for the first leader, and the others stay where they are. The numbers
// of raft are those that real networks of these channels elected.
func TestOrder(t *testing.T) {
	owners := []string{"ptb", "inmetro", "nmij"}
	for _, test := range []struct {
		channel, leader string
		consensus       Consensus
		want            []int
	}{
		{"metrology", "", consensusTypes[0], []int{0, 1, 2}},
		{"metrology", "ptb", consensusTypes[1], []int{0, 1, 2}},
		{"metrology", "inmetro", consensusTypes[1], []int{1, 0, 2}},
		{"metrology", "nmij", consensusTypes[1], []int{2, 1, 0}},
	} {
		t.Run(test.leader, func(t *testing.T) {
			o := topology.Orderers{Consensus: test.consensus.Name, Count: 3, Owners: owners, Leader: test.leader}
			if got := test.consensus.Order(o, test.channel); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(consensusTypes).Draw(t, "consensus")
		of := rapid.SliceOfN(rapid.SampledFrom(owners), 1, 7).Draw(t, "owners")
		o := topology.Orderers{Consensus: c.Name, Count: len(of), Owners: of, Leader: rapid.SampledFrom(of).Draw(t, "leader")}
		channel := rapid.StringMatching(`[a-z]{1,20}`).Draw(t, "channel")
		order := c.Order(o, channel)
		if first := order[c.first(channel, o.Count)]; o.Owners[first] != o.Leader {
			t.Errorf("orderer %d leads, of %s", first, o.Owners[first])
		}
		if sorted := slices.Sorted(slices.Values(order)); len(sorted) != o.Count || sorted[0] != 0 || sorted[len(sorted)-1] != o.Count-1 {
			t.Errorf("order %v", order)
		}
	})
}

// An institute that owns an orderer is the same in both groups, to the byte: Fabric refuses a configuration that has two MSPs
// of one name. But only its orderers' signatures make a block valid, not those of its clients.
func TestOwners(t *testing.T) {
	ptb, cmi := organisation(t, "ptb", "PtbMSP"), organisation(t, "cmi", "CmiMSP")
	dialect, err := DialectOf(topology.Orderers{Consensus: topology.Raft, Count: 2}, "v3.1.1")
	if err != nil {
		t.Fatal(err)
	}
	block, err := Genesis(Channel{
		Name: "metrology", Dialect: dialect, Ordering: []*Organisation{ptb, cmi}, Members: []Member{{Organisation: ptb}, {Organisation: cmi}},
		Orderers: []*Orderer{{MSP: ptb.MSP, Address: Endpoint{"127.0.0.1", 1}, TLS: ptb.AdminTLS}, {MSP: cmi.MSP, Address: Endpoint{"127.0.0.1", 2}, TLS: cmi.AdminTLS}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, root := open(t, block)
	for _, id := range []string{"PtbMSP", "CmiMSP"} {
		ordering, application := root.Groups["Orderer"].Groups[id], root.Groups["Application"].Groups[id]
		if diff := cmp.Diff(application.Values["MSP"], ordering.Values["MSP"], protocmp.Transform()); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
		for group, want := range map[*common.ConfigGroup]msp.MSPRole_MSPRoleType{ordering: msp.MSPRole_ORDERER, application: msp.MSPRole_MEMBER} {
			var policy common.SignaturePolicyEnvelope
			unmarshal(t, group.Policies["Writers"].Policy.Value, &policy)
			var role msp.MSPRole
			if err := proto.Unmarshal(policy.Identities[0].Principal, &role); err != nil || role.Role != want || role.MspIdentifier != id {
				t.Errorf("%v may write for %s, %v, want %s", &role, id, err, want)
			}
		}
	}
}
