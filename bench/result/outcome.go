package result

import "fmt"

// Outcome is the end of one scheduled transaction. Each has exactly one: over any set of transactions
// their counts sum to the number that was scheduled.
type Outcome uint8

// The outcomes. Only Valid counts towards throughput.
const (
	Unknown            Outcome = iota // no commit status within the time allowed
	Valid                             // committed with validation code VALID
	MVCCConflict                      // committed as invalid: MVCC_READ_CONFLICT
	PhantomRead                       // committed as invalid: PHANTOM_READ_CONFLICT
	EndorsementPolicy                 // committed as invalid: ENDORSEMENT_POLICY_FAILURE
	InvalidOther                      // committed as invalid with any other code
	EndorseRefused                    // the chaincode or an endorser refused it
	EndorseMismatch                   // endorsements differ or do not satisfy the policy
	Limited                           // a peer's concurrency limit turned it away
	SubmitRefused                     // the orderers did not take it
	Dropped                           // due, but the client had no free slot
	PrepareError                      // the workload could not make it
	Answered                          // a query or an endorse-only transaction, answered
	Interrupted                       // the run was stopped before it ended
	EndorseTimeout                    // no endorsement, nor a refusal, within the time allowed
	EndorseUnreachable                // nobody to endorse it could be reached, or the connection broke
	CARefused                         // a certification authority, or the verifier of its certificates, said no
	CATimeout                         // no answer of the certification authority within the time allowed
	CAUnreachable                     // the certification authority could not be reached, or the connection broke
	Confirmed                         // a contract refuses it as there already, so that an earlier attempt was committed
	outcomes
)

// Class says how a transaction ended, in general.
type Class uint8

// The classes.
const (
	Lost      Class = iota // unknown
	Succeeded              // valid, answered or confirmed
	Failed                 // committed as invalid
	Refused                // turned away, or given up, before an orderer had it
	Unsent                 // it never left the client
)

var classNames = [...]string{Lost: "lost", Succeeded: "succeeded", Failed: "failed", Refused: "refused", Unsent: "unsent"}

// String returns the class's name.
func (c Class) String() string { return classNames[c] }

// outcomeTable is the one place that says what outcomes there are.
var outcomeTable = [outcomes]struct {
	name  string // in results
	class Class
}{
	Unknown:            {"unknown", Lost},
	Valid:              {"valid", Succeeded},
	MVCCConflict:       {"mvcc_conflict", Failed},
	PhantomRead:        {"phantom_read", Failed},
	EndorsementPolicy:  {"endorsement_policy", Failed},
	InvalidOther:       {"invalid_other", Failed},
	EndorseRefused:     {"endorse_refused", Refused},
	EndorseMismatch:    {"endorse_mismatch", Refused},
	Limited:            {"limited", Refused},
	SubmitRefused:      {"submit_refused", Refused},
	Dropped:            {"dropped", Unsent},
	PrepareError:       {"prepare_error", Unsent},
	Answered:           {"answered", Succeeded},
	Interrupted:        {"interrupted", Lost},
	EndorseTimeout:     {"endorse_timeout", Refused},
	EndorseUnreachable: {"endorse_unreachable", Refused},
	CARefused:          {"ca_refused", Refused},
	CATimeout:          {"ca_timeout", Refused},
	CAUnreachable:      {"ca_unreachable", Refused},
	Confirmed:          {"confirmed", Succeeded},
}

// Class returns how the transaction ended, in general.
func (o Outcome) Class() Class { return outcomeTable[o].class }

// Outcomes returns every outcome in its fixed order of presentation.
func Outcomes() []Outcome { return upTo(outcomes) }

// upTo returns the values of an enumeration below n.
func upTo[T ~uint8](n T) []T {
	var all []T
	for v := range n {
		all = append(all, v)
	}
	return all
}

// String returns the outcome's name as stored in results.
func (o Outcome) String() string {
	if o < outcomes {
		return outcomeTable[o].name
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// ParseOutcome is the inverse of String.
func ParseOutcome(name string) (Outcome, error) {
	for o, row := range outcomeTable {
		if row.name == name {
			return Outcome(o), nil
		}
	}
	return 0, fmt.Errorf("unknown outcome %q", name)
}

// Counts holds a number of transactions per outcome.
type Counts [outcomes]uint64

// Total returns the number of transactions over all outcomes.
func (c Counts) Total() uint64 {
	var n uint64
	for _, k := range c {
		n += k
	}
	return n
}

// Map returns the outcomes that occurred, by name, in the form that summary.json stores.
func (c Counts) Map() map[string]uint64 {
	m := make(map[string]uint64)
	for o, n := range c {
		if n > 0 {
			m[Outcome(o).String()] = n
		}
	}
	return m
}
