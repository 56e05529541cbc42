package result

// Threshold is what became of an expectation of the scenario at one load level of a series.
type Threshold struct {
	Expression string   `json:"expression"` // as the scenario has it
	Strict     bool     `json:"strict,omitempty"`
	Series     string   `json:"series"`
	Load       Load     `json:"load,omitzero"` // zero where nothing was measured of a series whose loads the run finds
	Value      *float64 `json:"value"`         // of the expression's side with a metric, in Unit; nil where Reason says why
	// Low and High are the 95 % interval of Value, nil where it has none. Where two figures are compared it is that of their
	// difference, beside Limit.
	Low     *float64         `json:"low"`
	High    *float64         `json:"high"`
	Limit   *float64         `json:"limit"` // nil where it is a figure that is missing
	Unit    string           `json:"unit"`  // of metrics; empty: a ratio
	Verdict ThresholdVerdict `json:"verdict"`
	Met     bool             `json:"met"` // what counts: an undecided one is met by its value, or if it is strict or has none, missed
	Reason  ThresholdReason  `json:"reason,omitempty"`
}

// ThresholdVerdict says on which side of its limit a figure lies.
type ThresholdVerdict string

// The verdicts of a threshold.
const (
	ThresholdMet    ThresholdVerdict = "met"
	ThresholdMissed ThresholdVerdict = "missed"
	// The limit lies within the interval, a strict one has none, or there are too few transactions for the figure.
	ThresholdUndecided ThresholdVerdict = "undecided"
)

// ThresholdReason says why figures do not decide a threshold.
type ThresholdReason string

// The reasons.
const (
	ThresholdNotMeasured ThresholdReason = "not measured"
	ThresholdNotValid    ThresholdReason = "no valid point"
	ThresholdNoFigure    ThresholdReason = "no such figure"
	ThresholdTooFew      ThresholdReason = "too few transactions" // for a quantile
	ThresholdNoInterval  ThresholdReason = "no interval"          // which a strict threshold needs
)

// ThresholdsMissed returns the thresholds that are not met.
func (s *Summary) ThresholdsMissed() (missed []Threshold) {
	for _, t := range s.Thresholds {
		if !t.Met {
			missed = append(missed, t)
		}
	}
	return missed
}
