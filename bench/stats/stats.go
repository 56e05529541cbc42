// Package stats turns measured values into figures with their uncertainty.
//
// Data flow: plain numbers go in, in whatever unit; quantiles, intervals and warnings come out in the same
// unit, as values. A figure that the data does not support is absent; a Warning qualifies one that is there.
// A Series of latencies and a Backlog are filled as transactions stream by, in bounded memory, and Judge
// decides whether the window that they cover was steady. Nothing is printed here.
package stats

import (
	"fmt"
	"math"
	"slices"
)

// Warning qualifies a figure. It travels with the figure into every result and report.
type Warning struct {
	Code Code
	Text string // one sentence for people, without the code
}

// Code names a kind of Warning for programs.
type Code string

// The kinds of warnings of this package.
const (
	FewRepetitions Code = "few-repetitions" // too few values for an interval
	Correlated     Code = "correlated"      // batches depend on each other: the interval is too narrow, or there is none
	FewBatches     Code = "few-batches"     // too few independent units for an interval
	TooWide        Code = "too-wide"        // an interval would say nothing
)

// String returns the warning for people, its code in brackets.
func (w Warning) String() string { return fmt.Sprintf("%s [%s]", w.Text, w.Code) }

// Warn returns a Warning whose text is formatted as by fmt.Sprintf.
func Warn(code Code, format string, args ...any) Warning {
	return Warning{code, fmt.Sprintf(format, args...)}
}

// MinBeyond is the fewest samples beyond a reported quantile: with fewer it is mostly the luck of a few.
const MinBeyond = 10

// SamplesFor returns the fewest samples from which the quantile of a percentage between 0 and 100 is stated: 20 for
// 50, 1000 for 99. Of one below 50 as many samples are below it.
func SamplesFor(percent float64) uint64 {
	return uint64(min(math.Ceil(MinBeyond*100/min(percent, 100-percent)*(1-rounding)), math.MaxInt64))
}

// Quantiles describe a distribution. A quantile with fewer than MinBeyond samples beyond it is nil, since it
// would say more than the data does: P50 needs 20 samples, P95 200, P99 1000, as SamplesFor says.
type Quantiles struct {
	P50  *float64   `json:"p50"`
	P95  *float64   `json:"p95"`
	P99  *float64   `json:"p99"`
	Max  float64    `json:"max"` // 0 where N is 0, as Mean
	Mean float64    `json:"mean"`
	N    uint64     `json:"n"`
	More []Quantile `json:"more,omitempty"` // of other percentages that were asked for, in their order
}

// Quantile is the value that a percentage of the samples do not exceed.
type Quantile struct {
	Percent float64  `json:"percent"` // between 0 and 100
	Value   *float64 `json:"value"`   // nil where fewer than MinBeyond samples are beyond it
}

// At returns the quantile of a percentage, nil where it was not asked for or there are too few samples for it.
func (q Quantiles) At(percent float64) *float64 {
	switch percent {
	case 50:
		return q.P50
	case 95:
		return q.P95
	case 99:
		return q.P99
	}
	for _, one := range q.More {
		if one.Percent == percent {
			return one.Value
		}
	}
	return nil
}

// Standard lists the percentages that Quantiles always have.
func Standard() []float64 { return []float64{50, 95, 99} }

// Histogram is the part of a *hdrhistogram.Histogram that Summarize needs.
type Histogram interface {
	TotalCount() int64
	Mean() float64
	ValueAtQuantile(percent float64) int64 // percent from 0 to 100; the maximum at 100
}

// Summarize describes a histogram's values times unit (1e-9: nanoseconds to seconds), exact to its buckets. It has the
// quantiles of percents beside the Standard ones.
func Summarize(h Histogram, unit float64, percents ...float64) Quantiles {
	s := Quantiles{N: uint64(h.TotalCount())}
	for _, percent := range percents {
		if !slices.Contains(Standard(), percent) {
			s.More = append(s.More, Quantile{Percent: percent})
		}
	}
	if s.N == 0 {
		return s
	}
	s.Mean = h.Mean() * unit
	s.Max = float64(h.ValueAtQuantile(100)) * unit
	at := func(percent float64) *float64 {
		value, _, ok := Ranked(h, 0, percent)
		if !ok {
			return nil
		}
		v := float64(value) * unit
		return &v
	}
	s.P50, s.P95, s.P99 = at(50), at(95), at(99)
	for i := range s.More {
		s.More[i].Value = at(s.More[i].Percent)
	}
	return s
}

// Ranked returns the quantile of a percentage over the values of a histogram and so many missing ones, each of which
// counts as larger than every value: the value at the nearest rank. Where that rank is a missing one's, beyond is true
// and there is no value. Where fewer than MinBeyond of all are beyond it, ok is false.
func Ranked(h Histogram, missing uint64, percent float64) (value int64, beyond, ok bool) {
	values := uint64(h.TotalCount())
	n := values + missing
	if n < SamplesFor(percent) {
		return 0, false, false
	}
	rank := math.Floor(percent/100*float64(n) + 0.5)
	if rank > float64(values) {
		return 0, true, true
	}
	return h.ValueAtQuantile(100 * rank / float64(values)), false, true
}

// Mean returns the arithmetic mean, and 0 for no values.
func Mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// Median returns the middle value, or the mean of the two middle ones, and 0 for no values.
func Median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
