package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Backlog follows how many transactions were intended and had not ended, over a window of time, as
// the time average over each of MinBatches equal spans. Averages over long spans do not show the
// saw teeth of commits that come in blocks, and hardly depend on each other. Transactions may be
// added in any order; memory is constant.
type Backlog struct {
	from, width float64             // start of the window and length of a span, in seconds
	partial     [MinBatches]float64 // by a span's own arrivals, less its endings, in spans
	steps       [MinBatches]float64 // over the whole span, by the arrivals of the one before
	arrivals    uint64
}

// NewBacklog returns the empty backlog of the window from, to, in seconds. It panics unless the
// window has a length.
func NewBacklog(from, to float64) *Backlog {
	if !(from < to) || math.IsInf(to-from, 0) {
		panic(fmt.Sprintf("stats: there is no backlog from %g s to %g s", from, to))
	}
	return &Backlog{from: from, width: (to - from) / MinBatches}
}

// Add adds a transaction by the instants at which it was intended and ended, in seconds; ended is
// +Inf for one that never did. Those outside the window matter too, where they reach into it.
func (b *Backlog) Add(intended, ended float64) {
	if x := (intended - b.from) / b.width; x >= 0 && x < MinBatches {
		b.arrivals++
	}
	b.step(intended, 1)
	b.step(max(intended, ended), -1)
}

func (b *Backlog) step(at, by float64) {
	x := max(0, (at-b.from)/b.width)
	if x >= MinBatches {
		return
	}
	span := int(x)
	b.partial[span] += by * (float64(span+1) - x)
	if span+1 < MinBatches {
		b.steps[span+1] += by
	}
}

// Means returns the mean backlog of each span.
func (b *Backlog) Means() []float64 {
	means := make([]float64, MinBatches)
	var whole float64
	for i := range means {
		whole += b.steps[i]
		means[i] = whole + b.partial[i]
	}
	return means
}

// Rate returns the transactions intended in the window, per second.
func (b *Backlog) Rate() float64 { return float64(b.arrivals) / (MinBatches * b.width) }

// Slope returns by how much the backlog grew per second.
func (b *Backlog) Slope() Slope { return slope(b.Means(), b.width) }

// Slope is that of a straight line through means over equal spans.
type Slope struct {
	PerSecond float64
	Error     float64 // standard error of PerSecond
	// P is the probability of a slope at least so far from 0, either way, if there is none and the
	// means are independent (Student's t). Means that depend on each other, as near saturation,
	// make it too small.
	P float64
}

// slope fits a line by least squares to the means of spans of the given length:
//
//	slope = Σ (x-x̄)(y-ȳ) / Sxx, error² = Σ residual² / ((n-2) Sxx), Sxx = Σ (x-x̄)²
func slope(y []float64, width float64) Slope {
	n := float64(len(y))
	mean, middle := Mean(y), (n-1)/2
	var sxy, sxx, residuals float64
	for i, v := range y {
		sxy += (float64(i) - middle) * (v - mean)
		sxx += (float64(i) - middle) * (float64(i) - middle)
	}
	rise := sxy / sxx
	for i, v := range y {
		r := v - mean - rise*(float64(i)-middle)
		residuals += r * r
	}
	s := Slope{PerSecond: rise / width, Error: math.Sqrt(residuals/(n-2)/sxx) / width, P: 1}
	switch {
	case s.Error > 0:
		s.P = 2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 2}.CDF(-math.Abs(s.PerSecond/s.Error))
	case s.PerSecond != 0:
		s.P = 0
	}
	return s
}
