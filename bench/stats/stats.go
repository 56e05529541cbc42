// Package stats turns measured values into figures with their uncertainty.
//
// Data flow: plain numbers go in, in whatever unit; quantiles, intervals and warnings come out in the same
// unit, as values. A figure that the data does not support is absent; a Warning qualifies one that is there.
// A Series of latencies and a Backlog are filled as transactions stream by, in bounded memory, and Judge
// decides whether the window that they cover was steady. Nothing is printed here.
package stats

import (
	"fmt"
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
	Correlated     Code = "correlated"      // batch means depend on each other: the interval is too narrow
)

// String returns the warning for people, its code in brackets.
func (w Warning) String() string { return fmt.Sprintf("%s [%s]", w.Text, w.Code) }

// Warn returns a Warning whose text is formatted as by fmt.Sprintf.
func Warn(code Code, format string, args ...any) Warning {
	return Warning{code, fmt.Sprintf(format, args...)}
}

// MinBeyond is the fewest samples beyond a reported quantile: with fewer it is mostly the luck of a few.
const MinBeyond = 10

// Quantiles describe a distribution. A quantile with fewer than MinBeyond samples beyond it is nil, since it
// would say more than the data does: P50 needs 20 samples, P95 200, P99 1000.
type Quantiles struct {
	P50  *float64 `json:"p50"`
	P95  *float64 `json:"p95"`
	P99  *float64 `json:"p99"`
	Max  float64  `json:"max"` // 0 where N is 0, as Mean
	Mean float64  `json:"mean"`
	N    uint64   `json:"n"`
}

// Histogram is the part of a *hdrhistogram.Histogram that Summarize needs.
type Histogram interface {
	TotalCount() int64
	Mean() float64
	ValueAtQuantile(percent float64) int64 // percent from 0 to 100; the maximum at 100
}

// Summarize describes a histogram's values times unit (1e-9: nanoseconds to seconds), exact to its buckets.
func Summarize(h Histogram, unit float64) Quantiles {
	s := Quantiles{N: uint64(h.TotalCount())}
	if s.N == 0 {
		return s
	}
	s.Mean = h.Mean() * unit
	s.Max = float64(h.ValueAtQuantile(100)) * unit
	for _, q := range []struct {
		percent uint64
		to      **float64
	}{{50, &s.P50}, {95, &s.P95}, {99, &s.P99}} {
		if s.N >= 100*MinBeyond/(100-q.percent) {
			v := float64(h.ValueAtQuantile(float64(q.percent))) * unit
			*q.to = &v
		}
	}
	return s
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
