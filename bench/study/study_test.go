package study

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
)

func TestStudy(t *testing.T) {
	s := series(closed("a", 5*time.Second, 1, 2, 4, 8, 16), closed("b", 4*time.Second, 1, 2), open("c", 3*time.Second, 50))
	s.Repeat = 2
	s.Series[1].Workload = of(3, result.Conditions{Workload: "encrypted", Encryption: "bank", Bank: 9})
	s.Series[2].Load.Wait = "acknowledge"
	s.FE = &scenario.FE{Schemes: []string{"ddh"}}
	at := newSite()
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	var order []string
	for _, p := range o.summary.Points {
		order = append(order, fmt.Sprintf("%s %d r%d", p.Series, p.Load.Clients, p.Repetition))
	}
	want := strings.Split("a 1 r1,b 1 r1,c 0 r1,a 2 r1,b 2 r1,a 4 r1,a 8 r1,a 16 r1,a 1 r2,b 1 r2,c 0 r2,a 2 r2,b 2 r2,a 4 r2,a 8 r2,a 16 r2", ",")
	if !slices.Equal(order, want) {
		t.Errorf("ran %q, want %q", order, want)
	}
	if len(o.watcher.points) != len(want) {
		t.Errorf("%d points were reported", len(o.watcher.points))
	}

	sum := o.summary
	equal(t, "complete", true, sum.Complete)
	equal(t, "target", "reference", sum.Target)
	equal(t, "run", "r1", sum.Run)
	equal(t, "scenario", "test", sum.Scenario)
	equal(t, "encryption cost", []result.FECost{{Scheme: "ddh", Bits: 2048, Length: 1}}, sum.FE)
	o.warned(t, "this is no network") // the site's note
	n := uint64(at.taken)
	equal(t, "audit", &result.Audit{Verdict: result.AuditPass, Expected: n, Found: n, Stored: n}, sum.Audit)
	equal(t, "rows", at.taken, len(o.rows))
	// One client has 1/23.7 ms, from three on the server is full.
	if len(sum.Saturation) != 1 {
		t.Fatalf("%d series saturate, want the one with enough levels", len(sum.Saturation))
	}
	a := sum.Saturation[0]
	equal(t, "series that saturates", "a", a.Series)
	equal(t, "reached", true, a.Reached)
	equal(t, "clients", 4, a.Clients)
	between(t, "throughput", a.Throughput, 99, 101)

	r := o.run
	manifest := result.Run{
		Schema: result.Schema, ID: "r1", Scenario: "test", Source: s.Source, Target: "reference", Seed: 5, SeedNote: r.SeedNote,
		Topology: r.Topology, Started: r.Started, Ended: r.Ended, Transactions: r.Transactions,
		Versions: map[string]string{"meterbench": "test", "fake": "v0.0.1"},
		Host:     result.Host{Host: proc.Host{Cores: 2}, Sign: 25e-6, Verify: 60e-6, Yardstick: &result.Yardstick{Value: 25e-6, Low: 25e-6, High: 25e-6, N: 17}}, Bringup: &result.Bringup{Ready: 1, FirstCommit: 2},
		Preparation: map[string]result.Preparation{"b": {Ciphertexts: 9}},
	}
	if diff := cmp.Diff(manifest, r); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	if len(r.Topology) == 0 || r.SeedNote == "" {
		t.Errorf("topology %s, note on the seed %q", r.Topology, r.SeedNote)
	}
	if held, load := r.Ended.Sub(r.Started), Estimated(s, nil, usualSign).Load; held < load || held > load+5*time.Second {
		t.Errorf("the run took %v for %v of load", held, load)
	}
	if diff := cmp.Diff(map[string][]Need{"a": {{}}, "b": {{}}, "c": {{}}}, at.needs); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
	for name, seqs := range at.sent {
		slices.Sort(seqs)
		for i, seq := range seqs {
			if seq != uint64(i) {
				t.Fatalf("series %s sent number %d as its %d.: a number is left out or used twice", name, seq, i)
			}
		}
	}
}

func TestPoint(t *testing.T) {
	s := series(open("c", 31*time.Second, 50))
	s.Series[0].Workload = of(3, result.Conditions{Workload: "encrypted", Scheme: "ddh", Bits: 2048, Length: 24, Encryption: "bank", Bank: 9})
	s.Series[0].Factors = []result.Factor{{Key: "length", Label: "24"}}
	at := newSite()
	at.sample = func(snap *proc.Snapshot) { // the warm-up is busier
		snap.CPU["peer0"] += 9 * min(1, time.Since(at.started).Seconds())
	}
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	p := o.summary.Points[0]
	// Due at 0, 20 ms, … and committed 23.7 ms later; the window is [1 s, 31 s).
	if p.Window != 30 || p.Throughput != 50 {
		t.Errorf("window of %g s with %g/s", p.Window, p.Throughput)
	}
	if p.Scheduled != 1500 || p.Outcomes["valid"] != 1500 {
		t.Errorf("%d scheduled, outcomes %v", p.Scheduled, p.Outcomes)
	}
	if p.BytesMean != 4000 {
		t.Errorf("envelopes of %g bytes", p.BytesMean)
	}
	if p.Blocks < 299 || p.Blocks > 301 {
		t.Errorf("%d blocks", p.Blocks)
	}
	if n := len(o.rows) - o.runOut; n != 1550 || o.runOut != 1 { // the last one was committed 3.7 ms after the hold
		t.Errorf("%d rows, warm-up included, and %d of the run-out", n, o.runOut)
	}
	for _, phase := range []string{"commit", "order_commit", "endorse"} {
		q := p.Latency[phase]
		equal(t, "transactions with a latency of "+phase, 1500, q.N)
		if q.P50 == nil || q.P99 == nil {
			t.Fatalf("%s latency without p50 or p99", phase)
		}
		if phase != "order_commit" {
			want := map[string]float64{"commit": 0.0237}[phase]
			between(t, "p50 of "+phase, *q.P50, 0.999*want, 1.001*want)
			between(t, "largest "+phase, q.Max, 0.999*want, 1.001*want)
		}
	}
	if lag := p.ScheduleLag.P99; lag == nil || *lag != 0 {
		t.Errorf("in virtual time nothing is late (-want +got):\n%s", cmp.Diff(new(float64), lag))
	}
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 1e-6 {
			t.Errorf("%s is %g, want %g", what, got, want)
		}
	}
	near("CPU of peer0", p.CPU["peer0"], 0.5)
	near("CPU of the client", p.CPU[proc.Client], 0.2)
	near("other CPU", p.CPU[proc.Other], 0.1)
	near("memory of peer0", p.RSS["peer0"], 31)
	near("client CPU per transaction", p.ClientCPU, 0.2/50)
	near("client CPU in signatures", p.ClientCPUInSignatures, 0.2/50/25e-6)
	i := p.Intervals["throughput_per_s"]
	equal(t, "batches of the interval", 16, i.N)
	between(t, "throughput in its interval", 50, i.Low, i.High)
	between(t, "width of the interval", i.High-i.Low, 0, 1)
	want := result.Conditions{
		Topology: "fake", Fabric: "0.0.1", BatchTimeout: 0.1, BatchMessages: 7, Policy: "any", Limits: topology.Limits{Gateway: 5, Endorser: 6, Deliver: 7}, Wait: "commit",
		Driver: "wire", Workload: "encrypted", Scheme: "ddh", Bits: 2048, Length: 24, Encryption: "bank", Bank: 9, Meters: 3,
	}
	if diff := cmp.Diff(want, p.Conditions); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
	roles := map[string]result.Role{"peer0": result.RolePeer, "client": result.RoleClient, "other": result.RoleOther, "steal": result.RoleSteal}
	if diff := cmp.Diff(roles, p.Roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(s.Series[0].Factors, p.Factors); diff != "" {
		t.Errorf("factors (-want +got):\n%s", diff)
	}
	equal(t, "limit", result.LimitNone, p.Limit.Kind)
	equal(t, "limit in words", "not limited", p.LimitedBy)
	equal(t, "load", result.Load{Kind: "open", Offered: 50, Slots: 100}, p.Load)
}

// Arrivals with a rate of their own make one level of their mean rate.
func TestArrivals(t *testing.T) {
	trace, err := arrival.ReadTrace(t.Context(), "t.csv", strings.NewReader("time,meter,value\n0,a,1\n1,b,1\n1.5,a,1\n2.5,b,1\n"), arrival.Form{})
	if err != nil {
		t.Fatal(err)
	}
	poisson, ramp, replay := open("poisson", 3*time.Second, 40), open("ramp", 4*time.Second), open("trace", 2*time.Second)
	poisson.Load.Arrivals.Kind = "poisson"
	ramp.Load.Arrivals = scenario.Arrivals{Kind: "ramp", Ramp: arrival.Ramp{From: 10, To: 50, Over: 4 * time.Second}}
	replay.Load.Arrivals = scenario.Arrivals{Kind: "trace", Recorded: scenario.TraceFile{File: "t.csv"}, Trace: trace, Speed: 1}
	s := series(poisson, ramp, replay)
	s.Repeat = 2
	at := newSite()
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	var got []string
	for _, p := range o.summary.Points[:3] {
		got = append(got, fmt.Sprintf("%g/s %s", p.Load.Offered, p.Conditions.Arrivals))
	}
	if want := []string{"40/s poisson", "30/s ramp from 10/s to 50/s over 4s", "1.5/s trace t.csv at speed 1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if a, b := len(at.sent["ramp"]), len(at.sent["trace"]); a != 2*(120+1) || b != 2*3 { // the ramp runs out at its last rate, the trace not
		t.Errorf("%d of the ramp, %d of the trace", a, b)
	}
	if n := len(at.sent["poisson"]); n == 240 || n < 180 || n > 300 {
		t.Errorf("%d arrivals do not look like Poisson's", n)
	}
	equal(t, "needs", []Need{{Rows: 3}}, at.needs["trace"])
}

func TestLive(t *testing.T) {
	o := conduct(t, series(closed("a", 3500*time.Millisecond, 1), open("b", 2*time.Second, 50)), newSite(), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	l := o.watcher.lives[1] // two seconds into the first level
	equal(t, "series", "a", l.Series)
	equal(t, "clients", 1, l.Load.Clients)
	equal(t, "level", 1, l.Level)
	equal(t, "levels", 2, l.Levels)
	equal(t, "remaining", 3500*time.Millisecond, l.Remaining)
	equal(t, "whole", 5500*time.Millisecond, l.Whole)
	equal(t, "elapsed", 2*time.Second, l.Now.Elapsed)
	if l.Busiest != "peer0" || math.Abs(l.BusyCPU-0.5) > 1e-6 {
		t.Errorf("busiest: %s with %g cores", l.Busiest, l.BusyCPU)
	}
	last := o.watcher.lives[len(o.watcher.lives)-1]
	equal(t, "last series", "b", last.Series)
	equal(t, "last level", 2, last.Level)
	equal(t, "remaining at the end", 0, last.Remaining)
	want := []string{"a node", "a ciphertext", "a ciphertext"}
	if !slices.Equal(o.watcher.working, want) {
		t.Errorf("told %q while working", o.watcher.working)
	}
}

// Nodes write their logs into the run's folder.
func TestFolderIsTakenBeforeTheNetworkStarts(t *testing.T) {
	at := newSite()
	var dir string
	lab := labFunc{at, func() {
		if err := os.Mkdir(filepath.Join(dir, "logs"), 0o755); err != nil {
			t.Error(err)
		}
	}}
	dir = filepath.Join(t.TempDir(), "r1")
	s := series(closed("a", 30*time.Millisecond, 1))
	s.Warmup = 0
	err := Run(t.Context(), Config{Scenario: s, Lab: lab, Dir: dir, ID: "r1", Observer: &watcher{}}) // in real time, calibration included
	if err != nil {
		t.Fatal(err)
	}
	stored, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	h := stored.Run.Host
	if h.Sign <= 0 || h.Verify <= 0 {
		t.Errorf("a signature takes %g s, its verification %g s", h.Sign, h.Verify)
	}
	if h.Cores < 1 || h.Kernel == "" {
		t.Errorf("%d cores, kernel %q", h.Cores, h.Kernel)
	}
}

// A labFunc does something else while the network starts.
type labFunc struct {
	*site
	starting func()
}

func (l labFunc) Start(ctx context.Context, session Session, working func(string)) (Site, error) {
	l.starting()
	return l.site.Start(ctx, session, working)
}

// A level whose transactions are all due in the warm-up leaves no point, but
// a word about it.
func TestNothingInTheWindow(t *testing.T) {
	at := newSite()
	at.latency = 10 * time.Second
	o := conduct(t, series(closed("a", 2*time.Second, 1), open("b", 2*time.Second, 50)), at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	if len(o.summary.Points) != 1 || o.summary.Points[0].Series != "b" {
		t.Errorf("%d points, want one of b", len(o.summary.Points))
	}
	o.warned(t, "a at 1 client: no transaction was due after the warm-up, so that there is nothing to report; hold longer")
}

// Repetitions of one level are no series of levels.
func TestOneLevelHasNoSaturation(t *testing.T) {
	s := series(closed("a", 3*time.Second, 4))
	s.Repeat = 3
	endorse := closed("b", 2*time.Second, 1, 2)
	endorse.Load.Wait = "endorse"
	s.Series = append(s.Series, endorse)
	o := conduct(t, s, newSite(), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	equal(t, "series that saturate", 0, len(o.summary.Saturation))
	equal(t, "points", 3*(1+2), len(o.summary.Points))
	for _, p := range o.summary.Points {
		if p.Series == "b" {
			equal(t, "none answered", false, p.Outcomes["answered"] == 0)
			equal(t, "none endorsed", false, p.Latency["endorse"].N == 0)
			equal(t, "throughput", 0, p.Throughput)
		}
	}
	for _, w := range o.summary.Warnings {
		if strings.Count(w, "a at 4 clients") > 1 {
			t.Errorf("a point stands twice in %q", w)
		}
	}
}

// A series without a single valid point has no saturation point, but a word
// about it.
func TestNoValidPoint(t *testing.T) {
	at := newSite()
	at.invalid = true
	o := conduct(t, series(open("a", 3*time.Second, 50, 60)), at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	for _, p := range o.summary.Points {
		if p.Valid || len(p.Reasons) != 1 || !strings.HasPrefix(p.Reasons[0], "latencies are missing: ") {
			t.Errorf("valid: %t, reasons %q", p.Valid, p.Reasons)
		}
	}
	equal(t, "points", 2, len(o.summary.Points))
	equal(t, "series that saturate", 0, len(o.summary.Saturation))
	equal(t, "warnings", []string{"this is no network", "saturation of series a: none of its 2 points is valid"}, o.summary.Warnings)
}
