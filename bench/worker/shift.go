package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/heartbeat"
	"meterbench/internal/proc"
)

// others stand for the other workers in a level, see bench.Others.
type others struct {
	server  *server
	bearing bearing
	started chan time.Duration
	ended   chan struct{}
	over    func() // closes ended
	lease   lease

	epoch time.Time // set by Start
}

func newOthers(s *server) *others {
	o := &others{server: s, started: make(chan time.Duration, 1), ended: make(chan struct{})}
	o.over = sync.OnceFunc(func() { close(o.ended) })
	return o
}

// begin says when the level starts, by the coordinator's clock.
func (o *others) begin(at time.Duration) {
	select {
	case o.started <- at:
	default: // it was said already
	}
}

// errStopped is why a level did not begin.
var errStopped = errors.New("it was stopped before it began")

// Start implements bench.Others.
func (o *others) Start(ctx context.Context) (time.Time, error) {
	o.server.line.post(&report{Ready: &ready{Half: o.bearing.Half}})
	select {
	case at := <-o.started:
		o.lease.renew(at)
		o.epoch = o.bearing.here(o.server.clock, at)
		return o.epoch, nil
	case <-ctx.Done():
		return time.Time{}, errStopped
	}
}

// Ended implements bench.Others.
func (o *others) Ended() <-chan struct{} {
	o.server.line.post(&report{Held: true})
	return o.ended
}

// run runs a level and returns what became of it.
func (s *server) run(o task) *results {
	all, err := s.runWith(o.ctx, o.Level, o.others)
	if err != nil {
		return &results{Failed: shortened(err.Error())}
	}
	return all
}

func (s *server) runWith(ctx context.Context, level *shift, others *others) (*results, error) {
	spool := newSpool(len(level.Loads), s.line.post, s.line.over)
	together, err := s.loads(level, spool)
	if err != nil {
		spool.close()
		return nil, err
	}
	all := &results{Priority: string(proc.PriorityUsual)}
	if level.Confined {
		before := runtime.GOMAXPROCS(1)
		defer runtime.GOMAXPROCS(before)
	}
	if level.Ahead {
		if higher, restore, err := proc.Prioritise(); err == nil {
			all.Priority = string(higher)
			defer restore() // as permitted as before
		}
	}
	runtime.GC()
	if others.bearing, err = takeBearing(ctx, s.clock, s.ask); err != nil {
		spool.close()
		return nil, err
	}
	using, beating := watchUsage(), heartbeat.Start()
	ran, err := bench.RunShares(ctx, s.alarm, together, leased{s.station.Target(), others}, bench.Watch{Live: func(now bench.Live) {
		spool.tell(live{Elapsed: now.Elapsed, Counts: now.Counts, InFlight: now.InFlight, Usage: using.newest(others.epoch), Calls: s.calls()})
	}}, others)
	gaps := beating.Stop()
	all.Collections = study.Collections(others.epoch)
	all.Stalls = spool.close()
	all.Usage = using.stop(others.epoch)
	if err != nil {
		return nil, err
	}
	for i := range ran {
		ran[i].Epoch = time.Time{} // means nothing elsewhere
	}
	all.Results = ran
	if len(gaps) > mostGaps {
		slices.SortFunc(gaps, func(a, b heartbeat.Gap) int {
			return cmp.Or(cmp.Compare(b.Halted, a.Halted), cmp.Compare(b.Length, a.Length))
		})
		gaps = gaps[:mostGaps]
	}
	for _, g := range gaps {
		all.Gaps = append(all.Gaps, gap{
			Start: g.Start.Sub(others.epoch), End: g.End.Sub(others.epoch), Length: g.Length, Halted: g.Halted, Suspended: g.Suspended,
		})
	}
	all.Clock.Half, all.Clock.Wall = others.bearing.Half, others.bearing.Wall
	// The level may have been stopped, which does not concern the clock.
	after, err := takeBearing(s.connected, s.clock, s.ask)
	if err != nil {
		return nil, err
	}
	all.Clock.Drift, all.Clock.AfterHalf = others.bearing.Offset-after.Offset, after.Half
	return all, nil
}

// calls returns how many requests the station has sent, nil where it does not count.
func (s *server) calls() map[result.Call]uint64 {
	if counts, ok := s.station.(Caller); ok {
		return counts.Calls()
	}
	return nil
}

// loads returns the loads of a level, as the engine takes them.
func (s *server) loads(level *shift, to *spool) (together []bench.Load, err error) {
	if s.station == nil {
		return nil, errors.New("no station is open")
	}
	for i, l := range level.Loads {
		p := l.Plan.plan()
		workload, ok := s.workloads[l.Key.Series]
		if !ok {
			return nil, fmt.Errorf("series %q is not prepared", l.Key.Series)
		}
		if l.Key.Load.Kind == result.LoadOpen {
			if p.Arrivals, err = s.station.Arrivals(l.Key.Series, l.Key.Load.Offered); err != nil {
				return nil, err
			}
		}
		together = append(together, bench.Load{Plan: p, Workload: workload, Sink: to.loads[i]})
	}
	return together, nil
}

// usageEvery is the time between samples of what a worker uses, as in bench/study.
const usageEvery = 250 * time.Millisecond

// A usageWatch samples what this process uses.
type usageWatch struct {
	quit, done chan struct{}
	mu         sync.Mutex
	at         []time.Time
	samples    []usage // whose At is set later
}

func watchUsage() *usageWatch {
	w := &usageWatch{quit: make(chan struct{}), done: make(chan struct{})}
	w.sample()
	go func() {
		defer close(w.done)
		tick := time.NewTicker(usageEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.sample()
			case <-w.quit:
				return
			}
		}
	}()
	return w
}

func (w *usageWatch) sample() {
	used, err := proc.Self()
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.samples) >= mostUsage { // every second one is enough for a level so long
		for i := range mostUsage / 2 {
			w.at[i], w.samples[i] = w.at[2*i], w.samples[2*i]
		}
		w.at, w.samples = w.at[:mostUsage/2], w.samples[:mostUsage/2]
	}
	w.at, w.samples = append(w.at, time.Now()), append(w.samples, usage{CPU: used.CPU, RSS: used.RSS})
}

// newest returns the newest sample of a level.
func (w *usageWatch) newest(epoch time.Time) (u usage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last := len(w.samples) - 1; last >= 0 {
		u = w.samples[last]
		u.At = w.at[last].Sub(epoch)
	}
	return u
}

// stop ends the samples and returns those of a level.
func (w *usageWatch) stop(epoch time.Time) []usage {
	close(w.quit)
	<-w.done
	w.sample()
	for i := range w.samples {
		w.samples[i].At = w.at[i].Sub(epoch)
	}
	return w.samples
}
