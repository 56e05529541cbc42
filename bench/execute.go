package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"meterbench/bench/result"
)

// execute takes one transaction from its start to its record and returns when it ended. The target calls acknowledged.
func (l *load) execute(j job, acknowledged func(time.Time)) (end time.Duration) {
	seq, intended := j.seq, j.intended
	rec := l.notStarted(seq, intended)
	rec.Started = l.now()
	work := l.work[l.of(intended)]
	tx, err := l.prepare(withOccasion(work, Occasion{Client: j.client, Start: l.epoch.Add(intended)}), seq)
	if err != nil {
		rec.Outcome = result.PrepareError
		if l.exhausted.noticed(l.Plan, intended, err) {
			err = nil // not a failure of this one
		}
	} else {
		rec.Prepared, rec.Encrypt, rec.Channel = l.now(), tx.Encrypt, uint16(tx.Channel)
		tx.Wait, tx.Driver, tx.Failover, tx.Site, tx.Timeout = l.Plan.Wait, l.Plan.Driver, l.Plan.Failover, l.Plan.Site, l.Plan.Timeout
		tx.Acknowledged = acknowledged
		var receipt Receipt
		receipt, err = l.submit(work, tx)
		l.fill(&rec, receipt)
		l.attempts(&rec, receipt.Attempts)
	}
	if int(rec.Outcome) >= len(result.Counts{}) {
		err = errors.Join(fmt.Errorf("the target returned %v, which is no outcome", rec.Outcome), err)
		rec.Outcome = result.Unknown
	}
	if cause := context.Cause(work); cause != nil && rec.Committed == result.NotReached && rec.Outcome.Class() != result.Succeeded {
		rec.Outcome, err = result.Unknown, cause
		if cause == errInterrupted {
			rec.Outcome = result.Interrupted
		}
	}
	if rec.Committed == result.NotReached && (rec.Outcome != result.Answered || rec.Endorsed == result.NotReached) {
		rec.Ended = l.now()
	}
	if err != nil && l.of(intended) == inHold && rec.Outcome.Class() != result.Succeeded {
		l.failures.add(rec.Outcome, err)
	}
	if tx.Ended != nil {
		tx.Ended(rec.Outcome)
	}
	l.end(rec)
	return intended + rec.Lasted()
}

// end records the end of a transaction.
func (l *load) end(rec result.Record) {
	l.Sink.Record(rec)
	of := l.of(rec.Intended)
	l.live.count(rec, of)
	if of == inHold {
		l.ending.pending.Done()
	}
}

// drop records a transaction that was due but could not start.
func (l *load) drop(seq uint64, intended time.Duration) {
	rec := l.notStarted(seq, intended)
	rec.Ended, rec.Outcome = l.now(), result.Dropped
	l.end(rec)
}

// notStarted returns the record of a transaction that is due. It is one of the site where its client stands, wherever it ends.
func (l *load) notStarted(seq uint64, intended time.Duration) result.Record {
	return result.Record{
		Seq: seq, Site: l.Plan.Site, Intended: intended, Started: result.NotReached, Prepared: result.NotReached,
		Endorsed: result.NotReached, Submitted: result.NotReached, Committed: result.NotReached,
	}
}

// attempts hands on the attempts of a transaction of which there were several.
func (l *load) attempts(rec *result.Record, all []Attempt) {
	sink, ok := l.Sink.(AttemptSink)
	if !ok || len(all) < 2 {
		return
	}
	rec.Attempts = uint16(len(all))
	attempts := make([]result.Attempt, len(all))
	for i, a := range all {
		attempts[i] = result.Attempt{
			Seq: rec.Seq, Number: i + 1, Through: a.Through, Channel: rec.Channel, TxID: a.TxID, Block: a.Block, Outcome: a.Outcome,
			Intended: rec.Intended, Started: l.since(a.Started), Endorsed: l.since(a.Endorsed), Submitted: l.since(a.Submitted), Committed: l.since(a.Committed),
		}
		if !a.Ended.IsZero() {
			attempts[i].Ended = l.since(a.Ended)
		}
	}
	sink.Attempts(attempts)
}

// since returns an instant as an offset from the start of the level.
func (l *load) since(t time.Time) time.Duration {
	if t.IsZero() {
		return result.NotReached
	}
	return t.Sub(l.epoch)
}

// fill copies a receipt into the record.
func (l *load) fill(rec *result.Record, r Receipt) {
	rec.Endorsed, rec.Submitted, rec.Committed = l.since(r.Endorsed), l.since(r.Submitted), l.since(r.Committed)
	rec.Outcome, rec.TxID, rec.Block, rec.Bytes = r.Outcome, r.TxID, r.Block, r.Bytes
	rec.Site = cmp.Or(r.Site, rec.Site)
}

// prepare asks the workload for a transaction. A panic is an error: one bad payload must not cost the level.
func (l *load) prepare(ctx context.Context, seq uint64) (tx Transaction, err error) {
	defer contain("workload", &err)
	tx, err = l.Workload.Transaction(ctx, seq)
	if err != nil {
		err = fmt.Errorf("prepare: %w", err)
	}
	return tx, err
}

// submit hands a transaction to the target. After a panic there its outcome is Unknown.
func (l *load) submit(ctx context.Context, tx Transaction) (r Receipt, err error) {
	defer contain("target", &err)
	if tx.Call != nil {
		return tx.Call(ctx)
	}
	return l.target.Submit(ctx, tx)
}

func contain(who string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s panicked: %v", who, p)
	}
}
