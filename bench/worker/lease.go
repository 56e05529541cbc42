package worker

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
)

// A lease lets a worker send transactions for as long as its coordinator surely takes it for there. Whoever was stopped, as with its
// machine, goes on with all that was due meanwhile before it notices that it is lost: with numbers that others have by then.
type lease struct{ signed atomic.Int64 } // when the newest sign of life was sent, by the coordinator's clock

// lasting is for how many beats after a sign of life of the coordinator its worker sends: no shorter than silence may be.
const lasting = silent + 1

// renew notes a sign of life that was sent at an instant of the coordinator's clock: it may have waited here to be read.
func (l *lease) renew(at time.Duration) {
	for before := l.signed.Load(); int64(at) > before && !l.signed.CompareAndSwap(before, int64(at)); before = l.signed.Load() {
	}
}

// over reports whether the lease is, at an instant of the coordinator's clock.
func (l *lease) over(now, beat time.Duration) bool {
	return now-time.Duration(l.signed.Load()) > lasting*beat
}

// leased is a target to which transactions go while the lease of the level holds. Others wait until it does, or are cut off.
type leased struct {
	bench.Target
	of *others
}

// renewal is how often a transaction that waits looks whether the lease was renewed.
const renewal = 100 * time.Millisecond

// Submit implements bench.Target.
func (l leased) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	for s := l.of.server; l.of.lease.over(s.clock.at()+l.of.bearing.Offset, s.beat); {
		select {
		case <-time.After(renewal):
		case <-ctx.Done():
			return bench.Receipt{Outcome: result.Unknown}, context.Cause(ctx)
		}
	}
	return l.Target.Submit(ctx, tx)
}

// drained is within what a worker ends the transactions under way that it may not go on with, as bench has it.
const drained = 2 * time.Second

// quieten waits until workers that a level has lost, and that may not know, have ceased to load the target. working is told so, unless
// it is nil.
func (o *Coordinator) quieten(ctx context.Context, working func(string)) {
	left := time.Until(o.quietAt)
	if left <= 0 {
		return
	}
	if working != nil {
		working(fmt.Sprintf("wait %v until a worker that was lost surely sends nothing any more", left.Round(time.Second)))
	}
	select {
	case <-time.After(left):
	case <-ctx.Done():
	}
}
