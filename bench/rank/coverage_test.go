package rank

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

var rankings = flag.Int("rankings", 300, "number of rankings of each kind that TestRankingCovers looks at")

// Intervals at Share of the capacity cover the noise of the levels between which they lie, and not the curve between them. With
// -rankings 5000 these are the rates that docs/statistics.md states.
func TestRankingCovers(t *testing.T) {
	const capacity, noise = 1000.0, 0.03
	if testing.Short() {
		*rankings = min(*rankings, 100)
	}
	queue := func(load float64) float64 { return 0.01 / (1 - load) }
	timer := func(load float64) float64 { return 0.1 + queue(load) }           // most of it a batch timer
	filled := func(load float64) float64 { return 0.05/load + queue(load) }    // blocks that wait until they are full
	constant := func(load float64) float64 { return 0.005 + queue(load)/2 }    // M/D/1
	scattered := func(load float64) float64 { return 2.5*queue(load) - 0.015 } // M/G/1 of a coefficient of variation of 2
	four := func(load float64) float64 { return 0.01 * (1 + erlang(4, load)/(4*(1-load))) }
	switched := func(load float64) float64 { return min(0.1, 0.06/load) } // a timer, above Share of the capacity full blocks
	near, middle, far := []float64{0.45, 0.55, 0.65, 0.999}, []float64{0.3, 0.5, 0.7, 0.9, 0.999}, []float64{0.4, 0.8, 0.999}
	for _, c := range []struct {
		name    string
		latency func(load float64) float64
		loads   []float64
		repeat  int
		curve   float64 // least share that holds the curve's value
	}{
		{"queue, near", queue, near, 3, 0.95},
		{"queue, middle", queue, middle, 3, 0.95},
		{"queue, middle, six repetitions", queue, middle, 6, 0.95},
		{"queue, far", queue, far, 3, 0.95},
		{"timer, middle", timer, middle, 3, 0.95},
		{"timer, far", timer, far, 3, 0.6},
		{"filled, middle", filled, middle, 3, 0.85},
		{"filled, far", filled, far, 3, 0},
		{"constant, middle", constant, middle, 3, 0.95},
		{"constant, far", constant, far, 3, 0.3},
		{"four servers, middle", four, middle, 3, 0.9},
		{"four servers, far", four, far, 3, 0},
		{"scattered, middle", scattered, middle, 3, 0.9},
		{"scattered, far", scattered, far, 3, 0},
		{"switched, middle", switched, middle, 3, 0.1},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(15, uint64(len(c.name))))
			above := slices.IndexFunc(c.loads, func(load float64) bool { return load >= Share })
			low, high := c.loads[above-1], c.loads[above]
			weight := (Share - low) / (high - low)
			a, b, curve := c.latency(low), c.latency(high), c.latency(Share)
			without := interpolate(a, b, weight) // noise
			held, onCurve, told := 0, 0, 0
			for range *rankings {
				f := &result.Folder{Dir: "out", Run: result.Run{Versions: map[string]string{}}}
				for i, load := range c.loads {
					for repetition := range c.repeat {
						p50 := c.latency(load) * (1 + noise*rng.NormFloat64())
						f.Summary.Points = append(f.Summary.Points, result.Point{
							Series: "a", Repetition: repetition + 1, Valid: true, Throughput: capacity * load * (1 + 0.2*noise*rng.NormFloat64()),
							Load:    result.Load{Kind: result.LoadClosed, Clients: 1 << i},
							Latency: map[string]stats.Quantiles{result.PartCommit.String(): {P50: &p50, N: 5000}},
						})
					}
				}
				f.Summary.Saturation = []result.Saturation{{Series: "a", Reached: true, Clients: 64, Throughput: capacity * (1 + 0.2*noise*rng.NormFloat64())}}
				s := Setting{samples: samplesOf([]*result.Folder{f})}
				s.measure(metrics(result.PartCommit))
				if i := s.Figures[0].Interval; i != nil {
					told++
					if i.Low <= without && without <= i.High {
						held++
					}
					if i.Low <= curve && curve <= i.High {
						onCurve++
					}
				}
			}
			share := func(n int) float64 { return float64(n) / float64(max(1, told)) }
			t.Logf("%s: %+.1f %% off the curve, a straight line %+.1f %%; of %d intervals %.1f %% hold what the levels give without noise, %.1f %% the curve",
				c.name, 100*(without/curve-1), 100*(((1-weight)*a+weight*b)/curve-1), told, 100*share(held), 100*share(onCurve))
			slack := 3 * math.Sqrt(0.05*0.95/float64(*rankings))
			if told < *rankings*9/10 || share(held) < 0.95-slack || share(onCurve) < c.curve-slack {
				t.Errorf("of %d, %d hold what the levels give without noise, %d the curve", told, held, onCurve)
			}
		})
	}
}

// erlang is the probability that one who arrives waits for one of some servers at a load of each (Erlang's C formula).
func erlang(servers int, load float64) float64 {
	offered, term, sum := float64(servers)*load, 1.0, 0.0
	for k := range servers {
		sum += term
		term *= offered / float64(k+1)
	}
	wait := term / (1 - load)
	return wait / (sum + wait)
}
