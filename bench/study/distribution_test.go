package study

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/bench/result"
)

// Where two percent of the transactions never commit there is no p99 over all of them, however quick the others are.
func TestLatencyOverAllScheduled(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fault   func(f *fate)
		missing result.Outcome
		at      func(p99 float64) bool
	}{
		{"lost", func(f *fate) { f.lost = true }, result.Unknown, func(p99 float64) bool { return p99 >= 30 && p99 < 31 }}, // for so long a level drains
		{"refused", func(f *fate) { *f = fate{told: result.EndorseRefused, err: errors.New("no")} }, result.EndorseRefused,
			func(p99 float64) bool { return math.IsInf(p99, 1) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at := newSite()
			at.fault = func(n int, f *fate) {
				if n%50 == 0 {
					tt.fault(f)
				}
			}
			s := series(open("a", 21*time.Second, 80))
			s.Quantiles = []float64{50, 90, 99}
			o := conduct(t, s, at, func(context.CancelFunc) {})
			if len(o.summary.Points) != 1 {
				t.Fatal(o.err)
			}
			p := o.summary.Points[0]
			if commit := p.Latency["commit"]; commit.P99 == nil || *commit.P99 > 0.03 || len(commit.More) != 1 || commit.At(90) == nil {
				t.Errorf("those that committed: %+v", commit)
			}
			all := p.LatencyAll
			equal(t, "scheduled", p.Scheduled, all.N)
			equal(t, "missing", p.Outcomes[tt.missing.String()], all.Lost())
			p90, beyond, ok := all.At(90)
			if p90 > 0.03 || beyond || !ok {
				t.Errorf("p90 %g, beyond %v, %v", p90, beyond, ok)
			}
			if p99, beyond, ok := all.At(99); !tt.at(p99) || !beyond || !ok {
				t.Errorf("p99 %g, beyond %v, %v", p99, beyond, ok)
			}
			equal(t, "latencies of those that are missing", all.Lost(), p.LatencyByOutcome[tt.missing.String()].N)
			equal(t, "latencies of those that committed", p.Outcomes["valid"], p.LatencyByOutcome["valid"].N)
		})
	}
}

// Of a hundred transactions two are refused: they keep to no objective.
func TestObjective(t *testing.T) {
	at := newSite()
	at.latency = 50 * time.Millisecond
	s := series(closed("a", 21*time.Second, 1), closed("b", 21*time.Second, 1), closed("c", 21*time.Second, 1), closed("d", 21*time.Second, 1))
	for i, objective := range []time.Duration{0, 70 * time.Millisecond, 20 * time.Millisecond, 10 * time.Millisecond} {
		s.Series[i].Objective = objective // each takes 60 ms
	}
	at.fault = func(n int, f *fate) {
		if n%50 == 0 {
			*f = fate{told: result.EndorseRefused, err: errors.New("no")}
		}
	}
	o := conduct(t, s, at, func(context.CancelFunc) {})
	if len(o.summary.Points) != 4 {
		t.Fatal(o.err)
	}
	for i, want := range []*result.Satisfaction{
		nil, {Objective: 0.07, Satisfied: 0.98, Apdex: 0.98}, {Objective: 0.02, Tolerating: 0.98, Apdex: 0.49}, {Objective: 0.01},
	} {
		p := o.summary.Points[i]
		if diff := cmp.Diff(want, p.Satisfaction, cmpopts.EquateApprox(0, 0.005)); diff != "" {
			t.Errorf("series %s (-want +got):\n%s", p.Series, diff)
		}
		interval, ok := p.Intervals[result.SatisfiedShare]
		if ok != (want != nil) || ok && !(interval.Low <= p.Satisfaction.Satisfied && p.Satisfaction.Satisfied <= interval.High && interval.High-interval.Low < 0.2) {
			t.Errorf("series %s: interval %+v, %v", p.Series, interval, ok)
		}
	}
}
