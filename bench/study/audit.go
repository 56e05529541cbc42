package study

import (
	"context"
	"fmt"

	"meterbench/bench/result"
)

// audit reads the whole ledger and compares it with the client's record,
// transaction by transaction, warm-up included.
func (s *study) audit(ctx context.Context) (a result.Audit, err error) {
	// The contract is asked before the ledger is read: what the client has lost
	// sight of may be committed meanwhile.
	if a.Stored, err = s.site.Stored(ctx); err != nil {
		return a, fmt.Errorf("count the readings on the ledger: %w", err)
	}
	type sent struct {
		outcome result.Outcome
		found   bool
	}
	client := map[[32]byte]sent{}
	for row, err := range s.writer.Transactions() {
		if err != nil {
			return a, err
		}
		if row.Outcome == result.Valid {
			a.Expected++
		}
		if row.TxID != ([32]byte{}) {
			client[row.TxID] = sent{outcome: row.Outcome}
		}
	}
	for entry, err := range s.site.Ledger(ctx) {
		if err != nil {
			return a, fmt.Errorf("read the ledger: %w", err)
		}
		if !entry.Valid || entry.SetUp {
			continue
		}
		tx, ours := client[entry.TxID]
		switch {
		case !ours:
			a.Foreign++
			continue
		case tx.found:
			a.Duplicated++
			continue
		case tx.outcome == result.Valid:
			a.Found++
		case tx.outcome == result.Unknown || tx.outcome == result.Interrupted:
			a.Unclaimed++
		default:
			a.Contradicted++
		}
		tx.found = true
		client[entry.TxID] = tx
	}
	a.Missing = a.Expected - a.Found
	return a, nil
}

// verdict returns what is wrong with the ledger, empty if nothing is. A
// transaction that is on the ledger though the client never learnt its outcome
// is no fault; whether it was committed before the contract was asked for its
// count or after, nobody knows.
func verdict(a result.Audit) string {
	committed := a.Found + a.Unclaimed
	if a.Missing == 0 && a.Duplicated == 0 && a.Foreign == 0 && a.Contradicted == 0 && a.Found <= a.Stored && a.Stored <= committed {
		return ""
	}
	return fmt.Sprintf("the ledger does not match the client's record: of %d valid transactions %d are missing; %d are on the ledger twice, %d against the client's record, %d from nobody here; the contract stores %d readings, %d were committed",
		a.Expected, a.Missing, a.Duplicated, a.Contradicted, a.Foreign, a.Stored, committed)
}
