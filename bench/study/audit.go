package study

import (
	"context"
	"fmt"
	"iter"

	"meterbench/bench/result"
)

// ledgers are what is on the ledgers of all sessions, set-up excluded.
type ledgers struct {
	valid  map[[32]byte]uint64 // how often a transaction is there
	stored uint64              // readings that the contracts count
}

// read adds what is on the ledger of a site.
func (l *ledgers) read(ctx context.Context, site Site) error {
	// The contract is asked before the ledger is read: what the client has lost
	// sight of may be committed meanwhile.
	stored, err := site.Stored(ctx)
	if err != nil {
		return fmt.Errorf("count the readings on the ledger: %w", err)
	}
	l.stored += stored
	for entry, err := range site.Ledger(ctx) {
		if err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		if entry.Valid && !entry.SetUp {
			l.valid[entry.TxID]++
		}
	}
	return nil
}

// compare compares the ledgers with the client's record, transaction by
// transaction, warm-up included. It empties the ledgers.
func (l *ledgers) compare(record iter.Seq2[result.Row, error]) (a result.Audit, err error) {
	a.Stored = l.stored
	for row, err := range record {
		if err != nil {
			return a, err
		}
		if row.Outcome == result.Valid {
			a.Expected++
		}
		copies := l.valid[row.TxID]
		if row.TxID == ([32]byte{}) || copies == 0 {
			continue
		}
		delete(l.valid, row.TxID)
		a.Duplicated += copies - 1
		switch row.Outcome {
		case result.Valid:
			a.Found++
		case result.Unknown, result.Interrupted:
			a.Unclaimed++
		default:
			a.Contradicted++
		}
	}
	for _, copies := range l.valid { // a sum, in whatever order
		a.Foreign += copies
	}
	a.Missing = a.Expected - a.Found
	return a, nil
}
