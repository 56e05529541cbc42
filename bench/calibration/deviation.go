package calibration

import (
	"math/rand/v2"
	"slices"

	"meterbench/bench/result"
)

// How the interval of a quantile's error is found.
const (
	resamples = 400
	blocks    = 50
)

// deviation compares a quantile of the true values with that of the measured values of the same
// transactions, both in order of time.
//
// The interval of the error is a bootstrap's: both quantiles are taken again and again of blocks of
// transactions picked at random with replacement, as neighbours share a queue and their errors
// depend on each other (Künsch, The Jackknife and the Bootstrap for General Stationary
// Observations, Annals of Statistics 17, 1989; percentiles as in Efron and Tibshirani, An
// Introduction to the Bootstrap, 1993, chapter 13).
func deviation(truth, measured []float64, percent int) result.Deviation {
	d := result.Deviation{True: quantile(slices.Sorted(slices.Values(truth)), percent), Measured: quantile(slices.Sorted(slices.Values(measured)), percent)}
	size := len(truth) / blocks
	if size == 0 {
		return d
	}
	rng := rand.New(rand.NewPCG(uint64(percent), 0))
	errors := make([]float64, 0, resamples)
	a, b := make([]float64, 0, len(truth)), make([]float64, 0, len(truth))
	for range resamples {
		a, b = a[:0], b[:0]
		for range blocks {
			from := rng.IntN(len(truth) - size + 1)
			a, b = append(a, truth[from:from+size]...), append(b, measured[from:from+size]...)
		}
		slices.Sort(a)
		slices.Sort(b)
		errors = append(errors, quantile(b, percent)-quantile(a, percent))
	}
	slices.Sort(errors)
	low, high := errors[resamples*25/1000], errors[resamples*975/1000-1]
	d.Low, d.High = &low, &high
	return d
}

// quantile returns the smallest of sorted values with at least that many per cent of them at or
// below it, and 0 of none.
func quantile(sorted []float64, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(1, (len(sorted)*percent+99)/100)-1]
}
