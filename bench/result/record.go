package result

import "time"

// NotReached marks an instant of a Record that the transaction never reached.
const NotReached time.Duration = -1

// A Record is one scheduled transaction. Its instants are offsets from the
// start of the load level (monotonic clock), or NotReached. In the order in
// which a transaction passes them:
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
	Encrypt   time.Duration // the part of Started to Prepared that went into encryption; 0 if none
	Outcome   Outcome
	TxID      [32]byte // Fabric transaction id, zero if none was assigned
	Block     uint64   // number of the block that holds it, on its channel; 0 if none
	Bytes     uint32   // size of the envelope that went to the orderer
	Channel   uint16   // which of the target's channels it was prepared for, from 0
}

// A Phase names a span of a transaction's life. Commit, Lag, Prepare, Endorse,
// Submit and OrderCommit measure from one instant of a Record to another;
// Commit is the whole and the sum of the other five. Acknowledge is Endorse
// plus Submit, what the published clients measured. Encrypt is part of Prepare.
type Phase uint8

// The phases in their order of presentation.
const (
	PhaseCommit      Phase = iota // intended to committed
	PhaseLag                      // intended to started
	PhasePrepare                  // started to prepared
	PhaseEncrypt                  // part of prepare
	PhaseEndorse                  // prepared to endorsed
	PhaseSubmit                   // endorsed to acknowledged by an orderer
	PhaseOrderCommit              // acknowledged to committed
	PhaseAcknowledge              // prepared to acknowledged
	phases
)

var phaseNames = [phases]string{"commit", "lag", "prepare", "encrypt", "endorse", "submit", "order_commit", "acknowledge"}

// String returns the phase's key in summary.json.
func (p Phase) String() string { return phaseNames[p] }

// Phases returns every phase in its fixed order of presentation.
func Phases() []Phase {
	all := make([]Phase, phases)
	for i := range all {
		all[i] = Phase(i)
	}
	return all
}

// Span returns how long the transaction spent in phase p, and false where it
// did not pass both ends of the phase (or encrypted nothing).
func (r *Record) Span(p Phase) (time.Duration, bool) {
	between := func(from, to time.Duration) (time.Duration, bool) {
		if from == NotReached || to == NotReached {
			return 0, false
		}
		return to - from, true
	}
	switch p {
	case PhaseCommit:
		return between(r.Intended, r.Committed)
	case PhaseLag:
		return between(r.Intended, r.Started)
	case PhasePrepare:
		return between(r.Started, r.Prepared)
	case PhaseEncrypt:
		return r.Encrypt, r.Encrypt > 0
	case PhaseEndorse:
		return between(r.Prepared, r.Endorsed)
	case PhaseSubmit:
		return between(r.Endorsed, r.Submitted)
	case PhaseOrderCommit:
		return between(r.Submitted, r.Committed)
	case PhaseAcknowledge:
		return between(r.Prepared, r.Submitted)
	}
	return 0, false
}
