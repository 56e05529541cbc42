package study

import (
	"cmp"
	"context"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/heartbeat"
	"meterbench/internal/proc"
)

// A Crew is a Site whose loads are made by workers, processes of their own, mostly on other machines.
type Crew interface {
	// Workers returns who they are, in the order of their ranks. In a later session they may be fewer, and never others.
	Workers() []Worker
	// RunTogether is bench.RunTogether by the workers: each makes its share, by a workload and a target of its own, and all records come
	// to the sinks of the level's loads, with the number of the worker that they are of. The results are those of the union; Workers
	// say what each of them did.
	//
	// With an error and no results nothing was measured. With an error and results the level ended before its time, as a worker is lost,
	// and the study cannot go on; without an error it can, with the workers that are left.
	RunTogether(ctx context.Context, level CrewLevel, watch bench.Watch) ([]bench.Result, []WorkerLevel, error)
}

// A Worker is a process that makes a part of the load.
type Worker struct {
	Rank    int    // among all that were started
	Host    string // its name
	PID     int    // of the process there
	Here    bool   // it runs on the machine of this process
	Version string // of the program
	Machine proc.Host
	Mark    bench.Mark // of its transactions
}

// A CrewLevel is a load level, or the phases of one, for workers.
type CrewLevel struct {
	Keys  []result.LevelKey // of Loads, in their order: by them workers know the workload and the arrivals
	Loads []bench.Load      // without Workload
	// Ahead has workers run ahead of whatever else wants processors where they are, as far as that is permitted.
	Ahead bool
	// Confined has workers run Go on one processor at a time.
	Confined bool
}

// A WorkerLevel is what one worker did in a level. Instants are offsets from the start of the level, or, where they are of type
// time.Time, those of this process's clock.
type WorkerLevel struct {
	Rank     int    // among all that were started
	Host     string // its name
	Here     bool   // it runs on the machine of this process
	Share    bench.Share
	Results  []bench.Result  // of its share, by load; of a lost worker as far as its records tell
	Received []uint64        // records, by load
	Stalls   []uint64        // how often recording waited for the connection to take records, by load
	Gaps     []heartbeat.Gap // in which it did not run
	// Collections are when it collected garbage, the last 256.
	Collections []time.Duration
	Usage       []Usage // in order
	Clock       WorkerClock
	Priority    proc.Priority
	Lost        *Loss // nil: it was there until the end
}

// Usage is what a process has used until an instant of a level.
type Usage struct {
	At  time.Duration
	CPU float64 // seconds, from some start
	RSS uint64  // bytes, now
}

// A WorkerClock is what is known of the clock of a worker's machine. No latency crosses machines: it only places the level's windows.
type WorkerClock struct {
	// Half is half of the shortest round trip before the level: the worker began it by so much too early or too late at most.
	Half time.Duration
	// Drift is by how much the worker's monotonic clock was faster than that of this process over the level, AfterHalf half of the
	// shortest round trip after it. Of a lost worker both are 0.
	Drift     time.Duration
	AfterHalf time.Duration
	// Wall is by how much its wall clock was ahead of that of this process before the level. No figure depends on it.
	Wall time.Duration
}

// Misplaced returns by how much the worker's window may lie beside that of the level, at most.
func (c WorkerClock) Misplaced() time.Duration { return c.Half + c.Drift.Abs() }

// Drifted reports whether the clocks ran at different rates, by more than the round trips explain.
func (c WorkerClock) Drifted() bool { return c.Drift.Abs() > c.Half+c.AfterHalf }

// A Loss is how a level lost a worker.
type Loss struct {
	Why       string        // a sentence about the worker, which it does not name, without its full stop
	Until     time.Duration // the last instant of which it had told
	Scheduled uint64        // transactions of its share until then, the hold's alone
	Received  uint64        // records of these that came
}

// Cores returns the mean number of cores that the worker used from one instant of the level to another one, false where it did not tell.
func (w WorkerLevel) Cores(from, to time.Duration) (float64, bool) {
	begin, before := used(w.Usage, from)
	end, after := used(w.Usage, to)
	if !before || !after || to <= from {
		return 0, false
	}
	return (end - begin) / (to - from).Seconds(), true
}

// used returns the CPU time at an instant, between the two samples next to it.
func used(all []Usage, at time.Duration) (cpu float64, ok bool) {
	for i, u := range all {
		switch {
		case u.At == at:
			return u.CPU, true
		case u.At > at && i > 0:
			before := all[i-1]
			return before.CPU + (u.CPU-before.CPU)*float64(at-before.At)/float64(u.At-before.At), true
		case u.At > at:
			return 0, false
		}
	}
	return 0, false
}

// A made is what became of the load of a turn.
type made struct {
	results  []bench.Result
	workers  []WorkerLevel // nil where this process made it
	priority proc.Priority // that of whoever made it; of workers the usual one, if one of them has no other
	last     error         // why the study cannot go on after it
}

// makeLoad runs the loads of a turn, here or by the workers of the site.
func (s *session) makeLoad(ctx context.Context, t turn, keys []result.LevelKey, loads []bench.Load, watch bench.Watch) (m made, err error) {
	crew, manned := as[Crew](s.site)
	if !manned {
		m.priority = s.prioritised(t, func() { m.results, err = bench.RunTogether(ctx, s.clock, loads, s.site.Target(), watch) })
		return m, err
	}
	level := CrewLevel{Keys: keys, Loads: loads, Ahead: !s.burdens(t), Confined: s.fits(t)}
	m.results, m.workers, m.last = crew.RunTogether(ctx, level, watch)
	if m.results == nil {
		return m, m.last
	}
	if len(m.workers) < len(crew.Workers()) {
		s.warnOfFewer()
	}
	for i, w := range m.workers {
		if i == 0 || w.Priority == proc.PriorityUsual {
			m.priority = w.Priority
		}
	}
	return m, nil
}

// warnOfFewer warns of workers that were lost since the session began, now that a level was made without them.
func (s *session) warnOfFewer() {
	for _, w := range s.site.Facts().Warnings {
		if w.Code == result.FewerWorkers {
			s.add(w)
		}
	}
}

// man says who makes the load of the run, where workers do.
func (s *session) man() error {
	crew, manned := as[Crew](s.site)
	if !manned || s.manned {
		return nil
	}
	s.manned = true
	var ranks []int
	for _, w := range crew.Workers() {
		ranks = append(ranks, w.Rank)
	}
	return s.writer.Workers(ranks)
}

// noteLost notes which workers a turn has lost, and returns the first of them, nil where there is none.
func (s *session) noteLost(m made) (first *WorkerLevel) {
	for i, w := range m.workers {
		if w.Lost != nil {
			s.ledgers.lose(w.Rank)
			first = cmp.Or(first, &m.workers[i])
		}
	}
	s.lostWorkers = s.lostWorkers || first != nil
	return first
}

// watchHalts notices when this process does not run, where it makes the load: workers notice that of themselves.
func (s *session) watchHalts() (stop func() []heartbeat.Gap) {
	if _, manned := as[Crew](s.site); manned {
		return func() []heartbeat.Gap { return nil }
	}
	return s.processor.halts()
}

// gaps returns when the load generator did not run: this process, or workers in its place.
func (m made) gaps(own []heartbeat.Gap) (all []heartbeat.Gap) {
	all = own
	for _, w := range m.workers {
		all = append(all, w.Gaps...)
	}
	return all
}

// collections returns when garbage was collected where the load was made, since the level's start.
func (m made) collections(epoch time.Time) (all []time.Duration) {
	if m.workers == nil {
		return Collections(epoch)
	}
	for _, w := range m.workers {
		all = append(all, w.Collections...)
	}
	return all
}

// as returns a Site as something more than a Site, or what it wraps (Unwrap): ok is false where neither is.
func as[T any](site Site) (t T, ok bool) {
	for site != nil {
		if t, ok = site.(T); ok {
			return t, true
		}
		wrapper, wraps := site.(interface{ Unwrap() Site })
		if !wraps {
			break
		}
		site = wrapper.Unwrap()
	}
	return t, false
}
