package study

import (
	"context"
	"errors"

	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

func TestInterruptedInALevel(t *testing.T) {
	at := newSite()
	at.latency = 103 * time.Millisecond // so that something is under way
	at.fault = func(n int, f *fate) { f.lost = n == 250 }
	s := series(open("a", 4*time.Second, 50, 80, 90))
	o := conduct(t, s, at, func(interrupt context.CancelFunc) {
		// 1.5 s into the second level's hold; the first one drains for 0.1 s.
		time.AfterFunc(5600*time.Millisecond, interrupt)
	})
	is(t, o.err, context.Canceled)
	measured(t, o.err)
	sum := o.summary
	equal(t, "complete", false, sum.Complete)
	o.warned(t, "the run ended early (interrupted): the figures cover what was done until then")
	o.warned(t, "a at 80/s: the level was interrupted and is shorter than planned")
	if len(sum.Points) != 2 {
		t.Fatalf("%d points, want the whole level and the partial one", len(sum.Points))
	}
	p := sum.Points[1] // the partial one
	between(t, "window", p.Window, 0.3, 0.6)
	between(t, "scheduled", p.Scheduled, 24, 48)
	between(t, "throughput", p.Throughput, 75, 85)
	if len(sum.Saturation) != 1 || sum.Audit == nil {
		t.Fatalf("%d series saturate, want 1; audited: %t", len(sum.Saturation), sum.Audit != nil)
	}
	equal(t, "offered at saturation, without the partial level", 50, sum.Saturation[0].Offered)
	n := uint64(at.taken)
	equal(t, "expected and unclaimed", n, sum.Audit.Expected+sum.Audit.Unclaimed)
	equal(t, "stored", n, sum.Audit.Stored)
	equal(t, "missing", 0, sum.Audit.Missing)
	equal(t, "ended", false, o.run.Ended.IsZero())
	equal(t, "failure", "", o.run.Failure)
	equal(t, "rows", at.taken, len(o.rows))
}

// What is under way when a run is interrupted after the hold gets its own
// outcome; the window is whole.
func TestInterruptedWhileALevelDrains(t *testing.T) {
	at := newSite()
	at.fault = func(n int, f *fate) { f.lost = n == 100 }
	s := series(open("a", 4*time.Second, 50, 60))
	o := conduct(t, s, at, func(interrupt context.CancelFunc) { time.AfterFunc(10*time.Second, interrupt) })
	if !errors.Is(o.err, context.Canceled) || len(o.summary.Points) != 1 {
		t.Fatalf("error %v, %d points", o.err, len(o.summary.Points))
	}
	p := o.summary.Points[0]
	equal(t, "window", 3, p.Window)
	equal(t, "interrupted", 1, p.Outcomes["interrupted"])
	equal(t, "scheduled", 150, p.Scheduled)
	o.warned(t, "a at 50/s: the level was interrupted after its hold, when its last transactions were under way")
	if o.summary.Audit == nil {
		t.Fatal("no audit")
	}
	equal(t, "unclaimed", 1, o.summary.Audit.Unclaimed)
	equal(t, "series that saturate", 1, len(o.summary.Saturation))
}

func TestNodeDies(t *testing.T) {
	at := newSite()
	o := conduct(t, series(closed("a", 4*time.Second, 1, 2, 4)), at, func(context.CancelFunc) {
		time.AfterFunc(6*time.Second, func() {
			at.events <- ended("peer0.ptb", "exit status 2")
			at.events <- ended("orderer0", "exit status 1")
		})
	})
	if end, ok := errors.AsType[*IncidentError](o.err); !ok || end.Name != "peer0.ptb" {
		t.Errorf("error %v", o.err)
	}
	measured(t, o.err)
	equal(t, "canceled", false, errors.Is(o.err, context.Canceled))
	equal(t, "complete", false, o.summary.Complete)
	equal(t, "points", 2, len(o.summary.Points))
	o.warned(t, "the run ended early (peer0.ptb ended: exit status 2; log: logs/peer0.ptb.log): the figures cover what was done until then")
}

// A network that is gone cannot be audited; the result is there even so, and
// the node's death comes first in the error.
func TestNodeDiesAndTakesTheLedger(t *testing.T) {
	at := newSite()
	at.ledgerErr = errors.New("connection refused")
	o := conduct(t, series(closed("a", 4*time.Second, 1)), at, func(context.CancelFunc) {
		time.AfterFunc(2*time.Second, func() { at.events <- ended("peer0.ptb", "signal: killed") })
	})
	if o.err == nil || o.err.Error() != "peer0.ptb ended: signal: killed; log: logs/peer0.ptb.log\naudit: read the ledger: connection refused" {
		t.Errorf("error %v", o.err)
	}
	equal(t, "audit", nil, o.summary.Audit)
	equal(t, "points", 1, len(o.summary.Points))
}

func TestNothingMeasured(t *testing.T) {
	broken := errors.New("broken")
	late := closed("a", 4*time.Second, 1)
	tests := []struct {
		name    string
		fail    func(*site, *scenario.Scenario)
		arrange func(*site, context.CancelFunc)
		want    string
		closed  bool
	}{
		{"FE", func(at *site, s *scenario.Scenario) { at.feErr, s.FE = broken, &scenario.FE{Schemes: []string{"ddh"}} }, nil, "encryption cost: broken", false},
		{"start", func(s *site, _ *scenario.Scenario) { s.startErr = broken }, nil, "broken", false},
		{"series", func(s *site, _ *scenario.Scenario) { s.seriesErr = broken }, nil, `prepare series "a": broken`, true},
		{"series and close", func(s *site, _ *scenario.Scenario) {
			s.seriesErr, s.closeErr = broken, errors.New("peer0 does not end")
		}, nil, "prepare series \"a\": broken\npeer0 does not end", true},
		{"node dies in the warm-up", nil, func(s *site, _ context.CancelFunc) {
			time.AfterFunc(500*time.Millisecond, func() { s.events <- ended("peer0", "exit status 2") })
		}, "peer0 ended: exit status 2; log: logs/peer0.log", true},
		{"interrupted in the warm-up", nil, func(_ *site, interrupt context.CancelFunc) {
			time.AfterFunc(500*time.Millisecond, interrupt)
		}, "context canceled", true},
		{"interrupted before the load", nil, func(_ *site, interrupt context.CancelFunc) { interrupt() }, "context canceled", true},
		{"nothing due", func(s *site, _ *scenario.Scenario) { s.latency = 9 * time.Second }, nil,
			"no level had a transaction due after its warm-up; hold longer", true},
		{"warm-up as long as the hold", func(_ *site, s *scenario.Scenario) { s.Warmup = 4 * time.Second }, nil,
			"level a/clients=1/r1: the warm-up until 4s leaves nothing of the hold until 4s; hold longer", true},
		{"impossible load", func(_ *site, s *scenario.Scenario) { s.Series[0].Load.Clients = []int{-1} }, nil,
			"load plan: -1 clients; give at least 1", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, s := newSite(), series(late)
			s.Series[0].Load.Clients = []int{1}
			if tt.fail != nil {
				tt.fail(at, &s)
			}
			o := conduct(t, s, at, func(interrupt context.CancelFunc) {
				if tt.arrange != nil {
					tt.arrange(at, interrupt)
				}
			})
			if !errors.Is(o.err, ErrNothingMeasured) || o.err.Error() != "nothing was measured: "+tt.want {
				t.Errorf("error %q, want %q", o.err, tt.want)
			}
			if strings.Contains(tt.want, "canceled") != errors.Is(o.err, context.Canceled) {
				t.Errorf("the cause of %v is lost", o.err)
			}
			if entries, _ := os.ReadDir(filepath.Dir(o.dir)); len(entries) != 0 {
				t.Errorf("left behind: %v", entries)
			}
			if at.isClosed != tt.closed {
				t.Errorf("site closed: %v", at.isClosed)
			}
		})
	}
}

// The encryption cost is a result, whatever becomes of the network or of the
// rest of the table.
func TestEncryptionCostIsKept(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name string
		fail func(*site, context.CancelFunc)
		want string
	}{
		{"interrupted in the table", func(s *site, _ context.CancelFunc) { s.feErr, s.feBegun = context.Canceled, true }, "encryption cost: context canceled"},
		{"start", func(s *site, _ context.CancelFunc) { s.startErr = broken }, "broken"},
		{"series and close", func(s *site, _ context.CancelFunc) {
			s.seriesErr, s.closeErr = broken, errors.New("peer0 does not end")
		}, "prepare series \"a\": broken\npeer0 does not end"},
		{"interrupted before the load", func(_ *site, interrupt context.CancelFunc) { interrupt() }, "context canceled"},
		{"interrupted in the warm-up", func(_ *site, interrupt context.CancelFunc) { time.AfterFunc(500*time.Millisecond, interrupt) }, "context canceled"},
		{"nothing due", func(s *site, _ context.CancelFunc) { s.latency = 9 * time.Second }, "no level had a transaction due after its warm-up; hold longer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, s := newSite(), series(closed("a", 4*time.Second, 1))
			s.FE = &scenario.FE{Schemes: []string{"ddh"}}
			o := conduct(t, s, at, func(interrupt context.CancelFunc) { tt.fail(at, interrupt) })
			if o.err == nil || o.err.Error() != tt.want || errors.Is(o.err, ErrNothingMeasured) {
				t.Errorf("error %v, want %s", o.err, tt.want)
			}
			equal(t, "complete", false, o.summary.Complete)
			equal(t, "encryption costs", 1, len(o.summary.FE))
			equal(t, "points", 0, len(o.summary.Points))
			equal(t, "audit", nil, o.summary.Audit)
			equal(t, "without an end", false, o.run.Ended.IsZero())
			equal(t, "failure", "", o.run.Failure)
			o.warned(t, "the run ended early ("+sentence(tt.want)+"): the figures cover what was done until then")
		})
	}
}

// A folder that holds something is refused and not touched.
func TestForeignFolderStays(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	if err := os.WriteFile(precious, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := Run(t.Context(), Config{Scenario: series(closed("a", time.Second, 1)), Lab: newSite(), Dir: dir, ID: "r1", Observer: &watcher{}})
	if !errors.Is(err, ErrNothingMeasured) || !strings.Contains(err.Error(), "every run needs a folder of its own") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

func TestSiteDoesNotClose(t *testing.T) {
	at := newSite()
	at.closeErr = errors.New("orderer0 does not end")
	o := conduct(t, series(closed("a", 4*time.Second, 1)), at, nil)
	is(t, o.err, at.closeErr)
	measured(t, o.err)
	equal(t, "complete", true, o.summary.Complete)
	equal(t, "points", 1, len(o.summary.Points))
}

// Outcomes other than valid stand in the point, its warnings and the run's.
func TestFailuresAreTold(t *testing.T) {
	at := newSite()
	at.fault = func(n int, f *fate) {
		if n%50 == 0 {
			*f = fate{told: result.Limited, err: errors.New("too many requests")}
		}
	}
	o := conduct(t, series(open("a", 4*time.Second, 50)), at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	p := o.summary.Points[0]
	equal(t, "limited", 3, p.Outcomes["limited"])
	equal(t, "valid", 147, p.Outcomes["valid"])
	equal(t, "throughput", 49, p.Throughput)
	o.warned(t, "a at 50/s: 4 x limited: too many requests")
}

// Whoever interrupts a long audit keeps the result without it.
func TestInterruptedInTheAudit(t *testing.T) {
	at := newSite()
	o := conduct(t, series(closed("a", 4*time.Second, 1)), at, func(interrupt context.CancelFunc) { at.ledgerRead = interrupt })
	is(t, o.err, context.Canceled)
	measured(t, o.err)
	equal(t, "points", 1, len(o.summary.Points))
	equal(t, "audit", nil, o.summary.Audit)
	equal(t, "complete", false, o.summary.Complete)
	o.warned(t, "the audit failed: interrupted")
}

// Whoever has to find out why nodes failed needs their logs; nobody needs
// those of a run that was interrupted.
func TestLogsOutliveAFailure(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "run")
		writer, err := result.Create(dir, result.Run{})
		if err != nil {
			t.Fatal(err)
		}
		log := filepath.Join(dir, LogsFolder, "peer0.ptb.log")
		if err := errors.Join(os.Mkdir(filepath.Dir(log), 0o755), os.WriteFile(log, []byte("panic"), 0o644)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if interrupted {
			cancel()
		}
		s := &study{Config: Config{Dir: dir}, writer: writer}
		why := s.abandon(ctx, errors.New("peer0.ptb ended"))
		cancel()
		_, err = os.Stat(log)
		if kept := err == nil; kept == interrupted || strings.Contains(why.Error(), LogsFolder) != kept {
			t.Errorf("interrupted %v: logs kept %v, error %q", interrupted, kept, why)
		}
	}
}
