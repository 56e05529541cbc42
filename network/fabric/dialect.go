// Package fabric turns a topology into what Hyperledger Fabric's own daemons need: certificate authorities,
// MSP folders and TLS certificates, the genesis block of a channel, the environment of `peer` and `orderer`,
// the requests that join nodes to a channel and deploy a chaincode, and the external builder through which a
// peer finds a chaincode that runs as a service.
//
// Data flow: NewOrganisation makes the keys, Genesis the block, Peer.Env and Orderer.Env the settings.
// JoinOrderer and the methods of Admin then speak to running nodes. The package starts no process itself.
package fabric

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"

	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// A Consensus is a way in which orderers agree on blocks.
type Consensus struct {
	Name topology.Consensus
	// first is the place, from 0, in a channel's configuration at which the orderer stands that leads it first.
	first func(channel string, orderers int) int
	// configure sets in the ordering group of a channel's configuration what the consensus needs: its type
	// with its metadata, and the policy BlockValidation.
	configure func(g *groups, ordering *common.ConfigGroup, orderers []*Orderer)
	// timer sets there the values that say how long a block waits for more transactions.
	timer func(g *groups, ordering *common.ConfigGroup, timeout time.Duration)
}

// consensusTypes has a row for each constant of topology.Consensus.
var consensusTypes = []Consensus{
	{Name: topology.Raft, first: raftFirst, configure: configureRaft, timer: raftTimer},
	{Name: topology.BFT, first: bftFirst, configure: configureBFT, timer: bftTimer},
}

// A Line is a line of Fabric's releases: what this program relies on in it and what may differ in another one.
type Line struct {
	Name string // the first two numbers of its versions
	// The capabilities of a channel and of its two groups.
	Channel, Ordering, Application string
	PeerLog                        []LogLine    // what a peer logs of a block
	Sources                        []SourceLine // what a peer logs of where it pulls blocks
	Requests                       string       // metric of a peer: its services' unary calls, by service and code
	BlockFill                      string       // metric of an orderer: from a block's first transaction to its cut
	// Orderers has what orderers report, by the consensus types that the line has.
	Orderers map[topology.Consensus]OrdererReport
}

// An OrdererReport says how an orderer reports on its consensus.
type OrdererReport struct {
	Leader   string    // metric that is 1 where the orderer leads the channel of the label, or else
	LeaderID string    // metric: number of the orderer that leads it, from 1 in the order of the configuration
	View     string    // metric: number of the view, in which the same orderer leads; empty: there are none
	Debug    string    // logger that must debug for Log to be complete; empty: none
	Log      []LogLine // of a block's creation, and of why it was cut
}

// lines has the newest first. What it says was read in the code of releases 2.5.9 to 2.5.16 and 3.1.0 to 3.1.5.
var lines = []Line{
	{
		Name:    "3.1",
		Channel: "V3_0", Ordering: "V2_0", Application: "V2_5",
		PeerLog: peerLog, Sources: sources31, Requests: unaryRequests, BlockFill: blockFill,
		Orderers: map[topology.Consensus]OrdererReport{topology.Raft: raftReport, topology.BFT: bftReport},
	},
	{
		Name:    "2.5",
		Channel: "V2_0", Ordering: "V2_0", Application: "V2_5",
		PeerLog: peerLog, Sources: sources25, Requests: unaryRequests, BlockFill: blockFill,
		Orderers: map[topology.Consensus]OrdererReport{topology.Raft: raftReport},
	},
}

// What both lines report alike: common/grpcmetrics/metrics.go, orderer/common/blockcutter/metrics.go,
// gossip/privdata/coordinator.go, core/committer/txvalidator/v20/validator.go, core/ledger/kvledger/kv_ledger.go.
const (
	unaryRequests = "grpc_server_unary_requests_completed"
	blockFill     = "blockcutter_block_fill_duration"
)

var peerLog = []LogLine{
	{BlockReceived, "gossip.privdata", regexp.MustCompile(`^Received block \[(?<block>\d+)\] from buffer channel=(?<channel>\S+)$`)},
	{BlockValidated, "committer.txvalidator", regexp.MustCompile(`^\[(?<channel>\S+)\] Validated block \[(?<block>\d+)\] in \d+ms$`)},
	{BlockCommitted, "kvledger", regexp.MustCompile(`^\[(?<channel>\S+)\] Committed block \[(?<block>\d+)\]` +
		` with (?<transactions>\d+) transaction\(s\) in \d+ms` +
		` \(state_validation=(?<versions>\d+)ms block_and_pvtdata_commit=(?<store>\d+)ms state_commit=(?<state>\d+)ms\) commitHash=\[[0-9a-f]*\]$`)},
}

// numbers matches a version of Fabric with or without its v.
var numbers = regexp.MustCompile(`^v?(\d+)\.(\d+)\.\d`)

// LineOf returns the line of a version of Fabric. One of no line in the table, which known tells, counts as one of the
// newest line with its first number, or else of the newest.
func LineOf(version string) (line Line, known bool) {
	m := numbers.FindStringSubmatch(version)
	if m == nil {
		return lines[0], false
	}
	for _, l := range lines {
		if l.Name == m[1]+"."+m[2] {
			return l, true
		}
	}
	for _, l := range lines {
		if strings.HasPrefix(l.Name, m[1]+".") {
			return l, false
		}
	}
	return lines[0], false
}

// A LogLine is a message of a node's log that tells of a block. The named groups of its pattern are channel,
// block, transactions, and the parts of a commit in ms: versions, store and state.
type LogLine struct {
	Event   Event
	Module  string
	Message *regexp.Regexp
}

// An Event is a step in the life of a block.
type Event uint8

// The events, first those of orderers.
const (
	BatchTimer     Event = iota // an orderer's timer ran out; the block that it creates next is cut for that
	BlockCreated                // an orderer cut a block
	ConfigAhead                 // the block that an orderer has just created changes the configuration
	BlockAgreed                 // a quorum of orderers has signed a block, and this one writes it
	ViewStarted                 // an orderer begins a view: blocks from that one on that it took up before are not to be
	BlockReceived               // a peer begins to validate a block
	BlockValidated              // a peer has checked its signatures and policies
	BlockCommitted              // a peer has stored it
)

// ConsensusOf returns the consensus types of a version of Fabric, in their order.
func ConsensusOf(version string) (all []topology.Consensus) {
	line, _ := LineOf(version)
	for _, c := range consensusTypes {
		if _, ok := line.Orderers[c.Name]; ok {
			all = append(all, c.Name)
		}
	}
	return all
}

// A Dialect holds the settings and reports of the daemons of one release under one consensus type.
type Dialect struct {
	Line      Line
	Known     bool // the release is one of Line, not only counted as one
	Consensus Consensus
	Orderer   OrdererReport
}

// DialectOf returns the dialect of a topology's orderers and a version of the daemons, which counts as LineOf says. The
// error is a *strictyaml.Problem with its path in the topology.
func DialectOf(orderers topology.Orderers, version string) (d Dialect, err error) {
	d.Line, d.Known = LineOf(version)
	i := slices.IndexFunc(consensusTypes, func(c Consensus) bool { return c.Name == orderers.Consensus })
	if i < 0 {
		return d, strictyaml.Problemf("", consensusPath, "unknown consensus %q", orderers.Consensus)
	}
	d.Consensus = consensusTypes[i]
	var ok bool
	if d.Orderer, ok = d.Line.Orderers[orderers.Consensus]; !ok {
		return d, strictyaml.Problemf("", consensusPath, "Fabric %s has no %s consensus", strings.TrimPrefix(version, "v"), orderers.Consensus)
	}
	return d, orderers.Validate()
}

const consensusPath = "orderers.consensus"

// Log returns the lines of the nodes' logs that tell of blocks.
func (d Dialect) Log() []LogLine { return slices.Concat(d.Orderer.Log, d.Line.PeerLog) }
