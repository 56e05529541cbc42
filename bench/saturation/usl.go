package saturation

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"meterbench/bench/result"
)

// Scaling is the throughput of a number of clients. The batch timer limits it if most blocks of the step were
// cut by the timer: then clients wait for the clock, throughput is proportional to their number, and the law,
// which is about work, has nothing to say.
type Scaling struct {
	Clients, Throughput float64
	TimerLimited        bool
}

// negligible is the share of a throughput that is not worth a coefficient.
const negligible = 1e-9

// minScalings is the fewest numbers of clients for three parameters.
const minScalings = 5

// FitUSL fits the law by least squares of the throughput. Points that the batch timer limits do not count.
// The error says why the law is not applicable: fewer than five numbers of clients are left, or the best fit
// has a negative coefficient. A negative Kappa is common where more clients fill larger blocks, which is
// faster than linear; forcing it to 0 would describe another system than the one measured.
func FitUSL(points []Scaling) (result.USL, error) {
	counted := slices.DeleteFunc(slices.Clone(points), func(p Scaling) bool { return p.TimerLimited })
	for _, p := range counted {
		if !(p.Clients >= 1 && p.Throughput > 0) || math.IsInf(p.Clients, 0) || math.IsInf(p.Throughput, 0) {
			return result.USL{}, fmt.Errorf("scalability law: not applicable to a throughput of %g/s at %g clients", p.Throughput, p.Clients)
		}
	}
	slices.SortFunc(counted, func(a, b Scaling) int {
		return cmp.Or(cmp.Compare(a.Clients, b.Clients), cmp.Compare(a.Throughput, b.Throughput))
	})
	distinct := len(slices.CompactFunc(slices.Clone(counted), func(a, b Scaling) bool { return a.Clients == b.Clients }))
	if distinct < minScalings {
		const few = "scalability law: not applicable: %d numbers of clients are not limited by the batch timer, %d are needed"
		return result.USL{}, fmt.Errorf(few, distinct, minScalings)
	}
	u, err := fit(counted)
	// What rounding leaves of a coefficient that is none.
	most := counted[len(counted)-1].Clients
	if math.Abs(u.Kappa)*most*most < negligible {
		u.Kappa = 0
	}
	if math.Abs(u.Sigma)*most < negligible {
		u.Sigma = 0
	}
	switch {
	case err != nil:
		return result.USL{}, fmt.Errorf("scalability law: not applicable: %w", err)
	case u.Sigma < 0:
		return result.USL{}, fmt.Errorf("scalability law: not applicable: sigma = %.3g is negative: throughput grows faster than the clients", u.Sigma)
	case u.Kappa < 0:
		return result.USL{}, fmt.Errorf("scalability law: not applicable: kappa = %.3g is negative: throughput bends upwards with more clients", u.Kappa)
	}
	return u, nil
}

// fit runs Gauss and Newton's iteration with halved steps on
//
//	X(N) = N / q(N), q(N) = a + b (N-1) + c N (N-1),
//
// where a = 1/Lambda, b = Sigma/Lambda and c = Kappa/Lambda. It starts from the linear least squares of q(N)
// X/N = 1, whose residuals are relative errors of X to first order.
func fit(points []Scaling) (result.USL, error) {
	const iterations = 200
	basis := func(n float64) [3]float64 { return [3]float64{1, n - 1, n * (n - 1)} }
	model := func(p []float64, n float64) float64 {
		b := basis(n)
		return n / (p[0]*b[0] + p[1]*b[1] + p[2]*b[2])
	}
	squares := func(p []float64) (sum float64) {
		for _, s := range points {
			x := model(p, s.Clients)
			if !(x > 0) {
				return math.Inf(1)
			}
			sum += (s.Throughput - x) * (s.Throughput - x)
		}
		return sum
	}
	solve := func(row func(s Scaling) (factor, right float64)) ([]float64, error) {
		a, b := mat.NewDense(len(points), 3, nil), mat.NewVecDense(len(points), nil)
		for i, s := range points {
			factor, right := row(s)
			for j, v := range basis(s.Clients) {
				a.Set(i, j, v*factor)
			}
			b.SetVec(i, right)
		}
		return leastSquares(a, b)
	}
	p, err := solve(func(s Scaling) (float64, float64) { return s.Throughput / s.Clients, 1 })
	if err != nil {
		return result.USL{}, err
	}
	least := squares(p)
	for range iterations {
		// dX/dp = -X²/N times the basis.
		step, err := solve(func(s Scaling) (float64, float64) {
			x := model(p, s.Clients)
			return -x * x / s.Clients, s.Throughput - x
		})
		if err != nil {
			return result.USL{}, err
		}
		next, sum := p, least
		for range 30 {
			tried := floats.AddTo(make([]float64, len(p)), p, step)
			if e := squares(tried); e < least {
				next, sum = tried, e
				break
			}
			floats.Scale(0.5, step)
		}
		gained := least - sum
		p, least = next, sum
		if gained <= 1e-15*least {
			return result.USL{Lambda: 1 / p[0], Sigma: p[1] / p[0], Kappa: p[2] / p[0]}, nil
		}
	}
	return result.USL{}, fmt.Errorf("the fit did not settle in %d iterations", iterations)
}

// leastSquares solves a x = b with columns scaled to length 1: they differ by five powers of ten.
func leastSquares(a *mat.Dense, b *mat.VecDense) ([]float64, error) {
	_, columns := a.Dims()
	scale := make([]float64, columns)
	for j := range scale {
		column := a.ColView(j).(*mat.VecDense)
		scale[j] = mat.Norm(column, 2)
		column.ScaleVec(1/scale[j], column)
	}
	var x mat.VecDense
	if err := x.SolveVec(a, b); err != nil {
		return nil, fmt.Errorf("fit: %w", err)
	}
	return floats.DivTo(make([]float64, columns), x.RawVector().Data, scale), nil
}
