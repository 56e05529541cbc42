package saturation

import (
	"cmp"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Closed finds the saturation point of a closed-loop series: the smallest number of clients whose
// throughput reaches 95 % of the plateau, the highest throughput of the series. It is reached only
// if the plateau was confirmed: from that number on, two successive doublings of the clients each
// raise the best throughput so far by less than 5 %. Otherwise the highest throughput is a lower
// bound ("at least"), and Reached is false.
//
// Points that are not valid, and levels at which fewer than 99 % of the transactions were valid, do
// not count; the warnings name them. It is an error if no point remains, or the points are not of
// one closed-loop series.
func Closed(points []result.Point) (result.Saturation, []stats.Warning, error) {
	all, warnings, err := levels(points, result.LoadClosed, func(l result.Load) float64 { return float64(l.Clients) })
	if err != nil {
		return result.Saturation{}, warnings, err
	}
	series := points[0].Series
	var counted []*level
	for _, l := range all {
		if l.success() < successShare {
			warnings = append(warnings, stats.Warn(Failures,
				"%g clients do not count: %.1f %% of their transactions were valid", l.load, 100*l.success()))
			continue
		}
		counted = append(counted, l)
	}
	s := result.Saturation{Series: series}
	if counted == nil {
		s.Method = "no level with 99 % valid transactions"
		return s, warnings, nil
	}
	best := highest(counted)
	knee := knee(counted)
	s.Plateau = best.throughput
	at, method := counted[knee], "smallest number of clients at 95 % of the plateau"
	s.Reached = confirmed(counted[knee:])
	if !s.Reached {
		at, method = best, "highest throughput measured, not confirmed as a plateau"
		warnings = append(warnings, stats.Warn(NotConfirmed,
			"saturation was not reached: the figure is the highest throughput that was measured; add levels with more clients"))
	}
	s.Clients = int(at.load)
	return s, append(warnings, at.describe(&s, method)...), nil
}

// highest returns the first level of the highest throughput.
func highest(levels []*level) *level {
	return slices.MaxFunc(levels, func(a, b *level) int { return cmp.Compare(a.throughput, b.throughput) })
}

// knee returns the first level at 95 % of the highest throughput.
func knee(levels []*level) int {
	least := plateauShare * highest(levels).throughput
	return slices.IndexFunc(levels, func(l *level) bool { return l.throughput >= least })
}

// confirmed reports whether two successive doublings, the first of them from any of the levels,
// each gain less than 5 % on the best throughput so far. A doubling leads to the lowest level with
// at least twice the load. Comparing with the best so far, a dip between two levels does not pass
// for growth.
func confirmed(of []*level) bool {
	best := make([]float64, len(of)) // up to and including the level
	for i, l := range of {
		best[i] = l.throughput
		if i > 0 {
			best[i] = max(best[i], best[i-1])
		}
	}
	flat := func(from int) (to int, ok bool) {
		for to := from + 1; to < len(of); to++ {
			if of[to].load >= 2*of[from].load {
				return to, best[to] < (1+plateauGain)*best[from]
			}
		}
		return 0, false
	}
	for i := range of {
		if next, ok := flat(i); ok {
			if _, ok := flat(next); ok {
				return true
			}
		}
	}
	return false
}
