package claims

import (
	"cmp"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Evidence is what claims are tested on.
type Evidence struct {
	Run     result.Run
	Summary result.Summary
	Device  Device // that has to encrypt
}

// formerInterval is the metering interval, in seconds, that runs of older versions were judged by:
// they do not store theirs.
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

// A Series is the valid points under one set of conditions, at ascending load. A study may spread
// them over several of its own: to hold some loads longer than others, or to measure again.
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

// Question returns the series whose names say that they answer it, in the order in which they were
// measured.
func (e *Evidence) Question(name string) []Series {
	var all []Series
	for _, p := range e.Summary.Points {
		if q, _, _ := strings.Cut(p.Series, "/"); !p.Valid || q != name && !strings.HasPrefix(q, name+"-") {
			continue
		}
		i := slices.IndexFunc(all, func(s Series) bool { return s.Conditions == p.Conditions })
		if i < 0 {
			i = len(all)
			all = append(all, Series{Name: p.Series, Conditions: p.Conditions})
		}
		s := &all[i]
		p.Series = s.Name // of which it is one
		at := slices.IndexFunc(s.Levels, func(l Level) bool { return l.Load == p.Load })
		if at < 0 {
			at = len(s.Levels)
			s.Levels = append(s.Levels, Level{Load: p.Load})
		}
		s.Levels[at].Points = append(s.Levels[at].Points, p)
	}
	for _, s := range all {
		slices.SortStableFunc(s.Levels, func(a, b Level) int {
			return cmp.Or(cmp.Compare(a.Load.Clients, b.Load.Clients), cmp.Compare(a.Load.Offered, b.Load.Offered))
		})
	}
	return all
}

// fewest is the least number of transactions whose mean may stand for them.
const fewest = 5

// Typical returns the median over the repetitions of a part's duration: of its median, or of its
// mean where the transactions were too few for one.
func (l Level) Typical(part result.Part) (float64, bool) {
	return l.median(func(p result.Point) (float64, bool) {
		q := p.Latency[part.String()]
		if q.P50 != nil {
			return *q.P50, true
		}
		return q.Mean, q.N >= fewest
	})
}

// Mean returns the median over the repetitions of the part's mean.
func (l Level) Mean(part result.Part) (float64, bool) {
	return l.median(func(p result.Point) (float64, bool) {
		q := p.Latency[part.String()]
		return q.Mean, q.N >= fewest
	})
}

func (l Level) median(of func(result.Point) (float64, bool)) (float64, bool) {
	var all []float64
	for _, p := range l.Points {
		if v, ok := of(p); ok {
			all = append(all, v)
		}
	}
	if all == nil {
		return 0, false
	}
	return stats.Median(all), true
}

// Over returns the ratio of a part's mean at l to another's at another level, repetition by
// repetition: their median, from six repetitions on with its interval, and below with that within
// the middle one, or what the two in the middle span.
func (l Level) Over(part result.Part, other Level, of result.Part) (Estimate, bool) {
	var values []float64
	var within []Estimate
	for _, p := range l.Points {
		for _, q := range other.Points {
			a, b := p.Latency[part.String()], q.Latency[of.String()]
			if p.Repetition != q.Repetition || a.N < fewest || b.N < fewest || b.Mean <= 0 {
				continue
			}
			r := Exactly(a.Mean / b.Mean)
			if i := stats.RatioInterval(meanInterval(p, part), meanInterval(q, of)); i != nil {
				r.Interval, r.Low = *i, max(0, i.Low)
			}
			values, within = append(values, r.Value), append(within, r)
		}
	}
	if values == nil {
		return Estimate{}, false
	}
	if i := stats.MedianInterval(values); i != nil {
		return Estimate{stats.Median(values), *i}, true
	}
	r := middle(within)
	if r.N == 0 {
		r = Exactly(r.Value)
	}
	return r, true
}

// meanInterval returns that of a part's mean in the point, nil where there is none.
func meanInterval(p result.Point, part result.Part) *stats.Interval {
	if i, ok := p.Intervals[part.String()+"_s"]; ok {
		return &i
	}
	return nil
}
