package stats

import (
	"fmt"
	"math"
)

// RatioInterval returns an interval for the ratio of two means that were
// estimated independently of each other, from their own intervals a ± u and
// b ± v: after Fieller's theorem it holds every ratio r for which a - r b is
// not significantly different from 0,
//
//	(a - r b)² <= u² + r² v²
//
// (Fieller, Some Problems in Interval Estimation, Journal of the Royal
// Statistical Society B 16, 1954; with intervals of unequal numbers of values
// each keeps its own quantile of Student's, as of Donner and Zou, Closed-form
// Confidence Intervals for Functions of the Normal Mean and Standard
// Deviation, Statistical Methods in Medical Research 21, 2012). It is nil where
// an interval is, and where b itself is not significantly different from 0,
// since the ratio then has no bounds.
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
