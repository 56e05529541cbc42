package rank

import (
	"fmt"
	"math"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Nearest and Farthest bound, as parts of the capacity, the levels between which a figure at Share is interpolated: farther
// away from it, two levels say little about the curve between them.
const (
	Nearest  = 0.3
	Farthest = 0.9
)

// A reached is what one sample reaches.
type reached struct {
	capacity Figure
	at       result.Load
	around   [2]result.Load
	figures  []Figure
}

// measure fills in the setting's figures: those of its only run, or over several.
func (s *Setting) measure(metrics []metric.Metric) {
	var all []reached
	runs := map[*result.Folder]bool{}
	for i := range s.samples {
		all = append(all, s.samples[i].reach(metrics))
		runs[s.samples[i].folder] = true
	}
	s.Runs = len(runs)
	s.At, s.Around = all[0].at, all[0].around
	s.Capacity = over(all, func(r reached) Figure { return r.capacity })
	s.Capacity.Interval = s.Capacity.Interval.Within(0, math.Inf(1))
	for i := range metrics {
		f := over(all, func(r reached) Figure { return r.figures[i] })
		f.Interval = metrics[i].Possible(f.Interval)
		s.Figures = append(s.Figures, f)
	}
}

// over returns the mean of a figure over the samples that have it, with Student's interval over them; that of a single one
// as it is.
func over(all []reached, of func(reached) Figure) Figure {
	var known []Figure
	var values []float64
	for _, r := range all {
		if f := of(r); f.Known() {
			known, values = append(known, f), append(values, f.Value.Value)
		}
	}
	switch len(known) {
	case 0:
		return of(all[0])
	case 1:
		return known[0]
	}
	mean := Figure{Value: metric.Value{Value: stats.Mean(values), Interval: stats.MeanInterval(values)}}
	for _, f := range known {
		mean.AtLeast = mean.AtLeast || f.AtLeast
	}
	return mean
}

// reach returns what a sample reaches: its capacity, and the metrics at Share of it.
func (s *sample) reach(metrics []metric.Metric) reached {
	r := reached{figures: make([]Figure, len(metrics))}
	r.capacity = s.capacity()
	low, high, weight, why := metric.Level{}, metric.Level{}, 0.0, r.capacity.Missing
	if r.capacity.Known() {
		r.at = s.saturation.Load()
		low, high, weight, why = s.around(r.capacity.Value.Value)
	}
	for i, m := range metrics {
		switch {
		case why != "":
			r.figures[i] = missing(why)
		default:
			r.around = [2]result.Load{low.Load, high.Load}
			r.figures[i] = between(m, low, high, weight)
		}
	}
	return r
}

// capacity returns the throughput at saturation.
func (s *sample) capacity() Figure {
	switch sat := s.saturation; {
	case sat == nil:
		return missing(NoSaturation)
	case !(sat.Throughput > 0):
		return missing(NothingKept)
	default:
		f := Figure{Value: metric.Value{Value: sat.Throughput}, AtLeast: !sat.Reached}
		if sat.High > 0 {
			f.Interval = &stats.Interval{Low: sat.Low, High: sat.High, N: sat.N, Method: sat.Method}
		}
		return f
	}
}

// around returns the levels next to each other between whose throughputs Share of the capacity lies, the first such pair by
// load, and how far on the way from one to the other it is, 0 to 1.
func (s *sample) around(capacity float64) (low, high metric.Level, weight float64, why Reason) {
	target := Share * capacity
	before, found := 0.0, false
	levels := s.levels
	if s.open != nil {
		levels = s.open
	}
	for _, l := range levels {
		rate, ok := rateAt(l)
		switch {
		case !ok:
			continue
		case rate < target:
			low, before, found = l, rate, true
			continue
		case rate == target:
			return l, l, 0, ""
		case !found:
			return low, high, 0, AllAbove
		case before < Nearest*capacity || rate > Farthest*capacity:
			return low, high, 0, TooCoarse
		}
		return low, l, (target - before) / (rate - before), ""
	}
	return low, high, 0, TooCoarse
}

// rateAt is the throughput of a level: commits, answers, or both.
func rateAt(l metric.Level) (float64, bool) {
	var rates []float64
	for _, p := range l.Points {
		if p.Valid {
			rates = append(rates, p.Rate())
		}
	}
	return stats.Mean(rates), len(rates) > 0
}

// between interpolates a metric between two levels. The bounds of its interval lie between those of the levels: it covers their
// noise, at least as often as they do, and says nothing of the curve between them.
func between(m metric.Metric, low, high metric.Level, weight float64) Figure {
	a, okA := m.At(low)
	b, okB := m.At(high)
	if !okA || !okB {
		return missing(NotMeasured)
	}
	f := Figure{Value: metric.Value{Value: interpolate(a.Value, b.Value, weight)}}
	if a.Interval != nil && b.Interval != nil {
		f.Interval = &stats.Interval{
			Low: interpolate(a.Interval.Low, b.Interval.Low, weight), High: interpolate(a.Interval.High, b.Interval.High, weight),
			N:      min(a.Interval.N, b.Interval.N),
			Method: fmt.Sprintf("between the intervals of %s and %s", low.Load, high.Load),
		}
	}
	return f
}

// interpolate returns the figure whose reciprocal lies on the line between those of a and b, and 0 where one of them is 0 or
// less. A queue's time b/(1-u) has such a reciprocal at the load u, and so has what a block, or a second, has once, c/u, shared
// by its transactions. A sum of such parts and a constant has a concave one, as every parallel sum of concave functions has
// (Anderson and Duffin, Series and Parallel Addition of Matrices, Journal of Mathematical Analysis and Applications 26, 1969):
// then the result is above the figure, and nearer to it than the line between a and b.
func interpolate(a, b, weight float64) float64 {
	if a <= 0 || b <= 0 {
		return 0
	}
	return 1 / ((1-weight)/a + weight/b)
}
