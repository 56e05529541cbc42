package result

import "fmt"

// Audit compares the client's own record with the ledger, transaction by transaction, over the
// whole run, warm-up included.
type Audit struct {
	Expected   uint64 `json:"expected"`   // recorded as valid by the client
	Found      uint64 `json:"found"`      // of those, valid on the ledger
	Missing    uint64 `json:"missing"`    // Expected - Found
	Duplicated uint64 `json:"duplicated"` // transaction ids valid on the ledger more than once
	Unclaimed  uint64 `json:"unclaimed"`  // valid on the ledger, outcome unknown or interrupted at the client
	Foreign    uint64 `json:"foreign"`    // valid on the ledger, never sent by this run
	// Contradicted are valid on the ledger, but recorded under another final outcome.
	Contradicted uint64 `json:"contradicted"`
	Stored       uint64 `json:"stored"` // readings and bills that the chaincode itself counts, set-up excluded
	// Evaluated are ciphertexts, drawn from the ledger after the run, whose sum of values was
	// evaluated and is what the meters measured.
	Evaluated uint64 `json:"evaluated,omitempty"`
}

// Problem returns what is wrong with the ledger, empty if nothing is. A transaction that is on the
// ledger though the client never learnt its outcome is no fault; whether it was committed before
// the contract was asked for its count or after is unknown: Stored may count it or not.
func (a Audit) Problem() string {
	committed := a.Found + a.Unclaimed
	if a.Missing == 0 && a.Duplicated == 0 && a.Foreign == 0 && a.Contradicted == 0 && a.Found <= a.Stored && a.Stored <= committed {
		return ""
	}
	return fmt.Sprintf("the ledger does not match the client's record: of %d valid transactions %d are missing; "+
		"%d are on the ledger twice, %d against the client's record, %d not from this run; the contract stores %d readings, %d were committed",
		a.Expected, a.Missing, a.Duplicated, a.Contradicted, a.Foreign, a.Stored, committed)
}
