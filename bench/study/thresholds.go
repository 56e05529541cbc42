package study

import (
	"fmt"
	"strings"

	"meterbench/bench/result"
)

// MissedError says that figures are not as the scenario expects. The result is complete.
type MissedError struct {
	Missed []string // expectations, each once, with the levels at which it is missed
}

// Error names the expectations.
func (e *MissedError) Error() string { return "thresholds missed: " + strings.Join(e.Missed, "; ") }

// Add adds what another run missed, under the name of its scenario.
func (e *MissedError) Add(scenario string, of *MissedError) {
	for _, missed := range of.Missed {
		e.Missed = append(e.Missed, scenario+": "+missed)
	}
}

// Judged reports whether a run is complete, whatever its error: that then says how the results were judged.
func Judged(err error) bool {
	switch err.(type) {
	case nil, *NotValidError, *MissedError:
		return true
	}
	return false
}

// thresholds decides what the scenario expects by the points of the run.
func (s *study) thresholds() {
	known := s.Scenario.Expected()
	for _, expectation := range s.Scenario.Expect {
		s.summary.Thresholds = append(s.summary.Thresholds, expectation.Judge(known, &s.summary)...)
	}
}

// mostNamed is the number of levels that an error names of each expectation.
const mostNamed = 3

// missed returns a *MissedError where a threshold was missed, and nil else.
func (s *study) missed() error {
	var e MissedError
	levels := map[string][]string{}
	var order []string
	for _, t := range s.summary.ThresholdsMissed() {
		if levels[t.Expression] == nil {
			order = append(order, t.Expression)
		}
		where := t.Series
		if t.Load != (result.Load{}) {
			where = place(t.Series, t.Load)
		}
		if t.Reason != "" {
			where += " (" + string(t.Reason) + ")"
		}
		levels[t.Expression] = append(levels[t.Expression], where)
	}
	for _, expression := range order {
		at := levels[expression]
		if more := len(at) - mostNamed; more > 0 {
			at = append(at[:mostNamed:mostNamed], fmt.Sprintf("%d more", more))
		}
		e.Missed = append(e.Missed, expression+": "+strings.Join(at, ", "))
	}
	if order == nil {
		return nil
	}
	return &e
}
