package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// A Difference is an estimate of the difference of two means, from values that are normal, or nearly so.
type Difference struct {
	Mean    float64
	Error   float64 // standard error of Mean
	Freedom float64 // degrees of freedom of Error
	N       int     // pairs, or values of the smaller side
}

// PairedDifference returns the mean of b[i] - a[i], false for fewer than two pairs (Student, The Probable Error of a Mean,
// Biometrika 6, 1908). Whatever both values of a pair share drops out of it, such as the pace of a machine in that minute.
// It panics unless a and b are of the same length.
func PairedDifference(a, b []float64) (Difference, bool) {
	differences := make([]float64, len(a))
	for i := range b {
		differences[i] = b[i] - a[i]
	}
	n := len(differences)
	if n < 2 {
		return Difference{}, false
	}
	mean, s := stat.MeanStdDev(differences, nil)
	return Difference{Mean: mean, Error: s / math.Sqrt(float64(n)), Freedom: float64(n - 1), N: n}, true
}

// PairedDifferenceAt returns what the mean of b[i] - a[i] would be were covariate[i] zero in all pairs, false for fewer than
// four: the intercept of the line through the differences over the covariate, by least squares (analysis of covariance; Fisher,
// Statistical Methods for Research Workers, 4th ed., 1932, chapter 8)
//
//	δ = d̄ - β x̄, Var(δ) = s² (1/n + x̄²/Σ(x-x̄)²), ν = n-2
//
// So what follows from the covariate drops out, whatever that is, for one degree of freedom. Of a covariate that is the same in
// all pairs nothing can be learned: then it is PairedDifference. It panics unless all are of the same length.
func PairedDifferenceAt(a, b, covariate []float64) (Difference, bool) {
	plain, _ := PairedDifference(a, b)
	n := len(covariate)
	if n < 4 {
		return Difference{}, false
	}
	center, spread := stat.MeanStdDev(covariate, nil)
	squares := spread * spread * float64(n-1)
	if squares == 0 {
		return plain, true
	}
	var products, rest float64
	for i, x := range covariate {
		products += (x - center) * (b[i] - a[i] - plain.Mean)
	}
	slope := products / squares
	for i, x := range covariate {
		r := b[i] - a[i] - plain.Mean - slope*(x-center)
		rest += r * r
	}
	freedom := float64(n - 2)
	return Difference{
		Mean: plain.Mean - slope*center, Error: math.Sqrt(rest / freedom * (1/float64(n) + center*center/squares)),
		Freedom: freedom, N: n,
	}, true
}

// UnpairedDifference returns the mean of b less that of a, false where one has fewer than two values. The sides may vary
// differently (Welch, The Generalization of 'Student's' Problem when Several Different Population Variances are Involved,
// Biometrika 34, 1947).
//
// The values of a side are in the order of time, and neighbours are taken to be correlated by phi, 0 <= phi < 1, those k
// apart by phi^k. So few values cannot tell their correlation; what is assumed of it widens the error and takes degrees of
// freedom away:
//
//	R[i,j] = phi^|i-j|, C = 1'R1/n, Var(mean) = s²/n · C (n-1)/(n-C)
//	ν = (n-C)² / (tr R² - 2 1'R²1/n + C²)
//
// where n-C and the denominator are the traces of M R and (M R)², M the matrix that takes the mean away: s² is a quadratic
// form, and ν makes a multiple of χ² of its first two moments (Box, Some Theorems on Quadratic Forms Applied in the Study of
// Analysis of Variance Problems, Annals of Mathematical Statistics 25, 1954).
func UnpairedDifference(a, b []float64, phi float64) (Difference, bool) {
	if len(a) < 2 || len(b) < 2 {
		return Difference{}, false
	}
	meanA, varianceA, freedomA := ofMean(a, phi)
	meanB, varianceB, freedomB := ofMean(b, phi)
	variance := varianceA + varianceB
	d := Difference{Mean: meanB - meanA, Error: math.Sqrt(variance), Freedom: freedomA + freedomB, N: min(len(a), len(b))}
	if variance > 0 {
		d.Freedom = variance * variance / (varianceA*varianceA/freedomA + varianceB*varianceB/freedomB)
	}
	return d, true
}

// ofMean returns the mean of values in time, the variance of that mean, and the degrees of freedom of the variance.
func ofMean(values []float64, phi float64) (mean, variance, freedom float64) {
	mean, s := stat.MeanStdDev(values, nil)
	n := float64(len(values))
	var sum, squares, trace float64 // 1'R1, 1'R²1, tr R²
	for i := 0.0; i < n; i++ {
		row := (1 + phi - math.Pow(phi, i+1) - math.Pow(phi, n-i)) / (1 - phi)
		sum, squares = sum+row, squares+row*row
		trace += 2 * (n - i) * math.Pow(phi, 2*i)
	}
	trace -= n // i = 0 stands once on the diagonal
	c := sum / n
	rest := n - c
	return mean, s * s / n * c * (n - 1) / rest, rest * rest / (trace - 2*squares/n + c*c)
}

// t is the distribution of Mean over Error where there is no difference.
func (d Difference) t() distuv.StudentsT { return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: d.Freedom} }

// P returns the probability of a difference at least so far from 0, either way, where there is none.
func (d Difference) P() float64 {
	switch {
	case d.Mean == 0:
		return 1
	case d.Error == 0:
		return 0
	}
	return 2 * d.t().CDF(-math.Abs(d.Mean/d.Error))
}

// Limits returns the ends of the interval at Level.
func (d Difference) Limits() (low, high float64) {
	half := d.t().Quantile(1-(1-Level)/2) * d.Error
	return d.Mean - half, d.Mean + half
}

// Smallest returns the difference for which P is below alpha with the probability power, by the normal approximation of
// the noncentral t
//
//	P(T > c) = Φ((δ - c (1 - 1/4ν)) / √(1 + c²/2ν)), c = t(1-α/2, ν)
//
// (Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 26.7.10).
func (d Difference) Smallest(alpha, power float64) float64 {
	c := d.t().Quantile(1 - alpha/2)
	return d.Error * (c*(1-1/(4*d.Freedom)) + distuv.UnitNormal.Quantile(power)*math.Sqrt(1+c*c/(2*d.Freedom)))
}

// Holm adjusts the ps of several tests so that, whichever of them find what is not there, the probability that any does
// stays below alpha where those that are adjusted to less than alpha are taken to find something, also if the tests depend
// on each other: the k-th smallest of n is multiplied by n-k+1, and is no less than those before it (Holm, A Simple
// Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6, 1979).
func Holm(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(ps[i], ps[j]) })
	adjusted, before := make([]float64, len(ps)), 0.0
	for k, i := range order {
		before = max(before, min(1, float64(len(ps)-k)*ps[i]))
		adjusted[i] = before
	}
	return adjusted
}
