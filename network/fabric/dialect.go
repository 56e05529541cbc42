// Package fabric turns a topology into what Hyperledger Fabric's own daemons need: certificate authorities,
// MSP folders and TLS certificates, the genesis block of a channel, the environment of `peer` and `orderer`,
// the requests that join nodes to a channel and deploy a chaincode, and the external builder through which a
// peer finds a chaincode that runs as a service.
//
// Data flow: NewOrganisation makes the keys, Genesis the block, Peer.Env and Orderer.Env the settings.
// JoinOrderer and the methods of Admin then speak to running nodes. The package starts no process itself.
package fabric

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"

	"meterbench/bench/topology"
)

// A Consensus is a way in which orderers agree on blocks.
type Consensus struct {
	Name   topology.Consensus
	Fewest int // orderers
	// configure sets in the ordering group of a channel's configuration what the consensus needs: its type
	// with its metadata, and the policy BlockValidation.
	configure func(g *groups, ordering *common.ConfigGroup, orderers []*Orderer)
}

// consensusTypes has a row for each constant of topology.Consensus.
var consensusTypes = []Consensus{
	{Name: topology.Raft, Fewest: 1, configure: configureRaft},
}

// A Release is a line of Fabric's releases: what this program relies on in it and what may differ in another one.
type Release struct {
	Line string // with which its versions begin
	// The capabilities of a channel and of its two groups.
	Channel, Ordering, Application string
	PeerLog                        []LogLine // what a peer logs of a block
	Requests                       string    // metric of a peer: its services' unary calls, by service and code
	BlockFill                      string    // metric of an orderer: from a block's first transaction to its cut
	// Orderers has what orderers report, by the consensus types that the release has.
	Orderers map[topology.Consensus]OrdererReport
}

// An OrdererReport says how an orderer reports on its consensus.
type OrdererReport struct {
	Leader string    // metric that is 1 where the orderer leads the channel of the label
	Debug  string    // logger that must debug for Log to be complete
	Log    []LogLine // of a block's creation, and of why it was cut
}

// releases has the newest line first.
var releases = []Release{
	{
		Line:    "v3.1",
		Channel: "V3_0", Ordering: "V2_0", Application: "V2_5",
		// gossip/privdata/coordinator.go, core/committer/txvalidator/v20/validator.go and
		// core/ledger/kvledger/kv_ledger.go
		PeerLog: []LogLine{
			{BlockReceived, "gossip.privdata", regexp.MustCompile(`^Received block \[(?<block>\d+)\] from buffer channel=(?<channel>\S+)$`)},
			{BlockValidated, "committer.txvalidator", regexp.MustCompile(`^\[(?<channel>\S+)\] Validated block \[(?<block>\d+)\] in \d+ms$`)},
			{BlockCommitted, "kvledger", regexp.MustCompile(`^\[(?<channel>\S+)\] Committed block \[(?<block>\d+)\]` +
				` with (?<transactions>\d+) transaction\(s\) in \d+ms` +
				` \(state_validation=(?<versions>\d+)ms block_and_pvtdata_commit=(?<store>\d+)ms state_commit=(?<state>\d+)ms\) commitHash=\[[0-9a-f]*\]$`)},
		},
		Requests:  "grpc_server_unary_requests_completed",
		BlockFill: "blockcutter_block_fill_duration",
		Orderers:  map[topology.Consensus]OrdererReport{topology.Raft: raftReport},
	},
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
	BlockReceived               // a peer begins to validate a block
	BlockValidated              // a peer has checked its signatures and policies
	BlockCommitted              // a peer has stored it
)

// A Dialect holds the settings and reports of the daemons of one release under one consensus type.
type Dialect struct {
	Release   Release
	Consensus Consensus
	Orderer   OrdererReport
}

// DialectOf returns the dialect of a topology's orderers and a version of the daemons. A version of no known
// line counts as one of the newest.
func DialectOf(orderers topology.Orderers, version string) (Dialect, error) {
	d := Dialect{Release: releases[0]}
	if i := slices.IndexFunc(releases, func(r Release) bool { return strings.HasPrefix(version, r.Line+".") }); i >= 0 {
		d.Release = releases[i]
	}
	i := slices.IndexFunc(consensusTypes, func(c Consensus) bool { return c.Name == orderers.Consensus })
	if i < 0 {
		return d, fmt.Errorf("unknown consensus %q", orderers.Consensus)
	}
	d.Consensus = consensusTypes[i]
	var ok bool
	if d.Orderer, ok = d.Release.Orderers[orderers.Consensus]; !ok {
		return d, fmt.Errorf("consensus %s is not in Fabric %s", orderers.Consensus, version)
	}
	if orderers.Count < d.Consensus.Fewest {
		return d, fmt.Errorf("consensus %s needs at least %d orderers, got %d", orderers.Consensus, d.Consensus.Fewest, orderers.Count)
	}
	return d, nil
}

// Log returns the lines of the nodes' logs that tell of blocks.
func (d Dialect) Log() []LogLine { return slices.Concat(d.Orderer.Log, d.Release.PeerLog) }
