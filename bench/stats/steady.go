package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// State says whether a measured window was in the steady state that its mean and quantiles assume.
type State string

// The states.
const (
	Steady     State = "steady"
	Drifting   State = "drifting"   // latency and backlog rose or fell over the window
	Overloaded State = "overloaded" // the backlog grew by a share of all that arrived
	TooShort   State = "too short"  // too few latencies to judge
)

// Verdict is the result of Judge.
type Verdict struct {
	State  State
	Reason string // one sentence for people
	N      uint64 // latencies judged
	// Truncate is the number that MSER would cut off at the start, and Tail that at the end: more than half where no part
	// looks settled.
	Truncate, Tail uint64
	// Change is the share of its mean by which the backlog, or without one the latency, changed linearly.
	Change float64
	P      float64 // of that change, as in Slope
	// SmallestChange and SmallestOverload are the change, and the share of the arrivals that is beyond the capacity, that the
	// window would have shown in about 9 of 10 cases, the latter if arrivals are as random as those of a Poisson process.
	// SmallestOverload is 0 without a backlog.
	SmallestChange, SmallestOverload float64
}

const (
	// minLatencies is the fewest for a verdict: 200 batches of 5.
	minLatencies = 1000
	// significant is the P below which the slope of the backlog counts as real.
	significant = 0.01
	// certain is the P below which that of the latencies does: the two share noise and so agree by chance.
	certain = 0.001
	// sure is that below which a step does, whose place is chosen by the same latencies.
	sure = 0.00003
	// surest is that below which a stretch in the middle does, which is the one of hundreds that differs most.
	surest = 3e-10
	// minChange is the least change over a window that matters: it moves the mean by half of that at most.
	minChange = 0.1
	// minGrowth is the growth of the backlog, as a share of the arrivals, at which a load is too much.
	minGrowth = 0.005
	// minCut is the least share that MSER cuts off at an end for a step to be looked for there.
	minCut = 0.1
	// chance is how many standard deviations of a Poisson number of arrivals an overload has to add to be seen.
	chance = 2.5
	// power is the probability with which the smallest change is found.
	power = 0.9
)

// Judge decides whether a window was steady. Latency holds the latencies of the window in intended order,
// backlog that of an open load over the same window. Backlog is nil for a closed load, whose clients keep it
// constant; then the latencies replace it.
//
// A window is not steady only if latencies and backlog agree. The latencies look unsettled where MSER cuts off more
// than half of them, the usual sign of a series without a settled part (Hoad, Robinson and Davies, Automating Warm-up
// Length Estimation, Journal of the Operational Research Society 61, 2010), or a straight line through the means of 10
// spans has a slope with P < 0.001, which finds the slow drift within noise that MSER does not see; where the backlog
// grows, a rise with P < 0.01 will do. And the backlog must have a slope, over the means of 10 spans, with P < 0.01. It
// is then overloaded if the backlog grew by at least 0.5 % of the arrivals, and drifting if it changed by at least 10 %
// of its mean. It is drifting too where MSER cuts off a tenth or more at the start, or of the reversed series at the
// end, and what is cut off differs from the rest, or one half of the window from the other, by at least 10 % of the
// mean, in the latency with P < 0.00003 and in the backlog with P < 0.01; or where a stretch of a fifth or more in the
// middle does, in the latency with P < 3e-10, since that is the one of hundreds that differs most. By Little's law a
// latency that drifts under a constant load takes the backlog with it, as fast as transactions end; where only the
// latencies alarm, it is noise that depends on itself, as the waiting times of a busy queue do.
//
// Fewer than 1,000 latencies are too short to judge, unless the backlog grew by at least 0.5 % of the arrivals, with
// P < 0.001 and by more than chance adds to as many arrivals.
func Judge(latency *Series, backlog *Backlog) Verdict {
	v := Verdict{State: TooShort, N: latency.N(), P: 1}
	means, counts := latency.means()
	for _, n := range counts[:mser(means)] {
		v.Truncate += n
	}
	reversed := slices.Clone(means)
	slices.Reverse(reversed)
	for _, n := range counts[len(counts)-mser(reversed):] {
		v.Tail += n
	}
	what, growth, spans := "latency", 0.0, spanMeans(means)
	drift := slope(spans, 1/float64(MinBatches)) // per window
	unsettled := 2*v.Truncate > v.N || drift.P < certain
	rising := drift.P < significant && drift.PerSecond > 0
	v.SmallestChange = smallest(drift, certain, Mean(spans))
	if backlog != nil {
		what, spans = "backlog", backlog.Means()
		drift = slope(spans, 1/float64(MinBatches))
		v.SmallestChange = max(v.SmallestChange, smallest(drift, significant, Mean(spans)))
		if rate := backlog.Rate(); rate > 0 {
			growth = backlog.Slope().PerSecond / rate
			v.SmallestOverload = max(minGrowth, smallest(backlog.Slope(), significant, rate), chance/math.Sqrt(float64(backlog.arrivals)))
		}
	}
	v.SmallestChange = max(v.SmallestChange, minChange)
	v.P = drift.P
	if mean := Mean(spans); mean > 0 {
		v.Change = drift.PerSecond / mean
	}
	if v.N < minLatencies {
		v.Reason = fmt.Sprintf("%d latencies are too few to judge, %d are needed", v.N, minLatencies)
		if backlog != nil && v.P < certain && growth >= max(minGrowth, chance/math.Sqrt(float64(backlog.arrivals))) {
			v.State = Overloaded
			v.Reason = fmt.Sprintf("the backlog grew by %.2g %% of the arrivals", 100*growth)
		}
		return v
	}
	times, where, stepped := v.step(means, backlog)
	switch {
	case (unsettled || rising) && v.P < significant && growth >= minGrowth:
		v.State = Overloaded
		v.Reason = fmt.Sprintf("the backlog grew by %.2g %% of the arrivals", 100*growth)
	case unsettled && v.P < significant && math.Abs(v.Change) >= minChange:
		v.State = Drifting
		v.Reason = fmt.Sprintf("the %s changed by %+.2g %% of its mean over the window", what, 100*v.Change)
	case stepped:
		v.State = Drifting
		v.Reason = fmt.Sprintf("the latency %v was %.2g times that of the rest", where, times)
	case unsettled:
		v.State = Steady
		v.Reason = fmt.Sprintf("latencies wander, but the %s does not rise or fall over the window", what)
	default:
		v.State = Steady
		v.Reason = fmt.Sprintf("latencies settle after %d of %d", v.Truncate, v.N)
	}
	return v
}

// spanMeans returns the means of MinBatches spans.
func spanMeans(y []float64) []float64 {
	return divide(y, MinBatches)
}

// divide returns the means of n runs of neighbours, as equal as their number allows.
func divide(y []float64, n int) []float64 {
	spans := make([]float64, 0, n)
	for i := range n {
		spans = append(spans, Mean(y[i*len(y)/n:(i+1)*len(y)/n]))
	}
	return spans
}

// Backlog follows how many transactions were intended and had not ended, over a window of time, as the time average
// over each of MinBatches equal spans. Averages over long spans do not show the saw teeth of commits that come in
// blocks, and hardly depend on each other. Transactions may come in any order; memory is constant.
type Backlog struct {
	from, width float64             // start of the window and length of a span, in seconds
	partial     [MinBatches]float64 // by a span's own arrivals, less its endings, in spans
	steps       [MinBatches]float64 // over the whole span, by the arrivals of the one before
	arrivals    uint64
}

// NewBacklog returns the empty backlog of a window in seconds. It panics unless that has a length.
func NewBacklog(from, to float64) *Backlog {
	if !(from < to) || math.IsInf(to-from, 0) {
		panic(fmt.Sprintf("stats: there is no backlog from %g s to %g s", from, to))
	}
	return &Backlog{from: from, width: (to - from) / MinBatches}
}

// Add adds a transaction by the instants at which it was intended and ended, in seconds; ended is +Inf for
// one that never did. Those outside the window matter too, where they reach into it.
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
	// P is the probability of a slope at least so far from 0, either way, if there is none and the means are
	// independent (Student's t). Means that depend on each other, as near saturation, make it too small.
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
