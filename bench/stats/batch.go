package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

const (
	mostBatches  = 16  // so that each is long and hardly depends on the one before
	fewestCells  = 6   // a batch each
	meanTimes    = 20  // correlation times that a window holds at least for the interval of a mean,
	tailTimes    = 50  // and for that of a quantile in the tail, which rests on few, long excursions
	mostAdjusted = 0.7 // largest correlation of neighbouring batches that is corrected for
	widest       = 0.8 // half an interval, as a share of its figure, beyond which it says nothing
	tail         = 0.9 // quantiles beyond are in the tail
	leastBeyond  = 5   // batches of 128 with values beyond a quantile
	negligible   = 1e-6
)

// A Cell is what belongs together in time and is not to be divided: the transactions of a block depend on each other.
type Cell struct {
	Sum    float64 // of a quantity: seconds of latency, transactions
	Weight float64 // of what it is taken over: transactions, seconds
}

// A Sequence is the cells of a window in the order of time. The figure that it stands for is the ratio of the sums,
// Σ Sum / Σ Weight: a mean latency, a rate.
type Sequence []Cell

// Ratio returns an interval for the ratio of the sums, or nil and the reason why there is none. Most is how many
// independent units there are at most. The interval covers the mean of windows under the conditions of this one: what
// changes more slowly than a window is long differs from window to window, and shows in repetitions only.
//
// The cells are divided into n batches of about equal weight: 16, or fewer where there are fewer than 32 cells, and
// at least 6. Student's interval over their means is
// corrected for what they still have of correlation, φ between neighbours, and of skewness g:
//
//	Σ Sum / Σ Weight - G(±t(0.975, n-1)) sqrt((1+φ)/(1-φ) s²/n)
//	G(z) = ((1 + 6 β (z - β))^(1/3) - 1) / (2 β), β = g / (6 √n)
//
// (Tafazzoli, Steiger and Wilson, N-Skart: A Nonsequential Skewness- and Autoregression-Adjusted Batch-Means Procedure
// for Simulation Analysis, IEEE Transactions on Automatic Control 56, 2011; G after Willink, A Confidence Interval and
// Test for the Mean of an Asymmetric Distribution, Communications in Statistics: Theory and Methods 34, 2005). There is
// none where the window holds fewer than 20 correlation times, since it then shows neither of them.
func (s Sequence) Ratio(most int) (*Interval, *Warning) {
	n := min(len(s), most)
	if n < fewestCells {
		return nil, &Warning{FewBatches, fmt.Sprintf("fewer than %d blocks, or transactions of each client", fewestCells)}
	}
	if correlationTimes(s.batches(min(2*mostBatches, n))) < meanTimes {
		return nil, &Warning{Correlated, "what was measured wanders too slowly for the length of the window"}
	}
	batches := min(mostBatches, max(min(n, MinBatches), n/2))
	low, high := adjusted(s.batches(batches))
	ratio := s.ratio()
	return &Interval{
		Low: ratio + low, High: ratio + high, N: batches,
		Method: fmt.Sprintf("within this window: Student's t over %d batches, corrected for correlation and skewness", batches),
	}, nil
}

// Mean is Ratio for a mean latency. The standard error of the mean of waiting times grows with its square, since long
// queues are also slow to empty (Whitt, Planning Queueing Simulations, Management Science 35, 1989), so that the
// reciprocal is what has an even interval: the upper limit is at least that of 1 / (1/mean - δ/mean²).
func (s Sequence) Mean(most int) (*Interval, *Warning) {
	i, why := s.Ratio(most)
	if i == nil {
		return nil, why
	}
	return reciprocal(i, s.ratio())
}

// reciprocal raises the upper limit to that of an interval that is even in the reciprocal of the figure.
func reciprocal(i *Interval, figure float64) (*Interval, *Warning) {
	half := (figure - i.Low) / figure
	if half > widest || i.Low <= 0 {
		return nil, &Warning{TooWide, "the interval would be as wide as the figure itself"}
	}
	i.High = max(i.High, figure/(1-half))
	return i, nil
}

// A Value is one of a Sequence's cell.
type Value struct {
	Value float64
	Cell  int // its place in the Sequence
}

// Quantile returns an interval for a quantile, 0 < p < 1, of values in ascending order, or nil and the reason why there
// is none. The Sequence is that of the same values' sums. Ratio gives the share of the values up to the quantile its
// interval, whose ends are the ranks of the quantile's (Woodruff, Confidence Intervals for Medians and Other Position
// Measures, Journal of the American Statistical Association 47, 1952). A quantile above 0.9 rests on few excursions: it
// needs values beyond it in 5 of 128 batches, and 50 correlation times, or 1/(1-p) where that is more. Its upper limit is
// that of an interval that is even in the reciprocal, as that of Mean.
func (s Sequence) Quantile(sorted []Value, p float64, most int) (*Interval, *Warning) {
	n := len(sorted)
	if n == 0 {
		return nil, &Warning{FewBatches, "no values"}
	}
	at := func(share float64) float64 { return sorted[max(0, min(n-1, int(share*float64(n))))].Value }
	quantile := at(p)
	if least, most := sorted[0].Value, sorted[n-1].Value; most-least <= negligible*quantile {
		return &Interval{Low: least, High: most, N: n, Method: "within this window: all values are alike"}, nil
	}
	below := make(Sequence, len(s))
	for _, v := range sorted {
		below[v.Cell].Weight++
		if v.Value <= quantile {
			below[v.Cell].Sum++
		}
	}
	i, why := below.Ratio(most)
	if i == nil {
		return nil, why
	}
	share, rank := below.ratio(), 0.5/float64(n)
	low, high := p+i.Low-share-rank, p+i.High-share+rank
	if low <= 0 {
		return nil, &Warning{TooWide, "the interval would begin below the smallest value"}
	}
	i.Low, i.High = at(low), at(high)
	i.Method = fmt.Sprintf("within this window: order statistics, by Student's t over the shares of %d batches, corrected for correlation and skewness", i.N)
	if p <= tail {
		return i, nil
	}
	fine := min(8*mostBatches, len(s), most)
	if beyond := below.beyond(fine); beyond < leastBeyond {
		return nil, &Warning{FewBatches, fmt.Sprintf("values beyond the quantile in fewer than %d of %d spans of the window", leastBeyond, fine)}
	}
	if correlationTimes(s.batches(fine)) < max(tailTimes, 1/(1-p)) {
		return nil, &Warning{Correlated, "what was measured wanders too slowly for the length of the window"}
	}
	return reciprocal(i, quantile)
}

// ratio returns Σ Sum / Σ Weight.
func (s Sequence) ratio() float64 {
	var sum, weight float64
	for _, c := range s {
		sum += c.Sum
		weight += c.Weight
	}
	return sum / weight
}

// join divides the cells into n batches of about equal weight.
func (s Sequence) join(n int) Sequence {
	var weight, before float64
	for _, c := range s {
		weight += c.Weight
	}
	joint := make(Sequence, n)
	for _, c := range s {
		to := &joint[min(n-1, int((before+c.Weight/2)/weight*float64(n)))]
		to.Sum += c.Sum
		to.Weight += c.Weight
		before += c.Weight
	}
	return joint
}

// batches returns by how much each of n batches moves the ratio away from that of all, times n. Where that is a millionth
// at most, it is the rounding of instants and counts as nothing.
func (s Sequence) batches(n int) []float64 {
	ratio, of := s.ratio(), 0.0
	joint := s.join(n)
	for _, c := range joint {
		of += c.Weight / float64(n)
	}
	moves, largest := make([]float64, n), 0.0
	for i, c := range joint {
		moves[i] = (c.Sum - ratio*c.Weight) / of
		largest = max(largest, math.Abs(moves[i]))
	}
	if largest <= negligible*math.Abs(ratio) {
		clear(moves)
	}
	return moves
}

// beyond returns in how many of n batches the sum is less than the weight.
func (s Sequence) beyond(n int) (batches int) {
	for _, c := range s.join(n) {
		if c.Sum < c.Weight {
			batches++
		}
	}
	return batches
}

// correlation returns that of neighbours, for values of mean 0.
func correlation(values []float64) float64 {
	var products, squares float64
	for i, v := range values {
		squares += v * v
		if i > 0 {
			products += v * values[i-1]
		}
	}
	if squares == 0 {
		return 0
	}
	return products / squares
}

// correlationTimes returns how many times longer than its correlation time a series of batches is, if its correlation
// falls exponentially: by φ = exp(-1/time) from one to the next.
func correlationTimes(batches []float64) float64 {
	return -float64(len(batches)) * math.Log(max(0, correlation(batches)))
}

// adjusted returns the ends of the interval, less the mean, as Ratio says. The estimate of φ is too small by 1/n
// where there is no correlation (Kendall, Note on Bias in the Estimation of Autocorrelation, Biometrika 41, 1954).
func adjusted(batches []float64) (low, high float64) {
	n := float64(len(batches))
	var squares, cubes float64
	for _, v := range batches {
		squares += v * v
		cubes += v * v * v
	}
	if squares == 0 {
		return 0, 0
	}
	variance := squares / (n - 1)
	beta := cubes / math.Pow(variance, 1.5) * n / ((n - 1) * (n - 2)) / (6 * math.Sqrt(n))
	phi := max(0, min(mostAdjusted, correlation(batches)+1/n))
	skewed := func(z float64) float64 {
		if math.Abs(beta) < 1e-4 {
			return z
		}
		return (math.Cbrt(1+6*beta*(z-beta)) - 1) / (2 * beta)
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(1 - (1-Level)/2)
	deviation := math.Sqrt((1 + phi) / (1 - phi) * variance / n)
	return -skewed(t) * deviation, -skewed(-t) * deviation
}
