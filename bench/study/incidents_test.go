package study

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// hung is the incident of a node that hangs since an instant, and until one if that is not zero.
func hung(node string, since, until time.Time) result.Incident {
	return result.Incident{
		Process: result.Process{Role: result.RoleOrderer, Name: node}, Kind: result.Hung, Noticed: result.NoticeHealth, Since: since, Until: until,
	}
}

// unreachable is the incident of a node of others.
func unreachable(node string) result.Incident {
	return result.Incident{
		Process: result.Process{Role: result.RolePeer, Name: node}, Kind: result.Unreachable, Noticed: result.NoticeSilence, Since: time.Now(),
	}
}

// An end that was done to a node on purpose is stored with what was done, the last time before, and is no incident; the run
// goes on.
func TestCausedEnd(t *testing.T) {
	epoch := time.Now()
	peer := result.Process{Role: result.RolePeer, Name: "peer1"}
	end := func(after time.Duration) result.Incident {
		in := ended("peer1", "exit status 2")
		in.Process, in.Since, in.By = peer, epoch.Add(after), result.EventFill
		return in
	}
	var of incidents
	of.add(end(4 * time.Second))
	of.add(end(9 * time.Second))
	if all := of.list(); all != nil {
		t.Errorf("incidents %v", all)
	}
	other := []result.Process{{Role: result.RolePeer, Name: "peer2"}}
	events := []result.Event{
		{Kind: result.EventFill, Nodes: []result.Process{peer}, At: 3},
		{Kind: result.EventSlow, Nodes: []result.Process{peer}, At: 3.5},
		{Kind: result.EventFill, Nodes: other, At: 3.7},
		{Kind: result.EventFill, Nodes: []result.Process{peer}, At: 8.5},
	}
	for range 2 { // which adds nothing
		of.blame(events, epoch)
	}
	var got []int
	for _, e := range events {
		got = append(got, len(e.Ended))
	}
	equal(t, "ends by event", []int{1, 0, 0, 1}, got)

	s := series(open("a", 4*time.Second, 50, 50.5, 51))
	fake := newSite()
	fake.mixed = true
	o := conduct(t, s, fake, func(context.CancelFunc) {
		time.AfterFunc(6*time.Second, func() { fake.events <- end(0) })
	})
	equal(t, "error", nil, o.err)
	equal(t, "incidents", 0, len(o.summary.Incidents))
}

// What befalls a node is named with its time, in the points of the levels that it fell into or lasted during and in no other;
// whether these are valid, and whether the run goes on, follows from what it was and from what the scenario says. Levels of 4 s
// follow each other with 0.1 s between them at most.
func TestIncidents(t *testing.T) {
	at := func(d time.Duration, report func(*site)) func(*site) {
		return func(s *site) { time.AfterFunc(d, func() { report(s) }) }
	}
	tests := []struct {
		name    string
		exit    scenario.NodeExit
		arrange func(*site)
		ends    bool     // the run, early
		valid   []bool   // by point
		told    []string // part of the warning of each point, none where empty
		until   float64  // throughput in the window until then, of the first point that has it
	}{
		{"ends, stop", scenario.NodeExitStop, at(6*time.Second, func(s *site) { s.events <- ended("peer1", "signal: killed") }), true,
			[]bool{true, true}, []string{"", "peer1 ended: signal: killed; log: logs/peer1.log"}, 50},
		{"ends, by default", "", at(6*time.Second, func(s *site) { s.events <- ended("peer1", "signal: killed") }), true,
			[]bool{true, true}, []string{"", "peer1 ended: signal: killed"}, 50},
		{"ends, continue", scenario.NodeExitContinue, at(6*time.Second, func(s *site) { s.events <- ended("peer1", "signal: killed") }), false,
			[]bool{true, false, true}, []string{"", "s into the level; until then", "(before the level"}, 50},
		{"ends with another, continue", scenario.NodeExitContinue, at(6*time.Second, func(s *site) {
			s.events <- ended("peer1", "signal: killed")
			s.events <- ended("peer2", "signal: killed")
		}), false, []bool{true, false, true}, []string{"", "peer2 ended", "peer2 ended"}, 50},
		{"hangs to the end", "", at(11*time.Second, func(s *site) { s.events <- hung("orderer1", time.Now().Add(-5*time.Second), time.Time{}) }), false,
			[]bool{true, false, false}, []string{"", "orderer1 hung: it does not answer, and is not busy", "before the level"}, 50},
		{"hangs for a while", "", at(7*time.Second, func(s *site) {
			since := time.Now().Add(-time.Second)
			s.events <- hung("orderer1", since, time.Time{})
			time.Sleep(500 * time.Millisecond)
			s.events <- hung("orderer1", since, time.Now())
		}), false, []bool{true, false, true}, []string{"", "orderer1 hung", ""}, 50},
		{"is not reached, by default", "", at(6*time.Second, func(s *site) { s.events <- unreachable("peer1") }), false,
			[]bool{true, false, true}, []string{"", "peer1 unreachable: it does not answer, at", "(before the level"}, 50},
		{"nothing", "", func(*site) {}, false, []bool{true, true, true}, []string{"", "", ""}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := series(open("a", 4*time.Second, 50, 50.5, 51))
			s.OnNodeExit = tt.exit
			fake := newSite()
			fake.mixed = true
			o := conduct(t, s, fake, func(context.CancelFunc) { tt.arrange(fake) })
			_, stopped := errors.AsType[*IncidentError](o.err)
			equal(t, "ended early", tt.ends, stopped)
			equal(t, "complete", !tt.ends, o.summary.Complete)
			if !tt.ends && o.err != nil {
				t.Error(o.err)
			}
			equal(t, "points", len(tt.valid), len(o.summary.Points))
			until := 0.0
			for i, p := range o.summary.Points {
				equal(t, fmt.Sprintf("point %d is valid", i), tt.valid[i], p.Valid)
				equal(t, fmt.Sprintf("point %d is disrupted", i), tt.told[i] != "", p.Disruptions != nil)
				if warnings := strings.Join(p.Warnings, "\n"); tt.told[i] != "" && !strings.Contains(warnings, tt.told[i]) {
					t.Errorf("point %d: warnings %q, want %q", i, warnings, tt.told[i])
				}
				if p.Disruptions != nil && until == 0 {
					until = p.Disruptions[0].Throughput
				}
			}
			if math.Abs(until-tt.until) > 6 {
				t.Errorf("%.1f tx/s until then, want %.1f", until, tt.until)
			}
			for _, in := range o.summary.Incidents {
				if strings.Contains(in.String(), "\n") || in.Kind == result.Ended && (len(in.Tail) == 0 || in.Continued == tt.ends) {
					t.Errorf("incident %+v", in)
				}
			}
			for _, w := range o.summary.Warnings {
				if strings.Contains(w, "\n") {
					t.Errorf("a warning of several lines: %q", w)
				}
			}
		})
	}
}

// A hang is noticed some seconds later, perhaps when the level is over, and the last one too.
func TestIncidentIsNoticedLate(t *testing.T) {
	fake := newSite()
	fake.mixed = true
	o := conduct(t, series(open("a", 2*time.Second, 50)), fake, func(context.CancelFunc) {
		fake.ledgerRead = func() { // the level is over
			fake.events <- hung("orderer1", time.Now().Add(-time.Second), time.Time{})
			time.Sleep(time.Millisecond)
		}
	})
	if o.err != nil {
		t.Fatal(o.err)
	}
	equal(t, "valid", false, o.summary.Points[0].Valid)
	equal(t, "incidents", 1, len(o.summary.Incidents))
	if reasons := strings.Join(o.summary.Points[0].Reasons, "\n"); !strings.Contains(reasons, "orderer1 hung") {
		t.Errorf("reasons %q", reasons)
	}
}
