package fabric

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/topology"
)

// genesisConfig is the configuration of a channel of two members.
func genesisConfig(t testing.TB, orderers topology.Orderers) *common.Config {
	t.Helper()
	dialect, err := DialectOf(orderers, "v3.1.1")
	if err != nil {
		t.Fatal(err)
	}
	ordering := organisation(t, "ordering", "OrderingMSP")
	c := Channel{
		Name: "metrology", Ordering: []*Organisation{ordering}, Dialect: dialect,
		Batch: topology.Batch{Timeout: 7 * time.Millisecond, Messages: 10, PreferredBytes: 1 << 20, AbsoluteBytes: 2 << 20},
	}
	for i := range orderers.Count {
		c.Orderers = append(c.Orderers, &Orderer{MSP: ordering.MSP, Address: Endpoint{"127.0.0.1", 7050 + i}, TLS: ordering.AdminTLS})
	}
	for _, name := range []string{"ptb", "cmi"} {
		c.Members = append(c.Members, Member{Organisation: organisation(t, name, topology.MSP(name))})
	}
	block, err := Genesis(c)
	if err != nil {
		t.Fatal(err)
	}
	_, root := open(t, block)
	return &common.Config{ChannelGroup: root}
}

func TestReadConfig(t *testing.T) {
	for _, orderers := range []topology.Orderers{{Consensus: topology.Raft, Count: 3}, {Consensus: topology.BFT, Count: 5}} {
		got, err := readConfig(genesisConfig(t, orderers))
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Endpoints) != orderers.Count || len(got.TLSCAs) != 2 {
			t.Errorf("%d orderers at %v, authorities of %d members", orderers.Count, got.Endpoints, len(got.TLSCAs))
		}
		got.Endpoints, got.TLSCAs = nil, nil // TestReadEndpoints compares them
		want := Agreed{
			Members: []string{"CmiMSP", "PtbMSP"}, Orderers: orderers,
			Batch:        topology.Batch{Timeout: 7 * time.Millisecond, Messages: 10, PreferredBytes: 1 << 20, AbsoluteBytes: 2 << 20},
			Capabilities: []string{"V3_0", "V2_0", "V2_5"}, Endorsement: "majority",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestEndorsement(t *testing.T) {
	out := func(n int32, rules ...*common.SignaturePolicy) *common.SignaturePolicy {
		return &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{NOutOf: &common.SignaturePolicy_NOutOf{N: n, Rules: rules}}}
	}
	by := func(i int32) *common.SignaturePolicy {
		return &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: i}}
	}
	deep := by(0)
	for range 2 * deepest {
		deep = out(1, deep)
	}
	org := &msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_ORGANIZATION_UNIT}
	for _, c := range []struct {
		name  string
		rule  *common.SignaturePolicy
		other []*msp.MSPPrincipal
		want  string
	}{
		{"one", by(1), nil, "Org2MSP"},
		{"two of three", out(2, by(0), by(1), by(2)), nil, "2 of [Org1MSP, Org2MSP, Org3MSP]"},
		{"nested", out(1, by(0), out(2, by(1), by(2))), nil, "1 of [Org1MSP, 2 of [Org2MSP, Org3MSP]]"},
		{"nobody is 3", out(1, by(3)), nil, ""},
		{"nobody is -1", by(-1), nil, ""},
		{"no rule", nil, nil, ""},
		{"a unit of an organisation", by(0), []*msp.MSPPrincipal{org}, ""},
		{"too deep", deep, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			envelope := &common.SignaturePolicyEnvelope{Rule: c.rule, Identities: c.other}
			if c.other == nil {
				for i := range 3 {
					role, err := proto.Marshal(&msp.MSPRole{MspIdentifier: fmt.Sprintf("Org%dMSP", i+1)})
					if err != nil {
						t.Fatal(err)
					}
					envelope.Identities = append(envelope.Identities, &msp.MSPPrincipal{Principal: role})
				}
			}
			policy, err := proto.Marshal(&peer.ApplicationPolicy{Type: &peer.ApplicationPolicy_SignaturePolicy{SignaturePolicy: envelope}})
			if err != nil {
				t.Fatal(err)
			}
			if got := endorsement(policy, "majority"); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	for reference, want := range map[string]string{channelEndorsement: "majority", "/Channel/Application/Writers": "/Channel/Application/Writers"} {
		policy, err := proto.Marshal(&peer.ApplicationPolicy{Type: &peer.ApplicationPolicy_ChannelConfigPolicyReference{ChannelConfigPolicyReference: reference}})
		if err != nil {
			t.Fatal(err)
		}
		if got := endorsement(policy, "majority"); got != want {
			t.Errorf("by reference to %s: %q, want %q", reference, got, want)
		}
	}
}

func FuzzAgreed(f *testing.F) {
	genesis, err := proto.Marshal(genesisConfig(f, topology.Orderers{Consensus: topology.Raft, Count: 3}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(genesis)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		endorsement(data, "majority")
		var config common.Config
		if proto.Unmarshal(data, &config) != nil {
			return
		}
		if agreed, err := readConfig(&config); err == nil && len(agreed.Capabilities) != 3 {
			t.Errorf("%d groups", len(agreed.Capabilities))
		}
	})
}
