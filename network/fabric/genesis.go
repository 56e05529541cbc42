package fabric

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"meterbench/bench/topology"
)

// Channel describes a channel for its genesis block.
type Channel struct {
	Name     string
	Batch    topology.Batch
	Members  []Member
	Ordering []*Organisation // to which the orderers belong
	Orderers []*Orderer      // prepared, in the order in which the configuration lists them
	Dialect  Dialect
}

// A Member is an organisation of a channel and the peers by which those of other organisations reach it first.
type Member struct {
	*Organisation
	Anchors []Endpoint
}

// An Endpoint is a node's address.
type Endpoint struct {
	Host string
	Port int
}

// String returns host:port.
func (e Endpoint) String() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// ParseEndpoint reads host:port.
func ParseEndpoint(address string) (e Endpoint, err error) {
	var port string
	if e.Host, port, err = net.SplitHostPort(address); err == nil {
		e.Port, err = strconv.Atoi(port)
	}
	return e, err
}

// Genesis returns the first block of a channel, serialised. Its batch timeout is at most SetUpTimeout.
func Genesis(c Channel) ([]byte, error) {
	g := &groups{}
	block := g.block(c.Name, g.channel(c))
	if g.err != nil {
		return nil, fmt.Errorf("genesis block of %s: %w", c.Name, g.err)
	}
	return block, nil
}

// groups builds configuration groups.
type groups struct{ encoder }

// admins is the policy under which every part of the configuration may change.
const admins = "Admins"

func newGroup() *common.ConfigGroup {
	return &common.ConfigGroup{
		Groups:    map[string]*common.ConfigGroup{},
		Values:    map[string]*common.ConfigValue{},
		Policies:  map[string]*common.ConfigPolicy{},
		ModPolicy: admins,
	}
}

func (g *groups) value(to *common.ConfigGroup, key string, m proto.Message) {
	to.Values[key] = &common.ConfigValue{Value: g.bytes(m), ModPolicy: admins}
}

func (g *groups) policy(to *common.ConfigGroup, key string, kind common.Policy_PolicyType, m proto.Message) {
	to.Policies[key] = &common.ConfigPolicy{
		Policy: &common.Policy{Type: int32(kind), Value: g.bytes(m)}, ModPolicy: admins,
	}
}

// implied sets a policy that combines those of the same name, or of sub, in the groups below.
func (g *groups) implied(to *common.ConfigGroup, key, sub string, rule common.ImplicitMetaPolicy_Rule) {
	g.policy(to, key, common.Policy_IMPLICIT_META, &common.ImplicitMetaPolicy{SubPolicy: sub, Rule: rule})
}

func (g *groups) standard(to *common.ConfigGroup) {
	g.implied(to, "Readers", "Readers", common.ImplicitMetaPolicy_ANY)
	g.implied(to, "Writers", "Writers", common.ImplicitMetaPolicy_ANY)
	g.implied(to, admins, admins, common.ImplicitMetaPolicy_MAJORITY)
}

func (g *groups) capability(to *common.ConfigGroup, name string) {
	g.value(to, "Capabilities", &common.Capabilities{Capabilities: map[string]*common.Capability{name: {}}})
}

func (g *groups) channel(c Channel) *common.ConfigGroup {
	root := newGroup()
	g.standard(root)
	g.value(root, "HashingAlgorithm", &common.HashingAlgorithm{Name: "SHA256"})
	g.value(root, "BlockDataHashingStructure", &common.BlockDataHashingStructure{Width: math.MaxUint32})
	g.capability(root, c.Dialect.Line.Channel)
	root.Groups["Orderer"] = g.ordering(c)
	root.Groups[applicationGroup] = g.application(c)
	return root
}

func (g *groups) ordering(c Channel) *common.ConfigGroup {
	group := newGroup()
	g.standard(group)
	g.value(group, "BatchSize", &orderer.BatchSize{
		MaxMessageCount:   c.Batch.Messages,
		AbsoluteMaxBytes:  c.Batch.AbsoluteBytes,
		PreferredMaxBytes: c.Batch.PreferredBytes,
	})
	g.value(group, "ChannelRestrictions", &orderer.ChannelRestrictions{})
	g.capability(group, c.Dialect.Line.Ordering)

	c.Dialect.Consensus.configure(g, group, c.Orderers)
	c.Dialect.Consensus.timer(g, group, min(c.Batch.Timeout, SetUpTimeout))
	for _, owner := range c.Ordering {
		group.Groups[owner.MSP] = g.owner(owner, c.Orderers)
	}
	return group
}

// owner returns the group of an organisation to which some of the orderers belong.
func (g *groups) owner(o *Organisation, orderers []*Orderer) *common.ConfigGroup {
	group := g.organisation(o)
	if o.Name != topology.Ordering {
		// Who may write here may sign blocks: with raft any writer's signature makes one valid, and this organisation has peers
		// and clients, too.
		g.role(group, "Writers", msp.MSPRole_ORDERER, o.MSP)
	}
	endpoints := &common.OrdererAddresses{}
	for _, one := range orderers {
		if one.MSP == o.MSP {
			endpoints.Addresses = append(endpoints.Addresses, one.Address.String())
		}
	}
	// The addresses are listed with their organisation: capability V3_0 forbids the list for the whole channel.
	g.value(group, "Endpoints", endpoints)
	return group
}

func (g *groups) application(c Channel) *common.ConfigGroup {
	group := newGroup()
	g.standard(group)
	g.implied(group, "Endorsement", "Endorsement", common.ImplicitMetaPolicy_MAJORITY)
	g.implied(group, "LifecycleEndorsement", "Endorsement", common.ImplicitMetaPolicy_MAJORITY)
	g.capability(group, c.Dialect.Line.Application)
	for _, member := range c.Members {
		group.Groups[member.MSP] = g.member(member)
	}
	return group
}

func (g *groups) member(m Member) *common.ConfigGroup {
	org := g.organisation(m.Organisation)
	g.role(org, "Endorsement", msp.MSPRole_PEER, m.MSP)
	anchors := &peer.AnchorPeers{}
	for _, a := range m.Anchors {
		anchors.AnchorPeers = append(anchors.AnchorPeers, &peer.AnchorPeer{Host: a.Host, Port: int32(a.Port)})
	}
	g.value(org, "AnchorPeers", anchors)
	return org
}

func (g *groups) role(to *common.ConfigGroup, key string, role msp.MSPRole_MSPRoleType, id string) {
	policy, err := OutOf(1, role, []string{id})
	g.fail(err)
	g.policy(to, key, common.Policy_SIGNATURE, policy)
}

func (g *groups) organisation(o *Organisation) *common.ConfigGroup {
	group := newGroup()
	g.role(group, "Readers", msp.MSPRole_MEMBER, o.MSP)
	g.role(group, "Writers", msp.MSPRole_MEMBER, o.MSP)
	g.role(group, admins, msp.MSPRole_ADMIN, o.MSP)
	g.value(group, "MSP", &msp.MSPConfig{Config: g.bytes(&msp.FabricMSPConfig{
		Name:         o.MSP,
		RootCerts:    [][]byte{o.CA.PEM},
		TlsRootCerts: [][]byte{o.TLSCA.PEM},
		CryptoConfig: &msp.FabricCryptoConfig{SignatureHashFamily: "SHA2", IdentityIdentifierHashFunction: "SHA256"},
		FabricNodeOus: &msp.FabricNodeOUs{
			Enable:              true,
			ClientOuIdentifier:  &msp.FabricOUIdentifier{OrganizationalUnitIdentifier: RoleClient},
			PeerOuIdentifier:    &msp.FabricOUIdentifier{OrganizationalUnitIdentifier: RolePeer},
			AdminOuIdentifier:   &msp.FabricOUIdentifier{OrganizationalUnitIdentifier: RoleAdmin},
			OrdererOuIdentifier: &msp.FabricOUIdentifier{OrganizationalUnitIdentifier: RoleOrderer},
		},
	})})
	return group
}

func (g *groups) block(channel string, root *common.ConfigGroup) []byte {
	nonce := newNonce()
	id := sha256.Sum256(nonce) // the transaction has no creator to hash
	envelope := g.bytes(&common.Envelope{Payload: g.bytes(&common.Payload{
		Header: &common.Header{
			ChannelHeader:   g.channelHeader(common.HeaderType_CONFIG, channel, hex.EncodeToString(id[:]), nil),
			SignatureHeader: g.bytes(&common.SignatureHeader{Nonce: nonce}),
		},
		Data: g.bytes(&common.ConfigEnvelope{Config: &common.Config{ChannelGroup: root}}),
	})})
	hash := sha256.Sum256(envelope)
	metadata := make([][]byte, len(common.BlockMetadataIndex_name))
	metadata[common.BlockMetadataIndex_SIGNATURES] = g.bytes(&common.Metadata{
		Value: g.bytes(&common.OrdererBlockMetadata{LastConfig: &common.LastConfig{}}),
	})
	return g.bytes(&common.Block{
		Header:   &common.BlockHeader{DataHash: hash[:]},
		Data:     &common.BlockData{Data: [][]byte{envelope}},
		Metadata: &common.BlockMetadata{Metadata: metadata},
	})
}

// An encoder marshals messages into one another and keeps the first error.
type encoder struct{ err error }

func (e *encoder) bytes(m proto.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	e.fail(err)
	return b
}

func (e *encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// channelHeader returns the header of a transaction.
func (e *encoder) channelHeader(kind common.HeaderType, channel, txID string, extension []byte) []byte {
	return e.bytes(&common.ChannelHeader{
		Type: int32(kind), ChannelId: channel, TxId: txID, Extension: extension, Timestamp: timestamppb.Now(),
	})
}

// newNonce returns as many random bytes as Fabric's own clients use.
func newNonce() []byte {
	nonce := make([]byte, 24)
	rand.Read(nonce) // never fails
	return nonce
}

// wrap says in front of an error what failed.
func wrap(err *error, format string, args ...any) {
	if *err != nil {
		*err = fmt.Errorf(format+": %w", append(args, *err)...)
	}
}

// OutOf is the signature policy that n of the organisations, given by their MSP ids, must each sign with a
// member of that role.
func OutOf(n int, role msp.MSPRole_MSPRoleType, msps []string) (*common.SignaturePolicyEnvelope, error) {
	if n < 1 || n > len(msps) {
		return nil, fmt.Errorf("policy: %d of %d organisations cannot sign", n, len(msps))
	}
	msps = slices.Sorted(slices.Values(msps)) // equal policies are equal bytes
	envelope := &common.SignaturePolicyEnvelope{}
	var rules []*common.SignaturePolicy
	var e encoder
	for i, id := range msps {
		envelope.Identities = append(envelope.Identities, &msp.MSPPrincipal{
			PrincipalClassification: msp.MSPPrincipal_ROLE, Principal: e.bytes(&msp.MSPRole{MspIdentifier: id, Role: role}),
		})
		rules = append(rules, &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: int32(i)}})
	}
	envelope.Rule = &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{
		NOutOf: &common.SignaturePolicy_NOutOf{N: int32(n), Rules: rules},
	}}
	wrap(&e.err, "policy")
	return envelope, e.err
}
