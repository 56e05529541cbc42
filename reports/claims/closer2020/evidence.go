package closer2020

import (
	"cmp"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
	"meterbench/bench/stats"
)

// evidence is what claims are tested on.
type evidence struct {
	run    result.Run
	sum    result.Summary
	device Device
}

// A series is the valid points under one set of conditions, at ascending load.
// A study may spread them over several of its own: to hold some loads longer
// than others, or to measure again.
type series struct {
	name       string
	conditions result.Conditions
	levels     []level
}

// A level is the valid points of a series at one load, one per repetition.
type level struct {
	load   result.Load
	points []result.Point
}

// question returns the series whose names say that they answer it, in the
// order in which they were measured.
func (e *evidence) question(name string) []series {
	var all []series
	for _, p := range e.sum.Points {
		if q, _, _ := strings.Cut(p.Series, "/"); p.Valid && (q == name || strings.HasPrefix(q, name+"-")) {
			i := slices.IndexFunc(all, func(s series) bool { return s.conditions == p.Conditions })
			if i < 0 {
				i = len(all)
				all = append(all, series{name: p.Series, conditions: p.Conditions})
			}
			p.Series = all[i].name // of which it is one
			all[i].add(p)
		}
	}
	return all
}

func (s *series) add(p result.Point) {
	i := slices.IndexFunc(s.levels, func(l level) bool { return l.load == p.Load })
	if i < 0 {
		s.levels = append(s.levels, level{load: p.Load})
		slices.SortFunc(s.levels, func(a, b level) int {
			return cmp.Or(cmp.Compare(a.load.Clients, b.load.Clients), cmp.Compare(a.load.Offered, b.load.Offered))
		})
		i = slices.IndexFunc(s.levels, func(l level) bool { return l.load == p.Load })
	}
	s.levels[i].points = append(s.levels[i].points, p)
}

// An estimate is a value with its 95 % interval; both bounds are the value
// where there is none.
type estimate struct{ value, low, high float64 }

// throughput is the level's, by the rules of package saturation: the median
// over the repetitions, with their interval or that within the middle one.
func (l level) throughput() estimate {
	s, _, err := saturation.Closed(l.points)
	if err != nil || s.Throughput == 0 { // too many transactions failed: it carried nothing
		return estimate{}
	}
	e := estimate{s.Throughput, s.Low, s.High}
	if s.N == 0 {
		e.low, e.high = e.value, e.value
	}
	return e
}

// A plateau is how much a series carries at most.
type plateau struct {
	throughput estimate
	levels     []level // that make it up
	limited    string  // what most of their points were limited by
}

// plateau is the median of the levels that clearly reach the highest: the
// highest itself is the luckiest of them, and on a shared machine that is worth
// a quarter. Its interval is that of the level in the middle, or what the two in
// the middle span together.
//
// Points that something else than the network limited do not count. Where a
// load that was measured so only carried clearly more, or more clients could
// have done, there is no plateau: disturbed then tells what was in the way. More
// clients could not where a second level confirms the plateau, or a peer limits
// it.
func (s series) plateau() (p plateau, disturbed string) {
	var counts, others []level
	highest := 0.0
	for _, l := range s.levels {
		alone := l.undisturbed()
		if len(alone.points) == 0 {
			others = append(others, l)
		} else if x := alone.throughput().value; x > 0 {
			counts = append(counts, alone)
			highest = max(highest, x)
		}
	}
	for _, l := range counts {
		if l.throughput().value >= clearly*highest {
			p.levels = append(p.levels, l)
		}
	}
	n := len(p.levels)
	if n > 0 {
		sorted := slices.SortedFunc(slices.Values(p.levels), func(a, b level) int { return cmp.Compare(a.throughput().value, b.throughput().value) })
		a, b := sorted[(n-1)/2].throughput(), sorted[n/2].throughput()
		p.throughput = estimate{(a.value + b.value) / 2, min(a.low, b.low), max(a.high, b.high)}
		p.limited = limited(p.levels...)
	}
	confirmed := n >= 2 || byPeer(p.limited)
	for _, l := range others {
		if !confirmed && (n == 0 || l.load.Clients > p.levels[0].load.Clients) || clearly*l.throughput().value > p.throughput.value {
			return plateau{}, limited(l)
		}
	}
	return p, ""
}

// undisturbed is the level without the points that something else than the
// network limited.
func (l level) undisturbed() level {
	return level{load: l.load, points: slices.DeleteFunc(slices.Clone(l.points), func(p result.Point) bool { return notNetwork(p.LimitedBy) })}
}

// limited tells what most of the levels' points were limited by.
func limited(levels ...level) string {
	counts := map[string]int{}
	most := ""
	for _, l := range levels {
		for _, p := range l.points {
			counts[p.LimitedBy]++
			if counts[p.LimitedBy] > counts[most] {
				most = p.LimitedBy
			}
		}
	}
	return most
}

// byPeer tells whether what limited a point is a peer.
func byPeer(limit string) bool {
	fields := strings.Fields(limit)
	return len(fields) > 1 && strings.HasPrefix(fields[len(fields)-1], "peer")
}

// notNetwork tells whether what limited a point is neither of the network nor of
// its settings: the machine was busy with something else.
func notNetwork(limit string) bool {
	return strings.HasSuffix(limit, "other processes") || strings.HasSuffix(limit, "other virtual machines") || strings.HasSuffix(limit, "client")
}

// fewest is the least number of transactions whose mean stands in where they
// are too few for a median.
const fewest = 5

// typical is the phase's duration in the point: the median, or the mean where
// the transactions were too few for one.
func typical(p result.Point, phase result.Part) (float64, bool) {
	q := p.Latency[phase.String()]
	if q.P50 != nil {
		return *q.P50, true
	}
	return q.Mean, q.N >= fewest
}

// typical is the median over the repetitions.
func (l level) typical(phase result.Part) (float64, bool) {
	var all []float64
	for _, p := range l.points {
		if v, ok := typical(p, phase); ok {
			all = append(all, v)
		}
	}
	if all == nil {
		return 0, false
	}
	return stats.Median(all), true
}

// mean is the median over the repetitions of the phase's mean.
func (l level) mean(phase result.Part) (float64, bool) {
	var all []float64
	for _, p := range l.points {
		if q := p.Latency[phase.String()]; q.N >= fewest {
			all = append(all, q.Mean)
		}
	}
	if all == nil {
		return 0, false
	}
	return stats.Median(all), true
}

// A ratio is one of two means, with its 95 % interval.
type ratio struct {
	estimate
	n      int    // repetitions or batches that the interval rests on, 0 where there is none
	method string // how it was come by
}

// over is the ratio of a phase's mean at l to one's at another level, repetition
// by repetition: their median, from six repetitions on with its interval, and
// below with that within the middle one, or what the two in the middle span.
func (l level) over(phase result.Part, other level, of result.Part) (ratio, bool) {
	var values []float64
	var within []ratio
	for _, p := range l.points {
		for _, q := range other.points {
			a, b := p.Latency[phase.String()], q.Latency[of.String()]
			if p.Repetition != q.Repetition || a.N < fewest || b.N < fewest || b.Mean <= 0 {
				continue
			}
			r := ratio{estimate: estimate{value: a.Mean / b.Mean}}
			if i := stats.RatioInterval(meanInterval(p, phase), meanInterval(q, of)); i != nil {
				r.low, r.high, r.n, r.method = max(0, i.Low), i.High, i.N, i.Method
			}
			values, within = append(values, r.value), append(within, r)
		}
	}
	n := len(values)
	if n == 0 {
		return ratio{}, false
	}
	if i := stats.MedianInterval(values); i != nil {
		return ratio{estimate{stats.Median(values), i.Low, i.High}, i.N, i.Method}, true
	}
	slices.SortFunc(within, func(a, b ratio) int { return cmp.Compare(a.value, b.value) })
	a, b := within[(n-1)/2], within[n/2]
	r := ratio{estimate: estimate{value: (a.value + b.value) / 2}}
	if r.low, r.high = r.value, r.value; a.n > 0 && b.n > 0 {
		r.low, r.high, r.n, r.method = min(a.low, b.low), max(a.high, b.high), min(a.n, b.n), a.method
	}
	return r, true
}

// meanInterval is that of a phase's mean in the point, nil where there is none.
func meanInterval(p result.Point, phase result.Part) *stats.Interval {
	i, ok := p.Intervals[phase.String()+"_s"]
	if !ok {
		return nil
	}
	return &stats.Interval{Low: i.Low, High: i.High, N: i.N, Method: i.Method}
}
