package compare

import (
	"fmt"
	"math"
	"slices"

	"meterbench/bench/metric"
	"meterbench/bench/stats"
)

// What a verdict rests on.
const (
	// MinValues is the least number of pairs, or of values on each side, from which anything is told: with fewer, what the
	// variance is taken to be is mostly luck.
	MinValues = 6
	// Correlated is the correlation of neighbouring runs that is assumed where the sides did not take turns.
	Correlated = 0.5
	// CorrelatedRanks is what that makes of neighbours of which some died: whether two normal values that are correlated by 0.5
	// lie above their medians is correlated by 2/π asin 0.5 (Sheppard 1899).
	CorrelatedRanks = 1. / 3
	// Resolution is the relative step in which figures are known, as histograms of three significant digits have it. No
	// figure is taken to vary less, though all values be equal.
	Resolution = 0.001

	least = 0x1p-1022 // positive number of full precision, whose logarithm is one to rely on
)

// The kinds of warnings of this package.
const (
	FewRuns        stats.Code = "few-runs"        // too few values to tell
	NotInterleaved stats.Code = "not-interleaved" // the sides did not take turns
	OneSided       stats.Code = "one-sided"       // a level or metric that one side lacks
	Incomplete     stats.Code = "missing-values"  // points without the metric
	NoDirection    stats.Code = "no-direction"    // it is not known which way is better
	NoRatio        stats.Code = "no-ratio"        // values of zero, or next to it, or below
	Dead           stats.Code = "dead"            // points at which nothing succeeded, with a rate of 0
	Interrupted    stats.Code = "interrupted"     // a run that did not finish
	LeftOut        stats.Code = "left-out"        // points that do not take part
	OtherPace      stats.Code = "other-pace"      // the machine was faster on one side
	UnlikeAllowed  stats.Code = "unlike"          // conditions that differ, as allowed
)

// decide fills in what follows from the values of rows that belong together.
func decide(rows []Row, alpha, minimum float64) {
	estimates := make([]stats.Difference, len(rows))
	var gated []int
	var ps []float64
	for i := range rows {
		r := &rows[i]
		r.P, r.Difference, r.Smallest, r.Verdict = 1, math.NaN(), math.Inf(1), CannotTell
		estimates[i] = r.estimate()
		if r.Gated && r.decidable() {
			gated, ps = append(gated, i), append(ps, r.P)
		}
		r.Adjusted = r.P
	}
	for k, p := range stats.Holm(ps) {
		rows[gated[k]].Adjusted = p
	}
	for i := range rows {
		r, of := &rows[i], alpha
		if r.Gated && len(gated) > 0 {
			of /= float64(len(gated)) // Holm's first step: whether others are found too is not known
		}
		if d := estimates[i]; d.N > 0 {
			r.Smallest = math.Expm1(d.Smallest(of, Power))
		}
		r.Verdict = r.verdict(alpha, minimum)
	}
}

// decidable reports whether there are enough values, and a better and a worse.
func (r *Row) decidable() bool {
	return min(len(r.Base.Values), len(r.Head.Values)) >= MinValues && r.Metric.Better != "" && !math.IsNaN(r.Difference)
}

// estimate fills in the difference with its interval and P, and returns the difference of the logarithms, zero where there is
// none. The ratio of two figures, each a product of many influences, is nearer to normal in its logarithm, and the same one
// way as the other (Fleming and Wallace, How not to lie with statistics: the correct way to summarize benchmark results,
// Communications of the ACM 29, 1986).
//
// Student's t, and no test of ranks or permutations where there are ratios, for these have a least p, which Holm multiplies:
// of six pairs it is 2/64, which can never pass with two gated metrics. Heavy tails make t find less, not more.
func (r *Row) estimate() stats.Difference {
	base, head := r.Base.Values, r.Head.Values
	if len(base) == 0 || len(head) == 0 {
		return stats.Difference{}
	}
	if min(slices.Min(base), slices.Min(head)) < least {
		r.withoutRatio()
		return stats.Difference{}
	}
	base, head = logarithms(base), logarithms(head)
	r.Difference = math.Expm1(stats.Mean(head) - stats.Mean(base))
	var d stats.Difference
	var ok bool
	if paces, known := r.paces(); known {
		r.EqualPace = true
		d, ok = stats.PairedDifferenceAt(base, head, paces)
		r.Difference = math.Expm1(d.Mean)
	} else if r.Paired {
		d, ok = stats.PairedDifference(base, head)
	} else {
		d, ok = stats.UnpairedDifference(base, head, Correlated)
	}
	if !ok {
		return stats.Difference{}
	}
	// The variance of a value that is rounded to a step is a twelfth of the step's square.
	d.Error = max(d.Error, Resolution/math.Sqrt(12)*math.Sqrt(1/float64(len(base))+1/float64(len(head))))
	r.P = d.P()
	low, high := d.Limits()
	if low, high = math.Expm1(low), math.Expm1(high); !math.IsInf(high, 0) {
		r.Interval = &stats.Interval{Low: low, High: high, N: d.N, Method: r.method(d.N)}
	}
	return d
}

// paces returns by how much longer a signature took on the side of the head, as a logarithm of the ratio in each pair. It is
// false where there are no pairs, too few to tell anything, or the pace is not known of all.
//
// Nodes at full load do as much as the pace of the machine lets them, which on a shared one differs by some percent between
// neighbouring runs: more than what is looked for. How a figure depends on the pace differs from figure to figure, and is
// estimated, so that one which does not depend on it loses a degree of freedom and no more.
func (r *Row) paces() (ratios []float64, known bool) {
	base, head := r.Base.Paces, r.Head.Paces
	if !r.Paired || len(base) < MinValues || min(slices.Min(base), slices.Min(head)) < least {
		return nil, false
	}
	for i := range base {
		ratios = append(ratios, math.Log(head[i]/base[i]))
	}
	return ratios, true
}

func (r *Row) method(n int) string {
	switch {
	case r.EqualPace:
		return fmt.Sprintf("Student's t on the logarithms of the ratios of %d pairs, at an equal pace of the machine (analysis of covariance)", n)
	case r.Paired:
		return fmt.Sprintf("Student's t on the logarithms of the ratios of %d pairs", n)
	}
	return fmt.Sprintf("Welch's t on the logarithms of %d values or more on each side, neighbours taken to be correlated by %v", n, Correlated)
}

// withoutRatio compares values of which some are 0, or next to it, so that there is no mean ratio: the ranks of both sides
// decide, and the difference is that of the arithmetic means. Where ranks and means contradict each other nothing is told, nor
// of negative values.
//
// Ranks take no normal values, and zeros are the least of them, however many there are. Pairs are not looked at: a signed
// rank of six has a least p of 2/64, which no gate of two metrics lets pass, and what both of a pair share makes ranks of
// both sides differ less than by chance. TestErrorRatesOfZeros says how often that is wrong.
func (r *Row) withoutRatio() {
	base, head := r.Base.Values, r.Head.Values
	low, high := min(slices.Min(base), slices.Min(head)), max(slices.Max(base), slices.Max(head))
	switch {
	case low == high:
		r.Difference, r.Smallest = 0, 0
		r.Interval = &stats.Interval{N: min(len(base), len(head)), Method: "all values are equal"}
		return
	case low < 0:
		r.Warnings = append(r.Warnings, stats.Warn(NoRatio, "some values are negative, so that there is no relative difference; a threshold can judge them"))
		return
	}
	r.Warnings = append(r.Warnings, stats.Warn(NoRatio,
		"some values are zero or next to it, so that ranks decide (Mann-Whitney) in place of ratios; the change is that of the means"))
	r.Difference = stats.Mean(head)/stats.Mean(base) - 1 // +Inf from 0
	phi := CorrelatedRanks
	if r.Paired {
		phi = 0
	}
	if p, direction := stats.RankDifference(base, head, phi); direction > 0 == (r.Difference > 0) {
		r.P = p
	}
}

func logarithms(values []float64) []float64 {
	logs := make([]float64, len(values))
	for i, v := range values {
		logs[i] = math.Log(v)
	}
	return logs
}

// verdict decides. A difference counts where it is both hardly chance and large enough to matter, and none only where one that
// matters would have been seen and the interval rules it out.
func (r *Row) verdict(alpha, minimum float64) Verdict {
	switch {
	case !r.decidable():
		return CannotTell
	case r.Adjusted < alpha && math.Abs(r.Difference) >= minimum:
		if (r.Difference > 0) == (r.Metric.Better == metric.Higher) {
			return Better
		}
		return Worse
	case r.Interval != nil && r.Smallest <= minimum && r.Interval.Low > -minimum && r.Interval.High < minimum:
		return NoDifference
	}
	return CannotTell
}
