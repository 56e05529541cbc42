package fabric

import (
	"crypto/sha256"
	"regexp"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer/etcdraft"
	"google.golang.org/protobuf/encoding/protowire"
)

// Raft's clock. Fabric lets the first leader be elected two heartbeats after the channel starts, so ticks of
// 100 ms instead of the usual 500 ms shorten the start; the election timeout stays at Fabric's 5 s, so that a
// busy machine does not lose its leader sooner.
const (
	raftTick         = 100 * time.Millisecond
	raftElection     = 50 // ticks
	raftHeartbeat    = 1  // ticks
	raftInflight     = 5  // blocks, Fabric's default
	raftSnapshotSize = 16 << 20
)

// raftReport describes the reports of orderers of Fabric 2.5 and 3.1 (orderer/consensus/etcdraft/chain.go).
var raftReport = OrdererReport{
	Leader: "consensus_etcdraft_is_leader",
	Debug:  raftLogger,
	Log: []LogLine{
		{BatchTimer, raftLogger, regexp.MustCompile(`^Batch timer expired, creating block channel=(?<channel>\S+) node=\d+$`)},
		{BlockCreated, raftLogger, regexp.MustCompile(`^Created block \[(?<block>\d+)\], there are \d+ blocks in flight channel=(?<channel>\S+) node=\d+$`)},
		{ConfigAhead, raftLogger, regexp.MustCompile(`^Received config transaction, pause accepting transaction till it is committed` +
			` channel=(?<channel>\S+) node=\d+$`)},
	},
}

const raftLogger = "orderer.consensus.etcdraft"

func configureRaft(g *groups, ordering *common.ConfigGroup, orderers []*Orderer) {
	metadata := &etcdraft.ConfigMetadata{Options: &etcdraft.Options{
		TickInterval:         raftTick.String(),
		ElectionTick:         raftElection,
		HeartbeatTick:        raftHeartbeat,
		MaxInflightBlocks:    raftInflight,
		SnapshotIntervalSize: raftSnapshotSize,
	}}
	for _, o := range orderers {
		metadata.Consenters = append(metadata.Consenters, &etcdraft.Consenter{
			Host: o.Address.Host, Port: uint32(o.Address.Port), ClientTlsCert: o.TLS.Cert, ServerTlsCert: o.TLS.Cert,
		})
	}
	g.value(ordering, "ConsensusType", &orderer.ConsensusType{Type: typeRaft, Metadata: g.bytes(metadata)})
	g.implied(ordering, "BlockValidation", "Writers", common.ImplicitMetaPolicy_ANY)
}

// raftFirst is the place of the orderer that campaigns at once in a new channel: orderer/consensus/etcdraft/node.go. The
// others wait for an election timeout.
func raftFirst(channel string, orderers int) int {
	hash := sha256.Sum256([]byte(channel))
	number, n := protowire.ConsumeVarint(hash[24:])
	if n < 0 {
		number = 0
	}
	return int(number % uint64(orderers))
}

const batchTimeoutKey = "BatchTimeout"

func raftTimer(g *groups, ordering *common.ConfigGroup, timeout time.Duration) {
	g.value(ordering, batchTimeoutKey, &orderer.BatchTimeout{Timeout: timeout.String()})
}
