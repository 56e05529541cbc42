package scenario

import (
	"cmp"
	"fmt"
	"sort"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// warmupShare is the part of the hold that is cut off where the scenario does not say.
const warmupShare = 0.1

// WarmupOf returns how long the start of a series' levels is cut off: what the scenario says, or else a tenth of the
// hold as it is written, and at least the time in which a block is cut.
func (s Scenario) WarmupOf(one Series) time.Duration {
	if s.unsaid {
		return max(one.warmup(), s.cut)
	}
	return s.Warmup
}

// CutAfter notes the time in which blocks are cut on a network whose settings were not known when the scenario was read. The
// error is about a level that is too short for it.
func (s *Scenario) CutAfter(timeout time.Duration) error {
	s.cut = timeout
	for _, one := range s.Series {
		if p := one.naming(cmp.Or(one.checkWait(timeout), one.checkWarmup(one.from.at, s.WarmupOf))); p != nil {
			return s.doc.Locate(p)
		}
	}
	return nil
}

// warmup returns the warm-up of a scenario that gives none.
func (s Series) warmup() time.Duration {
	return max(time.Duration(warmupShare*float64(s.written)), s.timeout)
}

// timed notes how long the level of a series is, as written, and the batch timeout of what it runs on, where that is known.
func (s *Series) timed(timeout time.Duration) {
	s.written, s.timeout = s.Load.Hold, max(s.timeout, timeout)
}

// A blockTarget is a target that cuts blocks.
type blockTarget interface {
	// BatchTimeout returns the longest time from a block's first transaction to its cut.
	BatchTimeout() time.Duration
}

// batchTimeout returns the timeout of what the series runs on as far as the scenario says it.
func (s Series) batchTimeout(target *Target) time.Duration {
	if target == nil {
		return s.Network.Batch.Timeout
	}
	if t, ok := target.Options.(blockTarget); ok {
		return t.BatchTimeout()
	}
	return 0
}

// checkWarmup makes sure that the warm-up leaves something of the hold.
func (s Series) checkWarmup(at string, warmup func(Series) time.Duration) *strictyaml.Problem {
	if s.Load.Hold > warmup(s) || s.Load.unsettled() {
		return nil
	}
	return strictyaml.Problemf(s.longEnough(warmup), at+"load.hold", "must be longer than the warm-up of %s, which it includes; got %s", warmup(s), s.Load.Hold)
}

// lasting makes the hold another one, as if it were written.
func (s *Series) lasting(hold time.Duration) { s.Load.Hold, s.written = hold, hold }

// longEnough says which hold would do, in milliseconds: one with a transaction in its window.
func (s Series) longEnough(warmup func(Series) time.Duration) string {
	at := s
	rates := s.Load.Rate
	if !s.Load.Arrivals.rated() {
		rates = []float64{0}
	}
	ms := sort.Search(int(maxHold.Milliseconds())+1, func(ms int) bool {
		at.lasting(time.Duration(ms) * time.Millisecond)
		enough := at.Load.Hold > max(warmup(at), at.Load.Think)
		for _, rate := range rates {
			enough = enough && (s.Load.Kind != result.LoadOpen || s.Load.Search != nil || at.expected(rate, warmup(at)) >= 1)
		}
		return enough
	})
	if hold := time.Duration(ms) * time.Millisecond; hold <= maxHold {
		return fmt.Sprintf("hold: %s would do", hold)
	}
	return "give a shorter warm-up"
}
