package result

import "time"

// NotReached marks an instant of a Record that the transaction never reached.
const NotReached time.Duration = -1

// Record is one scheduled transaction. Its instants are offsets from the start of the load level (monotonic
// clock), or NotReached. In the order in which a transaction passes them:
//
//	Intended   when the plan wanted it to start
//	Started    when the client began to work on it
//	Prepared   payload made, encrypted and signed by the meter
//	Endorsed   endorsements collected
//	Submitted  an orderer acknowledged it, or its commit was seen before that
//	Committed  the observing peer's block stream showed its validation code
type Record struct {
	Seq       uint64 // position in the series, over all its load levels; never reused within it
	Intended  time.Duration
	Started   time.Duration
	Prepared  time.Duration
	Endorsed  time.Duration
	Submitted time.Duration
	Committed time.Duration
	Ended     time.Duration // when the client knew of an end other than a commit, or stopped waiting for one; else, and in runs of older versions, 0
	Encrypt   time.Duration // the part of Started to Prepared that went into encryption; 0 if none
	Outcome   Outcome
	TxID      [32]byte // Fabric transaction id, zero if none was assigned
	Block     uint64   // number of the block that holds it, on its channel; 0 if none
	Bytes     uint32   // size of the envelope that went to the orderer
	Channel   uint16   // which of the target's channels it was prepared for, from 0
	// Attempts is how many attempts the target made, 0 where it was not asked or in runs of older versions. Of several the
	// record has the instants, the id and the block of the one that decided, and attempts.parquet all.
	Attempts uint16
	// Site is the number of the site at which its client stands, or else of the gateway that took it, from 1 in those of
	// Writer.Begin; 0: it has none, or no gateway took it. Of a row that is read it is 0: Row.SiteName has it.
	Site uint16
	// Worker is the rank of the worker that sent it, one of those of Writer.Workers; 0 in a run without workers.
	Worker uint16
}

// Part names a span of a transaction's life. Commit, Lag, Prepare, Endorse, Submit and OrderCommit measure
// from one instant of a Record to another; Commit is the whole and the sum of the other five. Acknowledge is
// Endorse plus Submit, what the published clients measured. Encrypt is part of Prepare. Answer is the whole of a
// transaction that is only answered, and the sum of Lag, Prepare and Endorse.
type Part uint8

// The parts in their order of presentation.
const (
	PartCommit      Part = iota // intended to committed
	PartLag                     // intended to started
	PartPrepare                 // started to prepared
	PartEncrypt                 // part of prepare
	PartEndorse                 // prepared to endorsed
	PartSubmit                  // endorsed to acknowledged by an orderer
	PartOrderCommit             // acknowledged to committed
	PartAcknowledge             // prepared to acknowledged
	PartAnswer                  // intended to answered, of a transaction that ends there
	parts
)

var partNames = [parts]string{"commit", "lag", "prepare", "encrypt", "endorse", "submit", "order_commit", "acknowledge", "answer"}

// String returns the part's key in summary.json.
func (p Part) String() string { return partNames[p] }

// Parts returns every part in its fixed order of presentation.
func Parts() []Part { return upTo(parts) }

// Span returns how long the transaction spent in part p, and false where it did not pass both ends of the
// part (or encrypted nothing).
func (r *Record) Span(p Part) (time.Duration, bool) {
	if p == PartEncrypt {
		return r.Encrypt, r.Encrypt > 0
	}
	if p == PartAnswer && r.Outcome != Answered {
		return 0, false
	}
	from, to := r.ends(p)
	if from == NotReached || to == NotReached {
		return 0, false
	}
	return to - from, true
}

// ends returns the instants at which a part begins and ends.
func (r *Record) ends(p Part) (from, to time.Duration) {
	switch p {
	case PartCommit:
		return r.Intended, r.Committed
	case PartLag:
		return r.Intended, r.Started
	case PartPrepare:
		return r.Started, r.Prepared
	case PartEndorse:
		return r.Prepared, r.Endorsed
	case PartSubmit:
		return r.Endorsed, r.Submitted
	case PartOrderCommit:
		return r.Submitted, r.Committed
	case PartAcknowledge:
		return r.Prepared, r.Submitted
	case PartAnswer:
		return r.Intended, r.Endorsed
	}
	return NotReached, NotReached
}

// Lasted returns the time from intended to the end of the transaction, whatever that was, or to the last instant that
// is known of it.
func (r *Record) Lasted() time.Duration {
	return max(r.Intended, r.Started, r.Prepared, r.Endorsed, r.Submitted, r.Committed, r.Ended) - r.Intended
}
