package result

import "meterbench/bench/stats"

// Fate is what became of a transaction whose end the client did not see, by the ledger.
type Fate string

// The fates. A transaction that no peer which runs knows is FateNotCommitted, though orderers that do not run may hold it.
const (
	FateCommitted    Fate = "committed"         // as valid
	FateInvalid      Fate = "committed_invalid" // with another validation code
	FateNotCommitted Fate = "not_committed"
)

// Fates returns all of them, in their order of presentation.
func Fates() []Fate { return []Fate{FateCommitted, FateInvalid, FateNotCommitted} }

// Sight says from where it is known since when the fate of a transaction could be decided.
type Sight string

// The sights, the best first.
const (
	SightPeerLog Sight = "peer_log" // the first peer that logged the commit of its block
	SightStream  Sight = "stream"   // the client's own block stream showed the block
	SightAudit   Sight = "audit"    // the audit read the ledger
)

// InDoubt are the transactions that an orderer had, or may have had, and whose end the client did not see. The audit decides
// each of them: Total is the sum of Committed, Invalid and NotCommitted. Of a reading that was submitted several times every
// attempt is a transaction of its own.
type InDoubt struct {
	Total        uint64 `json:"total"`
	Committed    uint64 `json:"committed"`
	Invalid      uint64 `json:"committed_invalid"`
	NotCommitted uint64 `json:"not_committed"`
	// Twice are readings of which two attempts are valid on the ledger, which the contract must not let happen.
	Twice uint64 `json:"twice"`
	// For is by fate how long transactions were in doubt, in seconds: from the instant at which the client lost sight of one
	// until its block was committed, or until the audit where none holds it.
	For map[Fate]stats.Quantiles `json:"for_s,omitempty"`
	// Sights counts by where the end of these times is known from.
	Sights map[Sight]uint64 `json:"sights,omitempty"`
}

// LedgerRead says whose copy of a channel's ledger the audit has read.
type LedgerRead struct {
	Session int      `json:"session"` // from 1
	Channel string   `json:"channel"`
	Peer    string   `json:"peer"`             // the one with most blocks among those that answered
	Height  uint64   `json:"height"`           // its number of blocks
	Behind  []string `json:"behind,omitempty"` // peers with fewer
	Silent  []string `json:"silent,omitempty"` // peers that did not answer: what they alone know is not in the audit
}
