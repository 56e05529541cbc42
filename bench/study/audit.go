package study

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"

	"meterbench/bench"
	"meterbench/bench/result"
)

// ledgers holds the contents of the ledgers of all sessions, set-up excluded.
type ledgers struct {
	valid  []ledgerEntry // a transaction as often as it is there
	stored uint64        // readings that the contracts count

	uncounted bool // one of them counts nothing

	evaluated uint64 // ciphertexts whose values are those measured

	copies []result.LedgerRead // that were read
	doubts doubtTally          // of all sessions
	lost   map[sender]bool     // workers that were, in a level
}

// A shortID is a part of the first half of a transaction id. Ids are SHA-256 sums: that two of a billion share these
// 112 bits has a chance of 1e-16.
type shortID [14]byte

func shorten(id [32]byte) shortID { return shortID(id[2:16]) }

func (a shortID) compare(b shortID) int { return bytes.Compare(a[:], b[:]) }

// A ledgerEntry is a valid transaction on a ledger.
type ledgerEntry struct {
	id shortID
	by sender
}

// A sender is whose mark a transaction has: 1 more than a worker's rank.
type sender uint16

const (
	unmarked sender = 0              // that of none of the run's workers
	unshown  sender = math.MaxUint16 // the ledger shows no marks
)

func senderOf(rank int) sender { return sender(1 + rank) }

func (s sender) rank() int { return int(s) - 1 }

// senders returns whose mark is whose on the ledger of a site, nil where no workers make the load.
func senders(site Site) map[bench.Mark]sender {
	crew, manned := as[Crew](site)
	if !manned {
		return nil
	}
	all := map[bench.Mark]sender{}
	for _, w := range crew.Workers() {
		all[w.Mark] = senderOf(w.Rank)
	}
	all[bench.Mark{}] = unshown
	return all
}

// lose notes that a worker was lost in a level.
func (l *ledgers) lose(rank int) {
	if l.lost == nil {
		l.lost = map[sender]bool{}
	}
	l.lost[senderOf(rank)] = true
}

// read adds what is on the ledger of a site, and hands every transaction there to see and every block to keep.
func (l *ledgers) read(ctx context.Context, site Site, see func(bench.Entry), keep func(*result.BlockRow)) error {
	// The contract is asked before the ledger is read: what the client has lost sight of may be committed meanwhile.
	stored, counted, err := site.Stored(ctx)
	if err != nil {
		return fmt.Errorf("count the readings on the ledger: %w", err)
	}
	l.stored += stored
	l.uncounted = l.uncounted || !counted
	by := senders(site)
	for entry, err := range site.Ledger(ctx, keep) {
		if err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		see(entry)
		if entry.Outcome == result.Valid {
			l.valid = append(l.valid, ledgerEntry{shorten(entry.TxID), by[entry.Mark]})
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
	slices.SortFunc(l.valid, func(a, b ledgerEntry) int { return a.id.compare(b.id) })
	claims := claims{audit: &a, valid: l.valid, claimed: make([]bool, len(l.valid)), lost: l.lost}
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
	return a, claims.attribute()
}

// claims says which transactions on the ledgers are those of the client.
type claims struct {
	audit   *result.Audit
	valid   []ledgerEntry // in order
	claimed []bool        // the first copy of a transaction, by a row
	lost    map[sender]bool
}

// find returns where the first copy of a transaction is, false where it is valid on no ledger or was claimed before.
func (c *claims) find(txID [32]byte) (at int, ok bool) {
	at, there := slices.BinarySearchFunc(c.valid, shorten(txID), func(one ledgerEntry, id shortID) int { return one.id.compare(id) })
	return at, txID != ([32]byte{}) && there && !c.claimed[at]
}

// claim reports whether a transaction is valid on a ledger and was not claimed before.
func (c *claims) claim(txID [32]byte) bool {
	at, ok := c.find(txID)
	if ok {
		c.claimed[at] = true
	}
	return ok
}

// attribute counts further copies, and says whose those transactions are that no row claims. The error is that it cannot be known.
func (c *claims) attribute() error {
	unclaimed := map[sender]uint64{}
	for at := 0; at < len(c.valid); {
		copies := uint64(1)
		for next := at + 1; next < len(c.valid) && c.valid[next].id == c.valid[at].id; next++ {
			copies++
		}
		switch by := c.valid[at].by; {
		case c.claimed[at]:
			c.audit.Duplicated += copies - 1
		case c.lost[by]:
			unclaimed[by]++
			c.audit.Duplicated += copies - 1
		default:
			unclaimed[by] += copies
			c.audit.Foreign += copies
		}
		at += int(copies)
	}
	for _, by := range slices.Sorted(maps.Keys(unclaimed)) {
		one := result.WorkerCount{Worker: by.rank(), Transactions: unclaimed[by]}
		switch {
		case by == unshown && len(c.lost) > 0:
			return fmt.Errorf("%d transactions on the ledger are not on record, of others or of a worker that was lost: filtered blocks do not say "+
				"which; use an identity that may read whole ones", unclaimed[by])
		case by == unshown:
		case c.lost[by]:
			c.audit.Untold = append(c.audit.Untold, one)
		case by != unmarked:
			c.audit.Unrecorded = append(c.audit.Unrecorded, one)
		}
	}
	return nil
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
		at, there := c.find(row.TxID)
		if there && row.Outcome == result.Valid && c.lost[c.valid[at].by] {
			continue // the record that would have claimed it is lost with the worker
		}
		if there {
			c.claimed[at] = true
		}
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
