package study

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/bench"
	"meterbench/bench/result"
)

// The folder tells when each block of a level was cut and why, from the level's start on, and where its window lies.
func TestTimeline(t *testing.T) {
	at := tracedSite(func(t *traced) {
		t.reason = func(n uint64) result.CutReason { return result.CutReason(n % 5) }
	})
	o := conduct(t, series(closed("a", 3*time.Second, 1, 2)), at, nil)
	folder, err := result.Open(o.dir)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := folder.Timelines()
	if err != nil || len(stored) != 2 {
		t.Fatalf("%d timelines, %v; want one for each level", len(stored), err)
	}
	p := o.summary.Points[0]
	got := stored[result.LevelKey{Series: p.Series, Repetition: p.Repetition, Load: p.Load}]
	var first [4]float64
	for i, kind := range []result.MarkKind{result.MarkFull, result.MarkTimer, result.MarkOther} {
		if len(got.Marks[kind]) == 0 {
			t.Fatalf("no %s in %v", kind, got.Marks)
		}
		first[i] = got.Marks[kind][0]
	}
	// A block every 100 ms, cut 8 ms before it begins, for the reason of its number modulo 5.
	want := [4]float64{0.092, 0.292, 0.392}
	if diff := cmp.Diff(want, first, cmpopts.EquateApprox(0, 0.0011)); diff != "" {
		t.Errorf("first full, timer, other (-want +got):\n%s", diff)
	}
	if got.From != 1 || got.To != 3 {
		t.Errorf("window from %g to %g s, want 1 to 3", got.From, got.To)
	}
}

// Where workers make the load, their garbage collections are marked, and not those of this process, which makes none.
func TestTimelineOfWorkers(t *testing.T) {
	at := newSite()
	at.as = func(s *site) Site {
		return &crewSite{site: s, workers: 2, workloads: map[string]bench.Workload{}, tell: func(w *WorkerLevel) {
			runtime.GC()
			w.Collections = []time.Duration{1250 * time.Millisecond, 2500 * time.Millisecond}
		}}
	}
	o := conduct(t, series(closed("a", 3*time.Second, 2)), at, nil)
	folder, err := result.Open(o.dir)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := folder.Timelines()
	if err != nil || len(stored) != 1 {
		t.Fatalf("%d timelines, %v", len(stored), err)
	}
	for _, got := range stored {
		if diff := cmp.Diff([]float64{1.25, 2.5}, got.Marks[result.MarkCollection]); diff != "" {
			t.Errorf("collections (-want +got):\n%s", diff)
		}
	}
}
