package fabric

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer/etcdraft"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"meterbench/bench/topology"
)

func unmarshal(t rapid.TB, data []byte, m proto.Message) {
	t.Helper()
	if err := proto.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
}

// open takes a genesis block apart as a node does.
func open(t rapid.TB, data []byte) (channel string, root *common.ConfigGroup) {
	t.Helper()
	var block common.Block
	unmarshal(t, data, &block)
	hash := sha256.Sum256(bytes.Join(block.Data.Data, nil))
	if block.Header.Number != 0 || !bytes.Equal(block.Header.DataHash, hash[:]) || len(block.Data.Data) != 1 {
		t.Fatalf("header %v does not fit the data", block.Header)
	}
	if len(block.Metadata.Metadata) != len(common.BlockMetadataIndex_name) {
		t.Fatalf("block has %d kinds of metadata", len(block.Metadata.Metadata))
	}
	var envelope common.Envelope
	unmarshal(t, block.Data.Data[0], &envelope)
	var payload common.Payload
	unmarshal(t, envelope.Payload, &payload)
	var header common.ChannelHeader
	unmarshal(t, payload.Header.ChannelHeader, &header)
	if header.Type != int32(common.HeaderType_CONFIG) {
		t.Fatalf("the block's transaction is a %v", header.Type)
	}
	var config common.ConfigEnvelope
	unmarshal(t, payload.Data, &config)
	return header.ChannelId, config.Config.ChannelGroup
}

func value(t rapid.TB, g *common.ConfigGroup, key string, m proto.Message) {
	t.Helper()
	if g == nil || g.Values[key] == nil {
		t.Fatalf("no value %s", key)
	}
	unmarshal(t, g.Values[key].Value, m)
}

// Whatever the shape of the network, every organisation, endpoint, consenter
// and anchor peer stands where nodes look for it.
func TestGenesisHoldsTheWholeChannel(t *testing.T) {
	var pool []*Organisation // keys are dear
	for i := range 6 {
		pool = append(pool, organisation(t, fmt.Sprintf("org%d", i), fmt.Sprintf("Org%dMSP", i)))
	}
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom(lines).Draw(t, "line")
		dialect, err := DialectOf(topology.Orderers{Consensus: topology.Raft, Count: 1}, line.Name+".9")
		if err != nil {
			t.Fatal(err)
		}
		port := 1024
		next := func() Endpoint { port++; return Endpoint{"127.0.0.1", port} }
		c := Channel{
			Name:     rapid.StringMatching(`[a-z][a-z0-9.-]{0,20}`).Draw(t, "name"),
			Ordering: pool[0], Dialect: dialect,
			Batch: topology.Batch{
				Timeout:        time.Duration(rapid.IntRange(1, 10_000).Draw(t, "timeout")) * time.Millisecond,
				Messages:       rapid.Uint32Range(1, 5000).Draw(t, "messages"),
				PreferredBytes: rapid.Uint32Range(1, 1<<24).Draw(t, "preferred"),
				AbsoluteBytes:  rapid.Uint32Range(1, 1<<24).Draw(t, "absolute"),
			},
		}
		for range rapid.IntRange(1, 5).Draw(t, "orderers") {
			c.Orderers = append(c.Orderers, &Orderer{Address: next(), TLS: pool[0].AdminTLS})
		}
		for i := range rapid.IntRange(1, 5).Draw(t, "members") {
			m := Member{Organisation: pool[i+1]}
			for range rapid.IntRange(1, 3).Draw(t, "anchors") {
				m.Anchors = append(m.Anchors, next())
			}
			c.Members = append(c.Members, m)
		}
		data, err := Genesis(c)
		if err != nil {
			t.Fatal(err)
		}
		name, root := open(t, data)
		if name != c.Name {
			t.Errorf("channel is %q, want %q", name, c.Name)
		}
		checkOrdering(t, root.Groups["Orderer"], c)
		application := root.Groups["Application"]
		if len(application.Groups) != len(c.Members) {
			t.Errorf("%d members, want %d", len(application.Groups), len(c.Members))
		}
		for _, m := range c.Members {
			var anchors peer.AnchorPeers
			value(t, application.Groups[m.MSP], "AnchorPeers", &anchors)
			for i, a := range m.Anchors {
				if got := anchors.AnchorPeers[i]; got.Host != a.Host || int(got.Port) != a.Port {
					t.Errorf("anchor %d of %s is %v, want %v", i, m.Name, got, a)
				}
			}
			checkMSP(t, application.Groups[m.MSP], m.Organisation)
		}
		for group, want := range map[*common.ConfigGroup]string{
			root: map[string]string{"3.1": "V3_0", "2.5": "V2_0"}[line.Name], root.Groups["Orderer"]: "V2_0", application: "V2_5",
		} {
			var capabilities common.Capabilities
			value(t, group, "Capabilities", &capabilities)
			if len(capabilities.Capabilities) != 1 || capabilities.Capabilities[want] == nil {
				t.Errorf("capabilities are %v, want %s", &capabilities, want)
			}
		}
		if root.Values["OrdererAddresses"] != nil {
			t.Error("the channel lists orderers itself, which capability V3_0 forbids")
		}
	})
}

func checkOrdering(t *rapid.T, group *common.ConfigGroup, c Channel) {
	var size orderer.BatchSize
	value(t, group, "BatchSize", &size)
	if size.MaxMessageCount != c.Batch.Messages || size.PreferredMaxBytes != c.Batch.PreferredBytes || size.AbsoluteMaxBytes != c.Batch.AbsoluteBytes {
		t.Errorf("batch size is %v, want %v", &size, c.Batch)
	}
	var timeout orderer.BatchTimeout
	value(t, group, "BatchTimeout", &timeout)
	if d, err := time.ParseDuration(timeout.Timeout); err != nil || d != min(c.Batch.Timeout, SetUpTimeout) {
		t.Errorf("batch timeout is %q, wanted is %v", timeout.Timeout, c.Batch.Timeout)
	}
	var kind orderer.ConsensusType
	value(t, group, "ConsensusType", &kind)
	var raft etcdraft.ConfigMetadata
	unmarshal(t, kind.Metadata, &raft)
	var endpoints common.OrdererAddresses
	value(t, group.Groups[c.Ordering.MSP], "Endpoints", &endpoints)
	if kind.Type != "etcdraft" || len(raft.Consenters) != len(c.Orderers) || len(endpoints.Addresses) != len(c.Orderers) {
		t.Fatalf("%s with %d consenters and %d endpoints, want %d", kind.Type, len(raft.Consenters), len(endpoints.Addresses), len(c.Orderers))
	}
	for i, o := range c.Orderers {
		want := &etcdraft.Consenter{Host: o.Address.Host, Port: uint32(o.Address.Port), ServerTlsCert: o.TLS.Cert, ClientTlsCert: o.TLS.Cert}
		if diff := cmp.Diff(want, raft.Consenters[i], protocmp.Transform()); diff != "" {
			t.Errorf("consenter %d: %s", i, diff)
		}
		if endpoints.Addresses[i] != o.Address.String() {
			t.Errorf("endpoint %d is %s, want %v", i, endpoints.Addresses[i], o.Address)
		}
	}
	checkMSP(t, group.Groups[c.Ordering.MSP], c.Ordering)
}

func checkMSP(t *rapid.T, group *common.ConfigGroup, o *Organisation) {
	var config msp.MSPConfig
	value(t, group, "MSP", &config)
	var m msp.FabricMSPConfig
	unmarshal(t, config.Config, &m)
	if m.Name != o.MSP || !m.FabricNodeOus.Enable {
		t.Errorf("MSP of %s is called %s, node OUs %v", o.Name, m.Name, m.FabricNodeOus.Enable)
	}
	if diff := cmp.Diff([][]byte{o.CA.PEM, o.TLSCA.PEM}, [][]byte{m.RootCerts[0], m.TlsRootCerts[0]}); diff != "" {
		t.Errorf("authorities of %s: %s", o.Name, diff)
	}
	for _, policy := range []string{"Readers", "Writers", "Admins"} {
		if group.Policies[policy] == nil {
			t.Errorf("%s has no policy %s", o.Name, policy)
		}
	}
}

func TestOutOf(t *testing.T) {
	for _, c := range []struct {
		n    int
		msps []string
		ok   bool
	}{
		{1, []string{"AMSP"}, true}, {2, []string{"CMSP", "AMSP", "BMSP"}, true}, {3, []string{"AMSP", "BMSP", "CMSP"}, true},
		{0, []string{"AMSP"}, false}, {2, []string{"AMSP"}, false}, {1, nil, false},
	} {
		t.Run(fmt.Sprint(c.n, c.msps), func(t *testing.T) {
			policy, err := OutOf(c.n, msp.MSPRole_PEER, c.msps)
			if (err == nil) != c.ok {
				t.Errorf("OutOf(%d, %v): %v", c.n, c.msps, err)
			}
			if err != nil {
				return
			}
			rule := policy.Rule.GetNOutOf()
			if int(rule.N) != c.n || len(rule.Rules) != len(c.msps) || len(policy.Identities) != len(c.msps) {
				t.Errorf("OutOf(%d, %v) = %v", c.n, c.msps, policy)
			}
			last := ""
			for i, r := range rule.Rules {
				var role msp.MSPRole
				unmarshal(t, policy.Identities[i].Principal, &role)
				if int(r.GetSignedBy()) != i || role.Role != msp.MSPRole_PEER || role.MspIdentifier <= last {
					t.Errorf("OutOf(%d, %v): rule %d is %v of %v", c.n, c.msps, i, r, &role)
				}
				last = role.MspIdentifier
			}
		})
	}
}
