package study

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// turn runs what is due at one time and appends a Point of each of its levels. An error means that the run
// cannot go on. Where the run was interrupted, the Points of what was measured until then are there even so.
// backlog is by how much the transactions under way of its first level grew.
func (s *session) turn(ctx context.Context, t turn) (backlog stats.Slope, err error) {
	if err := s.read(); err != nil {
		return backlog, err
	}
	collect()
	probe, err := s.quiesce(ctx, t)
	if err != nil {
		return backlog, err
	}
	counted := s.counters(ctx)
	disks := growth{before: kept(s.site)}
	sinks, steady := make([]*result.Level, len(t.levels)), make([]*steadiness, len(t.levels))
	loads, fastest := make([]bench.Load, len(t.levels)), make([]time.Duration, len(t.levels))
	law, exposed := make([]little, len(t.levels)), make([]exposure, len(t.levels))
	keyed, lost := make([]*conflicts, len(t.levels)), make([]*doubtLog, len(t.levels))
	after, keys := make([]*aftermath, len(t.levels)), make([]result.LevelKey, len(t.levels))
	shares := make([]*shareLog, len(t.levels))
	for i, l := range t.levels {
		from, to, first := l.series.Start+s.Scenario.WarmupOf(l.series), l.end(), s.next[l.series.Name]
		keys[i] = result.LevelKey{Series: l.series.Name, Repetition: l.repetition, Load: l.load}
		if sinks[i], err = s.writer.Level(keys[i], from, to); err != nil {
			return backlog, err
		}
		steady[i] = newSteadiness(first, from, to)
		steady[i].satisfaction = newSatisfaction(l.series.Objective)
		exposed[i], shares[i] = exposure{from: from, to: to}, s.newShareLog(from, to)
		law[i] = little{from: from, to: to, wait: l.series.Load.Wait}
		keyed[i] = newConflicts(s.conditions(l), from, to)
		after[i] = s.events.newAftermath(l, from)
		fastest[i], lost[i] = math.MaxInt64, &doubtLog{from: from, to: to}
		see := t.watch
		if s.Records != nil {
			see = both(see, s.Records(l.series.Name, from, to))
		}
		sinks[i].WatchAttempts(lost[i].attempts)
		sinks[i].Watch(func(r *result.Record) {
			steady[i].add(r)
			law[i].add(r)
			exposed[i].add(r)
			shares[i].add(r)
			keyed[i].add(r)
			after[i].add(r, r.Seq-first)
			lost[i].add(r)
			s.left.watch(&fastest[i], r)
			if see != nil {
				see(r)
			}
		})
		loads[i] = bench.Load{Plan: s.plan(l), Workload: s.workloads[l.series.Name], Sink: sinks[i]}
	}
	if s.follower != nil {
		s.newBlocks() // what is known before
		s.follower.Level(s.live(t, bench.Live{Hold: t.hold()}, nil))
	}
	var epoch time.Time
	meter := newMeter(s.site, windowEdges(t.levels, s.Scenario))
	loads[0].Begin = func(at time.Time) {
		epoch = at
		for _, sink := range sinks {
			sink.Begin(epoch)
		}
		meter.begin(epoch)
		s.events.begin(ctx, epoch)
	}
	halts, paced := s.watchHalts(), s.processor.paced()
	running, over := s.Stopper.begin(ctx, true)
	watch, rest := s.watchTurn(t, meter, &epoch, sinks)
	made, runErr := s.makeLoad(running, t, keys, loads, watch)
	measured, gone := made.results, s.noteLost(made)
	ended := context.Cause(running) == errLevelEnded && ctx.Err() == nil
	over()
	usage, gaps, pace := meter.stop(), made.gaps(halts()), paced()
	events := s.events.end()
	s.tellEvents()
	disks.after = kept(s.site)
	if err := s.events.restore(ctx); err != nil {
		s.warn(result.NotRestored, "not all that events did to the network could be taken back after the level: %v", err)
	}
	s.strangers = meter.strangers()
	var scheduled uint64
	windows := make([]result.Window, len(t.levels))
	for i, sink := range sinks {
		if runErr == nil {
			scheduled += measured[i].Scheduled + measured[i].RunOut.Total()
			if measured[i].Partial {
				sink.Cut(t.levels[i].series.Start + measured[i].Held)
			}
		}
		window, closing := sink.Close()
		windows[i], err = window, errors.Join(err, closing)
	}
	if err := cmp.Or(runErr, err); err != nil {
		return backlog, err
	}
	s.left.turned(t, measured, fastest)
	s.bookTurn(t, measured[0].Epoch)
	report := sync.OnceValues(func() (*nodeReport, []result.Block) { // fetched lazily, once there is something to explain
		defer rest()
		return s.ask(ctx, measured[0].Epoch, scheduled, counted)
	})
	for i, l := range t.levels {
		m, w := measured[i], &windows[i]
		rows := rowRange{l.series.Name, s.next[l.series.Name], m.Next, l.end()}
		s.next[l.series.Name], s.spare[l.series.Name] = m.Next, m.Spare
		s.record(rows, m.Epoch)
		point := -1
		switch {
		case w.Scheduled() > 0 && w.Length() > 0:
			nodes, blocks := report()
			s.resolve(blocks, windows)
			s.bookBlocks(blocks, true)
			p := s.point(l, m, made.workers, w, usage)
			p.Pace = pace.mean(m.Epoch.Add(w.From), m.Epoch.Add(w.To))
			disturbed(&p, probe)
			p.ClientPriority = made.priority
			p.Events, p.Recoveries = after[i].around(events, m.Held), after[i].recoveries(events, m.Held, s.batchTimeout(), l.changing(), s.facts.Sites)
			if !p.Disturbed() {
				s.settle(&p, l, m, w, steady[i])
				law[i].check(&p, l, m)
			}
			judgeWorkers(&p, made.workers, i, &exposed[i], shares[i])
			exposed[i].judge(&p, m, gaps)
			keyed[i].judge(&p)
			p.MarkFailed()
			s.costs(&p, m, meter.accounts, disks)
			if !p.Disturbed() { // else its figures have no mean but that of what was done
				s.intervals(&p, l, steady[i].blocks)
				s.siteIntervals(&p, l, steady[i].sites)
			}
			steady[i].satisfaction.judge(&p)
			point, s.summary.Points = len(s.summary.Points), append(s.summary.Points, p)
			s.trace(rows, m.Epoch, w, nodes, blocks)
			s.timeline(l, m.Epoch, w, blocks, made.collections(m.Epoch))
			if m.Held < l.series.Load.Hold && m.Exhausted == nil {
				s.cutShort = append(s.cutShort, point)
			}
			s.Observer.Point(s.disrupted(m.Epoch, w))
		case m.Exhausted != nil:
			s.note(l.String(), result.Exhausted, fmt.Sprintf("nothing was measured: %v", m.Exhausted))
		case gone != nil:
			s.note(l.String(), result.Shortened, fmt.Sprintf("nothing was measured: the level ended before its window, when worker %d on %s was lost (%s)",
				gone.Rank, gone.Host, gone.Lost.Why))
		case ended:
			s.note(l.String(), result.Shortened, "nothing was measured: the level was ended on request before its window")
		case ctx.Err() == nil:
			s.note(l.String(), result.NothingDue, "no transaction was due after the warm-up, so that there is nothing to report; hold longer")
		}
		s.doubts.keep(lost[i], m.Epoch, point)
	}
	s.ended = s.ended || ended
	s.summary.Complete = s.summary.Complete && !ended && gone == nil
	return steady[0].backlog.Slope(), cmp.Or(context.Cause(ctx), made.last)
}

// both returns what calls two functions, of which the first may be nil.
func both(one, other func(*result.Record)) func(*result.Record) {
	if one == nil {
		return other
	}
	return func(r *result.Record) {
		one(r)
		other(r)
	}
}

// live returns the state of the turn under way.
func (s *session) live(t turn, now bench.Live, m *meter) Live {
	l := Live{
		Series: t.levels[0].series.Name, Load: t.levels[0].load, Level: t.number, Levels: t.of, Now: now,
		Remaining: t.after + max(0, now.Hold-now.Elapsed), Whole: s.whole, AtMost: t.bound,
		Repetition: t.levels[0].repetition,
	}
	edges := windowEdges(t.levels, s.Scenario)
	l.From, l.To = edges[0], edges[len(edges)-1]
	if m != nil {
		l.Busiest, l.BusyCPU = m.busiest()
	}
	if group := t.levels[0].series.Group; group != "" {
		l.Series, l.Load, l.Phases = group, result.Load{}, len(t.levels)
		for _, one := range t.levels {
			if one.series.Start <= now.Elapsed && now.Elapsed < one.end() {
				l.Underway++
			}
		}
	}
	return l
}
