package claims

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

// A series is the valid points of one, at ascending load.
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
			i := slices.IndexFunc(all, func(s series) bool { return s.name == p.Series })
			if i < 0 {
				i = len(all)
				all = append(all, series{name: p.Series, conditions: p.Conditions})
			}
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

// best is the series' highest throughput and where it was seen.
func (s series) best() (best estimate, at level) {
	for _, l := range s.levels {
		if x := l.throughput(); x.value > best.value {
			best, at = x, l
		}
	}
	return best, at
}

// limited tells what most of the level's points were limited by.
func (l level) limited() string {
	counts := map[string]int{}
	most := ""
	for _, p := range l.points {
		counts[p.LimitedBy]++
		if counts[p.LimitedBy] > counts[most] {
			most = p.LimitedBy
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
func typical(p result.Point, phase result.Phase) (float64, bool) {
	q := p.Latency[phase.String()]
	if q.P50 != nil {
		return *q.P50, true
	}
	return q.Mean, q.N >= fewest
}

// typical is the median over the repetitions.
func (l level) typical(phase result.Phase) (float64, bool) {
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

// over is the ratio of a phase at l to one at another level, repetition by
// repetition: their median, with its interval from six on.
func (l level) over(phase result.Phase, other level, of result.Phase) (estimate, bool) {
	var ratios []float64
	for _, p := range l.points {
		for _, q := range other.points {
			a, okA := typical(p, phase)
			b, okB := typical(q, of)
			if p.Repetition == q.Repetition && okA && okB && b > 0 {
				ratios = append(ratios, a/b)
			}
		}
	}
	if ratios == nil {
		return estimate{}, false
	}
	e := estimate{value: stats.Median(ratios)}
	e.low, e.high = e.value, e.value
	if i := stats.MedianInterval(ratios); i != nil {
		e.low, e.high = i.Low, i.High
	}
	return e, true
}
