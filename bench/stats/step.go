package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// A stretch is a part of a window, from one share of it to another.
type stretch struct{ from, to float64 }

// String says which part it is, for people.
func (s stretch) String() string {
	switch {
	case s.from == 0:
		return fmt.Sprintf("of the first %.0f %%", 100*s.to)
	case s.to == 1:
		return fmt.Sprintf("of the last %.0f %%", 100*(1-s.from))
	}
	return fmt.Sprintf("from %.0f to %.0f %% of the window", 100*s.from, 100*s.to)
}

// step tests whether what MSER cuts off at an end differs from the rest, or else the second half from the first, or else
// the stretch in between that differs most, in latency and backlog alike, and returns how many times as long its
// latencies are, and where it is. The backlog follows a change, or the start of a load, only as fast as transactions end,
// so that it is compared without the spans within a latency after that.
func (v *Verdict) step(means []float64, backlog *Backlog) (times float64, where stretch, found bool) {
	truncate, tail := float64(v.Truncate)/float64(v.N), float64(v.Tail)/float64(v.N)
	spans := divide(means, 2*MinBatches)
	for _, c := range []struct {
		stretch
		limit float64
	}{{stretch{0, truncate}, sure}, {stretch{1 - tail, 1}, sure}, {stretch{0.5, 1}, sure}, {hump(means), surest}} {
		if share := c.to - c.from; share < minCut || share > 1-minCut {
			continue
		}
		within, rest, p := c.compare(spans, 0)
		if p >= c.limit || math.Abs(within-rest) < minChange*Mean(means) {
			continue
		}
		if backlog != nil {
			spans := backlog.Means()
			lag := max(within, rest) / (MinBatches * backlog.width)
			busy, idle, p := c.compare(spans, lag)
			if p >= significant || math.Abs(busy-idle) < minChange*Mean(spans) || (busy > idle) != (within > rest) {
				continue
			}
		}
		return within / rest, c.stretch, true
	}
	return 0, stretch{}, false
}

// hump returns the stretch of at least a fifth of the window, and a tenth away from both ends, that explains most of the
// variance of the means of 40 spans.
func hump(means []float64) (s stretch) {
	const n, end, least = 4 * MinBatches, 4, 8 // spans
	spans := divide(means, n)
	mean, most := Mean(spans), 0.0
	for from := end; from+least <= n-end; from++ {
		sum := 0.0 // of the deviations within
		for to := from + 1; to <= n-end; to++ {
			sum += spans[to-1] - mean
			if size := float64(to - from); to-from >= least && sum*sum/size/(n-size) > most {
				most, s = sum*sum/size/(n-size), stretch{float64(from) / n, float64(to) / n}
			}
		}
	}
	return s
}

// compare returns the means of a series within a stretch and of the rest, and the probability of a difference at least so
// large, either way, if there is none: Student's t over the means of equal spans, whose variance about the two means is
// corrected for their correlation φ by (1+φ)/(1-φ), as in Sequence.Ratio. It leaves out spans that an end of a stretch in
// the middle divides, and those in which the series still follows the start of the window or a change, by lag as a share
// of the window. P is 1 where too few are left.
func (s stretch) compare(spans []float64, lag float64) (within, rest, p float64) {
	n := float64(len(spans))
	from, to, slack := n*s.from, n*s.to, 0.25 // how much of a span may be on the other side
	switch {
	case s.from == 0:
		to, slack = max(2, to), 0.5
	case s.to == 1:
		from, slack = min(n-2, from), 0.5
	}
	follows := n*lag - slack
	var sides [2][]float64 // of the rest, of the stretch
	var deviations []float64
	var side []int
	for i, v := range spans {
		at, of := float64(i), 0
		switch {
		case at >= from+follows && at+1 <= to+slack:
			of = 1
		case at >= follows && at+1 <= from+slack || at >= to+follows:
		default:
			continue
		}
		sides[of] = append(sides[of], v)
		deviations, side = append(deviations, v), append(side, of)
	}
	means := [2]float64{Mean(sides[0]), Mean(sides[1])}
	outside, inside, free := float64(len(sides[0])), float64(len(sides[1])), float64(len(side)-2)
	if outside == 0 || inside == 0 || free < 1 {
		return means[1], means[0], 1
	}
	squares := 0.0
	for i := range deviations {
		deviations[i] -= means[side[i]]
		squares += deviations[i] * deviations[i]
	}
	phi := max(0, min(mostAdjusted, correlation(deviations)+1/(free+2)))
	variance := squares / free * (1 + phi) / (1 - phi) * (1/inside + 1/outside)
	if difference := math.Abs(means[1] - means[0]); variance > 0 {
		p = 2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: free}.CDF(-difference/math.Sqrt(variance))
	} else if difference <= rounding*math.Abs(means[0]) {
		p = 1
	}
	return means[1], means[0], p
}

// smallest returns the slope that a P of limit would have shown with the probability power, as a share of the figure.
func smallest(s Slope, limit, figure float64) float64 {
	if !(figure > 0) {
		return 0
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: MinBatches - 2}
	return (t.Quantile(1-limit/2) + t.Quantile(power)) * s.Error / figure
}
