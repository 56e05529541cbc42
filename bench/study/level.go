package study

import (
	"context"
	"runtime"
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/proc"
)

// level runs one load level and appends its Point. An error means that the
// run cannot go on. Where the run was interrupted, the Point of what was
// measured until then is there even so. backlog is by how much the
// transactions under way grew.
func (s *study) level(ctx context.Context, l level) (backlog stats.Slope, err error) {
	load := l.series.Load
	sink, err := s.writer.Level(result.LevelKey{Series: l.series.Name, Repetition: l.repetition, Load: l.load}, s.Scenario.Warmup, load.Hold)
	if err != nil {
		return backlog, err
	}
	first := s.next[l.series.Name]
	seen := newSteadiness(first, s.Scenario.Warmup, load.Hold)
	sink.Watch(seen.see)
	// A machine that is shared changes its pace from minute to minute.
	host, err := s.calibrate()
	if err != nil {
		return backlog, err
	}
	s.sign = host.Sign
	runtime.GC() // the level before leaves its garbage to itself
	counted := s.counters(ctx)
	meter := newMeter(s.site)
	measured, runErr := bench.Run(ctx, s.clock, plan(s.Scenario.Seed, l, first), s.workloads[l.series.Name], s.site.Target(), sink, func(now bench.Live) {
		name, cores := meter.busiest()
		s.Observer.Live(Live{
			Series: l.series.Name, Load: l.load, Level: l.number, Levels: l.of, Now: now,
			Busiest: name, BusyCPU: cores, Remaining: l.after + max(0, now.Hold-now.Elapsed), Whole: l.whole, AtMost: l.bound,
		})
	})
	usage := meter.stop()
	if measured.Partial {
		sink.Cut(measured.Held)
	}
	window, err := sink.Close()
	if runErr != nil {
		return backlog, runErr
	}
	if err != nil {
		return backlog, err
	}
	s.next[l.series.Name] = measured.Next
	s.record(l, first, measured.Next, measured.Epoch)
	switch {
	case window.Scheduled() > 0 && window.Length() > 0:
		p := s.point(l, measured, &window, usage)
		s.settle(&p, l, measured, seen)
		s.summary.Points = append(s.summary.Points, p)
		s.trace(ctx, measured, first, &window, counted)
		s.cutShort = measured.Held < load.Hold
		s.Observer.Point(p)
	case ctx.Err() == nil:
		s.warn("%s: no transaction was due after the warm-up, so that there is nothing to report; hold longer", name(l))
	}
	return seen.backlog.Slope(), context.Cause(ctx)
}

// A meter samples CPU and memory of all nodes during a level.
type meter struct {
	site Site
	quit chan struct{}
	done chan struct{}

	mu    sync.Mutex
	taken proc.Series
}

// sampleEvery is short enough that the samples nearest to the window's ends
// miss it by little, and long enough to cost nothing.
const sampleEvery = 250 * time.Millisecond

func newMeter(site Site) *meter {
	m := &meter{site: site, quit: make(chan struct{}), done: make(chan struct{})}
	m.sample()
	go func() {
		defer close(m.done)
		ticker := time.NewTicker(sampleEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				m.sample()
			case <-m.quit:
				m.sample()
				return
			}
		}
	}()
	return m
}

func (m *meter) sample() {
	// A node that has ended is reported by the site; the others still count.
	snap, _ := m.site.Sample()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken = append(m.taken, snap)
}

func (m *meter) stop() proc.Series {
	close(m.quit)
	<-m.done
	return m.taken
}

// busiest returns which node, or the client, used most CPU over about the
// last second, in cores.
func (m *meter) busiest() (name string, cores float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := len(m.taken) - 1
	from := max(0, last-int(time.Second/sampleEvery))
	nodes := m.taken[from].Cores(m.taken[last])
	delete(nodes, proc.Other)
	delete(nodes, proc.Steal)
	return largest(nodes)
}
