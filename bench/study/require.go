package study

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
)

// NotValidError says that a run's load levels are not what they have to be. The result is complete. Levels are named by
// series, load and repetition.
type NotValidError struct {
	Failed []string // nothing succeeded there, which no run passes with
	Points []string // of those below saturation, which the scenario requires to be valid
	Below  []string // less succeeded there than the share that the scenario requires
}

// Error names the levels.
func (e *NotValidError) Error() string {
	var texts []string
	add := func(text string, levels []string) {
		if levels != nil {
			texts = append(texts, text+": "+strings.Join(levels, ", "))
		}
	}
	add("nothing succeeded at these load levels", e.Failed)
	add("the scenario requires valid points below saturation, and these are not", e.Points)
	add("the scenario requires a valid_share, and at these load levels less succeeded", e.Below)
	return strings.Join(append(texts, "the report says why"), "; ")
}

// Add adds the levels of another run, under the name of its scenario.
func (e *NotValidError) Add(scenario string, of *NotValidError) {
	named := func(to *[]string, levels []string) {
		for _, level := range levels {
			*to = append(*to, scenario+": "+level)
		}
	}
	named(&e.Failed, of.Failed)
	named(&e.Points, of.Points)
	named(&e.Below, of.Below)
}

// required returns a *NotValidError where nothing succeeded at a level, or levels are not as the scenario requires, and
// nil else. A point beyond a saturation that was reached, or one that the host limited, says nothing wrong about the
// network below it, unless the load generator was stopped there or a process ended or hung, which no full host does. Nor
// does one that a search measured again, and validly, at the same load. Of a search, which has to
// learn where nothing succeeds, all levels have to fail. Where a network was disturbed on purpose, nothing has to succeed, nor
// where a level was ended on request, or because a worker was lost, which makes it not valid.
func (s *study) required() error {
	var e NotValidError
	require := s.Scenario.Require
	for i, p := range s.summary.Points {
		cut := slices.Contains(s.cutShort, i)
		if cut && !p.LostWorker() {
			continue
		}
		where := place(p.Series, p.Load)
		if s.Scenario.Repeat > 1 {
			where += fmt.Sprintf(" (repetition %d)", p.Repetition)
		}
		beyond := s.saturated(p) || s.remeasured(p)
		share := float64(p.Succeeded()) / float64(p.Scheduled)
		switch {
		case p.Disturbed() && p.Failed && p.Measured(): // nothing worked, on purpose
		case p.Failed && !cut && (!s.seeks(p.Series) || s.failed(p.Series)):
			e.Failed = append(e.Failed, where)
		case require.Valid && !p.Valid && !hostSpoilt(p) && !beyond:
			e.Points = append(e.Points, where)
		case share < require.ValidShare && !cut && !beyond:
			e.Below = append(e.Below, fmt.Sprintf("%s (%.4g %% of %d, not %.4g %%)", where, 100*share, p.Scheduled, 100*require.ValidShare))
		}
	}
	if e.Failed == nil && e.Points == nil && e.Below == nil {
		return nil
	}
	return &e
}

// hostSpoilt reports whether a point may be not valid for no other reason than a full host.
func hostSpoilt(p result.Point) bool {
	return p.Limit.Kind == result.LimitHost && !p.ClientGap.TooLong() && len(p.Disruptions) == 0 && !p.LostWorker()
}

// failed reports whether nothing succeeded at any level of a series.
func (s *study) failed(series string) bool {
	return !slices.ContainsFunc(s.summary.Points, func(p result.Point) bool { return p.Series == series && !p.Failed })
}

// saturated reports whether a point lies beyond the saturation of its series.
func (s *study) saturated(p result.Point) bool {
	return slices.ContainsFunc(s.summary.Saturation, func(sat result.Saturation) bool {
		return sat.Series == p.Series && sat.Reached && p.Load.Amount() > sat.Load().Amount()
	})
}

// remeasured reports whether a search has a valid point of the same load.
func (s *study) remeasured(p result.Point) bool {
	return s.seeks(p.Series) && slices.ContainsFunc(s.summary.Points, func(other result.Point) bool {
		return other.Valid && other.Series == p.Series && other.Load == p.Load
	})
}
