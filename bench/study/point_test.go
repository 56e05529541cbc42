package study

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/proc"
)

func TestJudge(t *testing.T) {
	seconds := func(x float64) *float64 { return &x }
	type given struct {
		point  result.Point
		engine bench.Result
		window result.Window
	}
	const hold = 20 * time.Second
	tests := []struct {
		name     string
		change   func(g *given)
		reasons  []string
		warnings []string // of the point
		run      []string // of the run
	}{
		{"fine", func(*given) {}, nil, nil, nil},
		{"lag at the floor", func(g *given) { g.point.ScheduleLag.P99 = seconds(0.005) }, nil, nil, nil},
		{"lag over the floor", func(g *given) {
			g.point.ScheduleLag.P99 = seconds(0.0061)
		}, []string{"the client was late: schedule lag p99 6.1 ms, more than 5.0 ms"}, nil, nil},
		{"lag small beside the latency", func(g *given) {
			g.point.ScheduleLag.P99 = seconds(0.02)
			g.point.Latency = map[string]stats.Quantiles{"commit": {P50: seconds(0.5)}}
		}, nil, nil, nil},
		{"lag large beside the latency", func(g *given) {
			g.point.ScheduleLag.P99 = seconds(0.026)
			g.point.Latency = map[string]stats.Quantiles{"commit": {P50: seconds(0.5)}}
		}, []string{"the client was late: schedule lag p99 26.0 ms, more than 25.0 ms"}, nil, nil},
		{"late behind a backlog", func(g *given) {
			g.engine.Crowded, g.point.ScheduleLag.P99 = true, seconds(1)
		}, nil,
			[]string{"clients waited for some of their 10000 outstanding transactions to end: more was acknowledged than committed"},
			[]string{"a at 9/s: clients waited for some of their 10000 outstanding transactions to end: more was acknowledged than committed"}},
		{"drops", func(g *given) {
			g.window.Counts[result.Dropped], g.point.Scheduled = 3, 9
		}, nil,
			[]string{"transactions were dropped: they were due when all slots were taken (3 of 9, 70 slots)"},
			[]string{"a at 9/s: transactions were dropped: they were due when all slots were taken"}},
		{"short pauses", func(g *given) { g.engine.GC.PauseMax = 5 * time.Millisecond }, nil, nil, nil},
		{"long pause", func(g *given) {
			g.engine.GC.PauseMax = 7123 * time.Microsecond
		}, []string{"garbage collection stopped the client for 7.1 ms, more than 5.0 ms"}, nil, nil},
		{"slow disk", func(g *given) {
			g.window.Stalls = 4
		}, []string{"recording waited for the disk 4 times"}, nil, nil},
		{"latency out of range", func(g *given) {
			g.window.Refused = errors.New("transaction 1: too long")
		}, []string{"latencies are missing: transaction 1: too long"}, nil, nil},
		{"everything at once", func(g *given) {
			g.point.ScheduleLag.P99 = seconds(1)
			g.window.Stalls, g.engine.GC.PauseMax = 1, time.Second
		}, []string{
			"the client was late: schedule lag p99 1000.0 ms, more than 5.0 ms",
			"garbage collection stopped the client for 1000.0 ms, more than 5.0 ms",
			"recording waited for the disk 1 times",
		}, nil, nil},
		{"client late with few transactions", func(g *given) {
			g.point.ScheduleLag.P50, g.point.ScheduleLag.P95 = seconds(0.001), seconds(0.006)
		}, []string{"the client was late: schedule lag p95 6.0 ms, more than 5.0 ms"}, nil, nil},
		{"client late with very few transactions", func(g *given) {
			g.point.ScheduleLag.P50 = seconds(0.006)
		}, []string{"the client was late: schedule lag p50 6.0 ms, more than 5.0 ms"}, nil, nil},
		{"host nearly full", func(g *given) {
			g.point.CPU = map[string]float64{"peer0": 1, proc.Client: 0.5, proc.Other: 0.2, proc.Steal: 0.09}
		}, nil, nil, nil},
		{"host full", func(g *given) {
			g.point.CPU = map[string]float64{"peer0": 1, proc.Client: 0.5, proc.Other: 0.2, proc.Steal: 0.11}
		}, nil,
			[]string{"the host was full: latencies include waiting for a processor, and are those of this machine (1.81 of 2 cores were in use (peer0 1.00, client 0.50, other processes 0.20))"},
			[]string{"a at 9/s: the host was full: latencies include waiting for a processor, and are those of this machine"}},
		{"host full of others", func(g *given) {
			g.point.CPU = map[string]float64{"peer0": 0.1, proc.Client: 0.1, proc.Other: 1.8, proc.Steal: 0}
			g.point.Strangers = []proc.Stranger{{PID: 12, Name: "spin\x1b", Cores: 1.7}}
		}, nil,
			[]string{"the host was full, outside of the run most with spin\\x1b: latencies include waiting for a processor, and are those of this machine (2.00 of 2 cores were in use (other processes 1.80, client 0.10, peer0 0.10); outside of the run most by spin\\x1b (pid 12) 1.70)"},
			[]string{"a at 9/s: the host was full, outside of the run most with spin\\x1b: latencies include waiting for a processor, and are those of this machine"}},
		{"at its cap", func(g *given) {
			g.point.Conditions.Caps.Peer.CPUs, g.point.CPU = 0.5, map[string]float64{"peer0.a": 0.65, "orderer0": 0.9}
		}, nil, nil, nil},
		{"beyond its cap", func(g *given) {
			g.point.Conditions.Caps.Peer.CPUs, g.point.CPU = 0.1, map[string]float64{"peer0.a": 0.1, "peer1.a": 0.93, "chaincode.peer0.a": 0.5}
		}, []string{"peer1.a used 0.93 cores, more than its cap of 0.1: it is not held to it any more"}, nil, nil},
		{"few blocks", func(g *given) { g.window.Blocks = 19 }, nil,
			[]string{"the window holds fewer than 20 blocks: hold longer for a steady throughput"},
			[]string{"a at 9/s: the window holds fewer than 20 blocks: hold longer for a steady throughput"}},
		{"no commits", func(g *given) { g.window.Blocks, g.point.Throughput = 0, 0 }, nil, nil, nil},
		{"interrupted", func(g *given) { g.engine.Partial, g.engine.Held = true, hold/2 }, nil,
			[]string{"the level was interrupted and is shorter than planned"},
			[]string{"a at 9/s: the level was interrupted and is shorter than planned"}},
		{"interrupted in the drain", func(g *given) { g.engine.Partial = true }, nil,
			[]string{"the level was interrupted after its hold, when its last transactions were under way"},
			[]string{"a at 9/s: the level was interrupted after its hold, when its last transactions were under way"}},
		{"exhausted", func(g *given) {
			g.engine.Partial, g.engine.Held, g.engine.Exhausted = true, hold/2, &bench.ExhaustedError{What: "none is left", Remedy: "give more"}
		}, nil,
			[]string{"the level is shorter than planned: none is left; give more (after 10 s of 20 s)"},
			[]string{"a at 9/s: the level is shorter than planned: none is left; give more"}},
		{"failures", func(g *given) {
			g.engine.Failures = []bench.Failure{{Outcome: result.Unknown, Text: "no end", Count: 3}, {Outcome: result.Interrupted, Text: "stop", Count: 8}}
		}, nil, []string{"3 x unknown: no end"}, []string{"a at 9/s: 3 x unknown: no end"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := level{series: open("a", hold, 9), load: result.Load{Kind: "open", Offered: 9, Slots: 70}, repetition: 1}
			g := given{
				point: result.Point{Series: "a", Valid: true, Load: l.load, Throughput: 9, Roles: map[string]result.Role{
					"peer0.a": result.RolePeer, "peer1.a": result.RolePeer, "chaincode.peer0.a": result.RoleChaincode, "orderer0": result.RoleOrderer,
				}},
				engine: bench.Result{Held: hold}, window: result.Window{Blocks: 20},
			}
			tt.change(&g)
			s := &session{study: &study{manifest: result.Run{Host: result.Host{Host: proc.Host{Cores: 2}}}}}
			s.judge(&g.point, l, g.engine, &g.window)
			if g.point.Valid != (tt.reasons == nil) || !slices.Equal(g.point.Reasons, tt.reasons) {
				t.Errorf("valid: %v, reasons %q, want %q", g.point.Valid, g.point.Reasons, tt.reasons)
			}
			if diff := cmp.Diff(tt.warnings, words(g.point.Notices)); diff != "" {
				t.Errorf("warnings of the point (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.run, words(append(s.summary.Notices, s.notes...))); diff != "" {
				t.Errorf("warnings of the run (-want +got):\n%s", diff)
			}
		})
	}
}

func words(warnings []result.Warning) (texts []string) {
	for _, w := range warnings {
		texts = append(texts, w.String())
	}
	return texts
}

func TestCollectionsOfAPoint(t *testing.T) {
	s := &session{study: &study{manifest: result.Run{Host: result.Host{Host: proc.Host{Cores: 2}}}}}
	gc := bench.GC{Cycles: 3, PauseTotal: 500 * time.Microsecond, PauseMax: 250 * time.Microsecond}
	p := s.point(level{series: open("a", time.Second, 9)}, bench.Result{GC: gc}, nil, &result.Window{}, nil)
	equal(t, "collections", &result.GC{Cycles: 3, PauseTotal: 0.0005, PauseMax: 0.00025}, p.GC)
}

// What quotas did counts from window's end to window's end, whatever they did
// before.
func TestThrottledInTheWindow(t *testing.T) {
	at := newSite()
	at.sample = func(snap *proc.Snapshot) { // 10 periods a second, from the first second on all throttled
		n := uint64(10 * snap.At.Sub(at.started).Seconds())
		snap.Throttle = map[string]proc.Throttle{"peer0": {Periods: 100 + n, Throttled: 50 + max(n, 10), Time: float64(n) / 50}}
	}
	o := conduct(t, series(open("a", 11*time.Second, 20)), at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	p := o.summary.Points[0]
	got := p.Throttled["peer0"]
	// The samples next to the window's ends miss it by little.
	equal(t, "capped processes", 1, len(p.Throttled))
	equal(t, "throttled", got.Periods, got.Throttled)
	between(t, "periods", got.Periods, 97, 103)
	between(t, "time less periods", got.Time-float64(got.Periods)/50, -1e-9, 1e-9)
	at.sample = nil
	o = conduct(t, series(open("a", 2*time.Second, 20)), at, nil)
	equal(t, "throttled though nothing is capped", nil, o.summary.Points[0].Throttled)
}

func TestFlagsOfOneKindAreOneWarning(t *testing.T) {
	s := &study{}
	for range 3 { // repetitions
		for _, clients := range []int{1, 2, 8} {
			p := result.Point{Series: "a", Load: result.Load{Kind: "closed", Clients: clients}}
			s.flag(&p, result.FewBlocks, "3 blocks", "short")
			if clients > 1 {
				s.flag(&p, result.HostFull, "", "full")
			}
			want := []result.Warning{{Code: result.FewBlocks, Text: "short (3 blocks)"}, {Code: result.HostFull, Text: "full"}}
			if diff := cmp.Diff(want[:min(2, clients)], p.Notices); diff != "" {
				t.Errorf("warnings of %d clients (-want +got):\n%s", clients, diff)
			}
		}
	}
	s.flag(&result.Point{Series: "b", Load: result.Load{Kind: "open", Offered: 2.5}}, result.HostFull, "", "full")
	want := []result.Warning{
		{Code: result.FewBlocks, Where: []string{"a at 1 client", "a at 2 clients", "a at 8 clients"}, Text: "short"},
		{Code: result.HostFull, Where: []string{"a at 2 clients", "a at 8 clients", "b at 2.5/s"}, Text: "full"},
	}
	if diff := cmp.Diff(want, s.notes); diff != "" {
		t.Errorf("warnings of the run (-want +got):\n%s", diff)
	}
}

// Over a whole run: every level too short for 20 blocks, none told twice.
func TestFlagsOfARun(t *testing.T) {
	s := series(closed("a", 2*time.Second, 1, 2))
	s.Repeat = 2
	o := conduct(t, s, newSite(), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	const text = "the window holds fewer than 20 blocks: hold longer for a steady throughput"
	o.warned(t, "a at 1 client, a at 2 clients: "+text)
	for _, p := range o.summary.Points {
		if !slices.Contains(p.Warnings, text) {
			t.Errorf("%d clients: warnings %q, want %q", p.Load.Clients, p.Warnings, text)
		}
	}
	if n := strings.Count(strings.Join(o.summary.Warnings, "\n"), text); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestBusiest(t *testing.T) {
	t0 := time.Unix(0, 0)
	// Samples of peer, orderer and client, one per 250 ms.
	take := func(samples ...[3]float64) *meter {
		m := &meter{}
		for i, c := range samples {
			m.series = append(m.series, proc.Snapshot{
				At:   t0.Add(time.Duration(i) * sampleEvery),
				CPU:  map[string]float64{"peer0": c[0], "orderer0": c[1], proc.Client: c[2]},
				Host: proc.Times{Busy: 100 * float64(i), Steal: 100 * float64(i)}, // far more by others
			})
		}
		return m
	}
	tests := []struct {
		name  string
		meter *meter
		want  string
		cores float64
	}{
		{"one sample", take([3]float64{1, 2, 3}), "", 0},
		{"two samples", take([3]float64{1, 2, 3}, [3]float64{1.1, 2.2, 3.1}), "orderer0", 0.8},
		{"client", take([3]float64{}, [3]float64{0, 0, 0.25}), proc.Client, 1},
		{"all alike", take([3]float64{}, [3]float64{0.1, 0.1, 0.1}), proc.Client, 0.4},
		{"idle", take([3]float64{}, [3]float64{}), proc.Client, 0},
		{"the last second only", take([3]float64{}, [3]float64{9, 0, 0}, [3]float64{9, 0.1, 0}, [3]float64{9, 0.2, 0}, [3]float64{9, 0.3, 0}, [3]float64{9, 0.4, 0}), "orderer0", 0.4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name, cores := tt.meter.busiest()
			if name != tt.want || math.Abs(cores-tt.cores) > 1e-9 {
				t.Errorf("%s %g, want %s %g", name, cores, tt.want, tt.cores)
			}
		})
	}
}

// A node that has died is missing in the samples from then on.
func TestNodeThatEndedHasNoCPU(t *testing.T) {
	at := newSite()
	at.sample = func(snap *proc.Snapshot) {
		if time.Since(at.started) > 2*time.Second {
			delete(snap.CPU, "peer0")
			delete(snap.RSS, "peer0")
		}
	}
	o := conduct(t, series(open("a", 4*time.Second, 50)), at, nil)
	p := o.summary.Points[0]
	if _, ok := p.CPU["peer0"]; ok || p.CPU[proc.Client] == 0 || p.RSS["peer0"] == 0 {
		t.Errorf("CPU %v, memory %v", p.CPU, p.RSS)
	}
}

// What set-ups have left on a ledger is said once for all networks of a run, however often it grows.
func TestLeftOnLedgerIsToldAnew(t *testing.T) {
	s := &study{}
	note := result.Warning{Code: result.TargetNote, Text: "measured"}
	for _, w := range []result.Warning{{Code: result.LeftOnLedger, Text: "1 x"}, note, {Code: result.LeftOnLedger, Text: "2 x"}, note} {
		s.add(w)
	}
	if diff := cmp.Diff([]result.Warning{note, {Code: result.LeftOnLedger, Text: "2 x"}}, s.summary.Notices); diff != "" {
		t.Error(diff)
	}
}
