package result

import "fmt"

// An Outcome is what became of one scheduled transaction. The classes are
// disjoint and exhaustive: over any set of transactions their counts sum to
// the number that was scheduled.
type Outcome uint8

// The outcome classes. Only Valid counts towards throughput.
const (
	Unknown           Outcome = iota // no commit status within the time allowed
	Valid                            // committed with validation code VALID
	MVCCConflict                     // committed as invalid: MVCC_READ_CONFLICT
	PhantomRead                      // committed as invalid: PHANTOM_READ_CONFLICT
	EndorsementPolicy                // committed as invalid: ENDORSEMENT_POLICY_FAILURE
	InvalidOther                     // committed as invalid with any other code
	EndorseRefused                   // the chaincode or an endorser said no
	EndorseMismatch                  // endorsements differ or do not satisfy the policy
	Limited                          // a peer's concurrency limit turned it away
	SubmitRefused                    // the orderers did not take it
	Dropped                          // due, but the client had no free slot
	PrepareError                     // the workload could not make it
	Answered                         // a query or an endorse-only transaction, answered; never throughput
	Interrupted                      // the run was stopped before it ended
	outcomes
)

var outcomeNames = [outcomes]string{
	"unknown", "valid", "mvcc_conflict", "phantom_read", "endorsement_policy",
	"invalid_other", "endorse_refused", "endorse_mismatch", "limited",
	"submit_refused", "dropped", "prepare_error", "answered", "interrupted",
}

// Outcomes returns every class in its fixed order of presentation.
func Outcomes() []Outcome {
	all := make([]Outcome, outcomes)
	for i := range all {
		all[i] = Outcome(i)
	}
	return all
}

// String returns the class's name as stored in results.
func (o Outcome) String() string {
	if o < outcomes {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// ParseOutcome is the inverse of String.
func ParseOutcome(name string) (Outcome, error) {
	for i, n := range outcomeNames {
		if n == name {
			return Outcome(i), nil
		}
	}
	return 0, fmt.Errorf("unknown outcome %q", name)
}

// Counts holds a number of transactions per outcome class.
type Counts [outcomes]uint64

// Total returns the number of transactions over all classes.
func (c Counts) Total() uint64 {
	var n uint64
	for _, k := range c {
		n += k
	}
	return n
}

// Map returns the classes that occurred, by name, in the form that
// summary.json stores.
func (c Counts) Map() map[string]uint64 {
	m := make(map[string]uint64)
	for o, n := range c {
		if n > 0 {
			m[Outcome(o).String()] = n
		}
	}
	return m
}
