package stats

import (
	"fmt"
	"math"
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
	// Truncate is how many of them MSER would cut off at the start. More than half means that no
	// part of the window looks settled.
	Truncate uint64
	// Change is by what share of its mean the backlog, or the latency where there is no backlog,
	// changed over the window along a straight line.
	Change float64
	P      float64 // of that change, as in Slope
}

const (
	// minLatencies is the fewest for a verdict: 200 batches of 5.
	minLatencies = 1000
	// significant is the P below which the slope of the backlog counts as real.
	significant = 0.01
	// certain is the P below which that of the latencies does: the two share their noise, and so
	// agree by chance more often.
	certain = 0.001
	// minChange is the least change over a window that matters: it moves the window's mean by half
	// of that at most.
	minChange = 0.1
	// minGrowth is the growth of the backlog, as a share of the arrivals, at which a load is too
	// much for the target.
	minGrowth = 0.005
)

// Judge decides whether a window was steady. Latency holds the latencies of the window in intended
// order, backlog that of an open load over the same window. Backlog is nil for a closed load, whose
// clients keep it constant; then the slope of the latencies stands in for it.
//
// A window is not steady only if latencies and backlog agree. The latencies must look unsettled:
// MSER cuts off more than half of them, the usual sign of a series without a settled part (Hoad,
// Robinson and Davies, Automating Warm-up Length Estimation, Journal of the Operational Research
// Society 61, 2010), or a straight line through the means of 10 spans has a slope with P < 0.001,
// which finds the slow drift within noise that MSER does not see. And the backlog must have a
// slope, over the means of 10 spans, with P < 0.01. It is then overloaded if the backlog grew by at
// least 0.5 % of the arrivals, and drifting if it changed by at least 10 % of its mean. By Little's
// law a latency that drifts under a constant load takes the backlog with it; where only the
// latencies alarm, it is noise that depends on itself, as the waiting times of a busy queue do.
//
// Fewer than 1,000 latencies are too short to judge.
func Judge(latency *Series, backlog *Backlog) Verdict {
	v := Verdict{State: TooShort, N: latency.N(), P: 1}
	if v.N < minLatencies {
		v.Reason = fmt.Sprintf("%d latencies are too few to judge, %d are needed", v.N, minLatencies)
		return v
	}
	means, counts := latency.means()
	for _, n := range counts[:mser(means)] {
		v.Truncate += n
	}
	spans := spanMeans(means)
	drift := slope(spans, 1/float64(MinBatches)) // per window
	unsettled := 2*v.Truncate > v.N || drift.P < certain
	what, growth := "latency", 0.0
	if backlog != nil {
		what, spans = "backlog", backlog.Means()
		drift = slope(spans, 1/float64(MinBatches))
		if rate := backlog.Rate(); rate > 0 {
			growth = backlog.Slope().PerSecond / rate
		}
	}
	v.P = drift.P
	if mean := Mean(spans); mean > 0 {
		v.Change = drift.PerSecond / mean
	}
	switch {
	case unsettled && v.P < significant && growth >= minGrowth:
		v.State = Overloaded
		v.Reason = fmt.Sprintf("the backlog grew by %.2g %% of the arrivals", 100*growth)
	case unsettled && v.P < significant && math.Abs(v.Change) >= minChange:
		v.State = Drifting
		v.Reason = fmt.Sprintf("the %s changed by %+.2g %% of its mean over the window", what, 100*v.Change)
	case unsettled:
		v.State = Steady
		v.Reason = fmt.Sprintf("latencies wander, but the %s does not rise or fall over the window", what)
	default:
		v.State = Steady
		v.Reason = fmt.Sprintf("latencies settle after %d of %d", v.Truncate, v.N)
	}
	return v
}

// spanMeans returns the means of MinBatches runs of neighbours, as equal as their number allows.
func spanMeans(y []float64) []float64 {
	spans := make([]float64, 0, MinBatches)
	for i := range MinBatches {
		spans = append(spans, Mean(y[i*len(y)/MinBatches:(i+1)*len(y)/MinBatches]))
	}
	return spans
}
