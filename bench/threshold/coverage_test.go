package threshold_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/threshold"
)

// A strict threshold whose truth is just missed passes in at most 5 % of runs: within a window, over repetitions, for a
// ratio and for two figures. The likely one passes in about half.
func TestStrictCoverage(t *testing.T) {
	const runs = 1500
	const truth = 399.9 // expected are 400
	random := rand.New(rand.NewPCG(15, 1))
	rates := func(n int, mean, cv float64) (all []float64) {
		for range n {
			all = append(all, mean*(1+cv*random.NormFloat64()))
		}
		return all
	}
	// window is a level of 60 s whose rates depend on each other, with its interval.
	window := func(series string, mean float64) result.Point {
		noise := 0.0
		all := rates(60, mean, 0.06)
		for i := range all {
			noise = 0.3*noise + all[i] - mean
			all[i] = mean + noise
		}
		p := point(series, closed(8), stats.Mean(all))
		delete(p.Intervals, result.ThroughputKey)
		if i := stats.RateInterval(all, 20, 1); i != nil {
			p.Intervals[result.ThroughputKey] = *i
		}
		return p
	}
	latency := func(seconds float64) result.Point {
		p := point("a", closed(8), 400)
		p.Latency["commit"] = stats.Quantiles{P50: &seconds, P99: &seconds, N: 1000}
		return p
	}
	repeated := func(n int) *result.Summary {
		sum := summary()
		for _, seconds := range rates(n, 2.0005, 0.05) {
			sum.Points = append(sum.Points, latency(seconds))
		}
		return sum
	}
	all := []threshold.Series{planned("a", closed(8)), planned("b", closed(8))}
	for _, tt := range []struct {
		text string
		run  func() *result.Summary
	}{
		{"throughput of a >= 400/s", func() *result.Summary { return summary(window("a", truth)) }},
		{"commit.p99 of a < 2s", func() *result.Summary { return repeated(3) }},
		{"commit.p99 of a <= 2s", func() *result.Summary { return repeated(8) }},
		{"series a / series b >= 0.5", func() *result.Summary { return summary(window("a", truth), window("b", 800)) }},
		{"throughput of a > throughput of b", func() *result.Summary { return summary(window("a", truth), window("b", 400)) }},
	} {
		for _, manner := range []string{"strict", "likely"} {
			t.Run(fmt.Sprint(manner, " ", tt.text), func(t *testing.T) {
				expectation := parse(t, manner+" "+tt.text)
				met := 0
				for range runs {
					if expectation.Judge(all, tt.run())[0].Met {
						met++
					}
				}
				share := float64(met) / runs
				t.Logf("met in %.1f %% of %d runs", 100*share, runs)
				if expectation.Strict && share > 0.05 {
					t.Error("more than 5 %")
				}
				if !expectation.Strict && (share < 0.4 || share > 0.6) {
					t.Error("not about half")
				}
			})
		}
	}
}
