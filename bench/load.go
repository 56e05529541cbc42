package bench

import (
	"context"
	"sync"
	"time"

	"meterbench/bench/result"
)

// job is a scheduled transaction to execute.
type job struct {
	seq      uint64
	intended time.Duration
	freed    func(at time.Duration) // called once, when the plan's Wait was reached
}

// closed runs the plan's clients and returns when all transactions have ended.
func (l *load) closed(ctx context.Context) {
	hold, cancel := context.WithDeadline(ctx, l.epoch.Add(l.Plan.end()))
	defer cancel()
	workers := newPool(l.follow)
	start := l.follow
	if l.Plan.Wait == result.WaitAcknowledge {
		start = workers.run // the client goes on before its transaction has ended
	}
	var clients sync.WaitGroup
	for range l.Plan.Clients {
		clients.Go(func() { l.client(hold, start) })
	}
	clients.Wait()
	workers.drain()
}

// client is one client of a closed load, until the hold is over.
func (l *load) client(hold context.Context, start func(job)) {
	free := make(chan time.Duration, 1)
	freed := func(at time.Duration) { free <- at }
	for due := l.Plan.Start; due < l.Plan.end(); due = <-free + l.Plan.Think {
		if !l.sleepUntil(hold, due) {
			return
		}
		if !l.outstanding.try() {
			l.crowded.Store(true)
			select {
			case l.outstanding <- struct{}{}:
			case <-hold.Done():
				return
			}
		}
		start(job{l.schedule(), due, freed})
	}
}

// open starts the plan's arrivals when they are due and returns when all transactions have ended. It never
// waits for a slot: that would hide the arrivals in the meantime. It calls begin once it knows when the first
// arrival is due, which takes some time where a large fleet must be sorted.
func (l *load) open(ctx context.Context, begin func()) {
	workers := newPool(l.follow)
	slots := make(semaphore, l.Plan.Slots)
	freed := func(time.Duration) { slots.release() }
	for offset := range l.Plan.Arrivals.Offsets(l.Plan.Random.Rand()) {
		begin()
		due := l.Plan.Start + offset
		if due >= l.Plan.end() || !l.sleepUntil(ctx, due) {
			break
		}
		seq := l.schedule()
		switch {
		case !slots.try():
			l.drop(seq, due)
		case !l.outstanding.try():
			slots.release()
			l.drop(seq, due)
		default:
			workers.run(job{seq, due, freed})
		}
	}
	begin() // where nothing ever arrives
	workers.drain()
}

// sleepUntil waits for an instant of the level and returns false where ctx is done by then.
func (l *load) sleepUntil(ctx context.Context, at time.Duration) bool {
	if wait := at - l.now(); wait > 0 {
		l.clock.Sleep(ctx.Done(), wait)
	}
	return ctx.Err() == nil
}

// follow executes a job and frees its client or slot when the plan's Wait is reached.
func (l *load) follow(j job) {
	if l.Plan.Wait != result.WaitAcknowledge {
		l.execute(j.seq, j.intended, nil)
		j.freed(l.now())
		return
	}
	var free sync.Once
	acknowledged := func() { free.Do(func() { j.freed(l.now()) }) }
	l.execute(j.seq, j.intended, acknowledged)
	acknowledged() // where it never got that far
	l.outstanding.release()
}

// semaphore lets as many through as it has capacity for. A nil one lets all through.
type semaphore chan struct{}

func (s semaphore) try() bool {
	if s == nil {
		return true
	}
	select {
	case s <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s semaphore) release() { <-s }

// pool runs jobs on goroutines that it starts as needed and keeps, since their stacks have grown to the size
// that a transaction needs. The caller bounds the number of jobs at a time.
type pool struct {
	do      func(job)
	jobs    chan job // unbuffered: a job is taken by an idle worker or not at all
	workers sync.WaitGroup
}

func newPool(do func(job)) *pool { return &pool{do: do, jobs: make(chan job)} }

func (p *pool) run(j job) {
	select {
	case p.jobs <- j:
	default:
		p.workers.Go(func() {
			p.do(j)
			for j := range p.jobs {
				p.do(j)
			}
		})
	}
}

// drain returns when every job has ended. No job may be run after it.
func (p *pool) drain() {
	close(p.jobs)
	p.workers.Wait()
}
