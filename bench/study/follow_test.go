package study

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// A follower is a Follower that keeps everything. It has no lock: the race detector finds calls from two goroutines at a time.
type follower struct {
	watcher
	networks []Facts
	levels   []Live
	order    []string // what was told, in short
	events   []string
	warnings []result.Warning
	results  []result.Summary
}

func (f *follower) Network(facts Facts) { f.networks = append(f.networks, facts) }

func (f *follower) Level(l Live) {
	f.levels = append(f.levels, l)
	f.order = append(f.order, "level")
}

func (f *follower) Live(l Live) {
	f.watcher.Live(l)
	f.order = append(f.order, "live")
}

func (f *follower) Point(p result.Point) {
	f.watcher.Point(p)
	f.order = append(f.order, "point")
}

func (f *follower) Event(e result.Event, over bool) {
	f.events = append(f.events, fmt.Sprintf("%s at %.1f over %t took %.1f", e.Kind, e.At, over, e.Took))
}

func (f *follower) Warnings(all []result.Warning) { f.warnings = all }

func (f *follower) Results(s result.Summary) {
	s.Points, s.Saturation = slices.Clone(s.Points), slices.Clone(s.Saturation)
	f.results = append(f.results, s)
}

// telling is a site that tells of a block in every second in which it is asked.
type telling struct {
	*site
	asked uint64
}

func (s *telling) NewBlocks() []Block {
	s.asked++
	return []Block{{Number: s.asked, Transactions: 3, At: time.Now(), Reason: result.CutTimer}}
}

// late is a site that tells of a block when it is asked the next time, as logs do that are behind.
type late struct {
	*site
	cut uint64
}

func (s *late) NewBlocks() (all []Block) {
	if s.cut > 0 {
		all = []Block{{Number: s.cut, Transactions: 3, At: time.Now(), Reason: result.CutTimer}}
	}
	s.cut++
	return all
}

// Blocks of a level that become known after its last second are told before its point.
func TestFollowerIsToldOfLastBlocks(t *testing.T) {
	f := &follower{}
	at, of := newSite(), &late{}
	at.follower = f
	at.as = func(s *site) Site {
		of.site = s
		return of
	}
	if o := conduct(t, series(closed("a", 2*time.Second, 1)), at, nil); o.err != nil {
		t.Fatal(o.err)
	}
	var told []uint64
	for _, l := range f.lives {
		for _, b := range l.Blocks {
			told = append(told, b.Number)
		}
	}
	// The first call is that before the level, the last that after it: it returns what was cut in the one before.
	if n := len(told); n == 0 || told[n-1] != of.cut-1 || f.order[len(f.order)-1] != "point" {
		t.Errorf("told of blocks %v, of %d; %v", told, of.cut-1, f.order)
	}
}

func TestFollower(t *testing.T) {
	f := &follower{}
	at := newSite()
	at.follower = f
	at.as = func(s *site) Site { return &telling{site: s} }
	o := conduct(t, series(closed("a", 4*time.Second, 1, 2, 4)), at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	if len(f.networks) == 0 || f.networks[0].Conditions.Topology != "fake" {
		t.Errorf("networks: %+v", f.networks)
	}
	first, lastLevel := f.levels[0], f.levels[len(f.levels)-1]
	equal(t, "levels", 3, len(f.levels))
	equal(t, "window", [2]time.Duration{time.Second, 4 * time.Second}, [2]time.Duration{first.From, first.To})
	equal(t, "number", 3, lastLevel.Level)
	equal(t, "clients", 4, lastLevel.Load.Clients)
	equal(t, "first told", "level", f.order[0])
	for _, l := range f.lives {
		if l.Begun.IsZero() || l.CPU == nil || len(l.Blocks) != 1 {
			t.Fatalf("not told: %+v", l)
		}
		if l.Now.Counts.Total() > 0 && l.Now.Elapsed <= l.Now.Hold && l.Now.Lag == nil {
			t.Errorf("no lag after %v", l.Now.Elapsed)
		}
	}
	known := f.results[len(f.results)-1]
	for i := range o.summary.Saturation {
		o.summary.Saturation[i].LimitedBy = "" // which is written when it is stored
	}
	if d := cmp.Diff(o.summary.Saturation, known.Saturation); d != "" {
		t.Errorf("saturation (-stored +told):\n%s", d)
	}
	equal(t, "points", len(o.summary.Points), len(known.Points))
	if d := cmp.Diff(o.summary.Notices, f.warnings); d != "" {
		t.Errorf("warnings (-stored +told):\n%s", d)
	}
	var growing []int
	for _, r := range f.results {
		growing = append(growing, len(r.Saturation))
	}
	if !slices.IsSorted(growing) || growing[0] != 1 {
		t.Errorf("saturations as levels ended: %v", growing)
	}
}

// Without a Follower nothing more is gathered than a status line takes.
func TestWithoutFollower(t *testing.T) {
	var asked *telling
	at := newSite()
	at.as = func(s *site) Site {
		asked = &telling{site: s}
		return asked
	}
	o := conduct(t, series(closed("a", 2*time.Second, 1)), at, nil)
	equal(t, "asked for blocks", 0, asked.asked)
	for _, l := range o.watcher.lives {
		if l.CPU != nil || l.Blocks != nil || l.Now.Lag != nil {
			t.Errorf("gathered: %+v", l)
		}
	}
	if _, ok := Observers(o.watcher, o.watcher).(Follower); ok {
		t.Error("two observers are a follower")
	}
}

// Events are told twice: as they begin and when they are over, with what was done before that ended after the level.
func TestFollowerIsToldOfEvents(t *testing.T) {
	f := &follower{}
	at := fragileSite(func(f *fragile) { f.takes = 1500 * time.Millisecond })
	at.follower = f
	conduct(t, series(eventful(8*time.Second, event(2*time.Second, result.EventStop, "idle"), event(4*time.Second, result.EventRestart, "idle"))), at, nil)
	want := []string{
		"stop at 2.0 over false took 0.0", "stop at 2.0 over true took 1.5", "restart at 4.0 over false took 0.0", "restart at 4.0 over true took 1.5",
	}
	if d := cmp.Diff(want, f.events); d != "" {
		t.Errorf("events (-want +told):\n%s", d)
	}
}

// Who ends a level gets its point, marked, and all levels after it.
func TestEndLevel(t *testing.T) {
	at := newSite()
	at.stopper = &Stopper{}
	o := conduct(t, series(open("a", 4*time.Second, 50, 60, 70, 80)), at, func(context.CancelFunc) {
		equal(t, "ended before there was a level", false, at.stopper.EndLevel())
		time.AfterFunc(6500*time.Millisecond, func() { at.stopper.EndLevel() })
	})
	if o.err != nil {
		t.Fatal(o.err)
	}
	equal(t, "points", 4, len(o.summary.Points))
	for i, p := range o.summary.Points {
		equal(t, p.Load.String()+" is marked", i == 1, noted(&p, result.Shortened))
		if whole := p.Window > 2.9; whole == (i == 1) {
			t.Errorf("%s: window %v", p.Load, p.Window)
		}
	}
	equal(t, "complete", false, o.summary.Complete)
	equal(t, "audited", true, o.summary.Audit != nil && o.summary.Audit.Problem() == "")
	equal(t, "ended after the study", false, at.stopper.EndLevel() || at.stopper.EndRun())
	o.warned(t, "a at 60/s: the level was interrupted and is shorter than planned")
	equal(t, "saturation", 1, len(o.summary.Saturation))
}

// A level that ends within its warm-up leaves no point, and says so.
func TestEndLevelInWarmup(t *testing.T) {
	at := newSite()
	at.stopper = &Stopper{}
	o := conduct(t, series(open("a", 4*time.Second, 50, 60)), at, func(context.CancelFunc) {
		time.AfterFunc(500*time.Millisecond, func() { at.stopper.EndLevel() })
	})
	if o.err != nil || len(o.summary.Points) != 1 || o.summary.Points[0].Load.Offered != 60 {
		t.Fatalf("%v, %d points", o.err, len(o.summary.Points))
	}
	o.warned(t, "a at 50/s: nothing was measured: the level was ended on request before its window")
	equal(t, "complete", false, o.summary.Complete)
}

// Where every level was ended before its window, there is nothing to store, and that is as it was asked for.
func TestEndAllLevelsInWarmup(t *testing.T) {
	at := newSite()
	at.stopper = &Stopper{}
	o := conduct(t, series(open("a", 4*time.Second, 50)), at, func(context.CancelFunc) {
		time.AfterFunc(500*time.Millisecond, func() { at.stopper.EndLevel() })
	})
	if !errors.Is(o.err, ErrEnded) || !errors.Is(o.err, ErrNothingMeasured) || strings.Contains(o.err.Error(), "hold longer") {
		t.Error(o.err)
	}
}

// A search measures the load of a step again that was ended: it says nothing about the target.
func TestEndLevelOfSearch(t *testing.T) {
	at := newSite()
	at.stopper = &Stopper{}
	s := series(searching(open("c", 41*time.Second), scenario.Search{From: 10, To: 1000}))
	s.Series[0].Load.Slots, s.Series[0].Load.Search.Repetitions = 2000, 1
	f := &follower{}
	at.follower = f
	o := conduct(t, s, at, func(context.CancelFunc) {
		time.AfterFunc(60*time.Second, func() { at.stopper.EndLevel() }) // in the second step, at 20/s
	})
	if o.err != nil {
		t.Fatal(o.err)
	}
	again := 0
	for _, p := range o.summary.Points {
		if p.Load == o.summary.Points[1].Load {
			again++
		}
	}
	equal(t, "the second step is marked", true, noted(&o.summary.Points[1], result.Shortened))
	equal(t, "points at its load", 2, again)
	between(t, "offered", o.summary.Saturation[0].Offered, 98, 102)
	steps := 0
	for _, r := range f.results {
		if len(r.Saturation) == 1 {
			var n int
			fmt.Sscanf(r.Saturation[0].Method, "search of %d steps", &n)
			if n < steps || n != len(r.Points) {
				t.Errorf("%d points, and told was a search of %d steps after one of %d", len(r.Points), n, steps)
			}
			steps = n
		}
	}
	equal(t, "steps", len(o.summary.Points), steps)
}

// Who ends the run gets what an interruption leaves.
func TestEndRun(t *testing.T) {
	at := newSite()
	at.stopper = &Stopper{}
	o := conduct(t, series(open("a", 4*time.Second, 50, 60, 70)), at, func(context.CancelFunc) {
		time.AfterFunc(6500*time.Millisecond, func() { at.stopper.EndRun() })
	})
	is(t, o.err, ErrEnded)
	equal(t, "points", 2, len(o.summary.Points))
	equal(t, "complete", false, o.summary.Complete)
	o.warned(t, "the run ended early (the run was ended on request): the figures cover what was done until then")
}
