package comparison

import (
	"strings"
	"testing"

	"meterbench/bench/compare"
)

// A figure that one side lacks does not say how many runs there were.
func TestNeeded(t *testing.T) {
	row := func(base, head int) compare.Row {
		return compare.Row{Gated: true, Verdict: compare.CannotTell, Smallest: 0.1,
			Base: compare.Sample{Values: make([]float64, base)}, Head: compare.Sample{Values: make([]float64, head)}}
	}
	c := &compare.Comparison{Minimum: 0.05}
	for want, rows := range map[string][]compare.Row{
		"(3 a side)": {row(3, 4), row(0, 4)}, "Only one side": {row(0, 4)}, "about 32 runs": {row(8, 8), row(9, 0)},
	} {
		if got := needed(c, rows); !strings.Contains(got, want) {
			t.Errorf("%q, want %s", got, want)
		}
	}
}
