// Package saturation decides where throughput stops growing. It uses what a client observes,
// throughput, outcomes, latency and backlog, never how busy a processor is.
//
// Data flow with fixed loads: the points of one series, all repetitions of all load levels, go into
// Open or Closed; each level is represented by the median of its repetitions; the rule picks the
// saturation point. With loads to search for: an OpenSearch or a ClosedSearch names the next load,
// takes the Step that was measured at it, and in the end returns a Result. FitUSL describes how
// throughput grows with the clients, where that follows a law.
package saturation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

const (
	// plateauShare is the share of the plateau, or of the offered load, that throughput must reach.
	plateauShare = 0.95
	// plateauGain is the gain below which a doubling of the clients counts as flat.
	plateauGain = 0.05
	// successShare is the least share of valid transactions among the scheduled.
	successShare = 0.99
)

// The kinds of warnings of this package.
const (
	InvalidPoints   stats.Code = "invalid-points"   // points were left out because they are not valid
	Failures        stats.Code = "failures"         // levels were left out because too many transactions failed
	NotConfirmed    stats.Code = "not-confirmed"    // the loads did not go high, or low, enough
	NotMonotonic    stats.Code = "not-monotonic"    // a lower load failed where a higher one did not
	MissingInterval stats.Code = "missing-interval" // the throughput comes without an interval
)

// level is one load level of a series, over its valid repetitions.
type level struct {
	load       float64 // clients, or offered transactions per second
	points     []*result.Point
	throughput float64 // median over the repetitions
	scheduled  uint64
	valid      uint64
	dropped    uint64
	overloaded int // points whose backlog grew
}

func (l *level) success() float64 {
	if l.scheduled == 0 {
		return 0
	}
	return float64(l.valid) / float64(l.scheduled)
}

// levels groups the valid points of one kind of load by level, in ascending order, and warns about
// those that it leaves out. It is an error if none remains.
func levels(points []result.Point, kind result.LoadKind, load func(result.Load) float64) (of []*level, warnings []stats.Warning, err error) {
	if len(points) == 0 {
		return nil, nil, fmt.Errorf("saturation: no points")
	}
	series := points[0].Series
	var invalid []string
	for i := range points {
		p := &points[i]
		switch {
		case p.Series != series:
			return nil, nil, fmt.Errorf("saturation of series %s: a point of series %s is among its points", series, p.Series)
		case p.Load.Kind != kind:
			return nil, nil, fmt.Errorf("saturation of series %s: a point has %s load, this rule is for %s", series, p.Load.Kind, kind)
		case !p.Valid:
			if l := fmt.Sprintf("%g", load(p.Load)); !slices.Contains(invalid, l) { // of another repetition
				invalid = append(invalid, l)
			}
			continue
		}
		at := slices.IndexFunc(of, func(l *level) bool { return l.load == load(p.Load) })
		if at < 0 {
			at = len(of)
			of = append(of, &level{load: load(p.Load)})
		}
		of[at].add(p)
	}
	if of == nil {
		return nil, nil, fmt.Errorf("saturation of series %s: none of its %d points is valid", series, len(points))
	}
	if invalid != nil {
		warnings = append(warnings, stats.Warn(InvalidPoints, "points that are not valid do not count for saturation: %s", strings.Join(invalid, ", ")))
	}
	slices.SortFunc(of, func(a, b *level) int { return cmp.Compare(a.load, b.load) })
	for _, l := range of {
		l.throughput = stats.Median(l.rates())
	}
	return of, warnings, nil
}

func (l *level) add(p *result.Point) {
	l.points = append(l.points, p)
	l.scheduled += p.Scheduled
	l.valid += p.Outcomes[result.Valid.String()]
	l.dropped += p.Outcomes[result.Dropped.String()]
	if p.Steady == stats.Overloaded {
		l.overloaded++
	}
}

func (l *level) rates() []float64 {
	rates := make([]float64, len(l.points))
	for i, p := range l.points {
		rates[i] = p.Throughput
	}
	return rates
}

// interval returns the interval of the level's throughput. With six repetitions or more it is over
// them; with fewer, it is the interval within the repetition in the middle, or the span of the two
// in the middle. It is nil if there is none.
func (l *level) interval() *stats.Interval {
	if i := stats.MedianInterval(l.rates()); i != nil {
		return i
	}
	n := len(l.points)
	sorted := slices.SortedFunc(slices.Values(l.points), func(a, b *result.Point) int { return cmp.Compare(a.Throughput, b.Throughput) })
	a, okA := sorted[(n-1)/2].Intervals["throughput_per_s"]
	b, okB := sorted[n/2].Intervals["throughput_per_s"]
	if !okA || !okB {
		return nil
	}
	method := a.Method
	if n > 1 {
		method = fmt.Sprintf("within the middle one of %d repetitions: %s", n, method)
	}
	return &stats.Interval{Low: min(a.Low, b.Low), High: max(a.High, b.High), N: a.N, Method: method}
}

// describe fills in the throughput of the level that a Saturation points at.
func (l *level) describe(s *result.Saturation, method string) []stats.Warning {
	s.Throughput = l.throughput
	i := l.interval()
	if i == nil {
		s.Method = method + "; no interval"
		return []stats.Warning{stats.Warn(MissingInterval, "the throughput at %g has no interval", l.load)}
	}
	s.Low, s.High, s.N = i.Low, i.High, i.N
	s.Method = method + "; interval: " + i.Method
	return nil
}
