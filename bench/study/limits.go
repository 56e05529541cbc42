package study

import (
	"slices"

	"meterbench/bench/bottleneck"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// comparable returns the points of a series that were measured on the network of one of them, in the same repetition. A
// search repeats itself on one network.
func (s *study) comparable(p *result.Point) (all []result.Point) {
	for _, o := range s.summary.Points {
		if o.Series == p.Series && (o.Repetition == p.Repetition || s.seeks(p.Series)) {
			all = append(all, o)
		}
	}
	return all
}

// seeks reports whether the levels of a series are looked for.
func (s *study) seeks(series string) bool {
	return slices.ContainsFunc(s.Scenario.Series, func(one scenario.Series) bool { return one.Name == series && one.Load.Search != nil })
}

// onPlateau takes back that nothing limited points on a plateau that the whole series confirms.
func (s *study) onPlateau(found *result.Saturation, points []result.Point) {
	for _, all := range [][]result.Point{points, s.summary.Points} {
		for i := range all {
			if p := &all[i]; p.Series == found.Series {
				p.Limit, p.LimitedBecause = bottleneck.OnPlateau(p, found)
			}
		}
	}
}
