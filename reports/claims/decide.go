package claims

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/group"
)

// A Range is what a claim asks of a figure, both ends in it. An infinite end is none.
type Range struct{ From, To float64 }

// AtLeast and AtMost return ranges with one end.
func AtLeast(v float64) Range { return Range{v, math.Inf(1)} }
func AtMost(v float64) Range  { return Range{math.Inf(-1), v} }

// Standing says where an estimate lies in relation to the range. Its interval decides: one that crosses an end of the
// range leaves it open, and so does an estimate without an interval.
func (r Range) Standing(x Estimate) result.Standing {
	switch {
	case x.N == 0:
		return result.Unsettled
	case x.High < r.From:
		return result.Below
	case x.Low > r.To:
		return result.Above
	case x.Low >= r.From && x.High <= r.To:
		return result.Inside
	}
	return result.Unsettled
}

// Row returns the row of a figure, with the standing of its interval.
func (r Range) Row(setting, quantity string, unit result.ClaimUnit, x Estimate) result.ClaimRow {
	row := Context(setting, quantity, unit, x)
	row.Standing = r.Standing(x)
	if !math.IsInf(r.From, 0) {
		row.From = &r.From
	}
	if !math.IsInf(r.To, 0) {
		row.To = &r.To
	}
	return row
}

// Context returns the row of a figure that the claim does not ask for.
func Context(setting, quantity string, unit result.ClaimUnit, x Estimate) result.ClaimRow {
	row := result.ClaimRow{Setting: setting, Quantity: quantity, Unit: unit, Standing: result.Context}
	row.Set(x.Value, x.Interval)
	return row
}

// A Tally counts what a claim is tested on. One item holds where all its figures are inside, and breaks where one is
// outside; in between it is open.
type Tally struct{ Holds, Breaks, Open []string }

// BySetting names the setting of a row: all its figures have to be inside.
func BySetting(r result.ClaimRow) string { return r.Setting }

// ByFigure names the row itself: each figure holds or breaks alone.
func ByFigure(r result.ClaimRow) string { return r.Quantity + ", " + r.Setting }

// Count tallies the rows, those of one name together, in their order.
func Count(rows []result.ClaimRow, name func(result.ClaimRow) string) (t Tally) {
	decisive := slices.DeleteFunc(slices.Clone(rows), func(r result.ClaimRow) bool { return r.Standing == result.Context })
	for _, item := range group.By(decisive, name) {
		to := &t.Holds
		if slices.ContainsFunc(item, func(r result.ClaimRow) bool { return r.Standing.Outside() }) {
			to = &t.Breaks
		} else if slices.ContainsFunc(item, func(r result.ClaimRow) bool { return r.Standing == result.Unsettled }) {
			to = &t.Open
		}
		*to = append(*to, name(item[0]))
	}
	return t
}

// Verdict returns that on a claim: it depends as soon as one setting holds and another breaks, whatever the open ones
// would add. Else an open one could turn it, and it is inconclusive.
func (t Tally) Verdict() result.Verdict {
	switch holds, breaks := len(t.Holds), len(t.Breaks); {
	case holds > 0 && breaks > 0:
		return result.Depends
	case len(t.Open) > 0 || holds+breaks == 0:
		return result.Inconclusive
	case holds > 0:
		return result.Reproduced
	}
	return result.NotReproduced
}

// String returns the numbers in a sentence.
func (t Tally) String() string {
	of := len(t.Holds) + len(t.Breaks) + len(t.Open)
	return fmt.Sprintf("Of %d judged, %d hold, %d break and %d are undecided.", of, len(t.Holds), len(t.Breaks), len(t.Open))
}

// Find returns the finding of the rows. Its conditions name what holds and what breaks where that is little.
func Find(rows []result.ClaimRow, name func(result.ClaimRow) string) Finding {
	t := Count(rows, name)
	f := Finding{Verdict: t.Verdict(), Tally: t, Rows: rows, Evidence: t.String()}
	var parts []string
	for _, part := range []struct {
		what string
		of   []string
	}{{"Holds", t.Holds}, {"Breaks", t.Breaks}, {"Undecided", t.Open}} {
		if n := len(part.of); n > 0 && n <= fewNames {
			parts = append(parts, fmt.Sprintf("%s: %s.", part.what, strings.Join(part.of, "; ")))
		}
	}
	f.Conditions = strings.Join(parts, " ")
	return f
}

// fewNames is the most settings that a sentence names.
const fewNames = 2

// An Estimate is a value with its 95 % interval. Where there is none, N is 0 and both bounds are the value.
type Estimate struct {
	Value float64
	stats.Interval
}

// Exactly returns an estimate without an interval.
func Exactly(v float64) Estimate { return Estimate{v, stats.Interval{Low: v, High: v}} }

// Known returns an estimate of what n attempts show without doubt.
func Known(v float64, n int) Estimate { return Estimate{v, stats.Interval{Low: v, High: v, N: n}} }

// AtLeast reports whether the estimate is a lower bound.
func (x Estimate) AtLeast() bool { return math.IsInf(x.High, 1) }

// Times returns the estimate times an exact factor above 0.
func (x Estimate) Times(factor float64) Estimate {
	x.Value, x.Low, x.High = factor*x.Value, factor*x.Low, factor*x.High
	return x
}

// Widened returns the estimate with an interval that reaches at least so far, as a difference of natural logarithms,
// to both sides. One without an interval stays without.
func (x Estimate) Widened(by float64) Estimate {
	if x.N > 0 && x.Value > 0 {
		x.Low, x.High = min(x.Low, x.Value*math.Exp(-by)), max(x.High, x.Value*math.Exp(by))
	}
	return x
}

// Ratio returns a over b, two positive estimates that were made independently of each other. Its interval is that of
// the difference of their logarithms,
//
//	log a - log b ± √(distance of a's bound² + distance of b's other bound²)
//
// (the method of variance estimates recovery: Zou and Donner, Construction of confidence limits about effect measures,
// Statistics in Medicine 27, 2008), which keeps what is lopsided in theirs. There is none where a or b has none.
func Ratio(a, b Estimate) Estimate {
	r := Exactly(a.Value / b.Value)
	if n := min(a.N, b.N); n > 0 && a.Low > 0 && b.Low > 0 {
		log := math.Log
		down := math.Hypot(log(a.Value/a.Low), log(b.High/b.Value))
		up := math.Hypot(log(a.High/a.Value), log(b.Value/b.Low))
		r.Interval = stats.Interval{
			Low: r.Value * math.Exp(-down), High: r.Value * math.Exp(up), N: n,
			Method: "variance estimates recovery over the logarithms of both intervals",
		}
	}
	return r
}

// middle returns the median of estimates. Its interval is that of the one in the middle, or what the two in
// the middle span together.
func middle(all []Estimate) Estimate {
	slices.SortFunc(all, func(a, b Estimate) int { return cmp.Compare(a.Value, b.Value) })
	n := len(all)
	a, b := all[(n-1)/2], all[n/2]
	return Estimate{(a.Value + b.Value) / 2, stats.Interval{Low: min(a.Low, b.Low), High: max(a.High, b.High), N: min(a.N, b.N), Method: a.Method}}
}
