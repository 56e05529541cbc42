package claims

import (
	"cmp"
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
	"meterbench/bench/stats"
)

// An Estimate is a value with its 95 % interval. Where there is none, N is 0 and both bounds are
// the value.
type Estimate struct {
	Value float64
	stats.Interval
}

// Exactly returns an estimate without an interval.
func Exactly(v float64) Estimate { return Estimate{v, stats.Interval{Low: v, High: v}} }

// middle returns the median of estimates. Its interval is that of the one in the middle, or what
// the two in the middle span together.
func middle(all []Estimate) Estimate {
	slices.SortFunc(all, func(a, b Estimate) int { return cmp.Compare(a.Value, b.Value) })
	n := len(all)
	a, b := all[(n-1)/2], all[n/2]
	return Estimate{(a.Value + b.Value) / 2, stats.Interval{Low: min(a.Low, b.Low), High: max(a.High, b.High), N: min(a.N, b.N), Method: a.Method}}
}

// Throughput returns the level's, by the rules of package saturation: the median over the
// repetitions, with their interval or that within the middle one.
func (l Level) Throughput() Estimate {
	s, _, err := saturation.Closed(l.Points)
	switch {
	case err != nil || s.Throughput == 0: // too many transactions failed: it carried nothing
		return Estimate{}
	case s.N == 0:
		return Exactly(s.Throughput)
	}
	return Estimate{s.Throughput, stats.Interval{Low: s.Low, High: s.High, N: s.N}}
}

// A Plateau is how much a series carries at most.
type Plateau struct {
	Throughput Estimate
	Limit      result.Limit // of most of its points
	AtLeast    bool         // the throughput is a lower bound: something other than the network was in the way
}

// Plateau returns the median of the levels that reach a share of the highest: the highest itself is
// the luckiest of them, and on a shared machine that is worth a quarter.
//
// Points that something other than the network limited do not count. Where a load that was measured
// so only carried clearly more, or more clients could have done, the plateau is unknown: Plateau
// then returns the highest throughput as a lower bound. More clients could not where a second level
// confirms the plateau, or a peer limits it.
func (s Series) Plateau(share float64) (p Plateau) {
	var alone, others, levels []Level
	highest := 0.0
	for _, l := range s.Levels {
		if own := l.Undisturbed(); len(own.Points) == 0 {
			others = append(others, l)
		} else if x := own.Throughput().Value; x > 0 {
			alone, highest = append(alone, own), max(highest, x)
		}
	}
	var reach []Estimate
	for _, l := range alone {
		if x := l.Throughput(); x.Value >= share*highest {
			levels, reach = append(levels, l), append(reach, x)
		}
	}
	n := len(levels)
	if n > 0 {
		p = Plateau{Throughput: middle(reach), Limit: Limit(levels...)}
	}
	confirmed := n >= 2 || p.Limit.Role == result.RolePeer
	for _, l := range others {
		if !confirmed && (n == 0 || l.Load.Clients > levels[0].Load.Clients) || share*l.Throughput().Value > p.Throughput.Value {
			most, _ := s.Most(0, math.MaxInt)
			return Plateau{Exactly(most), Limit(l), true}
		}
	}
	return p
}

// Most returns the highest throughput with more than from and up to to clients, 0 where no such
// point is valid. It is at least that where something other than the network was in the way:
// disturbed then tells what.
func (s Series) Most(from, to int) (most float64, disturbed result.Limit) {
	for _, l := range s.Levels {
		if n := l.Load.Clients; n <= from || n > to {
			continue
		}
		alone := l.Undisturbed()
		if len(alone.Points) == 0 {
			alone, disturbed = l, Limit(l)
		}
		most = max(most, alone.Throughput().Value)
	}
	return most, disturbed
}

// Undisturbed returns the level without the points that something other than the network or its
// settings limited: the machine was busy with other things.
func (l Level) Undisturbed() Level {
	return Level{l.Load, slices.DeleteFunc(slices.Clone(l.Points), func(p result.Point) bool { return p.Limit.Foreign() })}
}

// Limit returns what most of the levels' points were limited by.
func Limit(levels ...Level) (most result.Limit) {
	counts := map[result.Limit]int{}
	for _, l := range levels {
		for _, p := range l.Points {
			counts[p.Limit]++
			if counts[p.Limit] > counts[most] {
				most = p.Limit
			}
		}
	}
	return most
}
