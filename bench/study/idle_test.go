package study

import (
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
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
	equal(t, "reasons", []string{want}, last.Reasons)
}

// The steps of a search that come down begin on an idle target; those that go up need not wait.
func TestSearchComesDownToAnIdleTarget(t *testing.T) {
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
