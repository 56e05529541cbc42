package saturation

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Sample holds the throughputs that were measured at one number of clients.
type Sample struct {
	Clients float64
	Rates   []float64 // per second, by repetition, at least one
	// Within is the relative standard error of a rate within its window, 0 where it is not known.
	Within float64
}

// SampleOf returns the sample of a level's points, one per repetition, of which there must be one at least.
func SampleOf(points []result.Point) Sample {
	s := Sample{Clients: float64(points[0].Load.Clients)}
	var within []float64
	for _, p := range points {
		s.Rates = append(s.Rates, p.Rate())
		if i, ok := rateInterval(&p); ok && i.N > 1 && p.Rate() > 0 {
			within = append(within, (i.High-i.Low)/2/student(float64(i.N-1))/p.Rate())
		}
	}
	s.Within = stats.Median(within)
	return s
}

// Knee says where throughput by the number of clients stops growing. Low, High and Interval are zero where nothing is
// known of the noise: levels were not repeated, have no interval within their windows, and only one is on the plateau.
type Knee struct {
	Clients float64 // the fewest that were measured and reach 95 % of the plateau
	// Low and High are a 95 % interval of the fewest clients that reach it. They need not have been measured: between a
	// level below and one that reaches it, any number may be the first.
	Low, High float64
	Plateau   float64        // throughput per second: the median of the levels on the plateau
	Interval  stats.Interval // of Plateau
	Gain      *result.Gain   // beyond the knee; nil where the levels do not span two doublings from there on
	Falls     bool           // with more clients than on the plateau, throughput is clearly below it
}

// FindKnee finds the knee in samples at ascending, distinct numbers of clients, of which there must be one at least. It
// is zero if none has a throughput.
//
// The plateau is the longest run of levels that noise alone may tell apart: none is clearly below levels that follow,
// and the last is not clearly below the others, as it is where throughput falls beyond its peak. Its throughput is the
// median over the levels of their medians, which a single peak or dip does not move, and the knee is the fewest clients
// that reach 95 % of it. Levels differ clearly where Student's test at 5 % says so.
//
// The noise is that of the repetitions and of the levels about the plateau, and where nothing was repeated, also that
// within the windows. The interval of the clients comes from the distribution of the knee that would be found in such
// noise about the fitted rise and plateau: a parametric bootstrap (Efron and Tibshirani, An Introduction to the
// Bootstrap, 1993, section 6.5) whose distribution is computed instead of sampled. It covers two plateaus, the longest
// run and the one that begins where levels differ by half a standard error, since the noise may hide a peak.
func FindKnee(samples []Sample) Knee { return findKnee(samples, samples) }

// findKnee finds the knee in all samples on the plateau of some of them, which must be spread evenly: a plateau of
// levels that a search picked close to its beginning would be too low.
func findKnee(some, all []Sample) Knee {
	c, fine := newCurve(some), newCurve(all)
	c.margin = fine.margin
	c.guess(all)
	var p plateau
	for range 2 { // the noise is that about the plateau, and the plateau what that noise does not tell apart
		p = c.plateau(student(c.freedom))
		c.estimate(p, all)
	}
	if !(p.rate > 0) {
		return Knee{}
	}
	at := fine.reaching(p.rate)
	k := Knee{Clients: fine.clients[at], Plateau: p.rate, Gain: c.gain(c.reaching(p.rate), p.rate), Falls: p.last < len(c.rates)-1}
	if c.deviation == 0 {
		return k
	}
	low, high := at, at
	k.Interval = stats.Interval{Low: p.rate, High: p.rate, N: p.last - p.first + 1}
	k.Interval.Method = fmt.Sprintf("Student's t over the %d levels of the plateau", k.Interval.N)
	fine.deviation, fine.freedom = c.deviation, c.freedom
	for _, p := range []plateau{p, c.plateau(hidden)} {
		half := student(c.freedom) * c.deviation * math.Sqrt(p.variance)
		k.Interval.Low = min(k.Interval.Low, p.rate*(1-half))
		k.Interval.High = max(k.Interval.High, p.rate*(1+half))
		p.first, p.last = slices.Index(fine.clients, c.clients[p.first]), slices.Index(fine.clients, c.clients[p.last])
		fewest, most := fine.bounds(p)
		low, high = min(low, fewest), max(high, most)
	}
	k.High = fine.clients[high]
	k.Low = fine.clients[low]
	if low > 0 {
		k.Low = math.Floor(fine.clients[low-1]) + 1
	}
	return k
}

const (
	// hidden is the number of standard errors that a peak above the plateau may be hidden by.
	hidden = 0.5
	// medianVariance is the variance of the median of three normal values or more as a multiple of their mean's: from
	// 1.2 to π/2 (David and Nagaraja, Order Statistics, 3rd ed., section 8.1).
	medianVariance = 1.4
	// windowFreedom is how many degrees of freedom the noise within windows counts for beside the scatter of the levels,
	// where nothing was repeated. It says less than they do: runs may differ by more than what a window shows (so do
	// moderated variances: Smyth, Linear Models and Empirical Bayes Methods, Statistical Applications in Genetics and
	// Molecular Biology 3, 2004).
	windowFreedom = 2
	// mostDeviations bounds Student's quantile where the noise rests on one or two values.
	mostDeviations = 4
)

// student returns the quantile of Student's distribution for a 95 % interval, 0 without degrees of freedom.
func student(freedom float64) float64 {
	if freedom <= 0 {
		return 0
	}
	return distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile(1 - (1-stats.Level)/2)
}
