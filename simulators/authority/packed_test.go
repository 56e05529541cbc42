package authority

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPacked(t *testing.T) {
	day := make([]int64, 24)
	for i := range day {
		day[i] = 1
		if i >= 6 && i < 18 {
			day[i] = 100
		}
	}
	for _, c := range []struct {
		name    string
		bound   int64
		weights []int64
		want    int
	}{
		{"decimal places", 10_000, []int64{1, 10_000, 0}, 0},
		{"the other way round", 10_000, []int64{0, -10_000, 1}, 1},
		{"nearly", 10_000, []int64{1, 9_999}, 0},
		{"just over half of the bound", 10_000, []int64{1, 5_001}, 0},
		{"half of the bound", 10_000, []int64{1, 5_000}, -1},
		{"no common factor", 10_000, []int64{9_999, 10_000}, 0},
		{"apart from two", 10_000, []int64{1, 10_000, 10_000}, 0},
		{"apart from two that share nothing", 10_000, []int64{1, 9_999, 10_000}, -1},
		{"two places", 10, []int64{1, 10, 10}, 0},
		{"alone", 10_000, []int64{0, 3}, 1},
		{"a ratio", 10_000, []int64{20, 30}, -1},
		{"day and night", 10_000, day, -1},
		{"all the same", 1, []int64{1, 1}, -1},
		{"all the same, at most", 10_000, []int64{10_000, 10_000}, -1},
		{"a difference", 1, []int64{1, -1}, -1},
		{"hourly prices", 10_000, []int64{7_919, 6_007, 9_733, 8_111, 5_303}, -1},
	} {
		if got := packed(c.weights, c.bound); got != c.want {
			t.Errorf("%s: value %d follows, want %d", c.name, got, c.want)
		}
	}
}

// What is called packed is: within half of the range no two readings have the
// same result and differ in that value. With two weights the reverse holds too.
func TestPackedAgainstAllDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.Int64Range(1, 12).Draw(t, "bound")
		weights := rapid.SliceOfN(rapid.Int64Range(-bound, bound), 2, 3).Draw(t, "weights")
		half := (bound + 1) / 2
		d := make([]int64, len(weights))
		ambiguous := make([]bool, len(weights))
		var all func(i int, sum int64)
		all = func(i int, sum int64) {
			if i == len(d) {
				for j := range d {
					ambiguous[j] = ambiguous[j] || sum == 0 && d[j] != 0
				}
				return
			}
			for d[i] = -half; d[i] <= half; d[i]++ {
				all(i+1, sum+weights[i]*d[i])
			}
		}
		all(0, 0)
		got := packed(weights, bound)
		if got >= 0 && ambiguous[got] {
			t.Fatalf("value %d is said to follow and does not", got)
		}
		for i, w := range weights {
			if len(weights) == 2 && got < 0 && w != 0 && !ambiguous[i] {
				t.Fatalf("value %d follows and is not said to", i)
			}
		}
	})
}
