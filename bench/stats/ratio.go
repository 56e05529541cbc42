package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// RatioInterval returns an interval for the ratio of two means that were
// estimated independently of each other, from their own intervals of the form
// mean ± t s: by Fieller's theorem it holds every ratio r for which a - r b is
// not significantly different from 0,
//
//	(a - r b)² <= t² (s(a)² + r² s(b)²),
//
// with Student's t for the fewer of the two numbers of values, less one
// (Fieller, Some Problems in Interval Estimation, Journal of the Royal
// Statistical Society B 16, 1954). It is nil where b itself is not
// significantly different from 0, since the ratio then has no bounds, and
// where either interval is.
func RatioInterval(a, b *Interval) *Interval {
	if a == nil || b == nil || a.N < 2 || b.N < 2 {
		return nil
	}
	meanA, errorA := a.meanError()
	meanB, errorB := b.meanError()
	n := min(a.N, b.N)
	t := student(n)
	g := t * errorB / meanB
	g *= g
	if !(g < 1) {
		return nil
	}
	r := meanA / meanB
	half := t / math.Abs(meanB) * math.Sqrt((1-g)*errorA*errorA+r*r*errorB*errorB)
	return &Interval{Low: (r - half) / (1 - g), High: (r + half) / (1 - g), N: n, Method: fmt.Sprintf("Fieller's theorem over %d and %d batch means", a.N, b.N)}
}

// meanError returns the mean of an interval of Student's and its standard error.
func (i *Interval) meanError() (mean, err float64) {
	return (i.Low + i.High) / 2, (i.High - i.Low) / 2 / student(i.N)
}

// student is the quantile of Student's distribution that an interval over n
// values takes.
func student(n int) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(1 - (1-Level)/2)
}
