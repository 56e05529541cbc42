package study

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"meterbench/bench"
	"meterbench/bench/result"
)

// ledgers holds the contents of the ledgers of all sessions, set-up excluded.
type ledgers struct {
	valid  []shortID // a transaction as often as it is there
	stored uint64    // readings that the contracts count

	uncounted bool // one of them counts nothing

	evaluated uint64 // ciphertexts whose values are those measured

	copies []result.LedgerRead // that were read
	doubts doubtTally          // of all sessions
}

// A shortID is the first half of a transaction id. Ids are SHA-256 sums: that two of a billion share their
// first 128 bits has a chance of 1e-21.
type shortID [16]byte

func shorten(id [32]byte) shortID { return shortID(id[:16]) }

func (a shortID) compare(b shortID) int { return bytes.Compare(a[:], b[:]) }

// read adds what is on the ledger of a site, and hands every transaction there to see and every block to keep.
func (l *ledgers) read(ctx context.Context, site Site, see func(bench.Entry), keep func(*result.BlockRow)) error {
	// The contract is asked before the ledger is read: what the client has lost sight of may be committed meanwhile.
	stored, counted, err := site.Stored(ctx)
	if err != nil {
		return fmt.Errorf("count the readings on the ledger: %w", err)
	}
	l.stored += stored
	l.uncounted = l.uncounted || !counted
	for entry, err := range site.Ledger(ctx, keep) {
		if err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		see(entry)
		if entry.Outcome == result.Valid {
			l.valid = append(l.valid, shorten(entry.TxID))
		}
	}
	if e, ok := as[Evaluator](site); ok {
		compared, err := e.Evaluate(ctx)
		if err != nil {
			return fmt.Errorf("compare the ledger with the meters: %w", err)
		}
		l.evaluated += compared
	}
	return nil
}

// compare compares the ledgers with the client's record, transaction by transaction, warm-up included. Of those that took
// several attempts these are looked at, too. It takes 17 bytes of memory per transaction, and up to twice that while the
// ledger is read.
func (l *ledgers) compare(record iter.Seq2[result.Row, error], attempts iter.Seq2[result.AttemptRow, error]) (a result.Audit, err error) {
	a.Stored, a.Uncounted, a.Evaluated = l.stored, l.uncounted, l.evaluated
	a.InDoubt, a.Ledgers = l.doubts.sum(), l.copies
	slices.SortFunc(l.valid, shortID.compare)
	a.Foreign = uint64(len(l.valid))
	claims := claims{audit: &a, valid: l.valid, claimed: make([]bool, len(l.valid))}
	for row, err := range record {
		if err != nil {
			return a, err
		}
		if row.Outcome == result.Valid {
			a.Expected++
		}
		switch there := claims.claim(row.TxID); {
		case !there:
		case row.Outcome == result.Valid:
			a.Found++
		case row.Outcome.Class() == result.Lost:
			a.Unclaimed++
		default:
			a.Contradicted++
		}
	}
	if err := claims.confirm(attempts); err != nil {
		return a, err
	}
	a.Missing = a.Expected - a.Found
	return a, nil
}

// claims says which transactions on the ledgers are those of the client.
type claims struct {
	audit   *result.Audit
	valid   []shortID // in order
	claimed []bool    // the first copy of a transaction, by a row
}

// claim reports whether a transaction is valid on a ledger and was not claimed before, and counts its further copies.
func (c *claims) claim(txID [32]byte) bool {
	id := shorten(txID)
	at, there := slices.BinarySearchFunc(c.valid, id, shortID.compare)
	if txID == ([32]byte{}) || !there || c.claimed[at] {
		return false
	}
	c.claimed[at] = true
	copies := uint64(1)
	for _, next := range c.valid[at+1:] {
		if next != id {
			break
		}
		copies++
	}
	c.audit.Foreign -= copies
	c.audit.Duplicated += copies - 1
	return true
}

// confirm looks at the attempts that stand behind the rows. One whose end the client did not see may be on a ledger; where its
// contract confirmed that to a later one, one of them must be.
func (c *claims) confirm(attempts iter.Seq2[result.AttemptRow, error]) error {
	var lost uint64 // attempts of the transaction at hand that are on a ledger, which the client did not see
	for row, err := range attempts {
		if err != nil {
			return err
		}
		if row.Number == 1 {
			lost = 0
		}
		there := c.claim(row.TxID)
		switch {
		case row.Outcome == result.Confirmed:
			c.audit.Expected++
			if lost > 0 {
				c.audit.Found++
				c.audit.Unclaimed--
			}
			if there {
				c.audit.Contradicted++
			}
		case !there:
		case row.Outcome.Class() == result.Lost:
			c.audit.Unclaimed++
			lost++
		default:
			c.audit.Contradicted++
		}
	}
	return nil
}
