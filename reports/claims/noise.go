package claims

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/group"
)

// quiet is the standard deviation, of the natural logarithm, by which a throughput differs from one window to the next
// on a machine that does nothing else: 2.2 % was measured over six windows that two studies repeated. The interval within
// a window does not show that: what the machine does to one window it need not do to the next.
const quiet = 0.03

// Noise returns how far a throughput may be off, as a difference of natural logarithms at 95 % confidence, because it
// was measured in one window and not in others: from the windows of the run that were measured more than once under the
// same conditions and load, pooled,
//
//	t(0.975, ν) s, s² = Σ (x - mean of its level)² / ν, ν = windows - levels, x = log of the throughput,
//
// and at least what a quiet machine has.
func (e *Evidence) Noise() float64 {
	if e.noise == 0 {
		e.noise = e.measureNoise()
	}
	return e.noise
}

func (e *Evidence) measureNoise() float64 {
	type level struct {
		result.Conditions
		result.Load
	}
	squares, freedom := 0.0, 0
	for _, points := range group.By(e.Summary.Points, func(p result.Point) level { return level{p.Conditions, p.Load} }) {
		var logs []float64
		for _, p := range points {
			if p.Valid && p.Rate() > 0 && !p.Limit.Foreign() {
				logs = append(logs, math.Log(p.Rate()))
			}
		}
		if n := len(logs); n > 1 {
			squares, freedom = squares+stat.Variance(logs, nil)*float64(n-1), freedom+n-1
		}
	}
	noise := distuv.UnitNormal.Quantile(1-(1-stats.Level)/2) * quiet
	if freedom > 0 {
		t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(freedom)}.Quantile(1 - (1-stats.Level)/2)
		noise = max(noise, t*math.Sqrt(squares/float64(freedom)))
	}
	return noise
}
