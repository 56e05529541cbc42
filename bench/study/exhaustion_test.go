package study

import (
	"testing"
	"time"

	"meterbench/bench/result"
)

// A level whose workload has no further transaction is as long as it lasted, and what is left of the series says so in one
// warning; none of it counts as a plateau.
func TestExhaustedWorkload(t *testing.T) {
	at := newSite()
	at.most = 1500 // 100/s at most
	o := conduct(t, series(closed("a", 10*time.Second, 8, 16, 32)), at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	equal(t, "points", 2, len(o.summary.Points))
	between(t, "throughput before", o.summary.Points[0].Throughput, 99, 101)
	between(t, "throughput until then", o.summary.Points[1].Throughput, 95, 101)
	between(t, "window", o.summary.Points[1].Window, 3, 5)
	codes := map[string]int{}
	for _, w := range o.summary.Notices {
		codes[string(w.Code)]++
	}
	equal(t, "warnings of failures", 0, codes[string(result.TransactionsFailed)])
	equal(t, "warnings that it is exhausted", 2, codes[string(result.Exhausted)]) // of a short level, and of one without a window
	for _, s := range o.summary.Saturation {
		equal(t, "a plateau", false, s.Reached)
	}
}
