package study

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
)

// The target serves 100 per second.
func TestSteadyVerdict(t *testing.T) {
	tests := []struct {
		name    string
		want    stats.State
		warning string
		detail  string // in a warning of the point
		rate    float64
		hold    time.Duration
		slots   int
	}{
		{"below capacity", "steady", "", "", 60, 31 * time.Second, 1000},
		{"above capacity", "overloaded", "c at 104/s: overloaded: more arrived than was committed, so that latency depends on how long the load was held",
			"the backlog grew by 3.8 % of the arrivals", 104, 31 * time.Second, 1000},
		{"few", "too short", "", "", 60, 11 * time.Second, 1000},
		{"few, far above capacity", "overloaded", "c at 150/s: overloaded: more arrived than was committed, so that latency depends on how long the load was held",
			"the backlog grew by 33 % of the arrivals", 150, 7 * time.Second, 10_000},
		{"full all the time", "overloaded", "c at 300/s: transactions were dropped: they were due when all slots were taken",
			" of 9000, 10 slots)", 300, 31 * time.Second, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := series(open("c", tt.hold, tt.rate))
			s.Series[0].Load.Slots = tt.slots
			o := conduct(t, s, newSite(), nil)
			if o.err != nil {
				t.Fatal(o.err)
			}
			p := o.summary.Points[0]
			equal(t, "state", tt.want, p.Steady)
			if dropped := p.Outcomes[result.Dropped.String()] > 0; dropped != (p.SteadyDetail == nil) || !dropped && p.SteadyDetail.SmallestOverload < 0.005 {
				t.Errorf("detail %+v", p.SteadyDetail)
			}
			if tt.warning == "" {
				if diff := cmp.Diff([]string{}, p.Warnings); diff != "" {
					t.Errorf("warnings (-want +got):\n%s", diff)
				}
				return
			}
			o.warned(t, tt.warning)
			if !slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.Contains(w, tt.detail) }) {
				t.Errorf("warnings %q, want one with %q", p.Warnings, tt.detail)
			}
		})
	}
}

// Clients of a closed load wait ever longer for a target that slows down.
func TestDriftingVerdict(t *testing.T) {
	s := series(closed("a", 31*time.Second, 4))
	at := newSite()
	at.fault = func(n int, _ *fate) { at.service += 3 * time.Microsecond }
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	p := o.summary.Points[0]
	if p.Steady != "drifting" || !slices.ContainsFunc(p.Warnings, func(w string) bool {
		return strings.HasPrefix(w, "not steady: latency drifted over the window") && strings.Contains(w, "(the latency changed by +")
	}) {
		t.Errorf("%s, %q", p.Steady, p.Warnings)
	}
}

// Under a load that rises, the transactions under way rise with it, though all of
// them are committed in time.
func TestChangingLoadIsNotJudged(t *testing.T) {
	for _, arrivals := range []scenario.Arrivals{
		{Kind: "ramp", Ramp: arrival.Ramp{From: 5, To: 60, Over: 41 * time.Second}},
		{Kind: "steps", Steps: arrival.Steps{{PerSecond: 20, For: 20 * time.Second}, {PerSecond: 60, For: 21 * time.Second}}},
	} {
		s := series(open("c", 41*time.Second))
		s.Series[0].Load.Arrivals, s.Series[0].Load.Slots = arrivals, 1000
		at := newSite()
		at.latency = 2 * time.Second
		at.fault = func(int, *fate) { at.latency += 100 * time.Microsecond }
		o := conduct(t, s, at, nil)
		if o.err != nil {
			t.Fatal(o.err)
		}
		if p := o.summary.Points[0]; p.Steady != "" || len(p.Warnings) > 0 || p.Scheduled < 1000 {
			t.Errorf("%s: %q, %q of %d", arrivals.Kind, p.Steady, p.Warnings, p.Scheduled)
		}
	}
}

// What an interrupted level held is not judged.
func TestInterruptedIsTooShort(t *testing.T) {
	s := series(open("c", 60*time.Second, 60))
	o := conduct(t, s, newSite(), func(interrupt context.CancelFunc) { time.AfterFunc(40*time.Second, interrupt) })
	if p := o.summary.Points[0]; p.Steady != "too short" || p.Scheduled < 2000 {
		t.Errorf("%s of %d", p.Steady, p.Scheduled)
	}
}

// BenchmarkSteadiness is what a transaction costs on its way to the disk.
func BenchmarkSteadiness(b *testing.B) {
	s := newSteadiness(0, time.Second, time.Hour)
	r := result.Record{Outcome: result.Valid}
	for i := range b.N {
		r.Seq, r.Intended = uint64(i), time.Duration(i)*100*time.Microsecond
		r.Committed = r.Intended + 20*time.Millisecond
		s.add(&r)
	}
}
