package study

import (
	"testing"
	"time"

	"meterbench/internal/proc"
)

// A window is billed for what is used within it, to the millisecond: what happens right before and after is not in it.
func TestProcessorsAreSampledAtTheEdges(t *testing.T) {
	const from, to = 1110 * time.Millisecond, 3370 * time.Millisecond
	s := series(open("c", to, 50))
	s.Warmup = from
	at := newSite()
	at.sample = func(snap *proc.Snapshot) { // busier outside the window
		since := time.Since(at.started)
		snap.CPU["peer0"] += 9 * (min(since, from) + max(since, to)).Seconds()
	}
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	between(t, "cores of peer0", o.summary.Points[0].CPU["peer0"], 0.4999, 0.5001)
}
