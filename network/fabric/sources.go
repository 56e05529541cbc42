package fabric

import "regexp"

// A SourceLine is a message of a peer's log that says from which orderer it pulls blocks from then on. The named groups of
// its pattern are orderer, host:port, and channel, where the line has it.
type SourceLine struct {
	Module  string
	Message *regexp.Regexp
}

// Sources of Fabric 3.1: common/deliverclient/blocksprovider/block_receiver.go, with the loggers of deliverer.go (raft) and
// bft_deliverer.go (BFT), which names no channel.
var sources31 = []SourceLine{
	{"peer.blocksprovider", regexp.MustCompile(`^BlockReceiver starting channel=(?<channel>\S+) orderer-address=(?<orderer>\S+)$`)},
	{"BlockReceiver", regexp.MustCompile(`^BlockReceiver starting orderer-address=(?<orderer>\S+)$`)},
}

// Of Fabric 2.5: internal/pkg/peer/blocksprovider/blocksprovider.go.
var sources25 = []SourceLine{
	{"peer.blocksprovider", regexp.MustCompile(`^Pulling next blocks from ordering service channel=(?<channel>\S+)` +
		` orderer-address=(?<orderer>\S+) nextBlock=\d+$`)},
}
