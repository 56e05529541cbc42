package saturation

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// curve is throughput by clients, with what is known of its noise.
type curve struct {
	clients  []float64
	rates    []float64 // medians
	variance []float64 // of the medians, as multiples of a single rate's

	deviation float64 // relative standard deviation of a single rate, 0 where it is not known
	freedom   float64 // degrees of freedom of deviation
	// margin is the share of the plateau by which levels must differ at least to differ clearly. It is 0 where
	// repetitions or windows tell the noise; the scatter of levels alone is known only once the plateau is.
	margin float64
}

// plateau is a run of levels and their throughput.
type plateau struct {
	first, last int
	rate        float64
	variance    float64 // of rate, as a multiple of a single rate's
}

func newCurve(samples []Sample) *curve {
	c := &curve{margin: 1 - plateauShare}
	for _, s := range samples {
		n := len(s.Rates)
		c.clients = append(c.clients, s.Clients)
		c.rates = append(c.rates, stats.Median(s.Rates))
		c.variance = append(c.variance, ofMedian(n, 1/float64(n)))
		if n > 1 || s.Within > 0 {
			c.margin = 0
		}
	}
	return c
}

// ofMedian returns the variance of a median of n values whose mean has the given variance.
func ofMedian(n int, ofMean float64) float64 {
	if n > 2 {
		return medianVariance * ofMean
	}
	return ofMean
}

// varianceOf returns the variance of the median over levels.
func (c *curve) varianceOf(first, last int) float64 {
	n := last - first + 1
	var sum float64
	for _, v := range c.variance[first : last+1] {
		sum += v
	}
	return ofMedian(n, sum/float64(n*n))
}

// reaching returns the first level that reaches 95 % of a plateau, or the highest where none does: the levels of a search
// that were measured again may all fall short of what they first showed.
func (c *curve) reaching(plateau float64) int {
	least := min(plateauShare*plateau, slices.Max(c.rates))
	return slices.IndexFunc(c.rates, func(rate float64) bool { return rate >= least })
}

// guess sets the noise before a plateau is known: that about the best rise and fall, and of all samples' repetitions
// from half of the highest throughput on.
func (c *curve) guess(all []Sample) {
	squares, freedom := unimodal(c.rates)
	half := slices.Max(c.rates) / 2
	c.pool(squares, freedom, all, c.clients[slices.IndexFunc(c.rates, func(rate float64) bool { return rate >= half })])
}

// estimate sets the noise: that about a plateau, and of all samples' repetitions from the level before it on.
func (c *curve) estimate(p plateau, all []Sample) {
	mean := stats.Mean(c.rates[p.first : p.last+1])
	var squares float64
	for i := p.first; i <= p.last && mean > 0; i++ {
		off := c.rates[i]/mean - 1
		squares += off * off / c.variance[i]
	}
	c.pool(squares, float64(p.last-p.first), all, c.clients[max(0, p.first-1)])
}

// pool sets the noise by squares of relative deviations, and by what repetitions and windows tell of samples from a
// number of clients on.
func (c *curve) pool(squares, freedom float64, samples []Sample, from float64) {
	var within []float64
	repeated := 0
	for _, s := range samples {
		if s.Clients < from {
			continue
		}
		within = append(within, s.Within)
		repeated += len(s.Rates) - 1
		if mean := stats.Mean(s.Rates); mean > 0 {
			for _, rate := range s.Rates {
				squares += (rate/mean - 1) * (rate/mean - 1)
			}
		}
	}
	freedom += float64(repeated)
	if w := stats.Median(within); repeated == 0 && w > 0 {
		squares += windowFreedom * w * w
		freedom += windowFreedom
	}
	if freedom > 0 { // else what was guessed remains
		c.deviation, c.freedom = math.Sqrt(squares/freedom), freedom
	}
}

// below reports whether a rate is below another one by more than a number of standard errors.
func (c *curve) below(rate, other, errors, variance float64) bool {
	return rate < other*(1-max(c.margin, min(errors, mostDeviations)*c.deviation*math.Sqrt(variance)))
}

// plateau returns the longest run of levels of which none is below those that follow by more than a number of standard
// errors, nor the last below the others.
func (c *curve) plateau(errors float64) plateau {
	of := func(first, last int) float64 { return stats.Median(c.rates[first : last+1]) }
	rises := func(first, last int) bool {
		for i := first; i < last; i++ {
			if c.below(of(first, i), of(i+1, last), errors, c.varianceOf(first, i)+c.varianceOf(i+1, last)) {
				return true
			}
		}
		return false
	}
	for last := len(c.rates) - 1; ; last-- {
		first := 0
		for rises(first, last) {
			first++
		}
		if first == last || !c.below(c.rates[last], of(first, last-1), errors, c.variance[last]+c.varianceOf(first, last-1)) {
			return plateau{first, last, of(first, last), c.varianceOf(first, last)}
		}
	}
}

// bounds returns the levels between which 95 % of the knees lie that would be found in the noise. A knee is found
// beyond a level if all levels up to there fall short of 95 % of the plateau, which they do independently of each
// other, given the deviation. The chance is averaged over quantiles of what the deviation may be.
func (c *curve) bounds(p plateau) (low, high int) {
	const parts = 20
	const tail = (1 - stats.Level) / 2
	beyond := make([]float64, p.last+1) // chances
	squares := distuv.ChiSquared{K: c.freedom}
	for part := range parts {
		deviation := c.deviation * math.Sqrt(c.freedom/squares.Quantile((float64(part)+0.5)/parts))
		chance := 1.0
		for i := range beyond {
			mean, variance := 1.0, c.variance[i]
			if i < p.first {
				mean = c.rates[i] / p.rate
				variance = mean*mean*variance + plateauShare*plateauShare*p.variance
			} else if p.first < p.last { // a level moves the plateau with it
				variance *= 1 - 1/float64(p.last-p.first+1)
			}
			chance *= distuv.UnitNormal.CDF((plateauShare - mean) / (deviation * math.Sqrt(variance)))
			beyond[i] += chance / parts
		}
	}
	until := func(chance float64) int {
		if i := slices.IndexFunc(beyond, func(c float64) bool { return c <= chance }); i >= 0 {
			return i
		}
		return p.last
	}
	return until(1 - tail), until(tail)
}

// gain returns the slope of throughput over doublings of the clients from a level on, by least squares.
func (c *curve) gain(from int, plateau float64) *result.Gain {
	clients := c.clients[from:]
	if clients[len(clients)-1] < doublings*clients[0] {
		return nil
	}
	doublings := make([]float64, len(clients))
	for i, n := range clients {
		doublings[i] = math.Log2(n)
	}
	mean := stats.Mean(doublings)
	var squares, products, variance float64
	for i, d := range doublings {
		squares += (d - mean) * (d - mean)
		products += (d - mean) * c.rates[from+i] / plateau
		variance += (d - mean) * (d - mean) * c.variance[from+i]
	}
	slope, half := products/squares, student(c.freedom)*c.deviation*math.Sqrt(variance)/squares
	return &result.Gain{PerDoubling: slope, Low: slope - half, High: slope + half}
}

// unimodal returns the squares of the distances of values from the best rise and fall, relative to the highest, with
// their degrees of freedom: about a rise alone they are distributed as Chi-squared with as many as there are values
// less levels of the rise (Robertson, Wright and Dykstra, Order Restricted Statistical Inference, 1988, theorem 2.3.1).
func unimodal(values []float64) (squares, freedom float64) {
	top := slices.Max(values)
	if !(top > 0) {
		return 0, 0
	}
	squares = math.Inf(1)
	for peak := range values {
		fall := slices.Clone(values[peak:])
		slices.Reverse(fall)
		up, freeUp := monotone(values[:peak])
		down, freeDown := monotone(fall)
		if up+down < squares {
			squares, freedom = up+down, freeUp+freeDown
		}
	}
	return squares / (top * top), freedom
}

// monotone returns the squares about the best rise. It pools neighbours that fall (Ayer et al., An Empirical
// Distribution Function for Sampling with Incomplete Information, Annals of Mathematical Statistics 26, 1955).
func monotone(values []float64) (squares, freedom float64) {
	var pools [][]float64
	for _, v := range values {
		last := []float64{v}
		for n := len(pools) - 1; n >= 0 && stats.Mean(pools[n]) > stats.Mean(last); n-- {
			last, pools = append(slices.Clone(pools[n]), last...), pools[:n]
		}
		pools = append(pools, last)
	}
	for _, pool := range pools {
		mean := stats.Mean(pool)
		for _, v := range pool {
			squares += (v - mean) * (v - mean)
		}
	}
	return squares, float64(len(values) - len(pools))
}
