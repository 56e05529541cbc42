package study

import (
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// A satisfaction counts the transactions of a window that kept to an objective. A nil one has none, and does nothing.
type satisfaction struct {
	objective                       time.Duration
	scheduled, satisfied, tolerated uint64
	kept                            *stats.Series // 1 of a transaction that is satisfied, 0 of another
}

func newSatisfaction(objective time.Duration) *satisfaction {
	if objective == 0 {
		return nil
	}
	return &satisfaction{objective: objective, kept: stats.NewSeries(1)}
}

// add adds the transaction of the window whose place in the level is given.
func (s *satisfaction) add(place uint64, r *result.Record) {
	if s == nil {
		return
	}
	s.scheduled++
	kept, done := 0.0, r.Committed
	switch r.Outcome {
	case result.Valid:
	case result.Answered:
		done = r.Endorsed
	case result.Confirmed:
		done = r.Ended // committed before that
	default:
		done = result.NotReached
	}
	switch took := done - r.Intended; {
	case done == result.NotReached:
	case took <= s.objective:
		s.satisfied++
		kept = 1
	case took <= result.TolerableTimes*s.objective:
		s.tolerated++
	}
	s.kept.Add(place, kept)
}

// judge gives the point its satisfaction.
func (s *satisfaction) judge(p *result.Point) {
	if s == nil || s.scheduled == 0 {
		return
	}
	n := float64(s.scheduled)
	satisfied, tolerated := float64(s.satisfied)/n, float64(s.tolerated)/n
	p.Satisfaction = &result.Satisfaction{
		Objective: s.objective.Seconds(), Satisfied: satisfied, Tolerating: tolerated, Apdex: satisfied + tolerated/2,
	}
	// All transactions of a block can be late together, and so can those of all clients.
	units := min(int(max(1, p.Blocks)), int(s.scheduled)/max(1, p.Load.Clients))
	if i, _ := stats.ShareInterval(s.kept, units); i != nil {
		p.Intervals[result.SatisfiedShare] = *i
	}
}
