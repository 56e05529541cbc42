package fabric

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer/etcdraft"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer/smartbft"
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
		orderers := topology.Orderers{Consensus: rapid.SampledFrom(topology.ConsensusTypes()).Draw(t, "consensus"), Count: rapid.IntRange(1, 7).Draw(t, "orderers")}
		dialect, err := DialectOf(orderers, line.Name+".9")
		if err != nil {
			t.Skip(err)
		}
		port := 1024
		next := func() Endpoint { port++; return Endpoint{"127.0.0.1", port} }
		c := Channel{
			Name:     rapid.StringMatching(`[a-z][a-z0-9.-]{0,20}`).Draw(t, "name"),
			Ordering: pool[:1], Dialect: dialect,
			Batch: topology.Batch{
				Timeout:        time.Duration(rapid.IntRange(1, 10_000).Draw(t, "timeout")) * time.Millisecond,
				Messages:       rapid.Uint32Range(1, 5000).Draw(t, "messages"),
				PreferredBytes: rapid.Uint32Range(1, 1<<24).Draw(t, "preferred"),
				AbsoluteBytes:  rapid.Uint32Range(1, 1<<24).Draw(t, "absolute"),
			},
		}
		if rapid.Bool().Draw(t, "owned") {
			c.Ordering = pool[1 : 1+rapid.IntRange(1, min(5, orderers.Count)).Draw(t, "owners")]
		}
		for i := range orderers.Count {
			owner := c.Ordering[i%len(c.Ordering)]
			c.Orderers = append(c.Orderers, &Orderer{MSP: owner.MSP, Address: next(), TLS: owner.AdminTLS, Identity: pool[i%len(pool)].Admin.Cert})
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
	if len(group.Groups) != len(c.Ordering) {
		t.Errorf("%d organisations order, want %d", len(group.Groups), len(c.Ordering))
	}
	for _, owner := range c.Ordering {
		var endpoints common.OrdererAddresses
		value(t, group.Groups[owner.MSP], "Endpoints", &endpoints)
		var want []string
		for _, o := range c.Orderers {
			if o.MSP == owner.MSP {
				want = append(want, o.Address.String())
			}
		}
		if diff := cmp.Diff(want, endpoints.Addresses); diff != "" {
			t.Errorf("endpoints of %s: %s", owner.Name, diff)
		}
		checkMSP(t, group.Groups[owner.MSP], owner)
	}
	map[topology.Consensus]func(*rapid.T, *common.ConfigGroup, Channel){topology.Raft: checkRaft, topology.BFT: checkBFT}[c.Dialect.Consensus.Name](t, group, c)
}

func checkRaft(t *rapid.T, group *common.ConfigGroup, c Channel) {
	var kind orderer.ConsensusType
	value(t, group, "ConsensusType", &kind)
	var raft etcdraft.ConfigMetadata
	unmarshal(t, kind.Metadata, &raft)
	if kind.Type != "etcdraft" || len(raft.Consenters) != len(c.Orderers) {
		t.Fatalf("%s with %d consenters, want %d", kind.Type, len(raft.Consenters), len(c.Orderers))
	}
	for i, o := range c.Orderers {
		want := &etcdraft.Consenter{Host: o.Address.Host, Port: uint32(o.Address.Port), ServerTlsCert: o.TLS.Cert, ClientTlsCert: o.TLS.Cert}
		if diff := cmp.Diff(want, raft.Consenters[i], protocmp.Transform()); diff != "" {
			t.Errorf("consenter %d: %s", i, diff)
		}
	}
	if group.Values["Orderers"] != nil {
		t.Error("orderers of raft are mapped to identities")
	}
}

// checkBFT holds the configuration to what Fabric's orderers do (orderer/consensus/smartbft/configverifier.go).
func checkBFT(t *rapid.T, group *common.ConfigGroup, c Channel) {
	var kind orderer.ConsensusType
	value(t, group, "ConsensusType", &kind)
	var options smartbft.Options
	unmarshal(t, kind.Metadata, &options)
	var consenters common.Orderers
	value(t, group, "Orderers", &consenters)
	var policy common.SignaturePolicyEnvelope
	unmarshal(t, group.Policies["BlockValidation"].Policy.Value, &policy)
	rule := policy.Rule.GetNOutOf()
	n := len(c.Orderers)
	if kind.Type != "BFT" || len(consenters.ConsenterMapping) != n || len(policy.Identities) != n || len(rule.Rules) != n {
		t.Fatalf("%s with %d consenters, %d identities and %d rules, want %d",
			kind.Type, len(consenters.ConsenterMapping), len(policy.Identities), len(rule.Rules), n)
	}
	if want := int32(math.Ceil((float64(n) + float64((n-1)/3) + 1) / 2)); rule.N != want || group.Policies["BlockValidation"].Policy.Type != int32(common.Policy_SIGNATURE) {
		t.Errorf("%d of %d sign, want %d", rule.N, n, want)
	}
	for i, o := range c.Orderers {
		want := &common.Consenter{
			Id: uint32(i + 1), Host: o.Address.Host, Port: uint32(o.Address.Port), MspId: o.MSP, Identity: o.Identity,
			ServerTlsCert: o.TLS.Cert, ClientTlsCert: o.TLS.Cert,
		}
		if diff := cmp.Diff(want, consenters.ConsenterMapping[i], protocmp.Transform()); diff != "" {
			t.Errorf("consenter %d: %s", i, diff)
		}
		var identity msp.SerializedIdentity
		unmarshal(t, policy.Identities[i].Principal, &identity)
		if policy.Identities[i].PrincipalClassification != msp.MSPPrincipal_IDENTITY || identity.Mspid != o.MSP ||
			!bytes.Equal(identity.IdBytes, o.Identity) || int(rule.Rules[i].GetSignedBy()) != i {
			t.Errorf("identity %d of the policy is %v", i, &identity)
		}
	}
	if options.LeaderRotation == smartbft.Options_ROTATION_ON {
		t.Error("the leader rotates, which Fabric's orderers refuse")
	}
	checkBFTTimes(t, &options, min(c.Batch.Timeout, SetUpTimeout))
}

// checkBFTTimes holds the options to the rules of SmartBFT (pkg/types/config.go), and to ours: no transaction that waits for
// the batch timer counts against the leader.
func checkBFTTimes(t rapid.TB, options *smartbft.Options, timeout time.Duration) {
	t.Helper()
	parse := func(text string) time.Duration {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			t.Fatalf("%q is no positive time, %v", text, err)
		}
		return d
	}
	batch, forward, complain, forget := parse(options.RequestBatchMaxInterval), parse(options.RequestForwardTimeout),
		parse(options.RequestComplainTimeout), parse(options.RequestAutoRemoveTimeout)
	if batch != timeout || forward <= batch || complain < forward || forget < complain {
		t.Errorf("blocks wait for %v, want %v; transactions are forwarded after %v, complained about after %v, forgotten after %v", batch, timeout, forward, complain, forget)
	}
	// Whatever an orderer misses while it catches up must not cost the others longer than a short level.
	if most := 15 * time.Second; parse(options.ViewChangeTimeout) > most || complain > max(most, 2*timeout) {
		t.Errorf("a view change is tried again after %s, a leader complained about after %v more", options.ViewChangeTimeout, complain)
	}
	// The former leader is silent while the view changes, and a part of that change may have to be sent again.
	if silence, resend := parse(options.LeaderHeartbeatTimeout), parse(options.ViewChangeResendInterval); silence <= resend {
		t.Errorf("a leader is replaced after %v of silence, parts of a view change are sent again after %v", silence, resend)
	}
	if parse(options.ViewChangeResendInterval) > parse(options.ViewChangeTimeout) || parse(options.CollectTimeout) <= 0 ||
		parse(options.LeaderHeartbeatTimeout) <= 0 || options.LeaderHeartbeatCount == 0 || options.IncomingMessageBufferSize == 0 || options.RequestPoolSize == 0 {
		t.Errorf("options are %v", options)
	}
}

// The one change after the genesis sets whatever timer the consensus heeds, and nothing else.
func TestTimeoutUpdate(t *testing.T) {
	for _, consensus := range consensusTypes {
		t.Run(string(consensus.Name), func(t *testing.T) {
			for _, timeout := range []time.Duration{time.Second, 10 * time.Second, time.Hour} {
				change, err := timeoutUpdate("metrology", consensus, timeout)
				if err != nil {
					t.Fatal(err)
				}
				var update common.ConfigUpdate
				unmarshal(t, change.bytes, &update)
				group := update.WriteSet.Groups["Orderer"]
				for key, v := range group.Values {
					if v.Version != 1 {
						t.Errorf("%s gets version %d", key, v.Version)
					}
				}
				var usual orderer.BatchTimeout
				value(t, group, "BatchTimeout", &usual)
				if usual.Timeout != timeout.String() || len(group.Policies)+len(group.Groups) > 0 {
					t.Errorf("the timer is %s of %v in %v", usual.Timeout, timeout, group)
				}
				if kind := (orderer.ConsensusType{}); consensus.Name == topology.BFT {
					value(t, group, "ConsensusType", &kind)
					var options smartbft.Options
					unmarshal(t, kind.Metadata, &options)
					checkBFTTimes(t, &options, timeout)
				} else if len(group.Values) != 1 {
					t.Errorf("%d values change", len(group.Values))
				}
			}
		})
	}
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
