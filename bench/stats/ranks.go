package stats

import (
	"math"

	moremath "github.com/aclements/go-moremath/stats"
	"gonum.org/v1/gonum/stat/distuv"
)

// RankDifference returns the probability that two samples fall so far apart by their ranks, one way or the other, where
// they are of one population, and which way b does: 1 above a, -1 below, 0 neither. It is exact, ties counted, for samples of
// at most 25 values, and else the normal approximation (Mann and Whitney, On a Test of Whether one of Two Random Variables is
// Stochastically Larger than the Other, Annals of Mathematical Statistics 18, 1947; Klotz, The Wilcoxon, Ties, and the
// Computer, Journal of the American Statistical Association 61, 1966). It is 1 where one is empty.
//
// Each tail is a test of its own, and the smaller one counts twice: with ties and unequal sizes the distribution is not
// symmetric.
//
// The values of a sample are in the order of time, and neighbours are taken to be correlated by phi, as in UnpairedDifference:
// the normal deviate of p shrinks by the root of what that adds to the variance of the difference of two means.
func RankDifference(a, b []float64, phi float64) (p float64, direction int) {
	above, err := moremath.MannWhitneyUTest(a, b, moremath.LocationLess)
	if err != nil { // an empty sample, or all values equal
		return 1, 0
	}
	below, err := moremath.MannWhitneyUTest(b, a, moremath.LocationLess)
	if err != nil {
		return 1, 0
	}
	tail := min(above.P, below.P)
	switch {
	case above.P < below.P:
		direction = 1
	case below.P < above.P:
		direction = -1
	default:
		return 1, 0
	}
	if n, m := float64(len(a)), float64(len(b)); phi > 0 && tail < 0.5 {
		more := (inflation(n, phi)/n + inflation(m, phi)/m) / (1/n + 1/m)
		tail = distuv.UnitNormal.CDF(distuv.UnitNormal.Quantile(tail) / math.Sqrt(more))
	}
	return min(1, 2*tail), direction
}

// inflation returns how many times as large the variance of the mean of n values is where neighbours are correlated by phi,
// and those k apart by phi^k.
func inflation(n, phi float64) float64 {
	if phi == 0 {
		return 1
	}
	return (1+phi)/(1-phi) - 2*phi*(1-math.Pow(phi, n))/(n*(1-phi)*(1-phi))
}
