package claims

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"meterbench/bench/stats"
)

// A Capacity is what was measured with so much of a resource.
type Capacity struct {
	Amount float64
	Plateau
}

// Exponent returns the b of throughput = a × amount^b over at least two capacities: the slope of the logarithms. From
// six repetitions on it is the median of theirs, with its interval. Below, it is that of least squares over the windows
// of the plateaus, with
//
//	b ± √(o²/Sxx + max(0.8 o, z d)² / (repetitions × Sa)), o = max(t s, noise), s² = Σ residual² / (windows - 2)
//
// where Sxx and Sa are the squares of log amount about their mean over the windows and over the amounts. The second term
// is for what no residual shows: each amount has a network of its own at another time, at which the machine's pace may
// differ by d even if it is quiet, and by most of o where it wanders from window to window. Where the throughput of the
// largest amount is a lower bound, so is the exponent.
func Exponent(of []Capacity, noise float64) Estimate {
	var x, y, amounts []float64
	rounds := map[int][2][]float64{} // by repetition
	atLeast := false
	for _, c := range of {
		amounts = append(amounts, math.Log(c.Amount))
		own := map[int][]float64{}
		for _, l := range c.Levels {
			for _, p := range l.Points {
				x, y = append(x, math.Log(c.Amount)), append(y, math.Log(p.Throughput))
				own[p.Repetition] = append(own[p.Repetition], math.Log(p.Throughput))
			}
		}
		for r, logs := range own {
			rounds[r] = [2][]float64{append(rounds[r][0], math.Log(c.Amount)), append(rounds[r][1], stats.Median(logs))}
		}
		atLeast = atLeast || c.AtLeast
	}
	e := slopeOf(x, y, amounts, noise, len(rounds))
	var slopes []float64
	for _, r := range rounds {
		if len(r[0]) == len(of) { // whole
			_, b := stat.LinearRegression(r[0], r[1], nil, false)
			slopes = append(slopes, b)
		}
	}
	if i := stats.MedianInterval(slopes); i != nil {
		e = Estimate{stats.Median(slopes), *i}
	}
	if atLeast {
		e.High = math.Inf(1)
	}
	return e
}

// drift is the standard deviation, of the natural logarithm, by which the pace of a quiet shared machine differs between
// networks that were measured minutes apart.
const drift = 0.05

// slopeOf returns the slope over all windows.
func slopeOf(x, y, amounts []float64, noise float64, rounds int) Estimate {
	a, b := stat.LinearRegression(x, y, nil, false)
	const upper = 1 - (1-stats.Level)/2
	off := noise
	if freedom := float64(len(x) - 2); freedom > 0 {
		squares := 0.0
		for i := range x {
			squares += (y[i] - a - b*x[i]) * (y[i] - a - b*x[i])
		}
		off = max(off, distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(upper)*math.Sqrt(squares/freedom))
	}
	spread := func(v []float64) float64 { return math.Sqrt(stat.Variance(v, nil) * float64(len(v)-1)) }
	between := max(0.8*off, distuv.UnitNormal.Quantile(upper)*drift)
	half := math.Hypot(off/spread(x), between/(spread(amounts)*math.Sqrt(float64(rounds))))
	return Estimate{b, stats.Interval{
		Low: b - half, High: b + half, N: len(x),
		Method: fmt.Sprintf("least squares over %d windows, with what networks at different times may differ by", len(x)),
	}}
}
