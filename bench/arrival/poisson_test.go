package arrival_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"meterbench/bench/arrival"
)

// kolmogorov is the critical value of sqrt(n) D for the one-sample
// Kolmogorov-Smirnov test at 1 %, for large n (Smirnov, Annals of Mathematical
// Statistics 19, 1948).
const kolmogorov = 1.628

// distance returns sqrt(n) D, where D is the largest distance between the
// empirical distribution of the sample and cdf. It sorts the sample.
func distance(sample []float64, cdf func(float64) float64) float64 {
	slices.Sort(sample)
	n, d := float64(len(sample)), 0.0
	for i, x := range sample {
		p := cdf(x)
		d = max(d, p-float64(i)/n, float64(i+1)/n-p)
	}
	return d * math.Sqrt(n)
}

func exponential(rate float64) func(float64) float64 {
	return func(x float64) float64 { return -math.Expm1(-rate * x) }
}

// gaps returns the seconds between n arrivals, and before the first one.
func gaps(p arrival.Process, seed uint64, n int) []float64 {
	var gaps []float64
	last := time.Duration(0)
	for at := range p.Offsets(source(seed)) {
		gaps = append(gaps, (at - last).Seconds())
		if last = at; len(gaps) == n {
			break
		}
	}
	return gaps
}

// The gaps are exponential and, however many there turn out to be, the
// arrivals of a fixed time are spread evenly over it: both make the process a
// Poisson process.
func TestPoissonKolmogorovSmirnov(t *testing.T) {
	for _, rate := range []float64{0.01, 100, 1000, 20_000} {
		for seed := range uint64(5) {
			p := arrival.Poisson{PerSecond: rate}
			if d := distance(gaps(p, seed, 20_000), exponential(rate)); d > kolmogorov {
				t.Errorf("rate %v, seed %d: gaps are not exponential: sqrt(n) D = %.3f", rate, seed, d)
			}
			end := time.Duration(20_000 / rate * 1e9)
			var at []float64
			for _, offset := range before(p.Offsets(source(seed)), end, math.MaxInt) {
				at = append(at, float64(offset)/float64(end))
			}
			if d := distance(at, func(x float64) float64 { return x }); d > kolmogorov {
				t.Errorf("rate %v, seed %d: arrivals are not uniform: sqrt(n) D = %.3f", rate, seed, d)
			}
		}
	}
}

// The test above rejects as often as it should, over many seeds, and does
// reject what is not Poisson of that rate.
func TestKolmogorovSmirnovIsSound(t *testing.T) {
	const seeds = 1000
	p := arrival.Poisson{PerSecond: 100}
	rejected := 0
	for seed := range uint64(seeds) {
		if distance(gaps(p, 1000+seed, 1000), exponential(100)) > kolmogorov {
			rejected++
		}
	}
	// 10 are expected; the count is binomial with a standard deviation of 3.1.
	t.Logf("%d of %d seeds rejected at 1 %%", rejected, seeds)
	if rejected > 22 {
		t.Errorf("%d of %d seeds rejected at 1 %%", rejected, seeds)
	}
	for _, other := range []arrival.Process{
		arrival.Constant{PerSecond: 100},
		arrival.Poisson{PerSecond: 105},
		arrival.Poisson{PerSecond: 95},
		arrival.Periodic{Meters: 3, Interval: 30 * time.Millisecond, Jitter: 1},
	} {
		if d := distance(gaps(other, 1, 20_000), exponential(100)); d < kolmogorov {
			t.Errorf("%#v passes as Poisson of 100/s: sqrt(n) D = %.3f", other, d)
		}
	}
}

// The number of arrivals in a time has its mean as variance, also between
// neighbouring times: the gaps do not depend on each other.
func TestPoissonCounts(t *testing.T) {
	const mean, windows = 50, 4000
	counts := make([]float64, windows)
	p := arrival.Poisson{PerSecond: mean}
	for _, at := range before(p.Offsets(source(3)), windows*time.Second, math.MaxInt) {
		counts[at/time.Second]++
	}
	sum, squares, neighbours := 0.0, 0.0, 0.0
	for i, n := range counts {
		sum += n
		squares += (n - mean) * (n - mean)
		if i > 0 {
			neighbours += (n - mean) * (counts[i-1] - mean)
		}
	}
	// Each within four standard errors.
	if got, off := sum/windows, 4*math.Sqrt(mean/float64(windows)); math.Abs(got-mean) > off {
		t.Errorf("mean is %.2f, want %d ± %.2f", got, mean, off)
	}
	if got, off := squares/windows/mean, 4*math.Sqrt(2.0/windows); math.Abs(got-1) > off {
		t.Errorf("variance / mean is %.3f, want 1 ± %.3f", got, off)
	}
	if got, off := neighbours/windows/mean, 4/math.Sqrt(windows); math.Abs(got) > off {
		t.Errorf("autocorrelation is %.3f, want 0 ± %.3f", got, off)
	}
}

// Sums of gaps that are rounded one by one would lose half a nanosecond each.
// The source deals the same numbers at every rate, so 100,000 arrivals at 0.3
// per nanosecond are the ones at a rate 1e8 lower, brought nearer.
func TestPoissonErrorDoesNotAccumulate(t *testing.T) {
	const n = 100_000
	dense := before(arrival.Poisson{PerSecond: 3e8}.Offsets(source(1)), math.MaxInt64, n)
	sparse := before(arrival.Poisson{PerSecond: 3}.Offsets(source(1)), math.MaxInt64, n)
	for i := range dense {
		if exact := float64(sparse[i]) / 1e8; math.Abs(float64(dense[i])-exact) > 1.01 {
			t.Fatalf("arrival %d at %d ns, want %.2f", i, dense[i], exact)
		}
	}
}

func TestPoissonEnds(t *testing.T) {
	if got := before(arrival.Poisson{PerSecond: 1e-10}.Offsets(source(1)), math.MaxInt64, 100); len(got) > 5 {
		t.Errorf("%d arrivals in 292 years at one in 317 years", len(got))
	}
}
