package bench

import (
	"cmp"
	"context"
	"errors"
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
// The load waits by clock: an alarm.Alarm, or alarm.Timers in virtual time. Run lasts for p.Hold, or until a closed load has
// exhausted its workload, and until every transaction has ended. When ctx is done it schedules nothing more, gives transactions under way two seconds, cuts off
// the rest as Interrupted, and marks its Result Partial. The only error is that of an invalid plan.
func Run(ctx context.Context, clock alarm.Clock, p Plan, w Workload, target Target, sink Sink, observe func(Live)) (Result, error) {
	results, err := RunTogether(ctx, clock, []Load{{Plan: p, Workload: w, Sink: sink}}, target, Watch{Live: observe})
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
	Begin    func(epoch time.Time) // called when the level starts; nil for nobody
}

// RunTogether drives target with at least one load, as Run does with one. They share the start of the level,
// the Epoch of their results; each begins at its plan's Start and ends by itself, independently of the
// others. The results are in the order of the loads.
func RunTogether(ctx context.Context, clock alarm.Clock, together []Load, target Target, watch Watch) ([]Result, error) {
	return RunShares(ctx, clock, together, target, watch, nil)
}

// RunShares is RunTogether in one of several processes, each of which makes the Share of every Plan and keeps step with the others. The
// error is that of an invalid plan, or of Others.Start.
func RunShares(ctx context.Context, clock alarm.Clock, together []Load, target Target, watch Watch, others Others) ([]Result, error) {
	for _, one := range together {
		if err := one.Plan.Validate(); err != nil {
			return nil, err
		}
	}
	var observed *latencies
	if watch.Live != nil {
		observed = newLatencies(watch.Lag)
	}
	results := make([]Result, len(together))
	level := &ending{over: make(chan struct{})}
	for _, one := range together {
		level.last = max(level.last, one.Plan.end())
		level.pending.Add(one.Plan.owing())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var loads []*load
	var ready, running sync.WaitGroup
	begun, over := make(chan struct{}), make(chan struct{})
	for i, one := range together {
		one.Plan.Drain = cmp.Or(one.Plan.Drain, DefaultDrain)
		one.Plan.Outstanding = cmp.Or(one.Plan.Outstanding, DefaultOutstanding)
		l := &load{Load: one, clock: clock, target: target, ending: level, live: live{latencies: observed}}
		l.exhausted.over = make(chan struct{})
		l.next[inHold].Store(l.Plan.First + uint64(l.Plan.Share.Rank))
		l.next[inRunOut].Store(l.Plan.Spare + uint64(l.Plan.Share.Rank))
		if l.Plan.Wait == result.WaitAcknowledge {
			l.outstanding = make(semaphore, l.Plan.Share.part(l.Plan.Outstanding))
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
	epoch, gc, err := start(ctx, others)
	for _, l := range loads {
		l.gc, l.epoch = gc, epoch
	}
	if err != nil {
		stop()
		close(begun)
		running.Wait()
		return nil, err
	}
	for _, l := range loads {
		if l.Begin != nil {
			l.Begin(epoch)
		}
	}
	close(begun)
	go func() {
		level.pending.Wait()
		if others != nil {
			select {
			case <-others.Ended():
			case <-over: // their end would change nothing any more
			}
		}
		close(level.over)
	}()
	unobserve := observe(loads, observed, watch.Live)
	running.Wait()
	close(over)
	unobserve()
	return results, nil
}

// start returns when the level starts, and the garbage collections until then: what was collected before stops nothing that is
// timed.
func start(ctx context.Context, others Others) (epoch time.Time, gc debug.GCStats, err error) {
	if others == nil {
		debug.ReadGCStats(&gc)
		return time.Now(), gc, nil
	}
	epoch, err = others.Start(ctx)
	debug.ReadGCStats(&gc)
	return epoch, gc, err
}

// load runs a Load.
type load struct {
	Load
	clock  alarm.Clock
	target Target
	ending *ending
	work   [2]context.Context // of the transactions within the hold, and of the run-out; cancelled to cut them off
	epoch  time.Time          // start of the level; set once all its loads are ready
	gc     debug.GCStats      // likewise

	scheduled   [2]atomic.Uint64 // likewise
	next        [2]atomic.Uint64 // sequence numbers, likewise; the second only where the run-out has numbers of its own
	outstanding semaphore        // nil unless clients leave transactions before they end
	crowded     atomic.Bool
	exhausted   exhaustion
	live        live
	failures    failures
}

// Indexes of what belongs to the hold and to the run-out.
const (
	inHold   = 0
	inRunOut = 1
)

// of returns the index of a transaction that is intended at that time.
func (l *load) of(intended time.Duration) int {
	if intended < l.Plan.end() {
		return inHold
	}
	return inRunOut
}

// run schedules the load and returns when all its transactions have ended. It calls begin once it is ready,
// and the level starts when begun is closed.
func (l *load) run(ctx context.Context, begin func(), begun <-chan struct{}) Result {
	var cut [2]context.CancelCauseFunc
	for i := range cut {
		l.work[i], cut[i] = context.WithCancelCause(context.WithoutCancel(ctx))
		defer cut[i](nil)
	}
	schedule, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if l.Plan.Arrivals != nil {
			l.open(schedule, begin)
		} else {
			begin()
			l.closed(schedule)
		}
	}()
	<-begun
	hold, interrupted := l.supervise(ctx, done, stop, cut)
	hold, exhausted := l.exhausted.cut(l.Plan, hold)
	return Result{
		Epoch: l.epoch, Held: hold, Ended: l.now(), Partial: interrupted || exhausted != nil, Exhausted: exhausted, Crowded: l.crowded.Load(),
		Scheduled: l.scheduled[inHold].Load(), Counts: l.live.counted(inHold), RunOut: l.live.counted(inRunOut),
		Next: l.after(inHold, l.Plan.First), Spare: l.after(inRunOut, l.Plan.Spare),
		Failures: l.failures.list(), GC: collected(&l.gc),
	}
}

// now returns the time since the start of the level.
func (l *load) now() time.Duration { return time.Since(l.epoch) }

// schedule takes the next sequence number: from here on the transaction counts and must end in a record.
func (l *load) schedule(due time.Duration) uint64 {
	of := l.of(due)
	if of == inHold {
		l.ending.pending.Add(1)
	}
	l.scheduled[of].Add(1)
	shares := l.Plan.Share.of()
	return l.next[l.numbers(due)].Add(shares) - shares
}

// numbers returns the index of the sequence numbers of which a transaction that is due then has one.
func (l *load) numbers(due time.Duration) int {
	if l.Plan.Spare == 0 {
		return inHold
	}
	return l.of(due)
}

// after returns the sequence number after the last one that was taken, or first where none was.
func (l *load) after(numbers int, first uint64) uint64 {
	shares := l.Plan.Share.of()
	return max(first+shares, l.next[numbers].Load()+1) - shares
}

// supervise waits for the hold, the run-out and the end of all transactions (done), stops the run-out, and cuts off
// transactions that take too long.
func (l *load) supervise(
	ctx context.Context, done <-chan struct{}, stop context.CancelFunc, cut [2]context.CancelCauseFunc,
) (held time.Duration, interrupted bool) {
	interrupt := func() bool {
		if wait(nil, done, min(interruptDrain, l.Plan.Drain)) == timeUp {
			cut[inHold](errInterrupted)
			cut[inRunOut](errInterrupted)
		}
		<-done
		return true
	}
	over := done
	switch wait(ctx.Done(), l.exhausted.over, l.Plan.end()-l.now()) {
	case stopped:
		return min(l.Plan.Hold, max(0, l.now()-l.Plan.Start)), interrupt()
	case timeUp:
		if l.runsOut() {
			over = l.ending.over
		}
	}
	// First the transactions of the hold, then those that the run-out sent meanwhile.
	for i, ended := range [...]<-chan struct{}{over, done} {
		switch wait(ctx.Done(), ended, l.Plan.Drain) {
		case stopped:
			return l.Plan.Hold, interrupt()
		case timeUp:
			cut[i](errDrained)
		}
		stop()
	}
	<-done
	return l.Plan.Hold, false
}

// waited is why wait returned.
type waited int

const (
	timeUp waited = iota
	ended
	stopped
)

// wait waits for the end of something, at most for d, and until stop is closed. A nil channel is never closed.
func wait(stop, end <-chan struct{}, d time.Duration) waited {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-end:
		return ended
	case <-stop:
		return stopped
	case <-timer.C:
		return timeUp
	}
}
