package study

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/race"
)

// What an overload leaves behind when its drain is cut off is over before the next level begins.
func TestLevelsBeginIdle(t *testing.T) {
	one := open("a", 10*time.Second, 500, 50)
	one.Load.Slots = 10_000
	o := conduct(t, series(one), newSite(), nil) // it takes 100/s, 23.7 ms each
	if o.err != nil {
		t.Fatal(o.err)
	}
	before, after := o.summary.Points[0], o.summary.Points[1]
	if before.IdleProbe != nil || before.Outcomes[result.Unknown.String()] == 0 {
		t.Errorf("first level: probe %v, outcomes %v", before.IdleProbe, before.Outcomes)
	}
	between(t, "mean", after.Latency["commit"].Mean, 0.0236, 0.03)
	if after.IdleProbe == nil {
		t.Fatal("no probe")
	}
	between(t, "waited", after.IdleProbe.Waited, 5, idleMost.Seconds())
	between(t, "probe", after.IdleProbe.Latency, 0.0236, after.IdleProbe.Idle*idleFactor)
	equal(t, "back", true, after.IdleProbe.Back)
}

// A level before which the target does not become idle is not valid, whatever it measures.
func TestLevelAfterAnOverloadThatLasts(t *testing.T) {
	at := newSite()
	at.mixed = true
	at.fault = func(n int, f *fate) {
		if n > 400 { // all but what the first level begins with
			f.lost = true
		}
	}
	o := conduct(t, series(open("a", 5*time.Second, 90, 50)), at, nil)
	for i, p := range o.summary.Points {
		equal(t, "probed", i > 0, p.IdleProbe != nil)
		equal(t, "valid", i == 0, p.Valid)
	}
	last := o.summary.Points[1]
	between(t, "waited", last.IdleProbe.Waited, idleMost.Seconds(), idleMost.Seconds()+60)
	want := "the target still worked on the level before: no transaction on its own succeeded within 120 s"
	equal(t, "reasons", []string{want, "none of 200 transactions was committed as valid: 50 unknown, 150 dropped"}, last.Reasons)
}

// The steps of a search that come down begin on an idle target; those that go up need not wait.
func TestSearchComesDownToAnIdleTarget(t *testing.T) {
	if race.Enabled {
		t.Skip("other tests show the race detector as much as so many levels")
	}
	one := searching(open("a", 10*time.Second), scenario.Search{From: 20, To: 400})
	one.Load.Slots = 2000
	o := conduct(t, series(one), newSite(), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	last := 0.0
	for _, p := range o.summary.Points {
		if p.Load.Offered < last && p.IdleProbe == nil {
			t.Errorf("%g/s after %g/s: no probe", p.Load.Offered, last)
		}
		last = p.Load.Offered
	}
}

// A transaction that is only endorsed does not show whether the commits of a level before have ended, so that it does not
// probe for them, nor does a level of such transactions that ends well.
func TestEndorsementsDoNotProbeCommits(t *testing.T) {
	const ms = time.Millisecond
	queries, one := open("queries", 3*time.Second, 20, 20), open("a", 10*time.Second, 350, 20)
	queries.Load.Wait, one.Load.Slots = result.WaitEndorse, 20_000
	at := queues(t, reference.Config{
		Endorse: servers(4, fixedTimes(5*ms)), Batch: &reference.Batch{Messages: 10, Timeout: 100 * ms}, Commit: committed(1, fixedTimes(10*ms), reference.PerTransaction),
	})
	at.mixed = true
	o := conduct(t, series(queries, one), at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	p := o.summary.Points
	between(t, "waited for the commits", p[2].IdleProbe.Waited, 10, idleMost.Seconds())
	equal(t, "lost of the light load", 0, p[3].Outcomes[result.Unknown.String()])
	between(t, "mean of the light load", p[3].Latency["commit"].Mean, 0.1, 0.13)
}

// Nor is there a timer to wait for in the endorsement of a transaction.
func TestEndorsementIsIdle(t *testing.T) {
	one := open("a", 10*time.Second, 471, 20) // leaves two seconds of work behind
	one.Load.Wait, one.Load.Slots = result.WaitEndorse, 20_000
	at := queues(t, reference.Config{Endorse: servers(1, fixedTimes(5*time.Millisecond))})
	at.block = 2 * time.Second
	at.mixed = true
	o := conduct(t, series(one), at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	between(t, "probe", o.summary.Points[1].IdleProbe.Latency, 0.005, 0.0251)
}

// What is left behind is still looked for where the level after it could not tell.
func TestLeftoverIsKept(t *testing.T) {
	level := func(wait result.Wait) turn {
		one := open("a", time.Second, 1)
		one.Load.Wait = wait
		return turn{levels: []level{{series: one}}}
	}
	var lossy, clean bench.Result
	lossy.Counts[result.Unknown], clean.Counts[result.Valid], clean.Counts[result.Answered] = 1, 1, 1
	b := leftover{fastest: map[string]time.Duration{}}
	for i, step := range []struct {
		wait result.Wait
		bench.Result
		lost bool
	}{
		{result.WaitCommit, clean, false}, {result.WaitEndorse, lossy, true}, {result.WaitEndorse, clean, false},
		{result.WaitCommit, lossy, true}, {result.WaitEndorse, clean, true}, {result.WaitCommit, clean, false},
	} {
		if step.wait == result.WaitEndorse {
			step.Counts[result.Valid] = 0
		}
		b.turned(level(step.wait), []bench.Result{step.Result}, []time.Duration{time.Second})
		equal(t, fmt.Sprintf("lost after %d", i), step.lost, b.lost)
	}
}

// Where nothing of the session has committed yet there is a workload, but nothing to compare a probe with.
func TestNothingToProbeWith(t *testing.T) {
	p := result.Point{Valid: true}
	disturbed(&p, &result.IdleProbe{})
	want := []string{"the level before left transactions behind, and nothing to probe with whether they have ended: no workload that can be sent alone has succeeded yet"}
	if diff := cmp.Diff(want, p.Reasons); diff != "" || p.Valid {
		t.Errorf("valid %v, reasons (-want +got):\n%s", p.Valid, diff)
	}
}
