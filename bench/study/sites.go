package study

import (
	"slices"

	"meterbench/bench/scenario"
)

// siteNumber returns the number of the site where the clients of a series stand, from 1, and 0 where they stand at none in
// particular.
func (s *session) siteNumber(series scenario.Series) uint16 {
	return uint16(slices.Index(s.facts.Sites, series.Load.Site) + 1)
}
