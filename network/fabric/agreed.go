package fabric

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer/etcdraft"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer/smartbft"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/topology"
)

// Agreed is what the members of a channel have agreed on: its configuration, as a peer reports it to any member.
// Whatever the configuration does not say is zero.
type Agreed struct {
	Members      []string // MSP ids, sorted
	Orderers     topology.Orderers
	Batch        topology.Batch
	Capabilities []string // channel, orderer and application: V2_0, V2_0, V2_5; empty for a group that has none
	Endorsement  string   // who endorses where a definition does not say, as Definition.Endorsement

	Endpoints []OrdererEndpoint `json:"-"`
	TLSCAs    map[string][]byte `json:"-"` // authorities of the members' TLS certificates, PEM, by MSP id
}

// A Committed is a chaincode's definition on a channel, as it is in force.
type Committed struct {
	Name        string
	Version     string
	Sequence    int64
	Endorsement string // who must endorse: any, majority or all, or as 2 of [Org1MSP, Org2MSP]; empty where that is not known
	Collections int    // of private data
}

// Agreed asks the peer behind conn what the members of a channel have agreed on.
func (a *Admin) Agreed(ctx context.Context, conn grpc.ClientConnInterface, channel string) (_ Agreed, err error) {
	defer wrap(&err, "configuration of %s", channel)
	var config common.Config
	if err := a.call(ctx, conn, &config, channel, "cscc", []byte("GetChannelConfig"), []byte(channel)); err != nil {
		return Agreed{}, err
	}
	return readConfig(&config)
}

// Definitions asks the peer behind conn for the chaincodes of a channel, in the order of their names. defaults is who
// endorses where a definition does not say.
func (a *Admin) Definitions(ctx context.Context, conn grpc.ClientConnInterface, channel, defaults string) (all []Committed, err error) {
	defer wrap(&err, "chaincodes of %s", channel)
	var e encoder
	args := e.bytes(&lifecycle.QueryChaincodeDefinitionsArgs{})
	if e.err != nil {
		return nil, e.err
	}
	var answer lifecycle.QueryChaincodeDefinitionsResult
	if err := a.call(ctx, conn, &answer, channel, lifecycleName, []byte("QueryChaincodeDefinitions"), args); err != nil {
		return nil, err
	}
	for _, d := range answer.GetChaincodeDefinitions() {
		all = append(all, Committed{
			Name: d.GetName(), Version: d.GetVersion(), Sequence: d.GetSequence(),
			Endorsement: endorsement(d.GetValidationParameter(), defaults), Collections: len(d.GetCollections().GetConfig()),
		})
	}
	slices.SortFunc(all, func(a, b Committed) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// readConfig reads what a channel's configuration says.
func readConfig(config *common.Config) (a Agreed, err error) {
	r := configReader{}
	root := config.GetChannelGroup()
	ordering, application := root.GetGroups()["Orderer"], root.GetGroups()[applicationGroup]
	if ordering == nil || application == nil {
		return a, fmt.Errorf("it has no orderers or no members")
	}
	for _, group := range []*common.ConfigGroup{root, ordering, application} {
		var has common.Capabilities
		r.value(group, "Capabilities", &has)
		a.Capabilities = append(a.Capabilities, newest(has.GetCapabilities()))
	}
	a.TLSCAs = map[string][]byte{}
	for _, group := range application.GetGroups() {
		id, ca := r.member(group)
		a.Members, a.TLSCAs[id] = append(a.Members, id), ca
	}
	slices.Sort(a.Members)

	var size orderer.BatchSize
	r.value(ordering, "BatchSize", &size)
	a.Batch = topology.Batch{Messages: size.GetMaxMessageCount(), PreferredBytes: size.GetPreferredMaxBytes(), AbsoluteBytes: size.GetAbsoluteMaxBytes()}
	if text := r.timeout(ordering); text != "" && r.err == nil {
		a.Batch.Timeout, r.err = time.ParseDuration(text)
	}
	a.Orderers, a.Endpoints = r.orderers(ordering), r.endpoints(root, ordering)
	a.Endorsement = r.implied(application.GetPolicies()["Endorsement"])
	return a, r.err
}

// The consensus types as channels name them.
const (
	typeRaft = "etcdraft"
	typeBFT  = "BFT"
)

// orderers reads who orders; a type of consensus that is not known here keeps its name.
func (r *configReader) orderers(ordering *common.ConfigGroup) topology.Orderers {
	var kind orderer.ConsensusType
	r.value(ordering, "ConsensusType", &kind)
	if kind.GetType() == typeRaft {
		var metadata etcdraft.ConfigMetadata
		r.read(kind.GetMetadata(), &metadata)
		return topology.Orderers{Consensus: topology.Raft, Count: len(metadata.GetConsenters())}
	}
	var all common.Orderers
	r.value(ordering, "Orderers", &all)
	name := topology.Consensus(kind.GetType())
	if name == typeBFT {
		name = topology.BFT
	}
	return topology.Orderers{Consensus: name, Count: len(all.GetConsenterMapping())}
}

// timeout reads the batch timer that the orderers heed, "" if there is none.
func (r *configReader) timeout(ordering *common.ConfigGroup) string {
	var kind orderer.ConsensusType
	if r.value(ordering, "ConsensusType", &kind); kind.GetType() == typeBFT {
		var options smartbft.Options
		r.read(kind.GetMetadata(), &options)
		return options.GetRequestBatchMaxInterval()
	}
	var timeout orderer.BatchTimeout
	r.value(ordering, batchTimeoutKey, &timeout)
	return timeout.GetTimeout()
}

// configReader reads messages until one of them is damaged.
type configReader struct{ err error }

func (r *configReader) read(data []byte, into proto.Message) {
	if r.err == nil {
		r.err = proto.Unmarshal(data, into)
	}
}

// value reads the value of a group, which it leaves as it is where there is none.
func (r *configReader) value(group *common.ConfigGroup, key string, into proto.Message) {
	r.read(group.GetValues()[key].GetValue(), into)
}

// implied returns a policy that combines those of the members, in the words of a topology, or one that lists them.
func (r *configReader) implied(policy *common.ConfigPolicy) string {
	switch common.Policy_PolicyType(policy.GetPolicy().GetType()) {
	case common.Policy_IMPLICIT_META:
		var meta common.ImplicitMetaPolicy
		r.read(policy.GetPolicy().GetValue(), &meta)
		return strings.ToLower(meta.GetRule().String())
	case common.Policy_SIGNATURE:
		var signed common.SignaturePolicyEnvelope
		r.read(policy.GetPolicy().GetValue(), &signed)
		return signature(&signed)
	}
	return ""
}

// newest returns the capability of a group that is in force: the last by name.
func newest(capabilities map[string]*common.Capability) string {
	names := slices.Sorted(maps.Keys(capabilities))
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// channelEndorsement is the policy of a channel that a definition refers to unless it has one of its own.
const channelEndorsement = "/Channel/Application/Endorsement"

// endorsement returns who must endorse by a definition's validation parameter; empty where that is not known.
func endorsement(parameter []byte, defaults string) string {
	var policy peer.ApplicationPolicy
	if err := proto.Unmarshal(parameter, &policy); err != nil {
		return ""
	}
	if signed := policy.GetSignaturePolicy(); signed != nil {
		return signature(signed)
	}
	if at := policy.GetChannelConfigPolicyReference(); at != channelEndorsement {
		return at
	}
	return defaults
}

// signature returns who must sign by a policy, by their MSP ids; empty where that cannot be said by MSP ids.
func signature(policy *common.SignaturePolicyEnvelope) string {
	var names []string
	for _, principal := range policy.GetIdentities() {
		var role msp.MSPRole
		if principal.GetPrincipalClassification() != msp.MSPPrincipal_ROLE || proto.Unmarshal(principal.GetPrincipal(), &role) != nil {
			return ""
		}
		names = append(names, role.GetMspIdentifier())
	}
	return outOf(policy.GetRule(), names, deepest)
}

// deepest is how many rules of a policy may stand within each other.
const deepest = 16

func outOf(rule *common.SignaturePolicy, names []string, depth int) string {
	n := rule.GetNOutOf()
	switch at := int(rule.GetSignedBy()); {
	case depth == 0 || rule == nil:
		return ""
	case n == nil && at >= 0 && at < len(names):
		return names[at]
	case n == nil:
		return ""
	}
	var among []string
	for _, one := range n.GetRules() {
		text := outOf(one, names, depth-1)
		if text == "" {
			return ""
		}
		among = append(among, text)
	}
	return fmt.Sprintf("%d of [%s]", n.GetN(), strings.Join(among, ", "))
}
