package saturation

import (
	"slices"

	"gonum.org/v1/gonum/stat"
)

// spread says how far apart the findings of the repetitions are. A machine that
// is slower by a tenth finds a tenth less and takes a tenth longer to sign, so
// that a finding times the time of a signature does not depend on its pace.
func (f *Found) spread(found, paces []float64) {
	if len(found) < 2 {
		return
	}
	f.Spread, f.Repetitions = variation(found), len(found)
	if slices.Contains(paces, 0) {
		return
	}
	normalised := make([]float64, len(found))
	for i := range found {
		normalised[i] = found[i] * paces[i]
	}
	f.SpreadNormalised = variation(normalised)
}

// variation returns the coefficient of variation: the sample standard deviation
// over the mean.
func variation(values []float64) float64 {
	mean, deviation := stat.MeanStdDev(values, nil)
	if mean == 0 {
		return 0
	}
	return deviation / mean
}
