package fabric

import (
	"regexp"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer/smartbft"

	"meterbench/bench/topology"
)

// SmartBFT's options. Those of Fabric's sampleconfig/configtx.yaml, but for three times. The leader's silence until the others
// choose another one is 10 s in place of a minute: longer than a view change takes between continents, some 5 s, in which the
// former leader is silent already. The times until a leader that orders nothing is complained about and until a view change is
// tried again are half of Fabric's 20 s: SmartBFT sends a proposal once, and the parts of a view change once. An orderer that
// was catching up at that moment misses them, and as long as its vote is needed, all wait for one of these times.
const (
	bftSilence    = 10 * time.Second
	bftHeartbeats = 10 // in that time
	bftForward    = 5 * time.Second
	bftComplain   = 10 * time.Second
	bftForget     = 3 * time.Minute
	bftResend     = 5 * time.Second
	bftViewChange = 10 * time.Second
	bftCollect    = time.Second
	bftIncoming   = 200     // messages
	bftPool       = 100_000 // transactions that wait
)

// bftReport describes the reports of orderers since Fabric 3.1 (orderer/consensus/smartbft/chain.go, and view.go and
// controller.go in internal/bft of github.com/hyperledger-labs/SmartBFT 20250503). Every orderer logs that it has checked and
// stored the leader's proposal for a block, the leader first, right before it sends it to the others. No line says why the
// leader made it, nor when its batch timer ran out.
var bftReport = OrdererReport{
	LeaderID: "consensus_smartbft_view_leader_id",
	View:     "consensus_smartbft_view_number",
	Log: []LogLine{
		{BlockCreated, bftLogger, regexp.MustCompile(`^Processed proposal with seq (?<block>\d+) channel=(?<channel>\S+)$`)},
		{ConfigAhead, bftLogger, regexp.MustCompile(`^Verification sequence changed: \d+ --> \d+ channel=(?<channel>\S+)$`)},
		{ConfigAhead, bftChainLogger, regexp.MustCompile(`^Reconfiguration was done and the current nodes are: \[[\d ]+\] channel=(?<channel>\S+)$`)},
		{BlockAgreed, bftChainLogger, regexp.MustCompile(`^Delivering proposal, writing block (?<block>\d+) with \d+ transactions` +
			` and metadata of total size \d+ with signatures from \[[\d ]+\] to the ledger, node id \d+ channel=(?<channel>\S+)$`)},
		{ViewStarted, bftLogger, regexp.MustCompile(`^Starting view with number \d+, sequence (?<block>\d+), and decisions \d+ channel=(?<channel>\S+)$`)},
	},
}

const (
	bftLogger      = "orderer.consensus.smartbft.consensus"
	bftChainLogger = "orderer.consensus.smartbft.chain"
)

// configureBFT lists the orderers with their identities, by which they sign, and lets a block be valid that a quorum of them
// has signed. An orderer's number is its place in the list, from 1.
func configureBFT(g *groups, ordering *common.ConfigGroup, orderers []*Orderer) {
	consenters, policy := &common.Orderers{}, &common.SignaturePolicyEnvelope{}
	var rules []*common.SignaturePolicy
	for i, o := range orderers {
		consenters.ConsenterMapping = append(consenters.ConsenterMapping, &common.Consenter{
			Id: uint32(i + 1), Host: o.Address.Host, Port: uint32(o.Address.Port),
			MspId: o.MSP, Identity: o.Identity, ClientTlsCert: o.TLS.Cert, ServerTlsCert: o.TLS.Cert,
		})
		policy.Identities = append(policy.Identities, &msp.MSPPrincipal{
			PrincipalClassification: msp.MSPPrincipal_IDENTITY,
			Principal:               g.bytes(&msp.SerializedIdentity{Mspid: o.MSP, IdBytes: o.Identity}),
		})
		rules = append(rules, &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: int32(i)}})
	}
	quorum := topology.Orderers{Consensus: topology.BFT, Count: len(orderers)}.Quorum()
	policy.Rule = &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{
		NOutOf: &common.SignaturePolicy_NOutOf{N: int32(quorum), Rules: rules},
	}}
	g.value(ordering, "Orderers", consenters)
	g.policy(ordering, "BlockValidation", common.Policy_SIGNATURE, policy)
}

// bftFirst is the place of the leader of view 0.
func bftFirst(string, int) int { return 0 }

// bftTimer sets the batch timer: SmartBFT has one of its own and heeds no other. What waits for it must neither be handed to
// the leader again nor count against it, so those times grow with a long timer.
func bftTimer(g *groups, ordering *common.ConfigGroup, timeout time.Duration) {
	atLeast := func(usual time.Duration) string { return max(usual, 2*timeout).String() }
	g.value(ordering, "ConsensusType", &orderer.ConsensusType{Type: typeBFT, Metadata: g.bytes(&smartbft.Options{
		RequestBatchMaxInterval:   timeout.String(),
		RequestForwardTimeout:     atLeast(bftForward),
		RequestComplainTimeout:    atLeast(bftComplain),
		RequestAutoRemoveTimeout:  atLeast(bftForget),
		ViewChangeResendInterval:  bftResend.String(),
		ViewChangeTimeout:         bftViewChange.String(),
		LeaderHeartbeatTimeout:    bftSilence.String(),
		LeaderHeartbeatCount:      bftHeartbeats,
		CollectTimeout:            bftCollect.String(),
		IncomingMessageBufferSize: bftIncoming,
		RequestPoolSize:           bftPool,
		LeaderRotation:            smartbft.Options_ROTATION_OFF,
	})})
	raftTimer(g, ordering, timeout) // for who reads it
}
