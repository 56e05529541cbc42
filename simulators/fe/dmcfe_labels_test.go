package fe

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestUsedLabels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.OneOf(rapid.Uint64Range(0, 40), rapid.Uint64Range(math.MaxUint64-3, math.MaxUint64))
		var used usedLabels
		seen := map[uint64]bool{}
		for _, l := range rapid.SliceOfN(label, 0, 80).Draw(t, "labels") {
			if free := used.use(l); free == seen[l] {
				t.Fatalf("label %d: use = %v, but it was used before: %v", l, free, seen[l])
			}
			seen[l] = true
		}
		runs := 0
		for l := range seen {
			if l == 0 || !seen[l-1] {
				runs++
			}
		}
		if len(used.ranges) != runs {
			t.Fatalf("%v: want %d ranges", used.ranges, runs)
		}
	})
}
