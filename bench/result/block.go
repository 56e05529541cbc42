package result

import (
	"fmt"
	"slices"
	"time"
)

// CutReason is why an orderer ended a block. Its zero value is unknown.
type CutReason uint8

// The reasons.
const (
	CutUnknown      CutReason = iota
	CutCount                  // it held as many transactions as a block may
	CutBytes                  // the next transaction would have made it larger than preferred, or with BFT than allowed
	CutTimer                  // the batch timer ran out
	CutConfig                 // a change of the channel's configuration, or right before one
	CutTimerOrBytes           // the batch timer, or its size: the orderers do not report which
)

// String returns the reason's key in summary.json.
func (c CutReason) String() string {
	if int(c) < len(cutNames) {
		return cutNames[c]
	}
	return fmt.Sprintf("cut(%d)", uint8(c))
}

// parseCutReason is the inverse of String.
func parseCutReason(name string) (CutReason, error) {
	if i := slices.Index(cutNames[:], name); i >= 0 {
		return CutReason(i), nil
	}
	return CutUnknown, fmt.Errorf("unknown reason of a cut %q", name)
}

var cutNames = [...]string{"unknown", "count", "bytes", "timer", "config", "timer_or_bytes"}

// Block holds what the nodes reported about a block. Its instants are those of the nodes' wall clocks,
// without a monotonic reading, and zero where no node reported them.
type Block struct {
	Channel      uint16 // as Record.Channel
	Number       uint64 // on its channel
	Transactions int    // of any kind and validity
	Reason       CutReason
	FullAt       uint32    // bytes that no block exceeds, where Reason leaves open whether the next transaction would have; else 0
	Cut          time.Time // made by the leading orderer; with BFT: and checked by it
	Peers        []PeerBlock
}

// Resolve decides a reason that the orderers leave open, where no transaction on the channel is larger than some bytes: if
// one more would have found room in the block, it was the timer that cut it.
func (b *Block) Resolve(largest uint32) {
	if b.Reason == CutTimerOrBytes && largest > 0 && uint64(b.Transactions+1)*uint64(largest) <= uint64(b.FullAt) {
		b.Reason = CutTimer
	}
}

// PeerBlock holds what one peer reported about a block. All instants are set.
type PeerBlock struct {
	Peer      string
	Received  time.Time // taken up for validation; until then it was on its way or waited for the block before
	Validated time.Time // signatures and endorsement policies of its transactions were checked
	Committed time.Time // read versions checked, the block stored, the state database updated

	// The parts of Validated to Committed, in whole milliseconds, rounded down.
	Versions time.Duration // read versions checked against the state (MVCC)
	Store    time.Duration // written to the block store
	State    time.Duration // written to the state database
}

// At returns the block's times at the named peer, and false where that peer did not report them.
func (b *Block) At(peer string) (PeerBlock, bool) {
	for _, p := range b.Peers {
		if p.Peer == peer {
			return p, true
		}
	}
	return PeerBlock{}, false
}

// BlockPart names a span of the way that a transaction goes in a block. The parts follow one upon the other
// and make up the whole of PartOrderCommit.
type BlockPart uint8

// The parts in their order.
const (
	PartWaitCut     BlockPart = iota // acknowledged by an orderer to its block's cut
	PartDeliver                      // cut to taken up by the observing peer: consensus, delivery, the block before
	PartValidate                     // signatures and endorsement policies checked
	PartStateCommit                  // versions checked, block and state stored
	PartNotify                       // committed to seen by the client
	blockParts
)

var blockPartNames = [blockParts]string{"wait_cut", "deliver", "validate", "state_commit", "notify"}

// String returns the part's key in summary.json.
func (p BlockPart) String() string { return blockPartNames[p] }

// BlockParts returns every part in its order.
func BlockParts() []BlockPart { return upTo(blockParts) }

// BlockInstants are when a block passed from one part to the next, as offsets from the start of the load
// level: cut, received, validated and committed at the observing peer.
type BlockInstants [blockParts - 1]time.Duration

// Instants returns when the block passed from part to part at the observing peer, as offsets from epoch on
// the wall clock. It is false where the nodes did not report all of it.
func (b *Block) Instants(observer string, epoch time.Time) (BlockInstants, bool) {
	p, ok := b.At(observer)
	if !ok || b.Cut.IsZero() {
		return BlockInstants{}, false
	}
	epoch = epoch.Round(0) // strips the monotonic reading
	return BlockInstants{b.Cut.Sub(epoch), p.Received.Sub(epoch), p.Validated.Sub(epoch), p.Committed.Sub(epoch)}, true
}

// BlockSpans splits the transaction's time from the orderer's acknowledgement to its commit by the instants
// of its block. No span is negative and their sum is exactly the whole: an instant that lies before the
// acknowledgement reached the client (the transaction that fills a block has its acknowledgement on the way
// while the block is cut) counts as that of the acknowledgement, and one after the commit as that of the
// commit. It is false where the transaction was not acknowledged and committed.
func (r *Record) BlockSpans(block BlockInstants) (spans [blockParts]time.Duration, ok bool) {
	if r.Submitted == NotReached || r.Committed == NotReached {
		return spans, false
	}
	reached := r.Submitted
	for i, instant := range block {
		next := min(max(instant, reached), max(r.Committed, reached))
		spans[i], reached = next-reached, next
	}
	spans[PartNotify] = r.Committed - reached
	return spans, true
}
