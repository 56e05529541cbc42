package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Level is the confidence level of every interval of this package.
const Level = 0.95

// Interval is a confidence interval at Level.
type Interval struct {
	Low      float64   `json:"low"`
	High     float64   `json:"high"`
	N        int       `json:"n"`      // values that it rests on
	Method   string    `json:"method"` // how it was obtained
	Warnings []Warning `json:"-"`
}

// MeanInterval returns Student's interval for the mean of independent values,
//
//	mean ± t(0.975, n-1) s / √n,
//
// and nil for fewer than two (Student, The Probable Error of a Mean, Biometrika 6, 1908).
func MeanInterval(values []float64) *Interval {
	n := len(values)
	if n < 2 {
		return nil
	}
	mean, s := stat.MeanStdDev(values, nil)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(1 - (1-Level)/2)
	half := t * s / math.Sqrt(float64(n))
	return &Interval{Low: mean - half, High: mean + half, N: n, Method: "Student's t over values"}
}

// MinBatches is the least number of batches that BatchMeans works with, and more than 30 gain next to nothing
// (Schmeiser, Batch Size Effects in the Analysis of Simulation Output, Operations Research 30, 1982).
const MinBatches = 10

// BatchMeans returns an interval for the mean of a series in time whose neighbours depend on each other, as
// commits that arrive in blocks do: the series is cut into batches of equal length, and their means, which
// depend on each other the less the longer they are, are taken as independent values (Conway, Some Tactical
// Problems in Digital Simulation, Management Science 10, 1963). The division's rest is left out at the start.
//
// The interval is nil where the series has fewer values than batches or batches is under MinBatches. A batch
// mean that still depends on the one before it shows as a warning.
func BatchMeans(series []float64, batches int) *Interval {
	if batches < MinBatches || len(series) < batches {
		return nil
	}
	size := len(series) / batches
	series = series[len(series)-size*batches:]
	means := make([]float64, 0, batches)
	for batch := range slices.Chunk(series, size) {
		means = append(means, Mean(batch))
	}
	i := MeanInterval(means)
	i.Method = fmt.Sprintf("Student's t over %d batch means", batches)
	if dependent(means) {
		i.Warnings = append(i.Warnings, Warn(Correlated,
			"the %d batch means depend on each other, so the interval is too narrow; measure longer", batches))
	}
	return i
}

// dependent tests values in time for positive correlation at the level 5 %. The statistic is
//
//	C = 1 - Σ(x[i]-x[i-1])² / (2 Σ(x[i]-mean)²),
//
// von Neumann's ratio, with mean 0 and variance (n-2)/(n²-1) if the values are independent and normal, and near normal
// itself from n = 8 on (Fishman, Grouping Observations in Digital Simulation, Management Science 24, 1978).
func dependent(values []float64) bool {
	n := float64(len(values))
	mean := Mean(values)
	var steps, squares float64
	for i, v := range values {
		squares += (v - mean) * (v - mean)
		if i > 0 {
			steps += (v - values[i-1]) * (v - values[i-1])
		}
	}
	c := 1 - steps/(2*squares) // NaN of equal values, which is not above
	return c/math.Sqrt((n-2)/(n*n-1)) > distuv.UnitNormal.Quantile(0.95)
}

// MedianInterval returns an interval for the median of independent values, whatever their distribution:
// between the k-th smallest and the k-th largest, with the largest k for which
//
//	1 - 2 P(B <= k-1) >= 0.95, B binomial (n, 1/2)
//
// (David and Nagaraja, Order Statistics, 3rd ed., section 7.1). Below six values there is no such k, the
// interval is infinite, and nil is returned.
func MedianInterval(values []float64) *Interval {
	n := len(values)
	sorted := slices.Sorted(slices.Values(values))
	below := distuv.Binomial{N: float64(n), P: 0.5}
	k := 0
	for k < n/2 && 2*below.CDF(float64(k)) <= 1-Level {
		k++
	}
	if k == 0 {
		return nil
	}
	return &Interval{
		Low: sorted[k-1], High: sorted[n-k], N: n,
		Method: fmt.Sprintf("order statistics %d and %d of %d, coverage %.1f %%", k, n-k+1, n, 100*(1-2*below.CDF(float64(k-1)))),
	}
}

// RateInterval returns an interval for the mean rate of events that come in blocks: that of BatchMeans, but never
// narrower than the mean ± block, the change of the mean by one block. Blocks that come evenly fall alike into every
// batch and leave their means no spread, but one of them is in or out depending on when the window begins and ends (the
// ±1 count of electronic counters: Hewlett-Packard, Fundamentals of the Electronic Counters, Application Note 200).
//
// The mean is that of all rates, also those that BatchMeans leaves out. It is nil where BatchMeans is.
func RateInterval(rates []float64, batches int, block float64) *Interval {
	i := BatchMeans(rates, batches)
	if i == nil {
		return nil
	}
	mean := Mean(rates)
	if low, high := mean-block, mean+block; low < i.Low || high > i.High {
		i.Low, i.High = min(i.Low, low), max(i.High, high)
		i.Method += ", at least one block more or less"
	}
	return i
}

// RatioInterval returns an interval for the ratio of two means that were estimated independently of each
// other, from their own intervals a ± u and b ± v: after Fieller's theorem it holds every ratio r for which a
// less r b is not significantly different from 0,
//
//	(a - r b)² <= u² + r² v²
//
// (Fieller, Some Problems in Interval Estimation, Journal of the Royal Statistical Society B 16, 1954; with
// intervals of unequal numbers of values each keeps its own quantile of Student's t, as in Donner and Zou,
// Closed-form Confidence Intervals for Functions of the Normal Mean and Standard Deviation, Statistical
// Methods in Medical Research 21, 2012). It is nil where an interval is, and where b itself is not
// significantly different from 0, since the ratio then has no bounds.
func RatioInterval(a, b *Interval) *Interval {
	if a == nil || b == nil {
		return nil
	}
	meanA, u := (a.Low+a.High)/2, (a.High-a.Low)/2
	meanB, v := (b.Low+b.High)/2, (b.High-b.Low)/2
	of := meanB*meanB - v*v
	if !(of > 0) {
		return nil
	}
	middle := meanA * meanB
	half := math.Sqrt(max(0, middle*middle-of*(meanA*meanA-u*u)))
	return &Interval{
		Low: (middle - half) / of, High: (middle + half) / of, N: min(a.N, b.N),
		Method: fmt.Sprintf("Fieller's theorem over the intervals of %d and %d batch means", a.N, b.N),
	}
}
