// Package bench is the load engine. It does not depend on Fabric.
//
// Data flow: a Plan says when transactions are due; for each one Run asks the Workload for the Transaction,
// hands it to the Target, and turns the Receipt into one result.Record for the Sink. Latency counts from the
// intended start; every scheduled transaction ends in exactly one outcome class.
package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/internal/random"
	"meterbench/internal/refusal"
)

// Transaction is ready to be submitted.
type Transaction struct {
	Contract string // whose function it is; empty: the target's own
	Function string
	Args     [][]byte
	// Sender is the MSP id of the organisation that must send it; empty: whose turn it is.
	Sender string
	// Transient goes to the endorsers with the proposal and never to the orderers: no ledger has it.
	Transient map[string][]byte
	// Query has one peer answer, with nothing endorsed or ordered: the outcome is Answered, whatever Wait says.
	Query bool
	// Call, where not nil, carries the transaction out in place of the target, as one that a certification authority beside
	// the ledger answers. It keeps to what Target.Submit promises.
	Call    func(ctx context.Context) (Receipt, error)
	Channel int           // which of the target's channels takes it, from 0
	Encrypt time.Duration // part of its preparation, 0 if none
	// Ended, where not nil, is called with the outcome, before the client that sent it goes on.
	Ended  func(result.Outcome)
	Wait   result.Wait   // set by the engine: how far the Target takes it
	Driver result.Driver // set by the engine: how a Target that has several ways takes it
	// Site, set by the engine, is where the client stands: the number of one of the target's sites, from 1; 0: wherever
	// its gateway is.
	Site uint16
	// Timeout, set by the engine, is how long the client waits for each answer, and for the commit; 0: as long as is usual for
	// the Target.
	Timeout time.Duration
	// Once is the code with which its contract refuses it where it is on the ledger already. The zero code: no contract does,
	// so that a second one could be committed too.
	Once refusal.Code
	// Failover, set by the engine, has a Target try again, in another way, what got no definite answer and is refused Once it is
	// on the ledger, or only asks.
	Failover bool
	// Acknowledged, set by the engine or nil, is called at most once, with the instant at which an orderer took
	// the transaction.
	Acknowledged func(at time.Time)
}

// Receipt says how far a transaction got, also when Submit returns an error. Zero times were not reached;
// times carry a monotonic reading.
type Receipt struct {
	TxID      [32]byte
	Endorsed  time.Time
	Submitted time.Time
	Committed time.Time
	Block     uint64
	Bytes     uint32
	Site      uint16 // of the gateway that took it: the number of one of the target's sites, from 1; 0: there is none
	Outcome   result.Outcome
	// Attempts are all attempts in their order where there were several, each a transaction of its own. What is said above is
	// said of the one that decided, by Outcome.
	Attempts []Attempt
}

// An Attempt is one of several by which a Target tried to take a transaction to its end. Zero times were not reached.
type Attempt struct {
	Receipt           // without attempts
	Through string    // the gateway, or whoever else it went through
	Started time.Time // when it began
	Ended   time.Time // when it was given up or ended otherwise than with a commit; else zero
}

// Entry is one transaction on a ledger, valid or not.
type Entry struct {
	TxID    [32]byte
	Channel int // of the target's channels, from 0
	Block   uint64
	Outcome result.Outcome
	Mark    Mark // zero where the ledger does not show any
}

// A Mark tells on a ledger which of several processes sent a transaction: each sets its own where clients draw numbers at random, so that
// a transaction of others has one that nobody knows. Zero is none.
type Mark [8]byte

// Workload makes transactions, in the timed path and by many goroutines at once. seq is unique over the run.
type Workload interface {
	Transaction(ctx context.Context, seq uint64) (Transaction, error)
}

// Target takes transactions to their end and classifies them. Submit is called by many goroutines at once.
// The error explains any outcome other than Valid and Answered; the Receipt is right in either case. Submit
// returns soon after ctx is done: Run waits for it.
type Target interface {
	Submit(ctx context.Context, tx Transaction) (Receipt, error)
}

// Sink takes records. It is called by many goroutines at once.
type Sink interface {
	Record(result.Record)
}

// AttemptSink is a Sink that also takes the attempts of transactions of which there were several, before their records. It is
// called by many goroutines at once.
type AttemptSink interface {
	Attempts([]result.Attempt)
}

// DefaultDrain and DefaultOutstanding replace zero fields of a Plan. An outstanding transaction holds a
// goroutine, so that DefaultOutstanding of them are in the order of 100 MB of stacks.
const (
	DefaultDrain       = 30 * time.Second
	DefaultOutstanding = 10_000
)

// Plan describes one load level, or one of the loads that make it up. The load is closed where Clients is set
// and open where Arrivals is set; exactly one of them is.
type Plan struct {
	// Start is when the load begins. All instants, also those of the Result, count from the level's start.
	Start time.Duration

	// Clients is the number of clients of a closed load. Each has one transaction at a time. Its next one is
	// intended Think after the one before reached Wait, by the instant in the Receipt, or where it failed, after that
	// was known: whatever passes until the client gets round to it is lag. The first ones are intended evenly over
	// Spread, from Start on.
	Clients int
	Think   time.Duration
	Spread  time.Duration

	// Arrivals schedules an open load, independently of the transactions' outcomes. Slots is the most
	// transactions that may be on their way to Wait; one that finds no slot is Dropped at once.
	Arrivals arrival.Process
	Slots    int
	Random   random.Stream // of Arrivals

	// Hold is the time for which transactions are scheduled, from Start on. It is held in full where arrivals end
	// earlier, as those of a trace may: how long was measured must not depend on them. What is under way then
	// gets Drain to end and is Unknown after that. 0 stands for DefaultDrain.
	//
	// Until then the load runs out: it goes on as before, so that what was intended late in the hold does not end on
	// a target that empties. The run-out ends when all transactions that any load of the level intended within its
	// hold have ended; what it sent itself then gets Drain, too. There is none of a trace, where arrivals end by
	// themselves, after an interruption, and of loads that end before others of their level, which go on loading the target.
	Hold  time.Duration
	Drain time.Duration

	// Wait is how far a client follows its transaction. With WaitAcknowledge the commit is still awaited and
	// recorded, but the client is free again once an orderer has taken the transaction. With WaitEndorse
	// nothing is sent to the orderer and the outcome is Answered. Empty stands for WaitCommit.
	Wait result.Wait
	// Driver is how a Target that has several ways takes the transactions. Empty stands for its usual one.
	Driver result.Driver
	// Site is where the clients stand: the number of one of the target's sites, from 1; 0: wherever their gateways are.
	Site uint16
	// Timeout is how long a client waits for each answer, and for the commit. 0: as long as is usual for the Target.
	Timeout time.Duration
	// Failover has the Target try transactions again that got no definite answer.
	Failover bool
	// Outstanding bounds, with WaitAcknowledge, the transactions that have not ended, also those that no
	// client follows any more. Beyond it a client of a closed load waits, visible as the lag from intended to
	// started, and a transaction of an open load is Dropped. 0 stands for DefaultOutstanding.
	Outstanding int

	// Share is the part of the load that this process makes, where several make it together. What the plan says otherwise is said
	// of all of it.
	Share Share

	First uint64 // sequence number of the first transaction
	// Spare is the sequence number of the run-out's first transaction. 0: the run-out goes on with those of the load,
	// in the order in which transactions come.
	Spare uint64
}

// Validate returns an error that names the first field that makes no sense.
func (p Plan) Validate() error {
	closed, open := p.Clients != 0, p.Arrivals != nil
	switch {
	case closed == open:
		return fmt.Errorf("load plan: set either clients (closed load) or arrivals (open load)")
	case p.Clients < 0:
		return fmt.Errorf("load plan: %d clients; give at least 1", p.Clients)
	case open && p.Slots < 1:
		return fmt.Errorf("load plan: %d slots; open load needs at least 1", p.Slots)
	case closed && p.Slots != 0:
		return fmt.Errorf("load plan: slots belong to open load; a closed load has a slot per client")
	case p.Spread < 0 || p.Spread > p.Hold || open && p.Spread != 0:
		return fmt.Errorf("load plan: clients spread over %v; only a closed load has any, and within its hold", p.Spread)
	case p.Think < 0 || open && p.Think != 0:
		return fmt.Errorf("load plan: think time %v; only a closed load has one, and not below 0", p.Think)
	case p.Start < 0:
		return fmt.Errorf("load plan: start %v; a load cannot begin before its level", p.Start)
	case p.Hold <= 0:
		return fmt.Errorf("load plan: hold %v; give a time above 0", p.Hold)
	case p.Drain < 0:
		return fmt.Errorf("load plan: drain %v; give 0 for %v, or more", p.Drain, DefaultDrain)
	case p.Wait != "" && !slices.Contains(result.Waits(), p.Wait):
		return fmt.Errorf("load plan: there is no wait %q", p.Wait)
	case p.Timeout < 0:
		return fmt.Errorf("load plan: timeout %v; give 0 for the target's own, or more", p.Timeout)
	case p.Outstanding < 0:
		return fmt.Errorf("load plan: %d outstanding; give 0 for %d, or more", p.Outstanding, DefaultOutstanding)
	}
	if err := p.checkShare(); err != nil {
		return err
	}
	if a, ok := p.Arrivals.(interface{ Validate() error }); ok {
		if err := a.Validate(); err != nil {
			return fmt.Errorf("load plan: %w", err)
		}
	}
	return nil
}

// end returns when the last transaction may be scheduled, from the level's start.
func (p Plan) end() time.Duration { return p.Start + p.Hold }

// Result sums up a load of a level, or a share of it, whose records went to the Sink.
type Result struct {
	Epoch     time.Time     // start of the level, from which the records' instants count
	Held      time.Duration // transactions were scheduled for so long from Start on: Hold, or less where interrupted
	Ended     time.Duration // the last transaction had ended
	Scheduled uint64        // intended within Hold
	Counts    result.Counts // of these, warm-up included; sums to Scheduled
	RunOut    result.Counts // of the transactions that the run-out sent
	Next      uint64        // First of the next level; of a share the number after its last
	Spare     uint64        // Spare of the next level, likewise, 0 where that of the plan is
	Partial   bool          // the load was interrupted, or exhausted its workload
	// Exhausted says that the workload had no further transaction for a closed load, which ended Held after its Start: nil
	// where it had.
	Exhausted *ExhaustedError
	// Crowded says that clients waited for some of the Plan.Outstanding to end: the target made them late.
	Crowded  bool
	Failures []Failure // those in Counts, by outcome, then by first occurrence
	GC       GC        // from the start of the level until Ended
}

// Failure counts the errors with one text that came with an outcome.
type Failure struct {
	Outcome result.Outcome
	Text    string
	Count   uint64
}

// GC is the garbage collection of this process during the level.
type GC struct {
	Cycles     int
	PauseTotal time.Duration
	PauseMax   time.Duration // over the last 256 cycles
}

// Watch says who watches a level under way, and what is gathered for it.
type Watch struct {
	Live func(Live) // called once per second and at the end, never twice at once; nil: nobody watches
	Lag  bool       // Live.Lag is wanted
}

// Live is the state of a level under way, over all of its loads.
type Live struct {
	Elapsed  time.Duration
	Hold     time.Duration // until the last of its loads is over; it runs out from then on
	Counts   result.Counts // so far, the run-out included; Counts[result.Dropped] are the drops
	InFlight uint64        // scheduled and not yet ended

	// Since the Live before, about a second ago:
	Offered float64       // transactions scheduled per second
	Valid   float64       // valid commits per second
	Answers float64       // transactions that ended with an answer, per second
	P50     time.Duration // of the latency of valid or answered transactions, from intended on; 0 if there were none
	P99     time.Duration
	Lag     *time.Duration // p99 from intended to started of those that ended, however; nil where none had started, or nobody wanted it
}
