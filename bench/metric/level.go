package metric

import (
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// A Level is one load of a series with its repetitions.
type Level struct {
	Series string
	Load   result.Load
	Points []*result.Point // in the order in which they were measured
}

// Levels returns the levels of a summary in the order in which they first appear. Points with events are levels too.
func Levels(sum *result.Summary) (levels []Level) {
	for i := range sum.Points {
		p := &sum.Points[i]
		at := slices.IndexFunc(levels, func(l Level) bool { return l.Series == p.Series && l.Load == p.Load })
		if at < 0 {
			at, levels = len(levels), append(levels, Level{Series: p.Series, Load: p.Load})
		}
		levels[at].Points = append(levels[at].Points, p)
	}
	return levels
}

// Values returns the figure of every valid repetition that has it, in their order.
func (m Metric) Values(l Level) (values []Value) {
	for _, p := range l.Points {
		if v, ok := m.Of(p); ok && p.Valid {
			values = append(values, v)
		}
	}
	return values
}

// Possible returns the part of an interval of the metric that can be: nothing takes less than no time, and no share is above 1.
func (m Metric) Possible(i *stats.Interval) *stats.Interval {
	if m.Unit == Share {
		return i.Within(0, 1)
	}
	return i.Within(0, math.Inf(1))
}

// At returns the figure of a level over its valid repetitions, false where none has it: their mean with Student's interval
// over repetitions, or where only one has it, that one with its interval within the window.
func (m Metric) At(l Level) (Value, bool) {
	values := m.Values(l)
	if len(values) <= 1 {
		return slices.Concat(values, []Value{{}})[0], len(values) == 1
	}
	var numbers []float64
	for _, v := range values {
		numbers = append(numbers, v.Value)
	}
	return Value{Value: stats.Mean(numbers), Interval: stats.MeanInterval(numbers)}, true
}
