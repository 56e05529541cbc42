package study

import (
	"context"
	"errors"
	"fmt"

	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
)

// twoNetworks are two series that cannot share a network.
func twoNetworks() scenario.Scenario {
	a, b := open("a", 3*time.Second, 50), closed("b", 3*time.Second, 1)
	b.Network = scenario.Network{Topology: "minimal", Batch: topology.Batch{Timeout: 2 * time.Second, Messages: 10}}
	a.Network = scenario.Network{Topology: "minimal"}
	a.Workload = of(3, result.Conditions{Workload: "encrypted", Encryption: "ahead"})
	s := series(a, b)
	s.Repeat = 2
	return s
}

func TestTwoNetworks(t *testing.T) {
	at := newSite()
	o := conduct(t, twoNetworks(), at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	var order []string
	for _, p := range o.summary.Points {
		order = append(order, fmt.Sprintf("%s r%d", p.Series, p.Repetition))
	}
	if want := []string{"a r1", "b r1", "b r2", "a r2"}; !slices.Equal(order, want) {
		t.Errorf("ran %q, want %q", order, want)
	}
	var networks []string
	for _, one := range at.sessions {
		networks = append(networks, fmt.Sprintf("%d/%d %s", one.Number, one.Of, one.Network))
	}
	if want := []string{"1/4 minimal", "2/4 minimal/batch=2s,10", "3/4 minimal/batch=2s,10", "4/4 minimal"}; !slices.Equal(networks, want) {
		t.Errorf("networks %q, want %q", networks, want)
	}
	// Numbers go on from network to network, beyond that of the one transaction that the level ran out with.
	equal(t, "needs", []Need{{0, 150, []int{150}, 0}, {151, 150, []int{150}, 0}}, at.needs["a"])
	for name, seqs := range at.sent {
		slices.Sort(seqs)
		if seqs[0] != 0 || seqs[len(seqs)-1] != uint64(len(seqs)-1) {
			t.Errorf("series %s sent %d numbers, %d to %d", name, len(seqs), seqs[0], seqs[len(seqs)-1])
		}
	}
	n := uint64(at.taken)
	equal(t, "audit", &result.Audit{Verdict: result.AuditPass, Expected: n, Found: n, Stored: n}, o.summary.Audit)
	equal(t, "complete", true, o.summary.Complete)
	if len(o.run.Sessions) != 4 || string(o.run.Topology) == "" || o.run.Bringup == nil {
		t.Fatalf("%d sessions, topology %q, bring-up %v", len(o.run.Sessions), o.run.Topology, o.run.Bringup)
	}
	one := o.run.Sessions[2]
	equal(t, "network", "minimal/batch=2s,10", one.Network)
	equal(t, "repetition", 2, one.Repetition)
	equal(t, "series", []string{"b"}, one.Series)
	if one.Bringup == nil || len(one.Topology) == 0 {
		t.Errorf("bring-up %v, topology %q", one.Bringup, one.Topology)
	}
	if step := "bring network 2 of 4 up: minimal/batch=2s,10"; !slices.Contains(o.watcher.steps, step) {
		t.Errorf("steps %q", o.watcher.steps)
	}
}

// Each of three networks is first, second and last once.
func TestNetworksTakeTurns(t *testing.T) {
	var all []scenario.Series
	for i, timeout := range []time.Duration{1, 2, 3} {
		one := closed(string(rune('a'+i)), 3*time.Second, 1)
		one.Network = scenario.Network{Topology: "minimal", Batch: topology.Batch{Timeout: timeout * time.Second}}
		all = append(all, one)
	}
	s := series(all...)
	s.Repeat = 3
	order := ""
	for _, one := range sessions(s) {
		order += one.series[0].Name
	}
	if order != "abcbcacab" {
		t.Errorf("networks run in the order %s", order)
	}
}

func TestFreshNetworks(t *testing.T) {
	s := series(closed("a", 3*time.Second, 1))
	s.Repeat, s.Fresh = 3, true
	at := newSite()
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	equal(t, "networks", 3, len(at.sessions))
	equal(t, "points", 3, len(o.summary.Points))
	equal(t, "missing", 0, o.summary.Audit.Missing)
	equal(t, "none found", false, o.summary.Audit.Found == 0)
	o.warned(t, "every level was measured 3 times; the 95 % interval of a median needs 6: repeat: 6")
}

// What the networks before gave is kept when one fails.
func TestLaterNetworkFails(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name   string
		fail   func(at *site)
		want   string
		points int
		audit  bool
	}{
		{"start", func(at *site) { at.startErr = broken }, "broken", 1, true},
		{"series", func(at *site) { at.seriesErr = broken }, `prepare series "b": broken`, 1, true},
		{"close", func(at *site) { at.closeErr = broken }, "broken", 1, true},
		{"ledger", func(at *site) { at.ledgerErr = broken }, "audit: read the ledger: broken", 4, false},
		{"dies", func(at *site) {
			time.AfterFunc(4*time.Second, func() { at.events <- ended("peer0", "exit status 2") })
		}, "peer0 ended: exit status 2; log: logs/peer0.log", 2, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := newSite()
			o := conduct(t, twoNetworks(), at, func(context.CancelFunc) { // within the first level
				time.AfterFunc(time.Second, func() {
					at.mu.Lock()
					defer at.mu.Unlock()
					tt.fail(at)
				})
			})
			measured(t, o.err)
			if first, _, _ := strings.Cut(fmt.Sprint(o.err), "\n"); first != tt.want {
				t.Errorf("error %v, want %s", o.err, tt.want)
			}
			if len(o.summary.Points) != tt.points || o.summary.Complete {
				t.Errorf("complete: %v, %d points", o.summary.Complete, len(o.summary.Points))
			}
			a := o.summary.Audit
			equal(t, "audited", tt.audit, a != nil)
			if a != nil {
				equal(t, "missing", 0, a.Missing)
				equal(t, "foreign", 0, a.Foreign)
			}
		})
	}
}
