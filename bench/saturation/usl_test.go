package saturation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
)

// scalings makes points from clients and throughput in turn.
func scalings(pairs ...float64) (points []saturation.Scaling) {
	for i := 0; i < len(pairs); i += 2 {
		points = append(points, saturation.Scaling{Clients: pairs[i], Throughput: pairs[i+1]})
	}
	return points
}

// parametersOnly compares laws by their parameters.
var parametersOnly = cmpopts.IgnoreFields(result.USL{}, "Law", "LambdaInterval", "SigmaInterval", "KappaInterval", "PeakInterval", "Residuals")

// The two examples that github.com/codahale/usl publishes with their fits; the
// second is of Schwartz, Practical Scalability Analysis with the Universal
// Scalability Law, 2015.
func TestUSLAgreesWithPublished(t *testing.T) {
	for _, c := range []struct {
		name   string
		points []saturation.Scaling
		want   result.USL
	}{
		{"web server", scalings(1, 65, 18, 996, 36, 1652, 72, 1853, 108, 1829, 144, 1775, 216, 1702),
			result.USL{Lambda: 89.9878, Sigma: 0.0277299, Kappa: 0.000104343}},
		{"Cisco UCS", scalings(1, 955.16, 2, 1878.91, 3, 2688.01, 4, 3548.68, 5, 4315.54, 6, 5130.43, 7, 5931.37, 8, 6531.08,
			9, 7219.8, 10, 7867.61, 11, 8278.71, 12, 8646.7, 13, 9047.84, 14, 9426.55, 15, 9645.37, 16, 9897.24,
			17, 10097.6, 18, 10240.5, 19, 10532.39, 20, 10798.52, 21, 11151.43, 22, 11518.63, 23, 11806, 24, 12089.37,
			25, 12075.41, 26, 12177.29, 27, 12211.41, 28, 12158.93, 29, 12155.27, 30, 12118.04, 31, 12140.4, 32, 12074.39),
			result.USL{Lambda: 995.6486, Sigma: 0.02671591, Kappa: 7.690945e-4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := saturation.FitUSL(c.points)
			if err != nil {
				t.Fatal(err)
			}
			for name, v := range map[string][2]float64{
				"lambda": {got.Lambda, c.want.Lambda}, "sigma": {got.Sigma, c.want.Sigma}, "kappa": {got.Kappa, c.want.Kappa},
			} {
				if math.Abs(v[0]/v[1]-1) > 1e-4 {
					t.Errorf("%s is %.7g, want %.7g", name, v[0], v[1])
				}
			}
		})
	}
	got, err := saturation.FitUSL(scalings(1, 65, 18, 996, 36, 1652, 72, 1853, 108, 1829, 144, 1775, 216, 1702))
	if err != nil || math.Abs(got.At(10)/714.778987-1) > 1e-4 || math.Floor(got.Peak()) != 96 {
		t.Errorf("at 10 clients %g/s, peak at %g clients, %v", got.At(10), got.Peak(), err)
	}
}

// A law without noise is found again, whatever its parameters.
func TestUSLProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := result.USL{
			Lambda: rapid.Float64Range(0.1, 10_000).Draw(t, "lambda"),
			Sigma:  rapid.Float64Range(0.001, 0.9).Draw(t, "sigma"),
			Kappa:  rapid.Float64Range(1e-6, 0.1).Draw(t, "kappa"),
		}
		var points []saturation.Scaling
		for _, n := range []float64{64, 1, 2, 32, 4, 8, 16, 128} {
			points = append(points, saturation.Scaling{Clients: n, Throughput: want.At(n)})
		}
		got, err := saturation.FitUSL(points)
		if err != nil {
			t.Fatal(err)
		}
		got.Lambda, want.Lambda = got.Lambda/want.Lambda, 1
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6), parametersOnly); diff != "" {
			t.Fatalf("law, Lambda relative (-want +got):\n%s", diff)
		}
	})
}

func TestUSLNotApplicable(t *testing.T) {
	for _, c := range []struct {
		name   string
		points []saturation.Scaling
		want   string
	}{
		{"too few", scalings(1, 10, 2, 19, 4, 36, 8, 60), "not applicable: 4 numbers of clients are not limited by the batch timer, 5 are needed"},
		{"one", scalings(1, 10), "not applicable: 1 number of clients is not limited by the batch timer, 5 are needed"},
		{"repetitions are no numbers", scalings(1, 10, 2, 19, 4, 36, 8, 60, 8, 61, 8, 62), "not applicable: 4 numbers"},
		{"nothing", nil, "not applicable: 0 numbers"},
		{"superlinear", scalings(1, 10, 2, 22, 4, 50, 8, 120, 16, 300), "is negative: throughput grows faster than the clients"},
		{"bends upwards", scalings(1, 100, 2, 125, 4, 144, 8, 157, 16, 168, 32, 182, 64, 208, 128, 286), "is negative: throughput bends upwards"},
		{"no throughput", scalings(1, 10, 2, 19, 4, 36, 8, 60, 16, 0), "not applicable to a throughput of 0/s at 16 clients"},
		{"not a number", scalings(1, 10, 2, 19, 4, 36, 8, 60, math.NaN(), 80), "not applicable to a throughput of 80/s at NaN clients"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := saturation.FitUSL(c.points); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	points := scalings(1, 65, 18, 996, 36, 1652, 72, 1853, 108, 1829)
	points[0].TimerLimited = true
	if _, err := saturation.FitUSL(points); err == nil || !strings.Contains(err.Error(), "4 numbers of clients are not limited") {
		t.Errorf("a point that the timer limits counts: %v", err)
	}
}

// Whatever is measured, the fit ends, and what it gives is a law.
func TestUSLArbitrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var points []saturation.Scaling
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			points = append(points, saturation.Scaling{
				Clients: float64(rapid.IntRange(1, 1000).Draw(t, "clients")), Throughput: rapid.Float64Range(1e-3, 1e5).Draw(t, "throughput"),
			})
		}
		u, err := saturation.FitUSL(points)
		if err != nil {
			return
		}
		if !(u.Lambda > 0 && u.Sigma >= 0 && u.Kappa >= 0) {
			t.Fatalf("lambda %g, sigma %g, kappa %g", u.Lambda, u.Sigma, u.Kappa)
		}
		if !(u.At(10) > 0) {
			t.Fatalf("%g/s by 10 clients", u.At(10))
		}
	})
}

// How often a system with contention is told apart from one that the law does
// not fit, in noise of 1 %.
func TestUSLInNoise(t *testing.T) {
	const fits = 200
	applicable, near := 0, 0
	for i := range uint64(fits) {
		rng := rand.New(rand.NewPCG(47, i))
		want := result.USL{Lambda: 20, Sigma: 0.05, Kappa: 0.001}
		var points []saturation.Scaling
		for n := 1.0; n <= 64; n *= 2 {
			points = append(points, saturation.Scaling{Clients: n, Throughput: want.At(n) * (1 + 0.01*rng.NormFloat64())})
		}
		if got, err := saturation.FitUSL(points); err == nil {
			applicable++
			if math.Abs(got.At(24)/want.At(24)-1) <= 0.02 {
				near++
			}
		}
	}
	t.Logf("%d of %d applicable, %d predict 24 clients within 2 %%", applicable, fits, near)
	if applicable < fits*95/100 || near < fits*95/100 {
		t.Errorf("%d of %d applicable, %d within 2 %%", applicable, fits, near)
	}
}

// A throughput that no number of clients changes is a law, whatever rounding
// leaves of the coefficient that is 0.
func TestConstantThroughputIsALaw(t *testing.T) {
	for _, x := range []float64{100, 333.3333333, 0.7} {
		u, err := saturation.FitUSL(scalings(1, x, 2, x, 4, x, 8, x, 16, x, 32, x, 64, x))
		if err != nil || math.Abs(u.Sigma-1) > 1e-6 || u.Kappa != 0 {
			t.Errorf("%g/s: sigma %g, kappa %g, %v", x, u.Sigma, u.Kappa, err)
		}
	}
}

// The intervals of the parameters and of the peak cover them, in noise that is the same at every number of clients and
// in noise that grows with throughput; and what the data do not show is not fitted.
func TestUSLIntervalsCover(t *testing.T) {
	universal, amdahl := result.USL{Lambda: 20, Sigma: 0.03, Kappa: 0.0005}, result.USL{Lambda: 20, Sigma: 0.05}
	for _, c := range []struct {
		name    string
		law     result.USL
		clients []float64
		noise   func(x float64) float64 // standard deviation at a throughput
		wanted  result.LawName
		chosen  float64 // least share of fits
	}{
		{"with kappa, even noise", universal, []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}, func(float64) float64 { return 5 }, result.Universal, 0.95},
		{"with kappa, growing noise", universal, []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}, func(x float64) float64 { return 0.03 * x }, result.Universal, 0.95},
		{"with kappa, few levels", universal, []float64{1, 8, 32, 64, 128, 256}, func(x float64) float64 { return 0.03 * x }, result.Universal, 0.9},
		{"without kappa, even noise", amdahl, []float64{1, 2, 4, 8, 16, 32, 64, 128}, func(float64) float64 { return 5 }, result.Amdahl, 0.93},
		{"without kappa, growing noise", amdahl, []float64{1, 2, 4, 8, 16, 32, 64, 128}, func(x float64) float64 { return 0.03 * x }, result.Amdahl, 0.88},
	} {
		t.Run(c.name, func(t *testing.T) {
			fits := int(many(1000))
			chosen := 0
			held := map[string]int{}
			for i := range fits {
				rng := rand.New(rand.NewPCG(59, uint64(i)))
				var points []saturation.Scaling
				for _, n := range c.clients {
					x := c.law.At(n)
					points = append(points, saturation.Scaling{Clients: n, Throughput: x + c.noise(x)*rng.NormFloat64()})
				}
				got, err := saturation.FitUSL(points)
				if err != nil || got.Law != c.wanted {
					continue
				}
				chosen++
				for name, v := range map[string]struct {
					truth float64
					in    *result.Bounds
				}{
					"lambda": {c.law.Lambda, got.LambdaInterval}, "sigma": {c.law.Sigma, got.SigmaInterval},
					"kappa": {c.law.Kappa, got.KappaInterval}, "peak": {c.law.Peak(), got.PeakInterval},
				} {
					if v.in != nil && v.in.Low <= v.truth && v.truth <= v.in.High {
						held[name]++
					}
				}
			}
			t.Logf("%s in %d of %d, intervals hold the truth: %v", c.wanted, chosen, fits, held)
			if slack := 3 * math.Sqrt(0.05*float64(fits)); float64(chosen) < c.chosen*float64(fits)-slack {
				t.Errorf("%s in only %d of %d", c.wanted, chosen, fits)
			}
			for _, name := range []string{"lambda", "sigma", "kappa", "peak"} {
				if c.wanted == result.Amdahl && (name == "kappa" || name == "peak") {
					continue
				}
				if slack := 3 * math.Sqrt(0.07*float64(chosen)); float64(held[name]) < 0.93*float64(chosen)-slack {
					t.Errorf("the interval of %s holds the truth in %d of %d", name, held[name], chosen)
				}
			}
		})
	}
}

// A system without contention has a law, though noise takes half of the fits below a sigma of 0.
func TestUSLWithoutContention(t *testing.T) {
	for _, law := range []result.USL{{Lambda: 50}, {Lambda: 50, Kappa: 1e-3}} {
		for _, noise := range []float64{0.01, 0.05} {
			t.Run(fmt.Sprintf("kappa %g, noise %g", law.Kappa, noise), func(t *testing.T) {
				fits := int(many(400))
				applicable, lambda, sigma, off := 0, 0, 0, 0.0
				for i := range fits {
					rng := rand.New(rand.NewPCG(61, uint64(i)))
					var points []saturation.Scaling
					for n := 1.0; n <= 256; n *= 2 {
						points = append(points, saturation.Scaling{Clients: n, Throughput: law.At(n) * (1 + noise*rng.NormFloat64())})
					}
					u, err := saturation.FitUSL(points)
					if err != nil {
						continue
					}
					applicable++
					off += (u.At(256)/law.At(256) - 1) / float64(fits)
					if u.LambdaInterval.Low <= law.Lambda && law.Lambda <= u.LambdaInterval.High {
						lambda++
					}
					if u.SigmaInterval.Low <= 0 && u.SigmaInterval.High >= 0 {
						sigma++
					}
				}
				t.Logf("of %d: applicable %d, lambda in its interval %d, sigma %d; off by %.2f %% at 256 clients", fits, applicable, lambda, sigma, 100*off)
				slack := 3 * math.Sqrt(0.1*float64(fits))
				if least := 0.87*float64(fits) - slack; float64(applicable) < least || float64(lambda) < 0.85*float64(applicable)-slack ||
					float64(sigma) < 0.9*float64(applicable)-slack {
					t.Errorf("of %d: applicable %d, lambda in its interval %d, sigma %d", fits, applicable, lambda, sigma)
				}
			})
		}
	}
}
