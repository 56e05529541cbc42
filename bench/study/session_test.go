package study

import (
	"context"
	"errors"
	"fmt"
	"reflect"
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
	// Numbers go on from network to network.
	if want := []Need{{0, 150, 0}, {150, 150, 0}}; !slices.Equal(at.needs["a"], want) {
		t.Errorf("needs %+v, want %+v", at.needs["a"], want)
	}
	for name, seqs := range at.sent {
		slices.Sort(seqs)
		if seqs[0] != 0 || seqs[len(seqs)-1] != uint64(len(seqs)-1) {
			t.Errorf("series %s sent %d numbers, %d to %d", name, len(seqs), seqs[0], seqs[len(seqs)-1])
		}
	}
	n := uint64(at.taken)
	if want := (result.Audit{Expected: n, Found: n, Stored: n}); o.summary.Audit == nil || *o.summary.Audit != want || !o.summary.Complete {
		t.Errorf("audit %+v, want %+v", o.summary.Audit, want)
	}
	if len(o.run.Sessions) != 4 || string(o.run.Topology) == "" || o.run.Bringup == nil {
		t.Fatalf("manifest %+v", o.run)
	}
	if one := o.run.Sessions[2]; one.Network != "minimal/batch=2s,10" || one.Repetition != 2 || !reflect.DeepEqual(one.Series, []string{"b"}) || one.Bringup == nil || len(one.Topology) == 0 {
		t.Errorf("%+v", one)
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
	if o.err != nil || len(at.sessions) != 3 || len(o.summary.Points) != 3 || o.summary.Audit.Missing != 0 || o.summary.Audit.Found == 0 {
		t.Errorf("%v, %d networks, %+v", o.err, len(at.sessions), o.summary)
	}
	if want := "every level was measured 3 times; the 95 % interval of a median needs 6: repeat: 6"; !o.has(want) {
		t.Errorf("warnings %q", o.summary.Warnings)
	}
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
			time.AfterFunc(4*time.Second, func() { at.died <- broken })
		}, "broken", 2, true},
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
			if o.err == nil || errors.Is(o.err, ErrNothingMeasured) || o.err.Error() != tt.want && !strings.HasPrefix(o.err.Error(), tt.want+"\n") {
				t.Errorf("error %v, want %s", o.err, tt.want)
			}
			if len(o.summary.Points) != tt.points || o.summary.Complete != (tt.points == 4) {
				t.Errorf("complete: %v, %d points", o.summary.Complete, len(o.summary.Points))
			}
			if a := o.summary.Audit; (a != nil) != tt.audit || a != nil && (a.Missing > 0 || a.Foreign > 0) {
				t.Errorf("audit %+v", a)
			}
		})
	}
}
