package study

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/bench/result"
	"meterbench/internal/proc"
)

// One server that nothing watches: clients of one level say nothing of it, but
// all levels together do, each repetition by itself.
func TestSaturatedSeriesIsLimited(t *testing.T) {
	s := series(closed("a", 5*time.Second, 1, 2, 4, 8, 16, 32))
	s.Repeat = 2
	o := conduct(t, s, tracedSite(func(*traced) {}), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	found := o.summary.Saturation[0]
	if !found.Reached || found.Limit.Kind != result.LimitUnknown || found.Limit.Part == "" {
		t.Errorf("reached: %v, limited by %q: %s", found.Reached, found.Limit, found.LimitedBecause)
	}
	for _, p := range o.summary.Points {
		// At two clients the server is idle for a third of the time, at four never.
		if want := map[bool]result.LimitKind{true: result.LimitNone, false: result.LimitUnknown}; p.Load.Clients != 2 && p.Limit.Kind != want[p.Load.Clients == 1] {
			t.Errorf("%s, repetition %d: limited by %q: %s", p.Load, p.Repetition, p.Limit, p.LimitedBecause)
		}
	}
}

// Points are compared with those of their own repetition.
func TestComparable(t *testing.T) {
	s := study{Config: Config{Scenario: series(closed("a", time.Second, 1, 2), closed("b", time.Second, 1))}}
	for repetition := 1; repetition <= 2; repetition++ {
		for _, name := range []string{"a", "b", "a"} {
			s.summary.Points = append(s.summary.Points, result.Point{Series: name, Repetition: repetition})
		}
	}
	got := s.comparable(&s.summary.Points[3])
	if diff := cmp.Diff([]result.Point{{Series: "a", Repetition: 2}, {Series: "a", Repetition: 2}}, got); diff != "" {
		t.Errorf("points (-want +got):\n%s", diff)
	}
}

// What threads and disks did within the window is in the point.
func TestThreadsAndDisks(t *testing.T) {
	at := newSite()
	at.sample = func(snap *proc.Snapshot) {
		passed := snap.At.Sub(at.started).Seconds()
		snap.Disk = &proc.Pressure{Some: 0.75 * passed, Full: 0.25 * passed}
		snap.Threads = map[string]proc.Threads{"peer0": {CPU: map[int]float64{7: passed / 2, 8: passed / 4}, Waiting: true}}
	}
	o := conduct(t, series(closed("a", 4*time.Second, 1)), at, nil)
	p := o.summary.Points[0]
	if diff := cmp.Diff(map[string]float64{"peer0": 0.5}, p.Threads, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("busiest threads (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]float64{"peer0": 1}, p.DiskWait); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&proc.Pressure{Some: 0.75, Full: 0.25}, p.DiskPressure); diff != "" {
		t.Errorf("pressure (-want +got):\n%s", diff)
	}
}
