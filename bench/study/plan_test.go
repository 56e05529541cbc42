package study

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/internal/random"

	"pgregory.net/rapid"
)

func TestSchedule(t *testing.T) {
	a, b := closed("a", 10*time.Second, 1, 2, 4), open("b", 3*time.Second, 7.5, 15)
	c := closed("c", time.Second, 5)
	longer := closed("a", 2*time.Second, 1, 2, 4)
	longer.Load.Longer = &scenario.Longer{From: 2, Hold: 9 * time.Second}
	tests := []struct {
		name   string
		series []scenario.Series
		repeat int
		want   []string
		load   time.Duration
	}{
		{"one series", []scenario.Series{a}, 1, []string{"a 1 0 r1", "a 2 0 r1", "a 4 0 r1"}, 30 * time.Second},
		{"alternating", []scenario.Series{a, b, c}, 1, []string{"a 1 0 r1", "b 0 7.5 r1", "c 5 0 r1", "a 2 0 r1", "b 0 15 r1", "a 4 0 r1"}, 37 * time.Second},
		{"repeated", []scenario.Series{c, b}, 2, []string{"c 5 0 r1", "b 0 7.5 r1", "b 0 15 r1", "c 5 0 r2", "b 0 7.5 r2", "b 0 15 r2"}, 14 * time.Second},
		{"longer from 2 clients on", []scenario.Series{longer}, 1, []string{"a 1 0 r1", "a 2 0 r1", "a 4 0 r1"}, 20 * time.Second},
		{"no series", nil, 3, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := scenario.Scenario{Series: tt.series, Repeat: tt.repeat}
			var got []string
			for _, one := range sessions(s) {
				for _, t := range one.turns {
					l := t.levels[0]
					got = append(got, fmt.Sprintf("%s %d %g r%d", l.series.Name, l.load.Clients, l.load.Offered, l.repetition))
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if Levels(s) != len(tt.want) || Estimated(s, nil, usualSign).Load != tt.load {
				t.Errorf("%d levels, %v of load, want %d, %v", Levels(s), Estimated(s, nil, usualSign).Load, len(tt.want), tt.load)
			}
		})
	}
}

func TestPlan(t *testing.T) {
	think := closed("a", 10*time.Second, 8)
	think.Load.Think, think.Load.Wait, think.Load.Driver = 30*time.Millisecond, "acknowledge", result.DriverGateway
	tests := []struct {
		series     scenario.Series
		load       result.Load
		repetition int
		want       bench.Plan
	}{
		{think, result.Load{Kind: "closed", Clients: 8, Think: 0.03}, 1,
			bench.Plan{Clients: 8, Think: 30 * time.Millisecond, Hold: 10 * time.Second, Wait: result.WaitAcknowledge, Driver: result.DriverGateway, First: 77,
				Random: random.Stream{Seed: 100, Purpose: random.Arrivals, Series: "a", Level: "8 clients", Repetition: 1}}},
		{open("b", 3*time.Second, 7.5), result.Load{Kind: "open", Offered: 7.5, Slots: 100}, 3,
			bench.Plan{Arrivals: arrival.Constant{PerSecond: 7.5}, Slots: 100, Hold: 3 * time.Second, Wait: result.WaitCommit, First: 77,
				Random: random.Stream{Seed: 100, Purpose: random.Arrivals, Series: "b", Level: "7.5/s", Repetition: 3}}},
	}
	for _, tt := range tests {
		equal(t, "loads", []result.Load{tt.load}, loads(tt.series))
		got := plan(100, level{series: tt.series, load: tt.load, repetition: tt.repetition}, 77)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("plan (-want +got):\n%s", diff)
		}
		if err := got.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestConditions(t *testing.T) {
	caps := topology.Caps{Peer: topology.Cap{CPUs: 0.5}, Device: topology.Cap{Memory: 1 << 28}}
	network := result.Conditions{Topology: "minimal", Fabric: "3.1.1", BatchTimeout: 0.2, BatchMessages: 100, Caps: caps, Channels: 2}
	s := &session{facts: Facts{Conditions: network}}
	endorse := closed("a", time.Second, 1)
	endorse.Load.Wait = "endorse"
	ordinary := closed("b", time.Second, 1)
	ordinary.Load.Driver = result.DriverGateway
	tests := []struct {
		series scenario.Series
		want   func(c *result.Conditions)
	}{
		{endorse, func(c *result.Conditions) {
			c.Wait, c.Workload, c.Length, c.Meters, c.Verify = "endorse", "plain", 1, 3, true
		}},
		{ordinary, func(c *result.Conditions) {
			c.Driver, c.Wait, c.Workload, c.Length, c.Meters, c.Verify = "gateway", "commit", "plain", 1, 3, true
		}},
		{scenario.Series{Workload: of(5, result.Conditions{Workload: "billing", Form: "encrypted", Readings: 30, Scheme: "ddh", Bits: 2048, Length: 24})}, func(c *result.Conditions) {
			c.Wait, c.Workload, c.Form, c.Readings, c.Scheme, c.Bits, c.Length, c.Meters = "commit", "billing", "encrypted", 30, "ddh", 2048, 24, 5
		}},
		{scenario.Series{Mix: []scenario.Workload{
			of(10, result.Conditions{Workload: "plain", Length: 24, Interval: 60, Verify: true}),
			of(5, result.Conditions{Workload: "padded", Length: 2, Interval: 3600}),
		}}, func(c *result.Conditions) {
			c.Wait, c.Workload, c.Mix, c.Meters = "commit", "mix", "plain 24, padded 2", 15
		}},
		{scenario.Series{Mix: []scenario.Workload{
			of(1, result.Conditions{Workload: "plain", Length: 1, Interval: 60}), of(1, result.Conditions{Workload: "plain", Length: 1, Interval: 60}),
		}}, func(c *result.Conditions) {
			c.Wait, c.Workload, c.Mix, c.Length, c.Meters, c.Interval = "commit", "mix", "plain 1, plain 1", 1, 2, 60
		}},
	}
	for _, tt := range tests {
		want := network
		want.Driver = result.DriverWire
		tt.want(&want)
		if diff := cmp.Diff(want, s.conditions(level{series: tt.series})); diff != "" {
			t.Errorf("conditions (-want +got):\n%s", diff)
		}
	}
	s.facts.Target = result.TargetReference
	if driver := s.conditions(level{series: endorse}).Driver; driver != "" {
		t.Errorf("driver %q, where there is no network", driver)
	}
}

// A network per repetition and per setting that only another network can have.
func TestSessions(t *testing.T) {
	small, large := scenario.Network{Batch: topology.Batch{Messages: 1}}, scenario.Network{Batch: topology.Batch{Messages: 9}}
	a, b, c := closed("a", 10*time.Second, 1, 2), closed("b", 5*time.Second, 4), closed("c", time.Second, 8)
	a.Network, b.Network, c.Network = small, large, small
	tests := []struct {
		name   string
		series []scenario.Series
		repeat int
		fresh  bool
		want   []string
	}{
		{"one for all", []scenario.Series{a, c}, 2, false, []string{"1 of 1, 1: a1 r1 1/6 32s, c8 r1 2/6 31s, a2 r1 3/6 21s, a1 r2 4/6 ..."}},
		{"fresh", []scenario.Series{a}, 2, true, []string{"1 of 2, 1: a1 r1 1/4 32.5s, a2 r1 2/4 22.5s", "2 of 2, 1: a1 r2 3/4 10s, a2 r2 4/4 0s"}},
		{"two networks", []scenario.Series{a, b, c}, 2, false, []string{
			"1 of 4, 1: a1 r1 1/8 49.5s, c8 r1 2/8 48.5s, a2 r1 3/8 38.5s", "2 of 4, 9: b4 r1 4/8 31s",
			"3 of 4, 9: b4 r2 5/8 23.5s", "4 of 4, 1: a1 r2 6/8 11s, c8 r2 7/8 10s, a2 r2 8/8 0s",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, one := range sessions(scenario.Scenario{Series: tt.series, Repeat: tt.repeat, Fresh: tt.fresh}) {
				var parts []string
				for i, t := range one.turns {
					l := t.levels[0]
					if i == 3 {
						parts = append(parts, fmt.Sprintf("%s%d r%d %d/%d ...", l.series.Name, l.load.Clients, l.repetition, t.number, t.of))
						break
					}
					parts = append(parts, fmt.Sprintf("%s%d r%d %d/%d %v", l.series.Name, l.load.Clients, l.repetition, t.number, t.of, t.after))
				}
				got = append(got, fmt.Sprintf("%d of %d, %d: %s", one.Number, one.Of, one.Network.Batch.Messages, strings.Join(parts, ", ")))
			}
			if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
				t.Errorf("\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// As many ciphertexts are made ahead as an open load schedules.
func TestPlanned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rates := rapid.SliceOfNDistinct(rapid.Float64Range(0.01, 500), 1, 4, rapid.ID).Draw(t, "rates")
		s := open("a", time.Duration(rapid.Int64Range(1, int64(3*time.Second)).Draw(t, "hold")), rates...)
		want := 0
		for _, rate := range rates {
			want += 1 + int(math.Ceil(rate*s.Load.Hold.Seconds()))
		}
		if n := planned(1, planTurns([]scenario.Series{s}, 1), s); n != 0 {
			t.Errorf("%d planned for a load that needs none", n)
		}
		s.Workload = of(3, result.Conditions{Workload: "encrypted", Encryption: "ahead"})
		other := open("b", time.Second, 1000)
		if n := planned(1, planTurns([]scenario.Series{s, other}, 1), s); n > want || n < want-2*len(rates) {
			t.Errorf("%d planned, about %d are due", n, want)
		}
	})
}

func TestTooMany(t *testing.T) {
	a, b, free := open("a", 10*time.Second, 100, 200), open("b", 10*time.Second, 50), closed("c", time.Hour, 1)
	elsewhere := b
	elsewhere.Network.Channels = 2
	for _, c := range []struct {
		name  string
		all   []scenario.Series
		fresh bool
		most  map[string]int
		want  string
	}{
		{"all repetitions on one network", []scenario.Series{a, b}, false, map[string]int{"a": 5999}, "a"},
		{"just enough", []scenario.Series{a, b}, false, map[string]int{"a": 6000, "b": 1000}, ""},
		{"the second", []scenario.Series{a, b, free}, false, map[string]int{"a": 6000, "b": 999, "c": 1}, "b"},
		{"a network for each repetition", []scenario.Series{a}, true, map[string]int{"a": 3000}, ""},
		{"a network for each series and repetition", []scenario.Series{a, elsewhere}, false, map[string]int{"a": 3000, "b": 499}, "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := TooMany(scenario.Scenario{Series: c.all, Repeat: 2, Fresh: c.fresh, Seed: 1}, c.most)
			if got.Name != c.want || ok != (c.want != "") {
				t.Errorf("%q, %v, want %q", got.Name, ok, c.want)
			}
		})
	}
}

// Ten times the levels take ten times the memory to plan, not a hundred times.
func TestPlanGrowsWithLevels(t *testing.T) {
	const levels = 5000
	many := open("a", 3*time.Second)
	for i := range levels {
		many.Load.Rate = append(many.Load.Rate, float64(i+1))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	plan := planTurns([]scenario.Series{many}, 1)
	runtime.ReadMemStats(&after)
	equal(t, "turns", levels, len(plan))
	if each := (after.TotalAlloc - before.TotalAlloc) / levels; each > 16<<10 {
		t.Errorf("%d bytes for each of %d levels", each, levels)
	}
}
