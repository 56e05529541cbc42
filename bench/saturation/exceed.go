package saturation

import (
	"math"
	"slices"
)

// The overload that the steps of Exceed offer, as a share of what is taken. It has to be so large that the target
// hardly ever idles: a queue whose backlog grows by a share d of its rate has been empty for the last time
// after about c²/(rate d²) seconds, c² being the sum of the squared coefficients of variation of arrivals and
// service (Asmussen, Applied Probability and Queues, 2nd ed., section XIII.3), which is hold/(1.2 errors²)
// where d is as many standard errors of the backlog's slope.
const (
	overErrors = 2.5
	overLeast  = 0.04
	overMost   = 0.12
	overSecond = 3 // the second step's overload over that of the first
)

// overFirst is the overload that the first step of Exceed offers, as a share, after tries that failed.
func overFirst(tries Trial) float64 {
	return min(overMost, max(overLeast, overErrors*math.Sqrt2*tries.growthError()/tries.Sent))
}

// offer makes the next step one of Exceed, and reports whether there is room for it.
func (s *OpenSearch) offer(share float64) bool {
	load := rounded((1 + share) * min(s.high.taken(), s.high.Load))
	if !(load > s.passed.Load && load <= s.config.To) {
		return false
	}
	s.stage, s.load = Exceed, load
	return true
}

// exceed takes a step that offered more than the target takes.
func (s *OpenSearch) exceed(t Trial) {
	if !t.Client && t.taken() > 0 {
		s.beyond = append(s.beyond, t)
		if len(s.beyond) == 1 && s.offer(overSecond*overFirst(s.high)) {
			return
		}
	}
	var over, intended float64 // means over the steps, as shares
	n, taken := float64(len(s.beyond)), s.taken()
	for _, b := range s.beyond {
		over += (1 - b.taken()/b.Load) / n
		intended += (1 - min(s.high.taken(), s.high.Load)/b.Load) / n
	}
	slack := max(overLeast/2, 2*s.high.growthError()/s.high.Sent)
	switch {
	case n == 2 && s.beyond[1].taken() < s.beyond[0].taken()*(1-2*slack): // it takes the less the more is offered
		if first := s.beyond[0]; first.Fault == "" {
			s.passed = first
		}
		s.stage, s.beyond = Bisect, nil
		s.advance(s.high)
	case n > 0 && over < intended/2, taken > s.high.Load*(1+slack): // it takes more than what failed
		s.stage, s.load, s.doubt = Confirm, s.high.Load, s.high
	case taken < s.passed.Load*(1-slack): // it takes less than what passed
		s.stage, s.load, s.doubt = Confirm, s.passed.Load, s.passed
	default:
		s.repeat(end{capacity: min(taken, s.high.Load), beyond: s.beyond})
	}
}

// confirm takes another try at a load that contradicts what is taken under overload.
func (s *OpenSearch) confirm(t Trial) {
	judged := s.doubt
	if !t.Client {
		judged = pool(s.doubt.Step, t.Step).check(s.rules())
	}
	switch failed := s.doubt.Fault != ""; {
	case failed == (judged.Fault != ""): // it stands: under overload it is another target
		s.stage, s.beyond = Bisect, nil
		s.advance(judged)
	case failed: // by luck
		s.stage, s.beyond, s.high = Locate, nil, Trial{}
		s.advance(judged)
	case s.beyond == nil: // passed by luck
		s.stage, s.passed = Locate, s.below(judged.Load)
		s.advance(judged)
	default:
		s.high, s.passed = judged, s.below(judged.Load)
		s.repeat(end{capacity: min(s.taken(), s.high.Load), beyond: s.beyond})
	}
}

// taken is the mean rate that was taken under overload.
func (s *OpenSearch) taken() (rate float64) {
	for _, b := range s.beyond {
		rate += b.taken() / float64(len(s.beyond))
	}
	return rate
}

// below returns the last step that passed at less than a load.
func (s *OpenSearch) below(load float64) Trial {
	for _, t := range slices.Backward(s.trials) {
		if t.Fault == "" && t.Load < load {
			return t
		}
	}
	return Trial{}
}
