package claims

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

func estimate(value, low, high float64, n int) Estimate {
	return Estimate{value, stats.Interval{Low: low, High: high, N: n}}
}

// An interval decides; where it crosses an end of the range, or there is none, nothing is decided.
func TestStanding(t *testing.T) {
	for _, c := range []struct {
		name  string
		asked Range
		of    Estimate
		want  result.Standing
	}{
		{"inside", Range{5, 16}, estimate(8, 5, 16, 9), result.Inside},
		{"below", Range{5, 16}, estimate(3, 2, 4, 9), result.Below},
		{"above", Range{5, 16}, estimate(30, 17, 60, 9), result.Above},
		{"across the lower end", Range{5, 16}, estimate(8, 4, 16, 9), result.Unsettled},
		{"across the upper end", Range{5, 16}, estimate(8, 8, 17, 9), result.Unsettled},
		{"across both", Range{5, 16}, estimate(8, 1, 99, 9), result.Unsettled},
		{"a value inside without an interval", Range{5, 16}, Exactly(8), result.Unsettled},
		{"nothing found", Range{5, 16}, Exactly(math.NaN()), result.Unsettled},
		{"a lower bound above", Range{5, 16}, estimate(128, 33, math.Inf(1), 9), result.Above},
		{"a lower bound inside", Range{5, 16}, estimate(8, 8, math.Inf(1), 9), result.Unsettled},
		{"a lower bound that is enough", AtLeast(0.7), estimate(0.9, 0.8, math.Inf(1), 9), result.Inside},
		{"at the end", AtMost(0.1), estimate(0.08, 0.05, 0.1, 9), result.Inside},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.asked.Standing(c.of); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// What is undecided counts only where it could turn the verdict.
func TestTally(t *testing.T) {
	rows := func(standings ...result.Standing) (all []result.ClaimRow) {
		for i, s := range standings {
			all = append(all, result.ClaimRow{Setting: string(rune('a' + i)), Standing: s})
		}
		return all
	}
	for _, c := range []struct {
		name string
		rows []result.ClaimRow
		want result.Verdict
	}{
		{"nothing", nil, result.Inconclusive},
		{"context only", rows(result.Context), result.Inconclusive},
		{"all inside", rows(result.Inside, result.Context, result.Inside), result.Reproduced},
		{"all outside", rows(result.Below, result.Above, result.OtherLimit), result.NotReproduced},
		{"both", rows(result.Inside, result.Above), result.Depends},
		{"both and undecided", rows(result.Inside, result.Unsettled, result.Above), result.Depends},
		{"inside and undecided", rows(result.Inside, result.Unsettled), result.Inconclusive},
		{"outside and undecided", rows(result.Below, result.Unsettled), result.Inconclusive},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Count(c.rows, BySetting).Verdict(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	two := []result.ClaimRow{
		{Setting: "a", Quantity: "x", Standing: result.Inside}, {Setting: "a", Quantity: "y", Standing: result.Above},
		{Setting: "b", Quantity: "x", Standing: result.Inside}, {Setting: "b", Quantity: "y", Standing: result.Context},
	}
	if diff := cmp.Diff(Tally{Holds: []string{"b"}, Breaks: []string{"a"}}, Count(two, BySetting)); diff != "" {
		t.Errorf("by setting (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Tally{Holds: []string{"x, a", "x, b"}, Breaks: []string{"y, a"}}, Count(two, ByFigure)); diff != "" {
		t.Errorf("by figure (-want +got):\n%s", diff)
	}
}

// The interval of a ratio of two medians, each of lopsided values, holds the true ratio.
func TestRatioCovers(t *testing.T) {
	trials := 2000
	if testing.Short() {
		trials = 500
	}
	for _, n := range []int{6, 12} {
		covered := 0
		for trial := range trials {
			random := rand.New(rand.NewPCG(3, uint64(trial)))
			of := func(median, sigma float64) Estimate {
				var values []float64
				for range n {
					values = append(values, median*math.Exp(sigma*random.NormFloat64()))
				}
				return Estimate{stats.Median(values), *stats.MedianInterval(values)}
			}
			if r := Ratio(of(40, 0.3), of(1, 0.1)); r.Low <= 40 && 40 <= r.High {
				covered++
			}
		}
		if share := float64(covered) / float64(trials); share < 0.94 {
			t.Errorf("of %d values: %.3f of %d intervals hold the ratio", n, share, trials)
		}
	}
	if r := Ratio(estimate(4, 3, 5, 6), Exactly(2)); r.N != 0 || r.Value != 2 {
		t.Errorf("a ratio to a value without an interval is %+v", r)
	}
}

// windows returns a level of repetitions at one load.
func windows(clients int, rates ...float64) (points []result.Point) {
	for i, rate := range rates {
		points = append(points, result.Point{
			Series: "quota", Repetition: i + 1, Valid: true, Load: result.Load{Kind: result.LoadClosed, Clients: clients}, Throughput: rate,
		})
	}
	return points
}

// Noise is at least that of a quiet machine, and else that of windows that were measured again, at 95 % confidence: of two
// levels measured once and again, the ratio of their throughputs lies within √2 of it in 95 % of the runs.
func TestNoiseCovers(t *testing.T) {
	trials := 2000
	if testing.Short() {
		trials = 500
	}
	for _, sigma := range []float64{0.02, 0.05, 0.15} {
		within := 0
		for trial := range trials {
			random := rand.New(rand.NewPCG(5, uint64(trial)))
			rate := func() float64 { return 100 * math.Exp(sigma*random.NormFloat64()) }
			e := Evidence{}
			for i := range 3 {
				e.Summary.Points = append(e.Summary.Points, windows(1<<i, rate(), rate())...)
			}
			if math.Abs(math.Log(rate()/rate())) <= math.Sqrt2*e.Noise() {
				within++
			}
		}
		if share := float64(within) / float64(trials); share < 0.94 {
			t.Errorf("noise %g: %.3f are within", sigma, share)
		}
	}
}

// The interval of an exponent holds the true one, also where the pace of the machine differs between networks.
func TestExponentCovers(t *testing.T) {
	trials := 2000
	if testing.Short() {
		trials = 300
	}
	for _, c := range []struct {
		name            string
		repeat          int
		window, network float64 // standard deviations
		least           float64
	}{
		{"a quiet machine", 1, 0.03, 0.05, 0.94},
		{"noise of each window", 1, 0.15, 0, 0.94},
		{"noise of each window and network", 1, 0.1, 0.1, 0.92},
		{"three repetitions", 3, 0.05, 0.05, 0.94},
		{"six repetitions", 6, 0.1, 0.1, 0.94},
	} {
		t.Run(c.name, func(t *testing.T) {
			covered := 0
			for trial := range trials {
				random := rand.New(rand.NewPCG(7, uint64(trial)))
				var of []Capacity
				for _, quota := range []float64{0.1, 0.25, 0.5} {
					at := Capacity{Amount: quota}
					paces := make([]float64, c.repeat)
					for i := range paces {
						paces[i] = c.network * random.NormFloat64()
					}
					for _, clients := range []int{64, 128, 192} {
						l := Level{Load: result.Load{Clients: clients}}
						var rates []float64
						for _, pace := range paces {
							rates = append(rates, 400*math.Pow(quota, 0.7)*math.Exp(pace+c.window*random.NormFloat64()))
						}
						l.Points = windows(clients, rates...)
						at.Levels = append(at.Levels, l)
					}
					of = append(of, at)
				}
				if b := Exponent(of, 1.96*quiet); b.Low <= 0.7 && 0.7 <= b.High {
					covered++
				}
			}
			if share := float64(covered) / float64(trials); share < c.least {
				t.Errorf("%.3f of %d intervals hold the exponent", share, trials)
			} else {
				t.Logf("%.3f", share)
			}
		})
	}
}
