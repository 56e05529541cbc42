package result

import (
	"math"

	"meterbench/bench/stats"
)

// Claim is a published claim held against the run's own data. Verdict and Rows are for scripts, the texts for people.
type Claim struct {
	ID         string  `json:"id"`        // for example closer2020/peer-limit
	Claim      string  `json:"claim"`     // what was published, in our words
	Published  string  `json:"published"` // the published figure, or "not available"
	Threshold  string  `json:"threshold"` // on the measured figures, fixed before the run
	Verdict    Verdict `json:"verdict"`
	Evidence   string  `json:"evidence"`         // what the rows come to, in a sentence
	Conditions string  `json:"conditions"`       // under which it holds, and where it breaks
	Figure     string  `json:"figure,omitempty"` // id of the figure that shows it
	// Holds, Breaks and Undecided count what was judged by what its figures say of the claim.
	Holds     int `json:"holds"`
	Breaks    int `json:"breaks"`
	Undecided int `json:"undecided"`
	// Rows are the figures that the verdict rests on. Runs of older versions have none: their evidence is a text.
	Rows []ClaimRow `json:"rows,omitempty"`
}

// Verdict is the outcome of a claim's test.
type Verdict string

// The verdicts.
const (
	Reproduced    Verdict = "reproduced"
	NotReproduced Verdict = "not reproduced"
	Depends       Verdict = "depends"      // holds under some of the measured conditions
	Inconclusive  Verdict = "inconclusive" // not measured, not validly, or the intervals leave it open
	NotMeasured   Verdict = "not measured" // it takes what a network that others run does not have, or what is not done to one
)

// ClaimRow is one figure of a claim: what was found under one setting, with its 95 % interval, and where that lies in
// relation to the range that the claim asks for.
type ClaimRow struct {
	Setting  string    `json:"setting"`        // the conditions, in words
	Quantity string    `json:"quantity"`       // of which Value is one
	Unit     ClaimUnit `json:"unit"`           // of all figures of the row
	Value    *float64  `json:"value"`          // nil: not found
	Low      *float64  `json:"low"`            // of the interval; nil: none, or it has no lower bound
	High     *float64  `json:"high"`           // likewise
	N        int       `json:"n,omitempty"`    // values that the interval rests on, 0 where there is none
	From     *float64  `json:"from,omitempty"` // of the range that the claim asks for, both ends in it; nil: no bound
	To       *float64  `json:"to,omitempty"`   // likewise
	Limit    Limit     `json:"limit,omitzero"` // what kept throughput from being higher
	Standing Standing  `json:"verdict"`        // of the interval in relation to the range
	Note     string    `json:"note,omitempty"` // what else a reader needs to know of it, for example why it is undecided
}

// Standing says where a figure's interval lies in relation to the range that a claim asks for.
type Standing string

// The standings.
const (
	Inside     Standing = "inside"
	Below      Standing = "below"
	Above      Standing = "above"
	OtherLimit Standing = "other limit" // inside, but limited by something that the claim is not about
	Unsettled  Standing = "undecided"   // the interval crosses an end of the range, or there is none
	Context    Standing = "context"     // the claim does not ask for it
)

// Outside reports whether the figure contradicts the claim.
func (s Standing) Outside() bool { return s == Below || s == Above || s == OtherLimit }

// ClaimUnit is the base unit of a figure.
type ClaimUnit string

// The units of figures.
const (
	UnitNone      ClaimUnit = "1" // an exponent
	UnitCount     ClaimUnit = "count"
	UnitSeconds   ClaimUnit = "s"
	UnitPerSecond ClaimUnit = "1/s"
	UnitShare     ClaimUnit = "share" // of one
	UnitRatio     ClaimUnit = "ratio"
)

// Set fills in the value and its interval, without what is not finite.
func (r *ClaimRow) Set(value float64, i stats.Interval) {
	r.Value, r.N = finite(value), i.N
	if i.N > 0 {
		r.Low, r.High = finite(i.Low), finite(i.High)
	}
}

// finite returns the number, nil where it is none or has no bound.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
