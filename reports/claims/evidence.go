package claims

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
	"meterbench/bench/stats"
	"meterbench/reports"
)

// Evidence is the stored run on which claims are tested.
type Evidence struct {
	Run     result.Run
	Summary result.Summary
	Device  Device // that has to encrypt
}

// formerInterval is the metering interval, in seconds, that runs of older versions were judged by: they do
// not store theirs.
const formerInterval = 900.0

// Interval returns the metering interval of the run's meters in seconds.
func (e *Evidence) Interval() float64 {
	for _, p := range e.Summary.Points {
		if p.Conditions.Interval > 0 {
			return p.Conditions.Interval
		}
	}
	return formerInterval
}

// A Series is the valid points under one set of conditions, at ascending load. A study may spread them over
// several of its own: to hold some loads longer than others, or to measure again.
type Series struct {
	Name       string
	Conditions result.Conditions
	Levels     []Level
}

// A Level is the valid points of a series at one load, one per repetition.
type Level struct {
	Load   result.Load
	Points []result.Point
}

// Question returns the series whose names say that they answer it, in the order in which they were measured.
func (e *Evidence) Question(name string) (all []Series) {
	answers := slices.DeleteFunc(slices.Clone(e.Summary.Points), func(p result.Point) bool {
		q := p.Base()
		return !p.Valid || q != name && !strings.HasPrefix(q, name+"-")
	})
	for _, points := range reports.GroupBy(answers, func(p result.Point) result.Conditions { return p.Conditions }) {
		s := Series{Name: points[0].Series, Conditions: points[0].Conditions}
		for i := range points {
			points[i].Series = s.Name // of which it is one
		}
		for _, level := range reports.GroupBy(points, func(p result.Point) result.Load { return p.Load }) {
			s.Levels = append(s.Levels, Level{level[0].Load, level})
		}
		slices.SortStableFunc(s.Levels, func(a, b Level) int {
			return cmp.Or(cmp.Compare(a.Load.Clients, b.Load.Clients), cmp.Compare(a.Load.Offered, b.Load.Offered))
		})
		all = append(all, s)
	}
	return all
}

// fewest is the least number of transactions whose mean is used.
const fewest = 5

// Typical returns the median over the repetitions of a part's duration: of its median, or of its mean where
// the transactions were too few for one.
func (l Level) Typical(part result.Part) (float64, bool) { return l.median(part, true) }

// Mean returns the median over the repetitions of the part's mean.
func (l Level) Mean(part result.Part) (float64, bool) { return l.median(part, false) }

func (l Level) median(part result.Part, ofMedians bool) (float64, bool) {
	var all []float64
	for _, p := range l.Points {
		if q := p.Latency[part.String()]; ofMedians && q.P50 != nil {
			all = append(all, *q.P50)
		} else if q.N >= fewest {
			all = append(all, q.Mean)
		}
	}
	return stats.Median(all), all != nil
}

// Over returns the ratio of a part's mean at l to another's at another level, repetition by repetition, 0
// where none has both: their median, from six repetitions on with its interval, and below with that within
// the middle one, or what the two in the middle span.
func (l Level) Over(part result.Part, other Level, of result.Part) Estimate {
	var values []float64
	var within []Estimate
	for _, p := range l.Points {
		for _, q := range other.Points {
			a, b := p.Latency[part.String()], q.Latency[of.String()]
			if p.Repetition != q.Repetition || a.N < fewest || b.N < fewest || b.Mean <= 0 {
				continue
			}
			r := Exactly(a.Mean / b.Mean)
			top, okTop := p.Intervals[part.String()+"_s"]
			bottom, okBottom := q.Intervals[of.String()+"_s"]
			if i := stats.RatioInterval(&top, &bottom); okTop && okBottom && i != nil {
				r.Interval, r.Low = *i, max(0, i.Low)
			}
			values, within = append(values, r.Value), append(within, r)
		}
	}
	if values == nil {
		return Estimate{}
	}
	if i := stats.MedianInterval(values); i != nil {
		return Estimate{stats.Median(values), *i}
	}
	r := middle(within)
	if r.N == 0 {
		return Exactly(r.Value)
	}
	return r
}

// An Estimate is a value with its 95 % interval. Where there is none, N is 0 and both bounds are the value.
type Estimate struct {
	Value float64
	stats.Interval
}

// Exactly returns an estimate without an interval.
func Exactly(v float64) Estimate { return Estimate{v, stats.Interval{Low: v, High: v}} }

// middle returns the median of estimates. Its interval is that of the one in the middle, or what the two in
// the middle span together.
func middle(all []Estimate) Estimate {
	slices.SortFunc(all, func(a, b Estimate) int { return cmp.Compare(a.Value, b.Value) })
	n := len(all)
	a, b := all[(n-1)/2], all[n/2]
	return Estimate{(a.Value + b.Value) / 2, stats.Interval{Low: min(a.Low, b.Low), High: max(a.High, b.High), N: min(a.N, b.N), Method: a.Method}}
}

// Throughput returns the level's, by the rules of package saturation: the median over the repetitions, with
// their interval or that within the middle one.
func (l Level) Throughput() Estimate {
	s, _, _ := saturation.Closed(l.Points) // 0 where too many transactions failed: it carried nothing
	if s.N == 0 {
		return Exactly(s.Throughput)
	}
	return Estimate{s.Throughput, stats.Interval{Low: s.Low, High: s.High, N: s.N}}
}

// A Plateau is the highest throughput of a series.
type Plateau struct {
	Throughput Estimate
	Limit      result.Limit // of most of its points
	AtLeast    bool         // the throughput is a lower bound: something other than the network was in the way
}

// Plateau returns the median of the levels that reach a share of the highest: the highest itself is the luckiest of
// them, and on a shared machine that is worth a quarter.
//
// Points that something other than the network limited do not count. Where a load that was measured so only carried
// clearly more, or more clients could have done, the plateau is unknown: Plateau then returns the highest throughput as
// a lower bound. More clients could not where a second level confirms the plateau, or a peer limits it.
func (s Series) Plateau(share float64) (p Plateau) {
	var alone, others, reaching []Level
	highest := 0.0
	for _, l := range s.Levels {
		if own := l.undisturbed(); len(own.Points) == 0 {
			others = append(others, l)
		} else if x := own.Throughput().Value; x > 0 {
			alone, highest = append(alone, own), max(highest, x)
		}
	}
	var throughputs []Estimate
	for _, l := range alone {
		if x := l.Throughput(); x.Value >= share*highest {
			reaching, throughputs = append(reaching, l), append(throughputs, x)
		}
	}
	if len(reaching) > 0 {
		p = Plateau{Throughput: middle(throughputs), Limit: Limit(reaching...)}
	}
	confirmed := len(reaching) >= 2 || p.Limit.By(result.RolePeer)
	for _, l := range others {
		if !confirmed && (reaching == nil || l.Load.Clients > reaching[0].Load.Clients) || share*l.Throughput().Value > p.Throughput.Value {
			most, _ := s.Most(0, math.MaxInt)
			return Plateau{Exactly(most), Limit(l), true}
		}
	}
	return p
}

// Most returns the highest throughput with more than from and up to to clients, 0 where no such point is valid. It is
// at least that where something other than the network was in the way: disturbed then tells what.
func (s Series) Most(from, to int) (most float64, disturbed result.Limit) {
	for _, l := range s.Levels {
		if n := l.Load.Clients; n <= from || n > to {
			continue
		}
		alone := l.undisturbed()
		if len(alone.Points) == 0 {
			alone, disturbed = l, Limit(l)
		}
		most = max(most, alone.Throughput().Value)
	}
	return most, disturbed
}

// undisturbed returns the level without the points that something other than the network or its settings
// limited: the machine was busy with other things.
func (l Level) undisturbed() Level {
	return Level{l.Load, slices.DeleteFunc(slices.Clone(l.Points), func(p result.Point) bool { return p.Limit.Foreign() })}
}

// Limit returns what most of the levels' points were limited by.
func Limit(levels ...Level) (most result.Limit) {
	counts := map[result.Limit]int{}
	for _, l := range levels {
		for _, p := range l.Points {
			if counts[p.Limit]++; counts[p.Limit] > counts[most] {
				most = p.Limit
			}
		}
	}
	return most
}
