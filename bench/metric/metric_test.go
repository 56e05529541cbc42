package metric

import (
	"math"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Names and units of the benchmark format stand for one metric each, and every name is found again.
func TestNames(t *testing.T) {
	names, benches := map[string]bool{}, map[string]bool{}
	for _, m := range All() {
		if names[m.Name] || benches[m.Bench] {
			t.Errorf("%s, %s: there already", m.Name, m.Bench)
		}
		names[m.Name], benches[m.Bench] = true, true
		if found, ok := Named(m.Name); !ok || found.Bench != m.Bench || found.Gated != m.Gated {
			t.Errorf("%s: found %v, %v", m.Name, found.Name, ok)
		}
		if m.Title == "" || m.Unit == "" || m.Better == "" {
			t.Errorf("%s: incomplete: %+v", m.Name, m)
		}
		if _, ok := m.Of(&result.Point{}); ok && m.Name != Throughput {
			t.Errorf("%s: an empty point has it", m.Name)
		}
	}
	for name, known := range map[string]bool{"commit.p99.9": true, "commit.p100": false, "commit.p": false, "commit.pNaN": false, "commit": false, "": false} {
		if _, ok := Named(name); ok != known {
			t.Errorf("%q: %v", name, ok)
		}
	}
}

func TestAt(t *testing.T) {
	point := func(rate float64, valid bool) result.Point {
		return result.Point{Series: "a", Load: result.Load{Kind: result.LoadClosed, Clients: 8}, Valid: valid, Throughput: rate,
			Intervals: map[string]stats.Interval{result.ThroughputKey: {Low: rate - 1, High: rate + 1, N: 10}}}
	}
	throughput, _ := Named(Throughput)
	sum := result.Summary{Points: []result.Point{point(100, true), point(7, false)}}
	levels := Levels(&sum)
	if len(levels) != 1 || len(levels[0].Points) != 2 {
		t.Fatalf("%+v", levels)
	}
	if v, ok := throughput.At(levels[0]); !ok || v.Value != 100 || v.Interval.Low != 99 {
		t.Errorf("one valid repetition: %+v, %v", v, ok)
	}
	sum.Points = append(sum.Points, point(104, true))
	// Student's t(0.975, 1) is 12.706, the standard error 2.
	if v, _ := throughput.At(Levels(&sum)[0]); v.Value != 102 || math.Abs(v.Interval.High-102-2*12.706) > 0.01 {
		t.Errorf("two repetitions: %+v %+v", v, v.Interval)
	}
	if v, _ := throughput.At(Levels(&sum)[0]); throughput.Possible(v.Interval).Low != v.Interval.Low {
		t.Error("a bound that can be is changed")
	}
	share, _ := Named("valid.share")
	if i := share.Possible(&stats.Interval{Low: -0.2, High: 1.3}); i.Low != 0 || i.High != 1 {
		t.Errorf("a share is %v to %v", i.Low, i.High)
	}
	if i := throughput.Possible(&stats.Interval{Low: -3, High: 5}); i.Low != 0 || i.High != 5 {
		t.Errorf("a rate is %v to %v", i.Low, i.High)
	}
	if _, ok := throughput.At(Level{}); ok {
		t.Error("no repetition has a figure")
	}
}

// What nodes take is what operators pay for: neither the client's share nor that of sensors.
func TestNodes(t *testing.T) {
	p := &result.Point{Costs: &result.Costs{
		CPU: map[result.Role]float64{result.RoleClient: 1, result.RoleDevice: 2, result.RolePeer: 4, result.RoleOrderer: 8, result.RoleChaincode: 16},
		Wire: []result.WireCost{
			{From: result.RoleClient, To: result.RolePeer, Bytes: 1}, {From: result.RolePeer, To: result.RoleClient, Bytes: 2},
			{From: result.RolePeer, To: result.RoleOrderer, Bytes: 4}, {From: result.RoleOrderer, To: result.RoleOrderer, Bytes: 8},
		},
	}}
	for name, want := range map[string]float64{NodesCPU: 28, Wire: 15, NodesWire: 12} {
		m, _ := Named(name)
		if v, ok := m.Of(p); !ok || v.Value != want {
			t.Errorf("%s: %v, %v; want %v", name, v.Value, ok, want)
		}
	}
}
