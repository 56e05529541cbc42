package study

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"meterbench/bench/result"
)

// ledgers holds the contents of the ledgers of all sessions, set-up excluded.
type ledgers struct {
	valid  []shortID // a transaction as often as it is there
	stored uint64    // readings that the contracts count

	uncounted bool // one of them counts nothing

	evaluated uint64 // ciphertexts whose values are those measured
}

// A shortID is the first half of a transaction id. Ids are SHA-256 sums: that two of a billion share their
// first 128 bits has a chance of 1e-21.
type shortID [16]byte

func shorten(id [32]byte) shortID { return shortID(id[:16]) }

func (a shortID) compare(b shortID) int { return bytes.Compare(a[:], b[:]) }

// read adds what is on the ledger of a site.
func (l *ledgers) read(ctx context.Context, site Site) error {
	// The contract is asked before the ledger is read: what the client has lost sight of may be committed meanwhile.
	stored, counted, err := site.Stored(ctx)
	if err != nil {
		return fmt.Errorf("count the readings on the ledger: %w", err)
	}
	l.stored += stored
	l.uncounted = l.uncounted || !counted
	for entry, err := range site.Ledger(ctx) {
		if err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		if entry.Outcome == result.Valid {
			l.valid = append(l.valid, shorten(entry.TxID))
		}
	}
	if e, ok := site.(Evaluator); ok {
		compared, err := e.Evaluate(ctx)
		if err != nil {
			return fmt.Errorf("compare the ledger with the meters: %w", err)
		}
		l.evaluated += compared
	}
	return nil
}

// compare compares the ledgers with the client's record, transaction by transaction, warm-up included. It
// takes 17 bytes of memory per transaction, and up to twice that while the ledger is read.
func (l *ledgers) compare(record iter.Seq2[result.Row, error]) (a result.Audit, err error) {
	a.Stored, a.Uncounted, a.Evaluated = l.stored, l.uncounted, l.evaluated
	slices.SortFunc(l.valid, shortID.compare)
	claimed := make([]bool, len(l.valid)) // the first copy of a transaction, by a row
	a.Foreign = uint64(len(l.valid))
	for row, err := range record {
		if err != nil {
			return a, err
		}
		if row.Outcome == result.Valid {
			a.Expected++
		}
		id := shorten(row.TxID)
		at, there := slices.BinarySearchFunc(l.valid, id, shortID.compare)
		if row.TxID == ([32]byte{}) || !there || claimed[at] {
			continue
		}
		claimed[at] = true
		copies := uint64(1)
		for _, next := range l.valid[at+1:] {
			if next != id {
				break
			}
			copies++
		}
		a.Foreign -= copies
		a.Duplicated += copies - 1
		switch {
		case row.Outcome == result.Valid:
			a.Found++
		case row.Outcome.Class() == result.Lost:
			a.Unclaimed++
		default:
			a.Contradicted++
		}
	}
	a.Missing = a.Expected - a.Found
	return a, nil
}
