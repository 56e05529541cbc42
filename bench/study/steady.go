package study

import (
	"math"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// A steadiness sees every transaction of a level and says whether its window
// was in a steady state. One goroutine at a time may use it.
type steadiness struct {
	first    uint64 // sequence number of the level's first transaction
	from, to time.Duration
	latency  stats.Series
	backlog  *stats.Backlog
}

func newSteadiness(first uint64, from, to time.Duration) *steadiness {
	return &steadiness{first: first, from: from, to: to, backlog: stats.NewBacklog(from.Seconds(), to.Seconds())}
}

// see takes a transaction, by the rule of result.Window for what belongs to
// the window. One whose end nobody saw never left the backlog.
func (s *steadiness) see(r *result.Record) {
	end := math.Inf(1)
	if r.Outcome != result.Unknown && r.Outcome != result.Interrupted {
		end = max(r.Started, r.Prepared, r.Endorsed, r.Submitted, r.Committed).Seconds()
	}
	s.backlog.Add(r.Intended.Seconds(), end)
	if r.Intended < s.from || r.Intended >= s.to {
		return
	}
	done := r.Committed
	switch r.Outcome {
	case result.Valid:
	case result.Answered:
		done = r.Endorsed
	default:
		return
	}
	if done != result.NotReached {
		s.latency.Add(r.Seq-s.first, (done - r.Intended).Seconds())
	}
}

// settle gives the point its verdict. A window that is too short to tell is no
// reason to doubt it.
func (s *study) settle(p *result.Point, l level, m bench.Result, seen *steadiness) {
	if m.Held < l.series.Load.Hold {
		p.Steady = string(stats.TooShort)
		return
	}
	backlog := seen.backlog
	if l.load.Kind == "closed" && wait(l.series.Load.Wait) != bench.WaitAcknowledge {
		backlog = nil // its clients keep it constant
	}
	v := stats.Judge(&seen.latency, backlog)
	p.Steady = string(v.State)
	switch v.State {
	case stats.Overloaded:
		s.flag(p, "overloaded: more arrived than was committed, so that latency depends on how long the load was held")
	case stats.Drifting:
		s.flag(p, "not steady: latency drifted over the window, so that its quantiles depend on when they were taken")
	default:
		return
	}
	p.Warnings[len(p.Warnings)-1] += " (" + v.Reason + ")"
}
