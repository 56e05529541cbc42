package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// ShareInterval returns an interval for the share of ones in a series in time of ones and zeros whose neighbours depend
// on each other, after Wilson's score
//
//	(p + t²/2m ± t √(p (1-p)/m + t²/4m²)) / (1 + t²/m),
//
// which, unlike p ± t s, stays within 0 and 1 and has a width where all values are equal (Wilson, Probable Inference, the
// Law of Succession, and Statistical Inference, Journal of the American Statistical Association 22, 1927). m is the
// number of independent values that would leave p as uncertain as the batches do (Sequence.Ratio): p (1-p) over the
// square of their standard error, but never more than there are values (the effective sample size of a design with clusters: Kish,
// Survey Sampling, 1965, section 8.2). t is the quantile of Student's t that belongs to the batches. Where all values
// are equal the batches do not vary, and m is the number of independent units, most.
//
// It is nil, with the reason, where Sequence.Ratio is.
func ShareInterval(series *Series, most int) (*Interval, *Warning) {
	n, ones := float64(series.n), 0.0
	cells := make(Sequence, 0, len(series.sums))
	for i, count := range series.counts {
		if count > 0 {
			cells = append(cells, Cell{Sum: series.sums[i], Weight: float64(count)})
			ones += series.sums[i]
		}
	}
	p, m := ones/n, n
	of := &Interval{N: most}
	if p == 0 || p == 1 {
		m = min(n, float64(most))
	}
	if most < fewestCells || p > 0 && p < 1 {
		var why *Warning
		if of, why = cells.Ratio(most); of == nil {
			return nil, why
		}
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(of.N - 1)}.Quantile(1 - (1-Level)/2)
	if e := (of.High - of.Low) / 2 / t; e > 0 {
		m = min(n, p*(1-p)/(e*e))
	}
	middle, half := p+t*t/(2*m), t*math.Sqrt(p*(1-p)/m+t*t/(4*m*m))
	of.Low, of.High = max(0, (middle-half)/(1+t*t/m)), min(1, (middle+half)/(1+t*t/m))
	of.Method = fmt.Sprintf("within this window: Wilson's score over %d batches", of.N)
	return of, nil
}
