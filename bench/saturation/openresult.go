package saturation

import (
	"math"
	"slices"

	"meterbench/bench/stats"
)

// Result returns the medians over the repetitions, or a lower bound while none is completed.
func (s *OpenSearch) Result() Result {
	ends := corrected(s.ends)
	if len(ends) == 0 {
		var e end
		for _, t := range s.trials {
			if t.Fault == "" && t.Load > e.passed.Load {
				e.passed, e.capacity = t, t.Load
			}
		}
		ends = []end{e}
	}
	var loads, rates, paces, seen []float64
	reached := true
	for _, e := range ends {
		rate := e.capacity // which is kept up with
		if rate == e.passed.Load {
			rate = e.passed.Received
		}
		loads, rates, paces = append(loads, e.capacity), append(rates, rate), append(paces, e.pace())
		if e.failed.Sent > 0 {
			seen = append(seen, e.failed.smallestOverload())
		}
		reached = reached && e.passed.Load > 0 && e.failed.Load > 0 && !e.failed.Client
	}
	r := s.summarise(rates)
	r.Reached, r.Load, r.Offered = reached, stats.Median(loads), stats.Median(loads)
	if i := stats.MedianInterval(loads); i != nil { // not narrower than the resolution
		r.OfferedLow, r.OfferedHigh = min(i.Low, r.Load*(1-resolution/2)), max(i.High, r.Load*(1+resolution/2))
		r.Low, r.High = min(r.Low, r.Throughput*(1-resolution/2)), max(r.High, r.Throughput*(1+resolution/2))
	}
	if r.Reached {
		r.spread(loads, paces)
		r.SmallestOverload = stats.Median(seen)
	}
	r.conclude("%.4g/s offered", "searches", len(ends))
	if r.SmallestOverload > coarseOverload {
		r.Warnings = append(r.Warnings, stats.Warn(CoarseSteps,
			"a step saw an overload only from %.2g %% on: hold %.0f times as long to see %.2g %%",
			100*r.SmallestOverload, math.Ceil(math.Pow(r.SmallestOverload/coarseOverload, 2)), 100*coarseOverload))
	}
	return r
}

// coarseOverload is the smallest overload that steps should see, as a share of the load.
const coarseOverload = 0.02

// corrected returns the ends of repetitions, with the capacities of a target that takes less, or more, the more is
// offered beyond its capacity: then it is not what was taken, but where the line through what was taken at both
// overloads meets the load. That the target is such a one is taken from all repetitions together, where they
// are enough to tell.
func corrected(ends []end) []end {
	var changes []float64 // of what is taken, per offered transaction
	for _, e := range ends {
		if len(e.beyond) == 2 {
			changes = append(changes, (e.beyond[1].taken()-e.beyond[0].taken())/(e.beyond[1].Load-e.beyond[0].Load))
		}
	}
	i := stats.MeanInterval(changes)
	if len(changes) < minChanges || len(changes) < len(ends) || i.Low <= 0 && i.High >= 0 {
		return ends
	}
	ends = slices.Clone(ends)
	for n := range ends {
		e, change := &ends[n], min(changes[n], maxChange)
		crossing := (e.beyond[0].taken() - change*e.beyond[0].Load) / (1 - change)
		// What passed may be above the capacity by what a step does not see.
		e.capacity = min(max(crossing, min(e.passed.Load, e.capacity)), e.failed.Load)
	}
	return ends
}

const (
	minChanges = 3   // repetitions
	maxChange  = 0.5 // beyond it the crossing is too far from where it was measured
)
