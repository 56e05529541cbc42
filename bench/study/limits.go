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
	searches := slices.ContainsFunc(s.Scenario.Series, func(one scenario.Series) bool { return one.Name == p.Series && one.Load.Search != nil })
	for _, o := range s.summary.Points {
		if o.Series == p.Series && (o.Repetition == p.Repetition || searches) {
			all = append(all, o)
		}
	}
	return all
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
