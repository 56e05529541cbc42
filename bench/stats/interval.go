package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Level is the confidence level of every interval of this package.
const Level = 0.95

// An Interval is a confidence interval at Level.
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
// and nil for fewer than two (Student, The Probable Error of a Mean,
// Biometrika 6, 1908).
func MeanInterval(values []float64) *Interval {
	n := len(values)
	if n < 2 {
		return nil
	}
	mean := Mean(values)
	var squares float64
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	s := math.Sqrt(squares / float64(n-1))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(1 - (1-Level)/2)
	half := t * s / math.Sqrt(float64(n))
	return &Interval{Low: mean - half, High: mean + half, N: n, Method: "Student's t over values"}
}

// MinBatches is the least number of batches that BatchMeans works with, and
// more than 30 gain next to nothing (Schmeiser, Batch Size Effects in the
// Analysis of Simulation Output, Operations Research 30, 1982).
const MinBatches = 10

// BatchMeans returns an interval for the mean of a series in time whose
// neighbours depend on each other, as commits that arrive in blocks do: the
// series is cut into batches of equal length, and their means, which depend on
// each other the less the longer they are, are taken as independent values
// (Conway, Some Tactical Problems in Digital Simulation, Management Science
// 10, 1963). What is left over by the division is left out at the start.
//
// The interval is nil where the series has fewer values than batches or
// batches is under MinBatches. A batch mean that still depends on the one
// before it shows as a warning.
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

// dependent tests values in time against independence at the level 5 %, with
// positive correlation as the alternative. The statistic is
//
//	C = 1 - Σ(x[i]-x[i-1])² / (2 Σ(x[i]-mean)²),
//
// von Neumann's ratio, with mean 0 and variance (n-2)/(n²-1) if the values are
// independent and normal, and near normal itself from n = 8 on (Fishman,
// Grouping Observations in Digital Simulation, Management Science 24, 1978).
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
	if squares == 0 {
		return false
	}
	c := 1 - steps/(2*squares)
	return c/math.Sqrt((n-2)/(n*n-1)) > distuv.UnitNormal.Quantile(0.95)
}

// MedianInterval returns an interval for the median of independent values,
// whatever their distribution: between the k-th smallest and the k-th largest,
// with the largest k for which
//
//	1 - 2 P(B <= k-1) >= 0.95, B binomial (n, 1/2)
//
// (David and Nagaraja, Order Statistics, 3rd ed., section 7.1). Below six
// values there is no such k, the interval is infinite, and nil is returned.
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
