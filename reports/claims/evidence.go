package claims

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/group"
)

// Evidence is the stored run on which claims are tested.
type Evidence struct {
	Run     result.Run
	Summary result.Summary
	Device  Device // that has to encrypt

	noise float64 // see Noise, 0 until it is asked for
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
	noise  float64 // of the throughput of one window, see Evidence.Noise
}

// Question returns the series whose names say that they answer it, in the order in which they were measured.
func (e *Evidence) Question(name string) (all []Series) {
	answers := slices.DeleteFunc(slices.Clone(e.Summary.Points), func(p result.Point) bool {
		return !p.Valid || !answers(p.Base(), name)
	})
	noise := e.Noise()
	for _, points := range group.By(answers, func(p result.Point) result.Conditions { return p.Conditions }) {
		s := Series{Name: points[0].Series, Conditions: points[0].Conditions}
		for i := range points {
			points[i].Series = s.Name // of which it is one
		}
		for _, level := range group.By(points, func(p result.Point) result.Load { return p.Load }) {
			s.Levels = append(s.Levels, Level{level[0].Load, level, noise})
		}
		slices.SortStableFunc(s.Levels, func(a, b Level) int {
			return cmp.Or(cmp.Compare(a.Load.Clients, b.Load.Clients), cmp.Compare(a.Load.Offered, b.Load.Offered))
		})
		all = append(all, s)
	}
	return all
}

// answers reports whether a series answers a question, by its name without factors and phases.
func answers(series, question string) bool {
	return series == question || strings.HasPrefix(series, question+"-")
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
// where none has both: their median, from six repetitions on with its interval. Below, the interval is what the
// ratios within the windows in the middle say, and at least what one window may differ from the next.
func (l Level) Over(part result.Part, other Level, of result.Part) Estimate {
	return l.pairwise(part, other, of, func(a, b Estimate) Estimate {
		if !(b.Value > 0) {
			return Estimate{}
		}
		r := Exactly(a.Value / b.Value)
		if i := stats.RatioInterval(&a.Interval, &b.Interval); a.N > 0 && b.N > 0 && i != nil {
			r.Interval, r.Low = *i, max(0, i.Low)
		}
		return r.Widened(l.noise * math.Sqrt2) // of two windows
	})
}

// Beyond returns by how much a part's mean at l exceeds that at another level, repetition by repetition, as Over does.
// Below six repetitions the interval covers the means within the windows,
//
//	a - b ± √(u² + v²)
//
// of intervals a ± u and b ± v.
func (l Level) Beyond(part result.Part, other Level) Estimate {
	return l.pairwise(part, other, part, func(a, b Estimate) Estimate {
		d := Exactly(a.Value - b.Value)
		if n := min(a.N, b.N); n > 0 {
			d.Interval = stats.Interval{
				Low: d.Value - math.Hypot(a.Value-a.Low, b.High-b.Value), High: d.Value + math.Hypot(a.High-a.Value, b.Value-b.Low), N: n,
				Method: fmt.Sprintf("difference of two means within their windows, of %d and %d batch means", a.N, b.N),
			}
		}
		return d
	})
}

// pairwise compares two parts' means repetition by repetition, and returns the median of what compare returns.
func (l Level) pairwise(part result.Part, other Level, of result.Part, compare func(a, b Estimate) Estimate) Estimate {
	mean := func(p result.Point, part result.Part) (Estimate, bool) {
		q := p.Latency[part.String()]
		return Estimate{q.Mean, p.Intervals[part.String()+"_s"]}, q.N >= fewest
	}
	var values []float64
	var within []Estimate
	for _, p := range l.Points {
		for _, q := range other.Points {
			a, okA := mean(p, part)
			b, okB := mean(q, of)
			if p.Repetition == q.Repetition && okA && okB {
				r := compare(a, b)
				values, within = append(values, r.Value), append(within, r)
			}
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

// Throughput returns the level's, of commits or where nothing is to be committed of answers: the median over the
// repetitions, 0 where too many transactions failed. From six on its interval is theirs. Below, it is that within the middle
// window, and at least what one window may differ from the next.
func (l Level) Throughput() Estimate {
	var scheduled, succeeded uint64
	for _, p := range l.Points {
		scheduled, succeeded = scheduled+p.Scheduled, succeeded+p.Succeeded()
	}
	if scheduled == 0 || float64(succeeded) < successShare*float64(scheduled) {
		return Estimate{}
	}
	return l.Of(func(p result.Point) (Estimate, bool) { return Estimate{p.Rate(), p.Intervals[p.RateKey()]}, true })
}

// Of returns a figure of the level's points, above 0: the median over the repetitions, 0 where no point has it. From six on
// its interval is theirs. Below, it is that of the middle one, or where windows have none and there are several what these
// span, and at least what one window may differ from the next.
func (l Level) Of(figure func(result.Point) (Estimate, bool)) Estimate {
	var values []float64
	var within []Estimate
	for _, p := range l.Points {
		if x, ok := figure(p); ok {
			values, within = append(values, x.Value), append(within, x)
		}
	}
	if values == nil {
		return Estimate{}
	}
	if i := stats.MedianInterval(values); i != nil {
		return Estimate{stats.Median(values), *i}
	}
	x := middle(within)
	if n := len(values); x.N == 0 && n > 1 {
		x.Interval = stats.Interval{Low: slices.Min(values), High: slices.Max(values), N: n, Method: fmt.Sprintf("span of %d windows", n)}
	}
	if x.N > 0 {
		return x.Widened(l.off())
	}
	return Exactly(stats.Median(values))
}

// successShare is the least share of valid transactions with which a level counts, as in package saturation.
const successShare = 0.99

// off returns how far the level's median may be off for what differs between windows, as a difference of logarithms;
// 0 where its interval is over repetitions, and so shows that by itself.
func (l Level) off() float64 {
	n := len(l.Points)
	if n >= Repetitions {
		return 0
	}
	return l.noise / math.Sqrt(float64(max(1, n)))
}

// Repetitions is the least number of them that gives a median an interval, see stats.MedianInterval.
const Repetitions = 6

// undisturbed returns the level without the points that something other than the network or its settings
// limited: the machine was busy with other things.
func (l Level) undisturbed() Level {
	l.Points = slices.DeleteFunc(slices.Clone(l.Points), func(p result.Point) bool { return p.Limit.Foreign() })
	return l
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
