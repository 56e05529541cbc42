package saturation

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
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
// Where Sigma is negative, but not significantly so, it is 0. The error says why no law is applicable: fewer than five
// numbers of clients are left, or the best fit has a coefficient that is significantly negative. A negative Kappa is
// common where more clients fill larger blocks, which is faster than linear; forcing it to 0 would describe another
// system than the one measured.
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
		have := fmt.Sprintf("%d numbers of clients are", distinct)
		if distinct == 1 {
			have = "1 number of clients is"
		}
		return result.USL{}, fmt.Errorf("scalability law: not applicable: %s not limited by the batch timer, %d are needed", have, minScalings)
	}
	f, err := fit(counted, result.Universal, lambda, sigma, kappa)
	if err != nil {
		return result.USL{}, fmt.Errorf("scalability law: not applicable: %w", err)
	}
	// What rounding leaves of a coefficient that is none.
	most := counted[len(counted)-1].Clients
	none := math.Abs(f.law.Kappa)*most*most < negligible
	if none || !f.significant(kappa) {
		if simple, err := fit(counted, result.Amdahl, lambda, sigma); err == nil {
			f = simple
		}
	}
	free := f
	if f.law.Sigma < 0 {
		without := []int{lambda}
		if f.law.Law == result.Universal {
			without = append(without, kappa)
		}
		if simple, err := fit(counted, f.law.Law, without...); err == nil && !f.better(simple) && !rises(counted) {
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
	if f != free {
		f.law.SigmaInterval = free.interval(sigma)
	}
	return f.law, nil
}

// Indexes of the parameters of a law.
const (
	lambda = iota
	sigma
	kappa
)

// fitted is a law with the points that it was fitted to.
type fitted struct {
	law        result.USL
	parameters []int // that were fitted, ascending; the others are 0
	points     []Scaling
	squares    float64 // of the residuals
	relative   float64 // of the relative residuals, in the linear fit to these
}

func (f *fitted) freedom() float64 { return float64(len(f.points) - len(f.parameters)) }

// value returns a parameter.
func (f *fitted) value(parameter int) float64 {
	return [...]float64{f.law.Lambda, f.law.Sigma, f.law.Kappa}[parameter]
}

// significant reports whether a parameter that was fitted differs from 0 to its side, at 5 %.
func (f *fitted) significant(parameter int) bool {
	c := f.covariance()
	t := distuv.StudentsT{Sigma: 1, Nu: f.freedom()}.Quantile(stats.Level)
	return c == nil || math.Abs(f.value(parameter)) > t*math.Sqrt(c.At(parameter, parameter))
}

// better reports whether a law fits better than the same one without a parameter, to that parameter's side, at 5 %: by
// the relative residuals, as throughput scatters the more the higher it is.
func (f *fitted) better(simple *fitted) bool {
	t := distuv.StudentsT{Sigma: 1, Nu: f.freedom()}.Quantile(stats.Level)
	return simple.relative-f.relative > t*t*f.relative/f.freedom()
}

// rises reports whether throughput per client grows with the clients, at 5 % (Kendall, A New Measure of Rank Correlation,
// Biometrika 30, 1938): no law goes through points for which it clearly does.
func rises(points []Scaling) bool {
	var clients, each []float64
	for _, p := range points {
		clients, each = append(clients, p.Clients), append(each, p.Throughput/p.Clients)
	}
	n := float64(len(points))
	return 3*stat.Kendall(clients, each, nil)*math.Sqrt(n*(n-1)/2/(2*n+5)) > distuv.UnitNormal.Quantile(stats.Level)
}

// interval returns that of a parameter, nil where it was not fitted or nothing is known of its error.
func (f *fitted) interval(parameter int) *result.Bounds {
	c := f.covariance()
	if c == nil || !slices.Contains(f.parameters, parameter) {
		return nil
	}
	half := student(f.freedom()) * math.Sqrt(c.At(parameter, parameter))
	return &result.Bounds{Low: max(0, f.value(parameter)-half), High: max(0, f.value(parameter)+half)}
}

// of returns the values of the parameters that were fitted.
func (f *fitted) of(all ...float64) []float64 {
	var some []float64
	for _, parameter := range f.parameters {
		some = append(some, all[parameter])
	}
	return some
}

// fit runs Gauss and Newton's iteration with halved steps on
//
//	X(N) = N / q(N), q(N) = a + b (N-1) + c N (N-1),
//
// where a = 1/Lambda, b = Sigma/Lambda and c = Kappa/Lambda, of which those of the given parameters are fitted. It starts from the linear least
// squares of q(N) X/N = 1, whose residuals are relative errors of X to first order.
func fit(points []Scaling, name result.LawName, parameters ...int) (*fitted, error) {
	const iterations = 200
	f := &fitted{law: result.USL{Law: name}, parameters: parameters, points: points}
	basis := func(n float64) []float64 { return f.of(1, n-1, n*(n-1)) }
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
		a, b := mat.NewDense(len(points), len(parameters), nil), mat.NewVecDense(len(points), nil)
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
	for _, s := range points {
		r := s.Throughput/model(p, s.Clients) - 1
		f.relative += r * r
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
			var all [kappa + 1]float64
			for i, parameter := range parameters {
				all[parameter] = p[i]
			}
			f.law.Lambda, f.law.Sigma, f.law.Kappa, f.squares = 1/all[lambda], all[sigma]/all[lambda], all[kappa]/all[lambda], least
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
	u.LambdaInterval, u.SigmaInterval, u.KappaInterval = f.interval(lambda), f.interval(sigma), f.interval(kappa)
	c, t := f.covariance(), student(f.freedom())
	if u.KappaInterval == nil {
		return
	}
	serial := 1 - u.Sigma
	variance := (c.At(1, 1)/(serial*serial) + c.At(2, 2)/(u.Kappa*u.Kappa) + 2*c.At(1, 2)/(serial*u.Kappa)) / 4
	if peak, factor := u.Peak(), math.Exp(t*math.Sqrt(variance)); serial > 0 && !math.IsInf(peak, 0) && !math.IsInf(factor, 0) {
		u.PeakInterval = &result.Bounds{Low: peak / factor, High: peak * factor}
	}
}

// covariance returns that of Lambda, Sigma and Kappa, 0 for those that were not fitted, nil where the points fit without a rest or do not determine them.
func (f *fitted) covariance() *mat.Dense {
	n, k := len(f.points), len(f.parameters)
	gradient := mat.NewDense(n, k, nil)
	var total float64
	for i, p := range f.points {
		x := f.law.At(p.Clients)
		q := f.law.Lambda * p.Clients / x
		total += p.Throughput * p.Throughput
		gradient.SetRow(i, f.of(x/f.law.Lambda, -x*(p.Clients-1)/q, -x*p.Clients*(p.Clients-1)/q))
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
	all := mat.NewDense(kappa+1, kappa+1, nil)
	for i, row := range f.parameters {
		for j, column := range f.parameters {
			all.Set(row, column, c.At(i, j)/scale[i]/scale[j])
		}
	}
	return all
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
