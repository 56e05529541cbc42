package study

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/alarm"
	"meterbench/internal/proc"
	"meterbench/internal/strictyaml"
)

// A watcher is an Observer that keeps everything. It has no lock: the race
// detector finds calls from two goroutines at a time.
type watcher struct {
	steps, working []string
	lives          []Live
	points         []result.Point
}

func (w *watcher) Step(text string)     { w.steps = append(w.steps, text) }
func (w *watcher) Working(text string)  { w.working = append(w.working, text) }
func (w *watcher) Live(l Live)          { w.lives = append(w.lives, l) }
func (w *watcher) Point(p result.Point) { w.points = append(w.points, p) }

// A study under test and what it left.
type outcome struct {
	err     error
	dir     string
	watcher *watcher
	run     result.Run
	summary result.Summary
	rows    []result.Row
	runOut  int // of the rows, those that levels sent after their holds
}

// conduct runs a study in virtual time and reads its folder. arrange, where
// not nil, is called before it and may plan events.
func conduct(t *testing.T, s scenario.Scenario, at *site, arrange func(interrupt context.CancelFunc)) (o outcome) {
	t.Helper()
	o = outcome{dir: filepath.Join(t.TempDir(), "r1"), watcher: &watcher{}}
	if err := os.Mkdir(o.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// The collector's pauses are real ones and would make points invalid by luck.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if arrange != nil {
			arrange(cancel)
		}
		cfg := Config{Scenario: s, Lab: at, Dir: o.dir, ID: "r1", Versions: map[string]string{"meterbench": "test"}, Records: at.records, Stopper: at.stopper}
		cfg.Observer = o.watcher
		if at.follower != nil {
			cfg.Observer = Observers(o.watcher, at.follower)
		}
		o.err = run(ctx, cfg, alarm.Timers{}, processor{func() (result.Host, error) {
			return result.Host{Host: proc.Host{Cores: 2}, Sign: 25e-6, Verify: 60e-6}, nil
		}, at.reading, at.watchHalts, at.paced})
	})
	if _, err := os.Stat(o.dir); os.IsNotExist(err) {
		return o
	}
	stored, err := result.Open(o.dir)
	if err != nil {
		t.Fatalf("after %v: %v", o.err, err)
	}
	o.run, o.summary = stored.Run, stored.Summary
	for row, err := range stored.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		o.rows = append(o.rows, row)
		of := s.Series[slices.IndexFunc(s.Series, func(one scenario.Series) bool { return one.Name == row.Series })]
		if row.Intended >= of.Start+of.Load.Hold {
			o.runOut++
		}
	}
	if !at.isClosed && at.sessions != nil {
		t.Error("the site was left open")
	}
	for _, p := range o.summary.Points {
		if p.Valid == at.invalid && !at.mixed {
			t.Errorf("%s: %q", p.Series, p.Reasons)
		}
		var sum uint64
		for _, n := range p.Outcomes {
			sum += n
		}
		if sum != p.Scheduled || sum == 0 {
			t.Errorf("%s: %d scheduled, outcomes %v", p.Series, p.Scheduled, p.Outcomes)
		}
	}
	return o
}

// closed and open return series of a plain workload.
func closed(name string, hold time.Duration, clients ...int) scenario.Series {
	return scenario.Series{Name: name, Workload: plain, Load: scenario.Load{Kind: "closed", Clients: clients, Hold: hold, Wait: "commit"}}
}

func open(name string, hold time.Duration, rates ...float64) scenario.Series {
	return scenario.Series{Name: name, Workload: plain, Load: scenario.Load{Kind: "open", Rate: rates, Slots: 100, Hold: hold, Wait: "commit"}}
}

var plain = of(3, result.Conditions{Workload: "plain", Length: 1, Verify: true})

// of returns a workload of so many meters that is described by conditions.
func of(meters int, c result.Conditions) scenario.Workload {
	return scenario.Workload{Common: scenario.Common{Kind: string(c.Workload), Meters: meters}, Options: options{Conditions: c}}
}

// options are those of a workload, given by the conditions that describe it.
type options struct {
	result.Conditions
	encrypt float64 // in signatures
}

func (o options) Check(string) *strictyaml.Problem { return nil }

func (o options) Traits() scenario.Traits {
	return scenario.Traits{Ahead: o.Encryption == "ahead", Bank: o.Bank, Cost: scenario.Cost{Encrypt: o.encrypt}}
}

func (o options) Describe(c *result.Conditions) {
	c.Workload, c.Form, c.Readings, c.Scheme, c.Bits, c.Length = o.Workload, o.Form, o.Readings, o.Scheme, o.Bits, o.Length
	c.Encryption, c.Bank, c.Interval, c.Verify = o.Encryption, o.Bank, o.Interval, o.Verify
}

func (o options) String() string { return fmt.Sprintf("%s %d", o.Workload, o.Length) }

func series(s ...scenario.Series) scenario.Scenario {
	return scenario.Scenario{Name: "test", Series: s, Warmup: time.Second, Repeat: 1, Seed: 5, Source: "name: test\n"}
}

// warned fails where no warning of the run reads so.
func (o outcome) warned(t *testing.T, warning string) {
	t.Helper()
	if !slices.Contains(o.summary.Warnings, warning) {
		t.Errorf("warnings %q, want %q", o.summary.Warnings, warning)
	}
}

// is fails where err is none of target's.
func is(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error %v, want %v", err, target)
	}
}

// measured fails where err says that nothing was measured.
func measured(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, ErrNothingMeasured) {
		t.Errorf("error %v, though something was measured", err)
	}
}

// equal fails where got is not want.
func equal[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// between fails where got is not from low to high.
func between[T int | uint64 | float64 | time.Duration](t *testing.T, what string, got, low, high T) {
	t.Helper()
	if !(low <= got && got <= high) {
		t.Errorf("%s: got %v, want %v to %v", what, got, low, high)
	}
}
