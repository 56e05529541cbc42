package result

import (
	"fmt"
	"strings"

	"meterbench/bench/topology"
)

// Feasibility says for how many meters devices and peers are enough, from the costs that the run measured.
type Feasibility struct {
	Interval float64    `json:"interval_s"` // the metering interval
	HeadRoom float64    `json:"head_room"`  // share of the time or of the throughput that stays free
	Gateways []Gateways `json:"gateways"`
	Peers    []Peers    `json:"peers"`
}

// Gateways says for how many meters one device is enough whose readings are encrypted with a parameter set.
// To encrypt is a sensor's work; to submit, and to evaluate every reading once for a bill, is the gateway's.
// Costs were measured on the run's machine and multiplied by Factor: the time of one P-256 signature on the
// device over that on the machine.
type Gateways struct {
	Device       string  `json:"device"`
	Factor       float64 `json:"factor"`
	Scheme       string  `json:"scheme"`
	Bits         int     `json:"bits"`
	SecurityBits *int    `json:"security_bits"`
	Length       int     `json:"length"`        // values per reading
	Encrypt      float64 `json:"encrypt_s"`     // one reading on the device
	Share        float64 `json:"share"`         // of the time until the next reading that encrypting this one takes
	Submit       float64 `json:"submit_s"`      // one reading: the client's CPU time of a transaction, signatures included
	Evaluate     float64 `json:"evaluate_s"`    // one reading, 0 where the scheme has no bills
	Meters       int     `json:"meters"`        // that do all of it on the device, with the head-room; 0: not even one
	Served       int     `json:"served_meters"` // likewise, whose sensors encrypt themselves
	InTime       bool    `json:"in_time"`       // a reading is encrypted within one interval, head-room included
}

// Peers says how many meters send a channel as much as its peers were seen to commit.
type Peers struct {
	Series     string        `json:"series"`
	Caps       topology.Caps `json:"caps,omitzero"`
	Throughput float64       `json:"throughput_per_s"`
	Meters     int           `json:"meters"` // each with one transaction per interval, with the head-room
}

// AuditVerdict is the outcome of an audit.
type AuditVerdict string

// The outcomes.
const (
	AuditPass    AuditVerdict = "passed"
	AuditFail    AuditVerdict = "failed"
	AuditNothing AuditVerdict = "nothing to audit" // the client recorded no transaction as valid, and the ledger agrees
)

// Conflicts compares the share of MVCC conflicts with the birthday estimate.
type Conflicts struct {
	Keys      int `json:"keys"`      // of the space, each as often
	Committed int `json:"committed"` // transactions that reached the ledger, valid or with an MVCC conflict
	// Share is that of conflicts among them, Expected the estimate for transactions that read and write one key each.
	Share    float64 `json:"share"`
	Expected float64 `json:"expected_share"`
}

// Audit compares the client's own record with the ledger, transaction by transaction, over the whole run,
// warm-up included.
type Audit struct {
	// Verdict is what Judge returns, set when a summary is read or written.
	Verdict      AuditVerdict `json:"verdict"`
	Expected     uint64       `json:"expected"`     // recorded as valid or confirmed by the client
	Found        uint64       `json:"found"`        // of those, valid on the ledger; what was confirmed, by an earlier attempt
	Missing      uint64       `json:"missing"`      // Expected - Found
	Duplicated   uint64       `json:"duplicated"`   // transaction ids valid on the ledger more than once
	Unclaimed    uint64       `json:"unclaimed"`    // valid on the ledger, outcome unknown or interrupted at the client
	Foreign      uint64       `json:"foreign"`      // valid on the ledger, never sent by this run, though nobody else may use it
	Contradicted uint64       `json:"contradicted"` // valid on the ledger, recorded under another final outcome
	Stored       uint64       `json:"stored"`       // readings and bills that the chaincode itself counts, set-up excluded
	// Uncounted says that a contract counts nothing, so that Stored says nothing about the run.
	Uncounted bool `json:"uncounted,omitempty"`
	// Evaluated are ciphertexts, drawn from the ledger after the run, whose sum of values was evaluated and
	// is what the meters measured.
	Evaluated uint64 `json:"evaluated,omitempty"`
	// Others are valid on the ledger and were sent by others while this run measured, on a network that they may use too.
	Others uint64 `json:"others,omitempty"`
	// Untold are valid on the ledger, and on no record: workers sent them that were lost before they told of it, as their marks there
	// say. They are no fault, and Stored may count them or not.
	Untold WorkerCounts `json:"untold,omitempty"`
	// Unrecorded are those of Foreign that workers sent which were not lost.
	Unrecorded WorkerCounts `json:"unrecorded,omitempty"`
	// InDoubt are the transactions whose end the client did not see; nil where there are none, and in runs of older versions.
	InDoubt *InDoubt `json:"in_doubt,omitempty"`
	// Ledgers says which peers' copies of the ledgers were read; nil of a simulated one, and in runs of older versions.
	Ledgers []LedgerRead `json:"ledgers,omitempty"`
}

// Committed returns how many transactions of the run are valid on the ledger, none of them twice.
func (a Audit) Committed() uint64 { return a.Found + a.Unclaimed + a.Untold.Total() }

// WorkerCounts count transactions by the worker that sent them, in the order of their ranks.
type WorkerCounts []WorkerCount

// A WorkerCount counts transactions of a worker.
type WorkerCount struct {
	Worker       int    `json:"worker"` // its rank
	Transactions uint64 `json:"transactions"`
}

// Total returns the number of transactions of all workers.
func (w WorkerCounts) Total() (n uint64) {
	for _, one := range w {
		n += one.Transactions
	}
	return n
}

// String says how many each worker has.
func (w WorkerCounts) String() string {
	var all []string
	for _, one := range w {
		all = append(all, fmt.Sprintf("%d of worker %d", one.Transactions, one.Worker))
	}
	return strings.Join(all, ", ")
}

// Judge returns the verdict that follows from the counts.
func (a Audit) Judge() AuditVerdict {
	switch {
	case a.Problem() != "":
		return AuditFail
	case a.Expected == 0:
		return AuditNothing
	}
	return AuditPass
}

// Problem returns what is wrong with the ledger, empty if nothing is. A transaction that is on the ledger
// though the client never learnt its outcome is no fault, nor is one of a worker that was lost; whether it was committed
// before the contract was asked for its count or after is unknown: Stored may count it or not.
func (a Audit) Problem() string {
	committed := a.Committed()
	agrees := a.Uncounted || a.Found <= a.Stored && a.Stored <= committed
	twice := a.InDoubt != nil && a.InDoubt.Twice > 0
	if a.Missing == 0 && a.Duplicated == 0 && a.Foreign == 0 && a.Contradicted == 0 && agrees && !twice {
		return ""
	}
	problem := fmt.Sprintf("the ledger does not match the client's record: of %d valid transactions %d are missing; "+
		"%d are on the ledger twice, %d against the client's record, %d not from this run",
		a.Expected, a.Missing, a.Duplicated, a.Contradicted, a.Foreign)
	if a.Unrecorded != nil {
		problem += fmt.Sprintf(" or not on record (%s, not lost)", a.Unrecorded)
	}
	if !a.Uncounted {
		problem += fmt.Sprintf("; the contract stores %d readings, %d were committed", a.Stored, committed)
	}
	if twice {
		problem += fmt.Sprintf("; of %d readings two attempts are valid", a.InDoubt.Twice)
	}
	return problem
}
