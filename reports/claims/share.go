package claims

import (
	"gonum.org/v1/gonum/stat/distuv"

	"meterbench/bench/stats"
)

// Share returns the share of n attempts that were bad, with the interval of a binomial proportion (Clopper and Pearson,
// The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial, Biometrika 26, 1934).
func Share(bad, n uint64) Estimate {
	const tail = (1 - stats.Level) / 2
	x := Known(float64(bad)/float64(n), int(n))
	x.Low, x.High = 0, 1
	if bad > 0 {
		x.Low = distuv.Beta{Alpha: float64(bad), Beta: float64(n - bad + 1)}.Quantile(tail)
	}
	if bad < n {
		x.High = distuv.Beta{Alpha: float64(bad + 1), Beta: float64(n - bad)}.Quantile(1 - tail)
	}
	return x
}
