package reference

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

// True is the true course of one transaction, whatever the client saw of it. Instants that it never passed
// are zero; a refusal is not passed. They carry a monotonic reading.
type True struct {
	TxID         [32]byte // of the result.Record of the same transaction
	Arrived      time.Time
	Endorsed     time.Time
	Acknowledged time.Time
	Ordered      time.Time // its block was cut
	Committed    time.Time
	Block        uint64 // from 1, 0 if none
	Outcome      result.Outcome
}

// Ledger is a simulated ledger, a bench.Target. The instants of a Receipt are stamped when the waiting Submit
// sees them, as a client's would be, and contain the lateness of its wake-up; those of True do not.
type Ledger struct {
	config Config
	clock  clock
	start  time.Time
	log    func(True)
	wake   alarm.Clock

	mu      sync.Mutex
	model   *model
	watched *block // the open block that a goroutine is there to cut, nil if none
}

// New returns an empty ledger whose time starts now. It waits by clock: an alarm.Alarm, or alarm.Timers in
// virtual time. It calls log, where not nil, once for every transaction, when its whole course is known:
// before its Submit returns or, where its client went away, at Close at the latest; one call at a time, in no
// certain order. log must be quick and must not call the Ledger.
//
// Transaction ids repeat from the seed: ledgers of one run need seeds of their own.
func New(c Config, clock alarm.Clock, log func(True)) (*Ledger, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if log == nil {
		log = func(True) {}
	}
	l := &Ledger{config: c, clock: c.Stalls, log: log, wake: clock, start: time.Now()}
	l.model = newModel(c, l.ended)
	return l, nil
}

// Cut is a block that was cut.
type Cut struct {
	Number       uint64 // from 1
	Transactions int
	At           time.Time
	Reason       result.CutReason
}

// WatchCuts calls a function with every block that is cut from now on, in order. It must be quick and must not call the Ledger.
func (l *Ledger) WatchCuts(watch func(Cut)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.model.wasCut = func(b *block, at time.Duration, why result.CutReason) {
		watch(Cut{Number: b.number, Transactions: len(b.transactions), At: l.start.Add(l.clock.since(at)), Reason: why})
	}
}

// Submit takes a transaction as far as tx.Wait asks, and a query to the end of its endorsement. Where ctx is done first it returns Interrupted, and the
// transaction goes on without a client.
func (l *Ledger) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	t := l.take(&tx)
	r := bench.Receipt{TxID: l.id(t), Outcome: t.outcome}
	if t.last == arrived && t.outcome == result.EndorseUnreachable {
		return r, errDown
	}
	refused := t.last <= endorsed && t.outcome != result.Answered
	if err := l.pass(ctx, t, &r, "endorse", min(endorsed, t.last), refused && t.outcome != result.EndorseTimeout); err != nil {
		return r, err
	}
	if t.outcome == result.EndorseTimeout {
		return r, l.giveUp(ctx, &r, "endorse", time.Now())
	}
	r.Endorsed = time.Now()
	if t.outcome == result.Answered {
		return r, nil
	}
	r.Bytes = uint32(min(t.size, math.MaxUint32))
	if err := l.pass(ctx, t, &r, "submit", acknowledged, t.outcome == result.SubmitRefused); err != nil {
		return r, err
	}
	r.Submitted = time.Now()
	if tx.Acknowledged != nil {
		tx.Acknowledged(r.Submitted)
	}
	err := l.commit(ctx, t, &r)
	return r, err
}

func (l *Ledger) commit(ctx context.Context, t *transaction, r *bench.Receipt) error {
	if t.outcome == result.Unknown {
		return l.giveUp(ctx, r, "commit", r.Submitted)
	}
	select {
	case <-t.block.cut:
	case <-ctx.Done():
		return interrupted(ctx, r, "commit")
	}
	if err := l.pass(ctx, t, r, "commit", committed, false); err != nil {
		return err
	}
	r.Committed, r.Block = time.Now(), t.block.number
	if t.outcome != result.Valid {
		return failed("commit", t.outcome)
	}
	return nil
}

// giveUp waits for an answer that is lost.
func (l *Ledger) giveUp(ctx context.Context, r *bench.Receipt, phase string, from time.Time) error {
	if !l.wake.Sleep(ctx.Done(), time.Until(from.Add(l.config.GiveUp))) {
		return interrupted(ctx, r, phase)
	}
	return fmt.Errorf("%s: no answer within %v: the simulated ledger lost it", phase, l.config.GiveUp)
}

func failed(phase string, o result.Outcome) error {
	return fmt.Errorf("%s: the simulated ledger is configured to answer %v", phase, o)
}

func interrupted(ctx context.Context, r *bench.Receipt, phase string) error {
	r.Outcome = result.Interrupted
	return fmt.Errorf("%s: %w", phase, context.Cause(ctx))
}

// take lets a transaction arrive now.
func (l *Ledger) take(tx *bench.Transaction) *transaction {
	t := &transaction{size: uint64(len(tx.Function))}
	for _, arg := range tx.Args {
		t.size += uint64(len(arg))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t.arrived = time.Since(l.start) // under the lock: arrivals come in order
	wait := tx.Wait
	if tx.Query {
		wait = result.WaitEndorse
	}
	l.model.arrive(t, l.clock.ledger(t.arrived), wait)
	return t
}

// pass waits until t passes a mark whose instant is known, or is refused there, and brings the model there.
func (l *Ledger) pass(ctx context.Context, t *transaction, r *bench.Receipt, phase string, m mark, refused bool) error {
	for {
		l.mu.Lock()
		wait := l.clock.since(t.at[m]) - l.catchUp()
		l.mu.Unlock()
		switch {
		case wait <= 0 && refused:
			return failed(phase, t.outcome)
		case wait <= 0:
			return nil
		case !l.wake.Sleep(ctx.Done(), wait):
			return interrupted(ctx, r, phase)
		}
	}
}

// catchUp brings the model up to now and returns the time since the start. It is called with mu held.
func (l *Ledger) catchUp() time.Duration {
	now := time.Since(l.start)
	l.model.advance(l.clock.ledger(now))
	l.watch()
	return now
}

// watch starts a goroutine that brings the model to the instant at which the timer cuts the open block, since
// the clients in it only wait for the cut, or have gone. It is called with mu held.
func (l *Ledger) watch() {
	open := l.model.open
	if open == l.watched {
		return
	}
	l.watched = open
	if open == nil {
		return
	}
	wait := l.clock.since(open.deadline) - time.Since(l.start)
	go func() {
		if l.wake.Sleep(open.cut, wait) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.catchUp()
		}
	}()
}

// Close follows every transaction to its end, also those of clients that have gone, so that the log is
// complete. Every Submit must have returned, and none may follow.
func (l *Ledger) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.model.advance(math.MaxInt64)
}

// ended logs a transaction whose course is known.
func (l *Ledger) ended(t *transaction) {
	passed := t.last
	if t.outcome != result.Answered && t.outcome != result.Unknown && passed < committed && passed > arrived {
		passed-- // refused there
	}
	at := func(m mark) time.Time {
		if m > passed {
			return time.Time{}
		}
		return l.start.Add(l.clock.since(t.at[m]))
	}
	end := True{
		TxID: l.id(t), Arrived: l.start.Add(t.arrived), Endorsed: at(endorsed), Acknowledged: at(acknowledged),
		Ordered: at(ordered), Committed: at(committed), Outcome: t.outcome,
	}
	if passed == committed {
		end.Block = t.block.number
	}
	l.log(end)
}

// id returns the transaction's id: the seed and its number, from 1, in the first half, by which audits
// distinguish transactions.
func (l *Ledger) id(t *transaction) (id [32]byte) {
	binary.BigEndian.PutUint64(id[:], l.config.Seed)
	binary.BigEndian.PutUint64(id[8:], t.number)
	return id
}

var _ bench.Target = (*Ledger)(nil)
