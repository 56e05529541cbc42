package study

import (
	"context"
	"errors"
	"math"
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
	if !errors.Is(o.err, context.Canceled) || errors.Is(o.err, ErrNothingMeasured) {
		t.Errorf("error %v", o.err)
	}
	sum := o.summary
	if sum.Complete || !o.has("the run ended early (context canceled): the figures cover what was done until then") ||
		!o.has("a at 80/s: the level was interrupted and is shorter than planned") {
		t.Errorf("complete: %v, warnings %q", sum.Complete, sum.Warnings)
	}
	if len(sum.Points) != 2 {
		t.Fatalf("%d points, want the whole level and the partial one", len(sum.Points))
	}
	if p := sum.Points[1]; p.Window < 0.3 || p.Window > 0.6 || p.Scheduled < 24 || p.Scheduled > 48 || math.Abs(p.Throughput-80) > 5 {
		t.Errorf("the partial point: %+v", p)
	}
	if len(sum.Saturation) != 1 || sum.Saturation[0].Offered != 50 {
		t.Errorf("the partial level has a say in %+v", sum.Saturation)
	}
	n := uint64(at.taken)
	if a := sum.Audit; a == nil || a.Expected+a.Unclaimed != n || a.Stored != n || a.Missing != 0 {
		t.Errorf("audit %+v of %d", a, n)
	}
	if o.run.Ended.IsZero() || o.run.Failure != "" || len(o.rows) != at.taken {
		t.Errorf("manifest %+v, %d rows", o.run, len(o.rows))
	}
}

// What is under way when a run is interrupted after the hold gets its own
// outcome; the window is whole.
func TestInterruptedWhileALevelDrains(t *testing.T) {
	at := newSite()
	at.fault = func(n int, f *fate) { f.lost = n == 100 }
	s := series(open("a", 4*time.Second, 50, 60))
	o := conduct(t, s, at, func(interrupt context.CancelFunc) { time.AfterFunc(10*time.Second, interrupt) })
	if !errors.Is(o.err, context.Canceled) || len(o.summary.Points) != 1 {
		t.Fatalf("error %v, points %+v", o.err, o.summary.Points)
	}
	p := o.summary.Points[0]
	if p.Window != 3 || p.Outcomes["interrupted"] != 1 || p.Scheduled != 150 ||
		!o.has("a at 50/s: the level was interrupted after its hold, when its last transactions were under way") {
		t.Errorf("%+v, warnings %q", p, o.summary.Warnings)
	}
	if a := o.summary.Audit; a == nil || a.Unclaimed != 1 || len(o.summary.Saturation) != 1 {
		t.Errorf("audit %+v, saturation %+v", a, o.summary.Saturation)
	}
}

func TestNodeDies(t *testing.T) {
	died := errors.New("peer0.ptb ended: exit status 2\n\tpanic: no space left on device")
	at := newSite()
	o := conduct(t, series(closed("a", 4*time.Second, 1, 2, 4)), at, func(context.CancelFunc) {
		time.AfterFunc(6*time.Second, func() { at.died <- died; at.died <- errors.New("another one, by itself") })
	})
	if !errors.Is(o.err, died) || errors.Is(o.err, context.Canceled) || errors.Is(o.err, ErrNothingMeasured) {
		t.Errorf("error %v", o.err)
	}
	if o.summary.Complete || len(o.summary.Points) != 2 || !o.has("the run ended early ("+died.Error()+"): the figures cover what was done until then") {
		t.Errorf("%+v", o.summary)
	}
}

// A network that is gone cannot be audited; the result is there even so, and
// the node's death comes first in the error.
func TestNodeDiesAndTakesTheLedger(t *testing.T) {
	at := newSite()
	at.ledgerErr = errors.New("connection refused")
	o := conduct(t, series(closed("a", 4*time.Second, 1)), at, func(context.CancelFunc) {
		time.AfterFunc(2*time.Second, func() { at.died <- errors.New("peer0.ptb ended") })
	})
	if o.err == nil || o.err.Error() != "peer0.ptb ended\naudit: read the ledger: connection refused" {
		t.Errorf("error %v", o.err)
	}
	if o.summary.Audit != nil || len(o.summary.Points) != 1 {
		t.Errorf("%+v", o.summary)
	}
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
			time.AfterFunc(500*time.Millisecond, func() { s.died <- broken })
		}, "broken", true},
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
			sum := o.summary
			if sum.Complete || len(sum.FE) != 1 || len(sum.Points) != 0 || sum.Audit != nil || o.run.Ended.IsZero() || o.run.Failure != "" {
				t.Errorf("%+v, %+v", sum, o.run)
			}
			if !o.has("the run ended early (" + tt.want + "): the figures cover what was done until then") {
				t.Errorf("warnings %q", sum.Warnings)
			}
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
	if !errors.Is(o.err, at.closeErr) || errors.Is(o.err, ErrNothingMeasured) || !o.summary.Complete || len(o.summary.Points) != 1 {
		t.Errorf("error %v, %+v", o.err, o.summary)
	}
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
	if p.Outcomes["limited"] != 3 || p.Outcomes["valid"] != 147 || p.Throughput != 49 {
		t.Errorf("%+v", p)
	}
	if !o.has("a at 50/s: 4 x limited: too many requests") {
		t.Errorf("warnings %q", o.summary.Warnings)
	}
}

// Whoever interrupts a long audit keeps the result without it.
func TestInterruptedInTheAudit(t *testing.T) {
	at := newSite()
	o := conduct(t, series(closed("a", 4*time.Second, 1)), at, func(interrupt context.CancelFunc) { at.ledgerRead = interrupt })
	if !errors.Is(o.err, context.Canceled) || errors.Is(o.err, ErrNothingMeasured) {
		t.Errorf("error %v", o.err)
	}
	if len(o.summary.Points) != 1 || o.summary.Audit != nil || !o.has("the audit failed: context canceled") {
		t.Errorf("%+v", o.summary)
	}
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
