package saturation

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"meterbench/bench/result"
	"meterbench/bench/stats"
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

// FitUSL fits the law by least squares of the throughput, and keeps of it what the data say: where Kappa does
// not differ significantly from 0 (Student's test at 5 %, to one side), Amdahl's law is fitted and named. Points that
// the batch timer limits do not count.
//
// The error says why no law is applicable: fewer than five numbers of clients are left, or the best fit has a negative
// coefficient, Kappa significantly so. A negative Kappa is common where more clients fill larger blocks, which is
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
	f, err := fit(counted, result.Universal)
	if err != nil {
		return result.USL{}, fmt.Errorf("scalability law: not applicable: %w", err)
	}
	// What rounding leaves of a coefficient that is none.
	most := counted[len(counted)-1].Clients
	none := math.Abs(f.law.Kappa)*most*most < negligible
	if none || !f.significant() {
		if simple, err := fit(counted, result.Amdahl); err == nil {
			f = simple
		}
	}
	if math.Abs(f.law.Sigma)*most < negligible {
		f.law.Sigma = 0
	}
	switch u := f.law; {
	case u.Sigma < 0:
		return result.USL{}, fmt.Errorf("scalability law: not applicable: sigma = %.3g is negative: throughput grows faster than the clients", u.Sigma)
	case u.Kappa < 0:
		return result.USL{}, fmt.Errorf("scalability law: not applicable: kappa = %.3g is negative: throughput bends upwards with more clients", u.Kappa)
	}
	f.describe()
	return f.law, nil
}

// fitted is a law with the points that it was fitted to.
type fitted struct {
	law     result.USL
	points  []Scaling
	squares float64 // of the residuals
}

// parameters returns how many the law has.
func (f *fitted) parameters() int {
	if f.law.Law == result.Amdahl {
		return 2
	}
	return 3
}

func (f *fitted) freedom() float64 { return float64(len(f.points) - f.parameters()) }

// significant reports whether Kappa differs from 0 to its side, at 5 %.
func (f *fitted) significant() bool {
	c := f.covariance()
	t := distuv.StudentsT{Sigma: 1, Nu: f.freedom()}.Quantile(stats.Level)
	return c == nil || math.Abs(f.law.Kappa) > t*math.Sqrt(c.At(2, 2))
}

// fit runs Gauss and Newton's iteration with halved steps on
//
//	X(N) = N / q(N), q(N) = a + b (N-1) + c N (N-1),
//
// where a = 1/Lambda, b = Sigma/Lambda and c = Kappa/Lambda, which Amdahl's law lacks. It starts from the linear least
// squares of q(N) X/N = 1, whose residuals are relative errors of X to first order.
func fit(points []Scaling, name result.LawName) (*fitted, error) {
	const iterations = 200
	f := &fitted{law: result.USL{Law: name}, points: points}
	basis := func(n float64) []float64 { return []float64{1, n - 1, n * (n - 1)}[:f.parameters()] }
	model := func(p []float64, n float64) float64 { return n / floats.Dot(p, basis(n)) }
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
		a, b := mat.NewDense(len(points), f.parameters(), nil), mat.NewVecDense(len(points), nil)
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
		return nil, err
	}
	least := squares(p)
	for range iterations {
		// dX/dp = -X²/N times the basis.
		step, err := solve(func(s Scaling) (float64, float64) {
			x := model(p, s.Clients)
			return -x * x / s.Clients, s.Throughput - x
		})
		if err != nil {
			return nil, err
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
			f.law.Lambda, f.law.Sigma, f.squares = 1/p[0], p[1]/p[0], least
			if len(p) > 2 {
				f.law.Kappa = p[2] / p[0]
			}
			return f, nil
		}
	}
	return nil, fmt.Errorf("the fit did not settle in %d iterations", iterations)
}

// describe fills in residuals and intervals: Student's, with the jackknife's covariance, since throughput scatters
// the more the higher it is (HC3: MacKinnon and White, Some Heteroskedasticity-Consistent Covariance Matrix Estimators
// with Improved Finite Sample Properties, Journal of Econometrics 29, 1985). The peak's is by the delta method on its
// logarithm.
func (f *fitted) describe() {
	u := &f.law
	for _, p := range f.points {
		u.Residuals = append(u.Residuals, result.Residual{Clients: p.Clients, Measured: p.Throughput, Fitted: u.At(p.Clients)})
	}
	c := f.covariance()
	if c == nil {
		return
	}
	t := student(f.freedom())
	about := func(value, variance float64) *result.Bounds {
		half := t * math.Sqrt(variance)
		return &result.Bounds{Low: max(0, value-half), High: value + half}
	}
	u.LambdaInterval, u.SigmaInterval = about(u.Lambda, c.At(0, 0)), about(u.Sigma, c.At(1, 1))
	if f.parameters() < 3 {
		return
	}
	u.KappaInterval = about(u.Kappa, c.At(2, 2))
	serial := 1 - u.Sigma
	variance := (c.At(1, 1)/(serial*serial) + c.At(2, 2)/(u.Kappa*u.Kappa) + 2*c.At(1, 2)/(serial*u.Kappa)) / 4
	if peak, factor := u.Peak(), math.Exp(t*math.Sqrt(variance)); serial > 0 && !math.IsInf(peak, 0) && !math.IsInf(factor, 0) {
		u.PeakInterval = &result.Bounds{Low: peak / factor, High: peak * factor}
	}
}

// covariance returns that of Lambda, Sigma and Kappa, nil where the points fit without a rest or do not determine them.
func (f *fitted) covariance() *mat.Dense {
	n, k := len(f.points), f.parameters()
	gradient := mat.NewDense(n, k, nil)
	var total float64
	for i, p := range f.points {
		x := f.law.At(p.Clients)
		q := f.law.Lambda * p.Clients / x
		total += p.Throughput * p.Throughput
		gradient.SetRow(i, []float64{x / f.law.Lambda, -x * (p.Clients - 1) / q, -x * p.Clients * (p.Clients - 1) / q}[:k])
	}
	if f.squares <= negligible*negligible*total {
		return nil
	}
	scale := normalise(gradient)
	var inverse, hat, c mat.Dense
	inverse.Mul(gradient.T(), gradient)
	if inverse.Inverse(&inverse) != nil {
		return nil
	}
	hat.Product(gradient, &inverse, gradient.T())
	left := mat.NewVecDense(n, nil)
	for i, p := range f.points {
		left.SetVec(i, (p.Throughput-f.law.At(p.Clients))/(1-hat.At(i, i)))
	}
	errors := mat.NewDense(n, n, nil)
	errors.Outer(-1/float64(n), left, left)
	for i := range n {
		errors.Set(i, i, errors.At(i, i)+left.AtVec(i)*left.AtVec(i))
	}
	c.Product(&inverse, gradient.T(), errors, gradient, &inverse)
	c.Scale(1-1/float64(n), &c)
	c.Apply(func(i, j int, v float64) float64 { return v / scale[i] / scale[j] }, &c)
	return &c
}

// normalise scales columns to length 1, since they differ by five powers of ten, and returns what their lengths were.
func normalise(a *mat.Dense) []float64 {
	_, columns := a.Dims()
	scale := make([]float64, columns)
	for j := range scale {
		column := a.ColView(j).(*mat.VecDense)
		scale[j] = mat.Norm(column, 2)
		column.ScaleVec(1/scale[j], column)
	}
	return scale
}

// leastSquares solves a x = b, with columns scaled.
func leastSquares(a *mat.Dense, b *mat.VecDense) ([]float64, error) {
	scale := normalise(a)
	var x mat.VecDense
	if err := x.SolveVec(a, b); err != nil {
		return nil, fmt.Errorf("fit: %w", err)
	}
	return floats.DivTo(make([]float64, len(scale)), x.RawVector().Data, scale), nil
}
