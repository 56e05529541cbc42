package study

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// NotValidError says that the scenario requires valid points, and that some below saturation are
// not. The result is complete.
type NotValidError struct {
	Points []string // series, load and repetition
}

// Error names the points.
func (e *NotValidError) Error() string {
	return fmt.Sprintf("the scenario requires valid points below saturation, and these are not: %s; the report says why", strings.Join(e.Points, ", "))
}

// required returns a *NotValidError where the scenario requires valid points and has others, and
// nil else. A point beyond a saturation that was reached, or one that the host limited, says nothing
// wrong about the network below it. Nor does one that a search measured again, and validly, at the
// same load.
func (s *study) required() error {
	if s.Scenario.Require != "valid" {
		return nil
	}
	var points []string
	for _, p := range s.summary.Points {
		if p.Valid || p.Limit.Kind == result.LimitHost || s.saturated(p) || s.remeasured(p) {
			continue
		}
		where := place(p.Series, p.Load)
		if s.Scenario.Repeat > 1 {
			where += fmt.Sprintf(" (repetition %d)", p.Repetition)
		}
		points = append(points, where)
	}
	if points == nil {
		return nil
	}
	return &NotValidError{Points: points}
}

// saturated reports whether a point lies beyond the saturation of its series.
func (s *study) saturated(p result.Point) bool {
	i := slices.IndexFunc(s.summary.Saturation, func(sat result.Saturation) bool { return sat.Series == p.Series })
	if i < 0 || !s.summary.Saturation[i].Reached {
		return false
	}
	sat := s.summary.Saturation[i]
	return p.Load.Amount() > sat.Load().Amount()
}

// remeasured reports whether a search has a valid point of the same load.
func (s *study) remeasured(p result.Point) bool {
	search := slices.ContainsFunc(s.Scenario.Series, func(one scenario.Series) bool { return one.Name == p.Series && one.Load.Search != nil })
	return search && slices.ContainsFunc(s.summary.Points, func(other result.Point) bool {
		return other.Valid && other.Series == p.Series && other.Load == p.Load
	})
}
