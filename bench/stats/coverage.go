package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Expansion returns the coverage factor k by which a standard uncertainty of so many degrees of freedom is expanded: that
// quantile of Student's t which for a normal distribution is 2, so that k standard uncertainties cover as often as two
// standard deviations of a normal distribution, 95.45 % (Guide to the Expression of Uncertainty in Measurement, JCGM 100:2008,
// annex G and table G.2). Freedom need not be whole; 0 or less stands for an unbounded one, whose factor is 2.
func Expansion(freedom float64) float64 {
	const normal = 2
	if freedom <= 0 || math.IsInf(freedom, 1) {
		return normal
	}
	return max(normal, distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile(distuv.UnitNormal.CDF(normal)))
}

// Scatter returns the standard error of the mean of independent values, s / √n, and its degrees of freedom, n - 1; zeros of
// fewer than two.
func Scatter(values []float64) (standard, freedom float64) {
	n := float64(len(values))
	if n < 2 {
		return 0, 0
	}
	mean, squares := Mean(values), 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares / (n - 1) / n), n - 1
}

// Scatter returns the standard error that an interval of Student's t rests on, and its degrees of freedom; that of order
// statistics is taken as one.
func (i Interval) Scatter() (standard, freedom float64) {
	freedom = float64(max(1, i.N-1))
	return (i.High - i.Low) / 2 / distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile((1+Level)/2), freedom
}

// Within returns the part of the interval that lies from low to high, between which the figure is for certain: it covers the
// figure as often as the whole. Of few values Student's interval may reach beyond, as below 0 s. It is nil where the interval
// is.
func (i *Interval) Within(low, high float64) *Interval {
	if i == nil || i.Low >= low && i.High <= high {
		return i
	}
	cut := *i
	cut.Low, cut.High = min(max(i.Low, low), high), max(min(i.High, high), low)
	cut.Method += ", cut off at what is possible"
	return &cut
}
