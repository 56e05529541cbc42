package study

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
	"meterbench/internal/race"
)

// searching returns a series whose load is searched for.
func searching(s scenario.Series, search scenario.Search) scenario.Series {
	s.Load.Search = &search
	return s
}

// The target serves 100 per second.
func TestOpenSearch(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	if race.Enabled {
		t.Skip("other tests show the race detector as much as so many levels")
	}
	s := series(searching(open("c", 41*time.Second), scenario.Search{From: 10, To: 1000}))
	s.Series[0].Load.Slots, s.Series[0].Load.Search.Repetitions, s.Repeat = 2000, 1, 2
	o := conduct(t, s, newSite(), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	if len(o.summary.Saturation) != 1 {
		t.Fatalf("%d series saturate, want 1", len(o.summary.Saturation))
	}
	found := o.summary.Saturation[0]
	equal(t, "reached", true, found.Reached)
	between(t, "offered", found.Offered, 98, 102)
	between(t, "throughput", found.Throughput, 98, 102)
	between(t, "plateau", found.Plateau, 99, math.Inf(1))
	between(t, "throughput in its interval", found.Throughput, found.Low, found.High)
	equal(t, "without a limit", false, found.LimitedBy == "")
	equal(t, "scaling law", nil, found.USL)
	equal(t, "why there is no scaling law", "", found.USLReason)
	steps := len(o.summary.Points)
	t.Logf("%g/s of 100/s in %d steps", found.Offered, steps)
	if want := fmt.Sprintf("search of %d steps: a load of ", steps); steps < 8 || steps > 25 || !strings.HasPrefix(found.Method, want) {
		t.Errorf("%d points, %s", steps, found.Method)
	}
	if slices.ContainsFunc(o.summary.Warnings, func(w string) bool { return strings.HasPrefix(w, "every level") }) {
		t.Errorf("%q", o.summary.Warnings)
	}
	var loads []float64
	keys := map[string]bool{}
	for _, p := range o.summary.Points {
		loads = append(loads, p.Load.Offered)
		keys[fmt.Sprint(p.Load, p.Repetition)] = true
		if p.Steady == "" || p.Load.Slots != 2000 {
			t.Errorf("%g/s: steady %q, %d slots", p.Load.Offered, p.Steady, p.Load.Slots)
		}
	}
	if !slices.Equal(loads[:6], []float64{10, 20, 40, 80, 160, 160}) || len(keys) != steps {
		t.Errorf("loads %g, %d of them told apart by their repetition", loads, len(keys))
	}
	last := o.watcher.lives[len(o.watcher.lives)-1]
	equal(t, "at most", true, last.AtMost)
	equal(t, "last level", steps, last.Level)
	equal(t, "levels", Levels(s), last.Levels)
	between(t, "remaining", last.Remaining, 0, Estimated(s, nil, usualSign).Load)
	if want := time.Duration(75-steps) * 41 * time.Second; last.Remaining != want || !Searches(s) {
		t.Errorf("%v left at the end, want %v", last.Remaining, want)
	}
}

// With Poisson arrivals a transaction takes 23.7 ms and waits for those before it.
func TestSearchMeetsLatency(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	if race.Enabled {
		t.Skip("other tests show the race detector as much as so many levels")
	}
	one := searching(open("c", 61*time.Second), scenario.Search{From: 20, To: 1000, P99: 60 * time.Millisecond})
	one.Load.Arrivals.Kind = "poisson"
	one.Load.Slots = 2000
	o := conduct(t, series(one), newSite(), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	found := o.summary.Saturation[0]
	t.Logf("%g/s in %d steps", found.Offered, len(o.summary.Points))
	// M/D/1: P(wait > t) tends to (1-u)/(u exp(d)-1) exp(-d t), t in services and
	// u (exp(d)-1) = d; it is 1 % at 36.3 ms where the utilisation u is 0.529.
	equal(t, "reached", true, found.Reached)
	between(t, "offered", found.Offered/52.9, 0.94, 1.07)
	if !strings.Contains(found.Method, "p99 was") {
		t.Errorf("method %q", found.Method)
	}
	var late, due float64 // near the load found, where p99 is just met
	for _, p := range o.summary.Points {
		if p99 := p.Latency["commit"].P99; math.Abs(p.Load.Offered/found.Offered-1) < 0.03 && p99 != nil {
			due++
			if *p99 > 0.06 {
				late++
			}
		}
	}
	if due < 4 || late == 0 || late == due {
		t.Errorf("%g of %g points near the load found miss the objective", late, due)
	}
}

// One client has 1/23.7 ms, from three on the server is full. Levels that are
// given come first, and searches take turns.
func TestClosedSearch(t *testing.T) {
	a, b := closed("a", 21*time.Second), closed("b", 21*time.Second)
	s := series(searching(a, scenario.Search{From: 1, To: 64}), searching(b, scenario.Search{From: 2, To: 4, Repetitions: 1}), closed("c", 5*time.Second, 7))
	s.Repeat = 6
	o := conduct(t, s, newSite(), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	var order []string
	for _, p := range o.summary.Points {
		order = append(order, fmt.Sprintf("%s%d r%d", p.Series, p.Load.Clients, p.Repetition))
	}
	want := "c7 r1,c7 r2,c7 r3,c7 r4,c7 r5,c7 r6,a1 r1,b2 r1,a2 r1,b4 r1,a4 r1,a8 r1,a16 r1,a3 r1,a3 r2,a3 r3,a3 r4,a3 r5,a3 r6,a3 r7"
	if got := strings.Join(order, ","); got != want {
		t.Errorf("ran %s\nwant %s", got, want)
	}
	if len(o.summary.Saturation) != 2 {
		t.Fatalf("%d series saturate, want 2", len(o.summary.Saturation))
	}
	found := o.summary.Saturation[0]
	equal(t, "a is reached", true, found.Reached)
	equal(t, "clients of a", 3, found.Clients)
	between(t, "throughput of a", found.Throughput, 99, 101)
	between(t, "throughput of a in its interval", found.Throughput, found.Low, found.High)
	equal(t, "repetitions of a", 6, found.N)
	equal(t, "a without a scaling law", false, found.USL == nil)
	if !strings.Contains(found.Method, "order statistics") {
		t.Errorf("method %q", found.Method)
	}
	// Two doublings cannot be had from 2 to 4.
	found = o.summary.Saturation[1]
	equal(t, "b is reached", false, found.Reached)
	equal(t, "clients of b", 4, found.Clients)
	between(t, "throughput of b", found.Throughput, 99, 101)
	equal(t, "b without a reason for no scaling law", false, found.USLReason == "")
	o.warned(t, "series b: capacity was not reached, at least 4 clients: the most clients were measured and throughput may still grow")
}

// What was found until then is a lower bound.
func TestSearchIsInterrupted(t *testing.T) {
	for _, at := range []struct {
		after time.Duration
		found int
		least float64
	}{{5 * time.Second, 0, 0}, {50 * time.Second, 1, 20}} {
		s := series(searching(open("c", 20*time.Second), scenario.Search{From: 10, To: 1000}))
		o := conduct(t, s, newSite(), func(interrupt context.CancelFunc) { time.AfterFunc(at.after, interrupt) })
		if !errors.Is(o.err, context.Canceled) || len(o.summary.Saturation) != at.found {
			t.Fatalf("after %v: %v, %d series saturate, want %d", at.after, o.err, len(o.summary.Saturation), at.found)
		}
		if at.found > 0 {
			equal(t, "reached", false, o.summary.Saturation[0].Reached)
			equal(t, "offered", at.least, o.summary.Saturation[0].Offered)
		}
	}
}

// On several networks each is searched once.
func TestSearchesBySession(t *testing.T) {
	a, b, c := closed("a", 10*time.Second), closed("b", 10*time.Second), closed("c", time.Second, 8)
	a.Network.Batch.Messages, b.Network.Batch.Messages, c.Network.Batch.Messages = 1, 2, 2
	a, b = searching(a, scenario.Search{From: 1, To: 8}), searching(b, scenario.Search{From: 1, To: 8})
	var got []string
	for _, one := range sessions(scenario.Scenario{Series: []scenario.Series{a, b, c}, Repeat: 2}) {
		got = append(got, fmt.Sprintf("%d: %d levels, %d searches, after %d", one.Network.Batch.Messages, len(one.turns), len(one.searched), one.before))
	}
	most := bound(a, 2)
	want := []string{"1: 0 levels, 1 searches, after 0", fmt.Sprintf("2: 1 levels, 1 searches, after %d", most), fmt.Sprintf("2: 1 levels, 0 searches, after %d", 2*most+1)}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A step carries what the rules look at: the late ones are all but those that committed in time, and what was served
// is counted from block to block.
func TestStepOf(t *testing.T) {
	p := result.Point{
		Window: 10, Scheduled: 500, Throughput: 49, Blocks: 7, Outcomes: map[string]uint64{"valid": 490, "dropped": 3},
		Reasons: []string{"late", "full"},
	}
	tally := saturation.NewTally(5, 15, 1)
	for i := range 500 { // a block every second, at its whole
		at := 5*time.Second + time.Duration(i)*20*time.Millisecond
		r := result.Record{Intended: at, Committed: at.Truncate(time.Second) + time.Second, Block: uint64(at / time.Second), Outcome: result.Valid}
		if i%100 == 0 {
			r.Outcome = result.Unknown
		}
		tally.Add(&r)
	}
	// Nine whole blocks of 49 or 50 are in the window, the first of them only begins the time.
	want := saturation.Step{Load: 50, Sent: 50, Due: 500, Received: 49, Blocks: 7, Success: 0.98, Dropped: 3, Late: 5, Served: 49.5,
		Backlog: stats.Slope{PerSecond: 2}, Invalid: "late; full"}
	equal(t, "step", want, stepOf(&p, 50, stats.Slope{PerSecond: 2}, tally))
}

// At 5/s a p99 takes more than three minutes. Too few transactions for one say nothing against the target.
func TestSearchHoldsLongEnoughForItsObjective(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	if race.Enabled {
		t.Skip("other tests show the race detector as much as so many levels")
	}
	one := searching(open("c", 30*time.Second), scenario.Search{From: 5, To: 100, P99: time.Second})
	one.Load.Arrivals.Kind = "poisson"
	one.Load.Slots = 2000
	slow := newSite()
	slow.service = 50 * time.Millisecond // 20/s
	o := conduct(t, series(one), slow, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	found := o.summary.Saturation[0]
	t.Logf("%g/s in %d steps", found.Offered, len(o.summary.Points))
	// M/D/1, as in TestSearchMeetsLatency: it is 1 % at 0.9363 s where the utilisation u is 0.888.
	equal(t, "reached", true, found.Reached)
	between(t, "offered", found.Offered/20, 0.8, 1)
	for _, p := range o.summary.Points {
		if p.Scheduled < 1000 {
			t.Errorf("at %s there are %d transactions", p.Load, p.Scheduled)
		}
	}
	between(t, "remaining", o.watcher.lives[len(o.watcher.lives)-1].Remaining, 0, Estimated(series(one), nil, usualSign).Load)
	equal(t, "announced", []Longer{{"c", 5 * 219.9 / 29, 220900 * time.Millisecond}}, HeldLonger(series(one)))
}
