package folder

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"time"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/internal/printable"
)

// blockOf returns what a list says of a block.
func blockOf(channel string, row *result.BlockRow) ledger.Block {
	b := ledger.Block{
		Channel: channel, Number: row.Number, Transactions: int(row.Transactions), Valid: int(row.Valid), Bytes: int(row.Bytes),
		Cut: row.Reason.String(), DataHash: hexOf(row.DataHash), PreviousHash: hexOf(row.PreviousHash), Hash: hexOf(row.Hash),
		Checks: ledger.Checks{Data: checkOf(row.Checks.Data), Chain: checkOf(row.Checks.Chain), Signatures: checkOf(row.Checks.Signatures)},
	}
	switch {
	case !row.Cut.IsZero():
		b.Time, b.TimeOf = row.Cut, ledger.TimeCut
	case !row.Created.IsZero():
		b.Time, b.TimeOf = row.Created, ledger.TimeCreated
	}
	return b
}

// checkOf returns a check whose text can be printed.
func checkOf(stored ledger.Check) ledger.Check {
	return ledger.Check{State: stored.State, Text: printable.Cut(stored.Text, ledger.MostText)}
}

func hexOf(sum [32]byte) string {
	if sum == [32]byte{} {
		return ""
	}
	return hex.EncodeToString(sum[:])
}

// code is a validation code as Fabric writes it, and in words.
type code struct{ name, text string }

// codes are the validation codes of outcomes. That of InvalidOther is not stored.
var codes = map[result.Outcome]code{
	result.Valid:             {"VALID", "valid"},
	result.MVCCConflict:      {"MVCC_READ_CONFLICT", "what it read was changed before it was committed"},
	result.PhantomRead:       {"PHANTOM_READ_CONFLICT", "a range that it read was changed before it was committed"},
	result.EndorsementPolicy: {"ENDORSEMENT_POLICY_FAILURE", "its endorsements do not satisfy the policy"},
	result.InvalidOther:      {"", "invalid; the run did not store for what reason"},
}

func (r *Reader) head(c *channel, row *result.Row) ledger.Head {
	h := ledger.Head{
		ID: hexOf(row.TxID), Channel: c.name, Block: row.Block, Index: -1, Type: "endorser_transaction", Contract: r.contract(c, row),
		Code: codes[row.Outcome].name, Outcome: row.Outcome.String(), Bytes: int(row.Bytes),
	}
	if !row.LevelStart.IsZero() && row.Prepared != result.NotReached {
		h.Time = row.LevelStart.Add(row.Prepared) // its proposal is made right after
	}
	return h
}

// contract returns the contract that a transaction called, where the run says it or the channel has one only.
func (r *Reader) contract(c *channel, row *result.Row) string {
	for i := range r.Folder.Summary.Points {
		if p := &r.Folder.Summary.Points[i]; p.Series == row.Series && p.Conditions.Contract != "" {
			return shown(p.Conditions.Contract)
		}
	}
	if len(c.agreed.chaincodes) == 1 {
		return c.agreed.chaincodes[0].Name
	}
	return ""
}

func (r *Reader) transaction(c *channel, row *result.Row, block *result.BlockRow) ledger.Transaction {
	t := ledger.Transaction{
		Head: r.head(c, row), CodeText: codes[row.Outcome].text,
		Note: "A run's folder keeps no arguments, endorsers, reads and writes. Series " + shown(row.LevelKey.String()) +
			", transaction number " + decimal(row.Seq) + ".",
	}
	t.Latency = ledger.LatencyOf(&row.Record)
	if spans, ok := inside(row, block); ok { // parts of the last one
		for i, p := range result.BlockParts() {
			t.Latency = append(t.Latency, ledger.LatencyPart{Part: p.String(), Seconds: spans[i].Seconds()})
		}
	}
	return t
}

// inside splits the time from acknowledgement to commit by what the nodes reported of the block.
func inside(row *result.Row, block *result.BlockRow) (spans [5]time.Duration, ok bool) {
	if block == nil || row.LevelStart.IsZero() || block.Cut.IsZero() || block.Committed.IsZero() {
		return spans, false
	}
	var at result.BlockInstants
	for i, instant := range []time.Time{block.Cut, block.Received, block.Validated, block.Committed} {
		at[i] = instant.Sub(row.LevelStart)
	}
	return row.BlockSpans(at)
}

// Overview implements ledger.Reader.
func (r *Reader) Overview(context.Context) (ledger.Overview, error) { return r.overview, nil }

// describe returns the overview, which stays as it is.
func (r *Reader) describe(known *census) ledger.Overview {
	run := &r.Folder.Run
	o := ledger.Overview{
		Source: ledger.SourceFolder, Name: cmp.Or(known.name, shown(run.Scenario)), Fabric: shown(run.Versions["fabric"]),
		Simulated:     run.Target == result.TargetReference,
		Organisations: append([]ledger.Organisation{}, known.organisations...), Nodes: append([]ledger.Node{}, known.nodes...), // lists, also empty
		Channels: []ledger.Channel{}, Notes: r.notes,
	}
	for i := range r.channels[:min(len(r.channels), mostListed)] {
		o.Channels = append(o.Channels, r.channels[i].overview())
	}
	if len(known.networks) > 1 {
		o.Notes = append(o.Notes, "The run had several networks, one after the other: NAME@2 is the channel of the second one.")
	}
	if known.cut || len(r.channels) > mostListed {
		o.Notes = append(o.Notes, "It names more organisations, nodes or channels than are listed here.")
	}
	o.Notes = append(o.Notes, "What is shown is what the run stored, its checks of blocks too: arguments, endorsers, reads and writes are not kept.")
	o.Notes = slices.Clip(o.Notes) // who adds to them has a copy
	return o
}

func (c *channel) overview() ledger.Channel {
	of := ledger.Channel{Name: c.name, Height: c.next(), Peers: c.agreed.peers, Batch: c.agreed.batch, Chaincodes: c.agreed.chaincodes}
	if c.network != nil {
		of.Orderers, of.Consensus = c.network.orderers, c.network.consensus
		if of.Batch == (ledger.Batch{}) {
			of.Batch = c.network.batch
		}
	}
	return of
}
