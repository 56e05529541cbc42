package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

// interruptDrain is the time that an interrupted level waits for transactions under way: long enough for most
// commits to come in, short enough for a person at the keyboard.
const interruptDrain = 2 * time.Second

// Why transactions under way were cut off.
var (
	errInterrupted = errors.New("the run was interrupted")
	errDrained     = errors.New("no end within the time allowed after the level")
)

// Run drives target with the plan's load and hands one record per scheduled transaction to sink. It calls observe,
// where not nil, once per second and at the end, never twice at once.
//
// The load waits by clock: an alarm.Alarm, or alarm.Timers in virtual time. Run lasts for p.Hold and until every
// transaction has ended. When ctx is done it schedules nothing more, gives transactions under way two seconds, cuts off
// the rest as Interrupted, and marks its Result Partial. The only error is that of an invalid plan.
func Run(ctx context.Context, clock alarm.Clock, p Plan, w Workload, target Target, sink Sink, observe func(Live)) (Result, error) {
	results, err := RunTogether(ctx, clock, []Load{{p, w, sink}}, target, observe)
	if err != nil {
		return Result{}, err
	}
	return results[0], nil
}

// Load is one of the loads of a level.
type Load struct {
	Plan     Plan
	Workload Workload
	Sink     Sink
}

// RunTogether drives target with at least one load, as Run does with one. They share the start of the level,
// the Epoch of their results; each begins at its plan's Start and ends by itself, independently of the
// others. The results are in the order of the loads.
func RunTogether(ctx context.Context, clock alarm.Clock, together []Load, target Target, report func(Live)) ([]Result, error) {
	for _, one := range together {
		if err := one.Plan.Validate(); err != nil {
			return nil, err
		}
	}
	var observed *latencies
	if report != nil {
		observed = newLatencies()
	}
	results := make([]Result, len(together))
	var loads []*load
	var ready, running sync.WaitGroup
	begun := make(chan struct{})
	for i, one := range together {
		one.Plan.Drain = cmp.Or(one.Plan.Drain, DefaultDrain)
		one.Plan.Outstanding = cmp.Or(one.Plan.Outstanding, DefaultOutstanding)
		l := &load{Load: one, clock: clock, target: target, live: live{latencies: observed}}
		if l.Plan.Wait == result.WaitAcknowledge {
			l.outstanding = make(semaphore, l.Plan.Outstanding)
		}
		loads = append(loads, l)
		ready.Add(1)
		begin := sync.OnceFunc(func() {
			ready.Done()
			<-begun
		})
		running.Go(func() { results[i] = l.run(ctx, begin, begun) })
	}
	ready.Wait()
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	epoch := time.Now() // what was collected before stopped nothing that is timed
	for _, l := range loads {
		l.gc, l.epoch = gc, epoch
	}
	close(begun)
	stop := observe(loads, observed, report)
	running.Wait()
	stop()
	return results, nil
}

// load runs a Load.
type load struct {
	Load
	clock  alarm.Clock
	target Target
	work   context.Context // of the transactions; cancelled to cut them off
	epoch  time.Time       // start of the level; set once all its loads are ready
	gc     debug.GCStats   // likewise

	scheduled   atomic.Uint64
	outstanding semaphore // nil unless clients leave transactions before they end
	crowded     atomic.Bool
	live        live
	failures    failures
}

// run schedules the load and returns when all its transactions have ended. It calls begin once it is ready,
// and the level starts when begun is closed.
func (l *load) run(ctx context.Context, begin func(), begun <-chan struct{}) Result {
	work, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	l.work = work
	done := make(chan struct{})
	go func() {
		defer close(done)
		if l.Plan.Arrivals != nil {
			l.open(ctx, begin)
		} else {
			begin()
			l.closed(ctx)
		}
	}()
	<-begun
	held, interrupted := l.supervise(ctx, done, cut)
	scheduled := l.scheduled.Load()
	return Result{
		Epoch: l.epoch, Held: held, Ended: l.now(), Partial: interrupted, Crowded: l.crowded.Load(),
		Scheduled: scheduled, Counts: l.live.counted(), Next: l.Plan.First + scheduled,
		Failures: l.failures.list(), GC: collected(&l.gc),
	}
}

// now returns the time since the start of the level.
func (l *load) now() time.Duration { return time.Since(l.epoch) }

// schedule takes the next sequence number: from here on the transaction counts and must end in a record.
func (l *load) schedule() uint64 { return l.Plan.First + l.scheduled.Add(1) - 1 }

// supervise waits for the hold and the end of all transactions (done), and cuts off those that take too long.
func (l *load) supervise(ctx context.Context, done <-chan struct{}, cut context.CancelCauseFunc) (held time.Duration, interrupted bool) {
	held = l.Plan.Hold
	stop := ctx.Done()
	var ended <-chan struct{} // done, once the hold is over
	timer := time.NewTimer(l.Plan.end() - l.now())
	defer timer.Stop()
	for {
		select {
		case <-ended:
			return held, interrupted
		case <-stop:
			if ended == nil {
				held = min(held, max(0, l.now()-l.Plan.Start))
			}
			interrupted, stop, ended = true, nil, done
			timer.Reset(min(interruptDrain, l.Plan.Drain))
		case <-timer.C:
			switch {
			case ended == nil:
				ended = done
				timer.Reset(l.Plan.Drain)
				continue
			case interrupted:
				cut(errInterrupted)
			default:
				cut(errDrained)
			}
			stop = nil // nothing more to cut
		}
	}
}

// execute takes one transaction from its start to its record. The target calls acknowledged.
func (l *load) execute(seq uint64, intended time.Duration, acknowledged func()) {
	rec := notStarted(seq, intended)
	rec.Started = l.now()
	tx, err := l.prepare(seq)
	if err != nil {
		rec.Outcome = result.PrepareError
	} else {
		rec.Prepared, rec.Encrypt, rec.Channel = l.now(), tx.Encrypt, uint16(tx.Channel)
		tx.Wait, tx.Acknowledged = l.Plan.Wait, acknowledged
		var receipt Receipt
		receipt, err = l.submit(tx)
		l.fill(&rec, receipt)
	}
	if int(rec.Outcome) >= len(result.Counts{}) {
		err = errors.Join(fmt.Errorf("the target returned %v, which is no outcome", rec.Outcome), err)
		rec.Outcome = result.Unknown
	}
	if cause := context.Cause(l.work); cause != nil && rec.Committed == result.NotReached && rec.Outcome != result.Answered {
		rec.Outcome, err = result.Unknown, cause
		if cause == errInterrupted {
			rec.Outcome = result.Interrupted
		}
	}
	if err != nil && rec.Outcome != result.Valid && rec.Outcome != result.Answered {
		l.failures.add(rec.Outcome, err)
	}
	l.end(rec)
}

// end records the end of a transaction.
func (l *load) end(rec result.Record) {
	now := l.now()
	if rec.Committed == result.NotReached && rec.Outcome != result.Answered {
		rec.Ended = now
	}
	l.Sink.Record(rec)
	l.live.count(rec, now)
}

// drop records a transaction that was due but could not start.
func (l *load) drop(seq uint64, intended time.Duration) {
	rec := notStarted(seq, intended)
	rec.Outcome = result.Dropped
	l.end(rec)
}

func notStarted(seq uint64, intended time.Duration) result.Record {
	return result.Record{
		Seq: seq, Intended: intended, Started: result.NotReached, Prepared: result.NotReached,
		Endorsed: result.NotReached, Submitted: result.NotReached, Committed: result.NotReached,
	}
}

// fill copies a receipt into the record.
func (l *load) fill(rec *result.Record, r Receipt) {
	at := func(t time.Time) time.Duration {
		if t.IsZero() {
			return result.NotReached
		}
		return t.Sub(l.epoch)
	}
	rec.Endorsed, rec.Submitted, rec.Committed = at(r.Endorsed), at(r.Submitted), at(r.Committed)
	rec.Outcome, rec.TxID, rec.Block, rec.Bytes = r.Outcome, r.TxID, r.Block, r.Bytes
}

// prepare asks the workload for a transaction. A panic is an error: one bad payload must not cost the level.
func (l *load) prepare(seq uint64) (tx Transaction, err error) {
	defer contain("workload", &err)
	tx, err = l.Workload.Transaction(l.work, seq)
	if err != nil {
		err = fmt.Errorf("prepare: %w", err)
	}
	return tx, err
}

// submit hands a transaction to the target. After a panic there its outcome is Unknown.
func (l *load) submit(tx Transaction) (r Receipt, err error) {
	defer contain("target", &err)
	return l.target.Submit(l.work, tx)
}

func contain(who string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s panicked: %v", who, p)
	}
}
