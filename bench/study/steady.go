package study

import (
	"slices"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
)

// A steadiness sees every transaction of a level and says whether its window was in a steady state. One
// goroutine at a time may use it.
type steadiness struct {
	first    uint64 // sequence number of the level's first transaction
	from, to time.Duration
	latency  stats.Series
	backlog  *stats.Backlog
	blocks   *blockLog
	sites    siteLogs
	// satisfaction counts those that keep to an objective, nil where there is none.
	satisfaction *satisfaction
}

func newSteadiness(first uint64, from, to time.Duration) *steadiness {
	return &steadiness{
		first: first, from: from, to: to, backlog: stats.NewBacklog(from.Seconds(), to.Seconds()), blocks: newBlockLog(from, to),
	}
}

// add adds a transaction, by the rule of result.Window for what belongs to the window. A lost one leaves the backlog
// when it is given up.
func (s *steadiness) add(r *result.Record) {
	s.backlog.Add(r.Intended.Seconds(), (r.Intended + r.Lasted()).Seconds())
	within := r.Intended >= s.from && r.Intended < s.to
	if within {
		s.satisfaction.add(r.Seq-s.first, r)
	}
	done := r.Committed
	switch r.Outcome {
	case result.Valid:
	case result.Answered:
		done = r.Endorsed
	default:
		return
	}
	if done == result.NotReached {
		return
	}
	s.blocks.add(r, r.Seq-s.first)
	s.sites.add(r, s.from, s.to)
	if within {
		s.latency.Add(r.Seq-s.first, (done - r.Intended).Seconds())
	}
}

// shedLimit is the share of an open load's transactions, dropped by the client or turned away by a peer, from
// which on it is more than the target takes: the growth of the backlog that stats.Judge calls overload.
const shedLimit = 0.005

// changing reports whether the level's load changes with time by itself, so that nothing under it is to stay the same.
func (l level) changing() bool {
	kinds := []scenario.ArrivalKind{scenario.Ramp, scenario.Steps, scenario.Trace}
	return l.load.Kind == result.LoadOpen && slices.Contains(kinds, l.series.Load.Arrivals.Kind)
}

// unsteady says what the states mean for a point that are no steady ones.
var unsteady = map[stats.State]string{
	stats.Overloaded: "overloaded: more arrived than was committed, so that latency depends on how long the load was held",
	stats.Drifting:   "not steady: latency drifted over the window, so that its quantiles depend on when they were taken",
}

// settle gives the point its verdict. A window that is too short to tell is no reason to doubt it. Of a load
// that changes there is none to give.
func (s *session) settle(p *result.Point, l level, m bench.Result, w *result.Window, steady *steadiness) {
	if l.changing() {
		return
	}
	if m.Held < l.series.Load.Hold {
		p.Steady = stats.TooShort
		return
	}
	// What is shed leaves no backlog: without it the rest may well be steady. That it happened is among the
	// warnings already.
	if shed := w.Counts[result.Dropped] + w.Counts[result.Limited]; l.load.Kind == result.LoadOpen && float64(shed) > shedLimit*float64(p.Scheduled) {
		p.Steady = stats.Overloaded
		return
	}
	backlog := steady.backlog
	if l.load.Kind == result.LoadClosed && l.series.Load.Wait != result.WaitAcknowledge {
		backlog = nil // its clients keep it constant
	}
	v := stats.Judge(&steady.latency, backlog)
	p.Steady = v.State
	if v.N > 0 {
		p.SteadyDetail = &result.SteadyDetail{
			Truncate: float64(v.Truncate) / float64(v.N), Tail: float64(v.Tail) / float64(v.N), Change: v.Change,
			SmallestChange: v.SmallestChange, SmallestOverload: v.SmallestOverload,
		}
	}
	if text, ok := unsteady[v.State]; ok {
		s.flag(p, result.NotSteady, v.Reason, "%s", text)
	}
}
