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
	timer := func(load float64) float64 { return 0.1 + 0.01/(1-load) } // most of it a batch timer
	queue := func(load float64) float64 { return 0.01 / (1 - load) }   // one queue
	for _, c := range []struct {
		name    string
		latency func(load float64) float64
		loads   []float64
		repeat  int
		curve   float64 // least share that holds the curve's value
	}{
		{"timer, levels at 0.5 and 0.7", timer, []float64{0.3, 0.5, 0.7, 0.9, 0.999}, 3, 0.93},
		{"timer, levels at 0.4 and 0.8", timer, []float64{0.4, 0.8, 0.999}, 3, 0},
		{"queue, levels at 0.55 and 0.65", queue, []float64{0.45, 0.55, 0.65, 0.999}, 3, 0.9},
		{"queue, levels at 0.5 and 0.7", queue, []float64{0.3, 0.5, 0.7, 0.9, 0.999}, 3, 0},
		{"queue, levels at 0.4 and 0.8", queue, []float64{0.4, 0.8, 0.999}, 3, 0},
		{"queue, levels at 0.5 and 0.7, six repetitions", queue, []float64{0.3, 0.5, 0.7, 0.9, 0.999}, 6, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(15, uint64(len(c.name))))
			above := slices.IndexFunc(c.loads, func(load float64) bool { return load >= Share })
			low, high := c.loads[above-1], c.loads[above]
			weight := (Share - low) / (high - low)
			line, curve := (1-weight)*c.latency(low)+weight*c.latency(high), c.latency(Share)
			onLine, onCurve, told := 0, 0, 0
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
					if i.Low <= line && line <= i.High {
						onLine++
					}
					if i.Low <= curve && curve <= i.High {
						onCurve++
					}
				}
			}
			share := func(n int) float64 { return float64(n) / float64(max(1, told)) }
			t.Logf("%s: of %d intervals %.1f %% hold the line, %.1f %% the curve, which the line is %.1f %% above", c.name, told,
				100*share(onLine), 100*share(onCurve), 100*(line/curve-1))
			slack := 3 * math.Sqrt(0.05*0.95/float64(*rankings))
			if told < *rankings*9/10 || share(onLine) < 0.95-slack || share(onCurve) < c.curve-slack {
				t.Errorf("of %d, %d hold the line, %d the curve", told, onLine, onCurve)
			}
		})
	}
}
