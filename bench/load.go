package bench

import (
	"context"
	"sync"
	"time"

	"meterbench/bench/arrival"
	"meterbench/bench/result"
)

// job is a scheduled transaction to execute.
type job struct {
	seq      uint64
	intended time.Duration
	client   int                    // of a closed load, from 0
	freed    func(at time.Duration) // called once, when the plan's Wait was reached
}

// An ending is shared by the loads of a level. It is when their run-outs may end.
type ending struct {
	last    time.Duration  // the end of the load that ends last
	pending sync.WaitGroup // transactions intended in their load's hold that have not ended, and whoever may intend more
	over    chan struct{}  // closed when none is left
}

// closed runs the plan's clients and returns when all transactions have ended. Nothing is scheduled once ctx is done.
func (l *load) closed(ctx context.Context) {
	workers := newPool(l.follow)
	start := l.follow
	if l.Plan.Wait == result.WaitAcknowledge {
		start = workers.run // the client goes on before its transaction has ended
	}
	var clients sync.WaitGroup
	for i := range l.Plan.Clients {
		if !l.Plan.Share.has(uint64(i)) {
			continue
		}
		first := l.Plan.Start + time.Duration(float64(l.Plan.Spread)*float64(i)/float64(l.Plan.Clients))
		clients.Go(func() { l.client(ctx, i, first, start) })
	}
	clients.Wait()
	workers.drain()
}

// client is one client of a closed load, until the load is over.
func (l *load) client(ctx context.Context, number int, first time.Duration, start func(job)) {
	leave := sync.OnceFunc(l.ending.pending.Done)
	defer leave()
	free := make(chan time.Duration, 1)
	freed := func(at time.Duration) { free <- at }
	for due := first; l.goesOn(due, leave) && l.sleepUntil(ctx, due) && !l.exhausted.is(); due = <-free + l.Plan.Think {
		if !l.outstanding.try() {
			l.crowded.Store(true)
			select {
			case l.outstanding <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
		start(job{l.schedule(due), due, number, freed})
	}
}

// goesOn reports whether the load has transactions that are due then. It calls leave if they are of the run-out.
func (l *load) goesOn(due time.Duration, leave func()) bool {
	if due < l.Plan.end() {
		return true
	}
	leave()
	return l.runsOut()
}

// runsOut reports whether the load goes on after its hold: it is among the last of its level, and no trace, whose
// later readings are not part of the load.
func (l *load) runsOut() bool {
	_, trace := l.Plan.Arrivals.(arrival.Replay)
	return !trace && l.Plan.end() == l.ending.last
}

// owing returns how many clients, or arrivals, may intend transactions.
func (p Plan) owing() int { return max(1, p.Share.part(p.Clients)) }

// open starts the plan's arrivals when they are due and returns when all transactions have ended. It never
// waits for a slot: that would hide the arrivals in the meantime. It calls begin once it knows when the first
// arrival is due, which takes some time where a large fleet must be sorted. Nothing is scheduled once ctx is done.
func (l *load) open(ctx context.Context, begin func()) {
	leave := sync.OnceFunc(l.ending.pending.Done)
	workers := newPool(l.follow)
	slots := make(semaphore, l.Plan.Share.part(l.Plan.Slots))
	freed := func(time.Duration) { slots.release() }
	var came [2]uint64 // arrivals, by their numbers
	for offset := range l.Plan.Arrivals.Offsets(l.Plan.Random.Rand()) {
		begin()
		due := l.Plan.Start + offset
		numbers := l.numbers(due)
		came[numbers]++
		if !l.Plan.Share.has(came[numbers] - 1) {
			continue
		}
		if !l.goesOn(due, leave) || !l.sleepUntil(ctx, due) {
			break
		}
		seq := l.schedule(due)
		switch {
		case !slots.try():
			l.drop(seq, due)
		case !l.outstanding.try():
			slots.release()
			l.drop(seq, due)
		default:
			workers.run(job{seq, due, 0, freed})
		}
	}
	begin() // where nothing ever arrives
	leave()
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
		j.freed(l.execute(j, nil))
		return
	}
	var once sync.Once
	free := func(at time.Duration) { once.Do(func() { j.freed(at) }) }
	free(l.execute(j, func(at time.Time) { free(at.Sub(l.epoch)) })) // the outer one where it never got that far
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
