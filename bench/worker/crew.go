package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"meterbench/bench"
	"meterbench/bench/study"
)

// The start is agreed on so long before it that all workers know of it, whatever the way to them: at least and at most, in between by
// their round trips.
const (
	leastNotice = 200 * time.Millisecond
	mostNotice  = 2 * time.Second
)

// How long a worker may take beyond what it is told to.
const (
	readyWithin = 5 * time.Minute // to be ready for a level: fleets are sorted, arrivals computed
	endsWithin  = time.Minute     // to end a level whose transactions have been cut off
)

// A run is a level that workers make. It belongs to the goroutine that called RunTogether, but for what parts say.
type run struct {
	level   study.CrewLevel
	clock   clock
	epoch   time.Time
	parts   []*part // by share
	events  chan event
	begun   bool // the workers were told when it starts
	stopped bool // they were told to stop
	said    bench.Live
}

// An event is something that a worker said, or that it is lost.
type event struct {
	of     *part
	report *report // nil: it is lost
}

// RunTogether implements study.Crew.
func (s *site) RunTogether(ctx context.Context, level study.CrewLevel, watch bench.Watch) ([]bench.Result, []study.WorkerLevel, error) {
	for {
		members, err := s.of.crew()
		if err != nil {
			return nil, nil, err
		}
		s.of.quieten(ctx, nil)
		r := newRun(level, s.of.clock, members, watch)
		if err := r.check(); err != nil {
			return nil, nil, err
		}
		r.attach()
		err = r.run(ctx, watch)
		r.detach()
		if r.begun {
			s.began(r)
		}
		if errors.Is(err, errAgain) {
			continue // without whom is lost: nothing was sent before
		}
		if err != nil {
			return nil, nil, err
		}
		results, workers, err := r.union()
		if err == nil {
			_, err = s.of.crew() // whether enough are left
		}
		return results, workers, err
	}
}

// began notes what is to be known of a level that workers have begun.
func (s *site) began(r *run) {
	for _, p := range r.parts {
		s.loaded[p.member] = true
		if p.lost {
			s.of.quietAt = time.Now().Add(lasting*s.of.beat + drained)
		}
	}
}

// errAgain says that a level did not begin, as a worker was lost.
var errAgain = errors.New("a worker was lost before the level began")

func newRun(level study.CrewLevel, clock clock, members []*member, watch bench.Watch) *run {
	r := &run{level: level, clock: clock, events: make(chan event, 8*len(members))} // see part.receive
	for i, m := range members {
		r.parts = append(r.parts, newPart(r, m, bench.Share{Rank: i, Of: len(members)}, watch))
	}
	return r
}

// check returns an error where the level cannot be divided among the workers.
func (r *run) check() error {
	for i, l := range r.level.Loads {
		l.Plan.Share = r.parts[0].share
		if err := l.Plan.Validate(); err != nil {
			return fmt.Errorf("%s: %w", r.level.Keys[i], err)
		}
	}
	return nil
}

func (r *run) attach() {
	for _, p := range r.parts {
		p.member.mu.Lock()
		p.member.part = p
		p.member.mu.Unlock()
		if p.member.lost() != nil {
			r.events <- event{of: p}
		}
	}
}

// detach ends what workers can do to the level: once it returns, no record comes any more.
func (r *run) detach() {
	for _, p := range r.parts {
		p.member.mu.Lock()
		p.member.part = nil
		p.member.mu.Unlock()
		p.member.usage.Store(nil)
	}
}

func (r *run) tell(o *order) {
	for _, p := range r.parts {
		if p.pending() {
			p.member.line.post(o)
		}
	}
}

// run runs the level. The error is why it did not begin; where that is because ctx ended, the level is empty.
func (r *run) run(ctx context.Context, watch bench.Watch) error {
	for _, p := range r.parts {
		p.member.line.post(&order{Level: p.order()})
	}
	notice, err := r.getReady(ctx)
	at := r.clock.at()
	if err == nil {
		at += notice
	}
	r.epoch = r.clock.origin.Add(at)
	if err != nil {
		r.stop()
		r.follow(context.WithoutCancel(ctx), bench.Watch{})
		if ctx.Err() == nil {
			return err
		}
	}
	for _, l := range r.level.Loads {
		if l.Begin != nil {
			l.Begin(r.epoch)
		}
	}
	if err == nil {
		r.begun = true
		r.tell(&order{Start: &start{At: at}})
		r.follow(ctx, watch)
	}
	return nil
}

// getReady waits until all workers are, and returns how long before the start they want to know of it.
func (r *run) getReady(ctx context.Context) (notice time.Duration, err error) {
	late := time.NewTimer(readyWithin)
	defer late.Stop()
	notice = leastNotice
	for waiting := len(r.parts); waiting > 0; {
		select {
		case e := <-r.events:
			e.of.take(e)
			switch {
			case e.report == nil:
				return 0, errAgain
			case e.report.Ready != nil:
				waiting--
				notice = max(notice, min(mostNotice, 20*e.report.Ready.Half))
			case e.report.Results != nil:
				return 0, fmt.Errorf("%s: %s", e.of.member, e.of.failed)
			}
		case <-late.C:
			for _, p := range r.parts {
				if !p.ready {
					p.member.line.end(fmt.Errorf("it was not ready for the level within %v", readyWithin))
				}
			}
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
	return notice, nil
}

// stop has all workers stop, as an interruption does.
func (r *run) stop() {
	if !r.stopped {
		r.stopped = true
		r.tell(&order{Stop: true})
	}
}

// follow follows a level until every worker has ended it, or is lost.
func (r *run) follow(ctx context.Context, watch bench.Watch) {
	var end, drain time.Duration
	for _, l := range r.level.Loads {
		end, drain = max(end, l.Plan.Start+l.Plan.Hold), max(drain, l.Plan.Drain, bench.DefaultDrain)
	}
	late := time.NewTimer(time.Until(r.epoch) + end + 2*drain + endsWithin)
	defer late.Stop()
	if r.stopped {
		late.Reset(patience)
	}
	interrupted := ctx.Done()
	const tooLong = 1500 * time.Millisecond // for a state that is due every second
	tick := time.NewTimer(time.Until(r.epoch) + tooLong)
	defer tick.Stop()
	observe := func() {
		if watch.Live != nil {
			watch.Live(r.state(watch.Lag))
		}
		tick.Reset(tooLong)
	}
	for r.pending() {
		before := r.stopped
		select {
		case e := <-r.events:
			e.of.take(e)
			switch {
			case e.of.lost || e.of.failed != "":
				r.stop()
			case e.report.Live != nil && r.fresh():
				observe()
			case e.report.Held && r.held():
				r.tell(&order{Over: true})
			}
		case <-tick.C:
			observe()
		case <-interrupted:
			interrupted = nil
			r.stop()
		case <-late.C:
			for _, p := range r.parts {
				if p.pending() {
					p.member.line.end(errors.New("it did not end the level"))
				}
			}
		}
		if r.stopped && !before {
			late.Reset(patience)
		}
	}
	observe()
}

// pending reports whether any worker has not ended the level.
func (r *run) pending() bool {
	for _, p := range r.parts {
		if p.pending() {
			return true
		}
	}
	return false
}

// held reports whether all workers' transactions of the hold have ended, of those that may have any.
func (r *run) held() bool {
	for _, p := range r.parts {
		if p.pending() && !p.held {
			return false
		}
	}
	return true
}

// fresh reports whether every worker has told its state since that of all was observed.
func (r *run) fresh() bool {
	for _, p := range r.parts {
		if p.pending() && !p.isFresh() {
			return false
		}
	}
	return true
}
