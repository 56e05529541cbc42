package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// step tests whether what MSER cuts off at an end differs from the rest, or else the second half from the first, in
// latency and backlog alike, and returns how many times as long its latencies are, and where it is.
func (v *Verdict) step(means []float64, backlog *Backlog) (times float64, where string, found bool) {
	for _, end := range []struct {
		cut  uint64
		last bool
		name string
	}{{v.Truncate, false, "first"}, {v.Tail, true, "last"}, {v.N / 2, true, "last"}} {
		share := float64(end.cut) / float64(v.N)
		if share < minCut || share > 1-minCut {
			continue
		}
		at := share
		if end.last {
			at = 1 - share
		}
		first, second, p := split(means, at, 2*MinBatches)
		if p >= sure || math.Abs(second-first) < minChange*Mean(means) {
			continue
		}
		if backlog != nil {
			spans := backlog.Means()
			before, after, p := split(spans, at, MinBatches)
			if p >= significant || math.Abs(after-before) < minChange*Mean(spans) || (after > before) != (second > first) {
				continue
			}
		}
		if end.last {
			first, second = second, first
		}
		return first / second, fmt.Sprintf("of the %s %.0f %%", end.name, 100*share), true
	}
	return 0, "", false
}

// split returns the means of a series before and after a share of it, and the probability of a difference at least so
// large, either way, if there is none: Student's t over the means of n spans, whose variance about the two means is
// corrected for their correlation φ by (1+φ)/(1-φ), as in Sequence.Ratio.
func split(y []float64, share float64, n int) (before, after, p float64) {
	spans := divide(y, n)
	at := min(n-2, max(2, int(math.Round(share*float64(n)))))
	before, after = Mean(spans[:at]), Mean(spans[at:])
	residuals, squares := make([]float64, n), 0.0
	for i, v := range spans {
		residuals[i] = v - before
		if i >= at {
			residuals[i] = v - after
		}
		squares += residuals[i] * residuals[i]
	}
	phi := max(0, min(mostAdjusted, correlation(residuals)+1/float64(n)))
	variance := squares / float64(n-2) * (1 + phi) / (1 - phi) * (1/float64(at) + 1/float64(n-at))
	if difference := math.Abs(after - before); variance > 0 {
		return before, after, 2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 2)}.CDF(-difference/math.Sqrt(variance))
	} else if difference > rounding*math.Abs(before) {
		return before, after, 0
	}
	return before, after, 1
}

// smallest returns the slope that a P of limit would have shown with the probability power, as a share of the figure.
func smallest(s Slope, limit, figure float64) float64 {
	if !(figure > 0) {
		return 0
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: MinBatches - 2}
	return (t.Quantile(1-limit/2) + t.Quantile(power)) * s.Error / figure
}
