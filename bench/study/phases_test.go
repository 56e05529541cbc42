package study

import (
	"context"
	"fmt"
	"math"

	"slices"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/proc"
)

// phase makes a series one of a group's.
func phase(group string, start time.Duration, s scenario.Series) scenario.Series {
	s.Group, s.Start = group, start
	return s
}

// day is a base load with two more for a part of it, after a load of its own.
func day() scenario.Scenario {
	return series(
		open("alone", 3*time.Second, 20),
		phase("day", 0, open("day/base", 12*time.Second, 10)),
		phase("day", 4*time.Second, open("day/burst", 4*time.Second, 50)),
		phase("day", 6*time.Second, closed("day/bills", 4*time.Second, 1)),
	)
}

// Phases run together, each from its own start, and each is a point over its
// own window.
func TestPhases(t *testing.T) {
	s := day()
	s.Repeat = 2
	at := newSite()
	at.sample = func(snap *proc.Snapshot) { // peer0 works while the burst is on
		since := time.Since(at.started).Seconds() - 3 // alone comes first
		snap.CPU["peer0"] = min(max(0, since-4), 4)
	}
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	if Levels(s) != 4 || Estimated(s, nil, usualSign).Load != 2*15*time.Second {
		t.Errorf("%d levels, %v of load", Levels(s), Estimated(s, nil, usualSign).Load)
	}
	var order []string
	for _, p := range o.summary.Points {
		order = append(order, fmt.Sprintf("%s r%d", p.Series, p.Repetition))
	}
	want := []string{"alone r1", "day/base r1", "day/burst r1", "day/bills r1", "alone r2", "day/base r2", "day/burst r2", "day/bills r2"}
	if !slices.Equal(order, want) {
		t.Fatalf("points %q, want %q", order, want)
	}
	if p := o.summary.Points[0]; p.Phase != nil || p.ClientCPU == 0 {
		t.Errorf("a load that ran alone: phase %v, client CPU %g", p.Phase, p.ClientCPU)
	}
	for i, want := range []struct {
		phase     result.LoadPhase // but for its rates
		window    float64
		scheduled uint64
		peer      float64
	}{
		{result.LoadPhase{Group: "day", Start: 0, From: 1, Hold: 12}, 11, 110, 4. / 11},
		{result.LoadPhase{Group: "day", Start: 4, From: 5, Hold: 4}, 3, 150, 1},
		{result.LoadPhase{Group: "day", Start: 6, From: 7, Hold: 4}, 3, 0, 1. / 3},
	} {
		p := o.summary.Points[1+i]
		want.phase.Bin, want.phase.Rates = 1, p.Phase.Rates
		var committed float64
		for _, rate := range p.Phase.Rates {
			committed += rate * p.Phase.Bin
		}
		if len(p.Phase.Rates) != int(p.Window) || math.Abs(committed/p.Window-p.Throughput) > 1e-9 {
			t.Errorf("%s: rates %v of %g/s in all", p.Series, p.Phase.Rates, p.Throughput)
		}
		equal(t, p.Series, want.phase, *p.Phase)
		equal(t, p.Series+": window", want.window, p.Window)
		if want.scheduled > 0 {
			equal(t, p.Series+": scheduled", want.scheduled, p.Scheduled)
		}
		equal(t, p.Series+": valid", p.Scheduled, p.Outcomes["valid"])
		equal(t, p.Series+": client CPU", 0, p.ClientCPU)
		// The samples next to the window's ends miss it by little.
		if math.Abs(p.CPU["peer0"]-want.peer) > 0.07 {
			t.Errorf("%s: peer0 used %g cores in the window, want %g", p.Series, p.CPU["peer0"], want.peer)
		}
	}
	// Rows of all phases stand on one line of time.
	first := map[string]time.Duration{}
	for _, row := range o.rows {
		if at, seen := first[row.Series]; !seen || row.Intended < at {
			first[row.Series] = row.Intended
		}
	}
	if first["day/base"] != 0 || first["day/burst"] != 4*time.Second || first["day/bills"] != 6*time.Second {
		t.Errorf("the phases begin at %v", first)
	}
	n := uint64(at.taken)
	equal(t, "audit", &result.Audit{Verdict: result.AuditPass, Expected: n, Found: n, Stored: n}, o.summary.Audit)
	equal(t, "phases with a saturation", 0, len(o.summary.Saturation))
	most := 0
	for _, l := range o.watcher.lives {
		if l.Phases > 0 {
			equal(t, "series", "day", l.Series)
			equal(t, "phases", 3, l.Phases)
			equal(t, "level of a repetition", 0, l.Level%2)
			equal(t, "levels", 4, l.Levels)
		}
		most = max(most, l.Underway)
	}
	if most != 3 {
		t.Errorf("%d phases were under way at most", most)
	}
}

// What is dropped in one phase is not another's.
func TestDropsOfOnePhase(t *testing.T) {
	s := day()
	s.Series[2].Load.Slots = 1
	o := conduct(t, s, newSite(), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	equal(t, "points", 4, len(o.summary.Points))
	for _, p := range o.summary.Points {
		if dropped := p.Outcomes["dropped"]; (dropped > 0) != (p.Series == "day/burst") {
			t.Errorf("%s: %d dropped", p.Series, dropped)
		}
	}
}

// Interrupted within a level of phases, each phase keeps what it has: one that
// was over is whole, and of one that had not begun there is nothing.
func TestPhasesInterrupted(t *testing.T) {
	s := day()
	s.Series[3].Start = 10 * time.Second
	o := conduct(t, s, newSite(), func(interrupt context.CancelFunc) {
		time.AfterFunc(3*time.Second+9500*time.Millisecond, interrupt)
	})
	if o.err == nil || o.summary.Complete {
		t.Errorf("error %v", o.err)
	}
	windows := map[string]float64{}
	for _, p := range o.summary.Points {
		windows[p.Series] = p.Window
		cut := slices.Contains(p.Warnings, "the level was interrupted and is shorter than planned")
		if cut != (p.Series == "day/base") {
			t.Errorf("%s: warnings %q", p.Series, p.Warnings)
		}
	}
	if len(windows) != 3 || windows["day/burst"] != 3 || math.Abs(windows["day/base"]-8.4) > 0.11 {
		t.Errorf("windows %v", windows)
	}
	if o.summary.Audit == nil {
		t.Fatal("no audit")
	}
	equal(t, "missing", 0, o.summary.Audit.Missing)
	equal(t, "foreign", 0, o.summary.Audit.Foreign)
}

// Phases of one kind draw arrivals of their own.
func TestPhasesDrawTheirOwnArrivals(t *testing.T) {
	a, b := phase("day", 0, open("day/a", 9*time.Second, 7)), phase("day", 0, open("day/b", 9*time.Second, 7))
	t1 := planTurns([]scenario.Series{a, b}, 1)[0]
	if x, y := plan(5, t1.levels[0], 0).Random, plan(5, t1.levels[1], 0).Random; x == y {
		t.Errorf("both draw %v", x)
	}
}

// Rows of phases lie mixed in the file; each phase is split by its own.
func TestPhasesAreSplit(t *testing.T) {
	o := conduct(t, day(), tracedSite(func(*traced) {}), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	equal(t, "points", 4, len(o.summary.Points))
	for _, p := range o.summary.Points {
		var sum float64
		for _, part := range result.BlockParts() {
			q, ok := p.Latency[part.String()]
			if !ok || q.N != p.Outcomes["valid"] {
				t.Errorf("%s: %v of %d transactions, want %d", p.Series, part, q.N, p.Outcomes["valid"])
			}
			sum += q.Mean
		}
		if whole := p.Latency["order_commit"].Mean; math.Abs(sum-whole) > 1e-3*whole {
			t.Errorf("%s: the parts sum to %g of %g", p.Series, sum, whole)
		}
		if p.LimitedBy == "" || p.BlockCut == nil {
			t.Fatalf("%s: limited by %q, blocks %v", p.Series, p.LimitedBy, p.BlockCut)
		}
		between(t, p.Series+": blocks", float64(p.BlockCut.Total()), 10*p.Window-1, 10*p.Window+1)
	}
}
