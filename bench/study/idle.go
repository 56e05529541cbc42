package study

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// idleMost bounds the wait for a target that still works on what a level left behind.
const idleMost = 2 * time.Minute

// A probe is back at the idle latency where it takes at most idleFactor times that, or idleSlack more.
const (
	idleFactor = 1.5
	idleSlack  = 20 * time.Millisecond
	probePause = 100 * time.Millisecond // after a probe that came back late, or was refused
)

// leftover follows what the levels of a session leave behind on its target.
type leftover struct {
	lost    bool                     // there are transactions that the target may still work on
	ordered bool                     // some of these were to be committed, which one that is only endorsed does not wait for
	fastest map[string]time.Duration // of the valid or answered transactions by series
}

// watch adds a transaction, from the recorder of its level.
func (b *leftover) watch(fastest *time.Duration, r *result.Record) {
	done := r.Committed
	if r.Outcome == result.Answered {
		done = r.Endorsed
	}
	if r.Outcome.Class() == result.Succeeded && done != result.NotReached {
		*fastest = min(*fastest, done-r.Intended)
	}
}

// turned notes the end of a turn. One that lost nothing came after all that was left of those before, as far as it went.
func (b *leftover) turned(t turn, measured []bench.Result, fastest []time.Duration) {
	lost, ordered, through := false, false, false
	for i, m := range measured {
		series := t.levels[i].series
		commits := series.Load.Wait != result.WaitEndorse
		through = through || commits && m.Counts[result.Valid] > 0
		for o := range m.Counts {
			if m.Counts[o]+m.RunOut[o] > 0 && (result.Outcome(o).Class() == result.Lost || result.Outcome(o) == result.EndorseTimeout) {
				lost, ordered = true, ordered || commits
			}
		}
		if before, known := b.fastest[series.Name]; !known || fastest[i] < before {
			b.fastest[series.Name] = fastest[i]
		}
	}
	switch {
	case lost:
		b.lost, b.ordered = true, b.ordered || ordered
	case through || !b.ordered:
		b.lost, b.ordered = false, false
	}
}

// quiesce waits until the target is idle before a turn that something could have been left behind for: transactions
// without a known end, or the load of a search that came down from a higher one. A transaction at a time is sent until
// one takes no longer than it does alone, one that is committed where what was left behind is. It returns nil where
// nothing was to wait for, or there is nothing to probe with.
func (s *session) quiesce(ctx context.Context, t turn) (*result.IdleProbe, error) {
	if !s.left.lost && !t.lower {
		return nil, nil
	}
	commits := func(series scenario.Series) bool { return series.Load.Wait != result.WaitEndorse && s.probes(series) }
	at := slices.IndexFunc(s.series, commits)
	if at < 0 && !s.left.ordered && !t.lower {
		at = slices.IndexFunc(s.series, s.probes)
	}
	if at < 0 {
		if !s.left.lost {
			return nil, nil
		}
		return &result.IdleProbe{}, nil
	}
	series := s.series[at]
	alone := s.left.fastest[series.Name]
	if commits(series) { // alone in its block, it waits for the timer
		alone += time.Duration(s.facts.Conditions.BatchTimeout * float64(time.Second))
	}
	most := max(time.Duration(idleFactor*float64(alone)), alone+idleSlack)
	s.Observer.Working("wait until the target is idle again")
	begin := time.Now()
	for {
		took, err := s.probe(ctx, series)
		if err != nil {
			return nil, err
		}
		probe := &result.IdleProbe{Idle: alone.Seconds(), Latency: took.Seconds(), Waited: time.Since(begin).Seconds()}
		if probe.Back = took > 0 && took <= most; probe.Back {
			s.left.lost, s.left.ordered = false, false
		}
		if probe.Back || time.Since(begin) >= idleMost || ctx.Err() != nil {
			return probe, context.Cause(ctx)
		}
		s.clock.Sleep(ctx.Done(), probePause)
	}
}

// probes reports whether transactions of a series can probe: their number does not matter, and it is known how long
// one takes.
func (s *session) probes(series scenario.Series) bool {
	fastest, known := s.left.fastest[series.Name]
	for _, w := range series.Workloads() {
		known = known && !w.Traits().Ahead && !w.Traits().Reads
	}
	return known && fastest < math.MaxInt64 && series.Load.Arrivals.Trace == nil
}

// probe sends one transaction of a series, recorded as repetition 0, and returns how long it took, 0 where it failed.
func (s *session) probe(ctx context.Context, series scenario.Series) (took time.Duration, err error) {
	wait := series.Load.Wait
	if wait == result.WaitAcknowledge {
		wait = result.WaitCommit
	}
	const hold = time.Nanosecond // one transaction is due in it
	load := result.Load{Kind: result.LoadClosed, Clients: 1}
	sink, err := s.writer.Level(result.LevelKey{Series: series.Name, Load: load}, 0, hold)
	if err != nil {
		return 0, err
	}
	fastest := time.Duration(math.MaxInt64)
	lost := &doubtLog{}
	sink.WatchAttempts(lost.attempts)
	sink.Watch(func(r *result.Record) {
		s.left.watch(&fastest, r)
		lost.add(r)
	})
	// A step that ends has no run-out. The numbers of planned transactions stay theirs.
	numbers := s.next
	if s.spare[series.Name] != 0 {
		numbers = s.spare
	}
	p := bench.Plan{Arrivals: arrival.Steps{{PerSecond: 1, For: time.Second}}, Slots: 1, Hold: hold, Wait: wait, First: numbers[series.Name],
		Driver: series.Load.Driver, Site: s.siteNumber(series), Timeout: series.Load.Timeout}
	measured, err := bench.Run(ctx, s.clock, p, s.workloads[series.Name], s.site.Target(), sink, nil)
	_, closing := sink.Close()
	if err == nil {
		s.doubts.keep(lost, measured.Epoch, -1)
		numbers[series.Name], err = measured.Next, closing
	}
	if fastest == math.MaxInt64 {
		fastest = 0
	}
	return fastest, err
}

// disturbed marks a point before which the target did not become idle.
func disturbed(p *result.Point, probe *result.IdleProbe) {
	if p.IdleProbe = probe; probe == nil || probe.Back {
		return
	}
	reason := "the level before left transactions behind, and nothing to probe with whether they have ended: no workload that can be sent " +
		"alone has succeeded yet"
	if probe.Waited > 0 {
		reason = fmt.Sprintf("the target still worked on the level before: a transaction on its own took %.3g s after %.0f s, %.3g s when it is idle",
			probe.Latency, probe.Waited, probe.Idle)
		if probe.Latency == 0 {
			reason = fmt.Sprintf("the target still worked on the level before: no transaction on its own succeeded within %.0f s", probe.Waited)
		}
	}
	p.Valid, p.Reasons = false, append(p.Reasons, reason)
}
