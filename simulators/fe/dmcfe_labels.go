package fe

import (
	"math"
	"slices"
)

// usedLabels holds labels as disjoint ranges in ascending order that do not touch: a meter that counts
// its intervals fills one.
type usedLabels struct{ ranges []labelRange }

type labelRange struct{ first, last uint64 }

// use adds a label and reports whether it is new.
func (u *usedLabels) use(label uint64) bool {
	// at is the first range that ends at the label or later.
	at, _ := slices.BinarySearchFunc(u.ranges, label, func(r labelRange, label uint64) int {
		if r.last < label {
			return -1
		}
		return 1
	})
	if at < len(u.ranges) && u.ranges[at].first <= label {
		return false
	}
	extends := at > 0 && u.ranges[at-1].last == label-1
	precedes := at < len(u.ranges) && label < math.MaxUint64 && u.ranges[at].first == label+1
	switch {
	case extends && precedes:
		u.ranges[at-1].last = u.ranges[at].last
		u.ranges = slices.Delete(u.ranges, at, at+1)
	case extends:
		u.ranges[at-1].last = label
	case precedes:
		u.ranges[at].first = label
	default:
		u.ranges = slices.Insert(u.ranges, at, labelRange{label, label})
	}
	return true
}
