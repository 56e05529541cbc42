package reports

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// folder is a finished run of a level of 10 s at 100 transactions per second, which took 20 to 40 ms.
func folder(t *testing.T) *result.Folder {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := result.Create(dir, result.Run{ID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	key := result.LevelKey{Series: "s", Repetition: 1, Load: result.Load{Kind: result.LoadClosed, Clients: 2}}
	level, err := w.Level(key, 2*time.Second, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		r := sent(time.Duration(i)*10*time.Millisecond, time.Duration(20+i%21)*time.Millisecond)
		r.Seq = uint64(i)
		level.Record(r)
	}
	window, err := level.Close()
	if err != nil {
		t.Fatal(err)
	}
	w.Timeline(result.LevelTimeline{Series: key.Series, Repetition: key.Repetition, Load: key.Load, From: 2, To: 10,
		Marks: map[result.MarkKind][]float64{result.MarkTimer: {1, 2, 3}}})
	p := closed("s", 2, window.Throughput(), 0.03)
	p.Scheduled, p.Outcomes = window.Scheduled(), window.Counts.Map()
	if err := w.Close(result.Run{ID: "r"}, result.Summary{Complete: true, Points: []result.Point{p}}); err != nil {
		t.Fatal(err)
	}
	stored, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// A report of a folder has the figures of its histograms and transactions; where a file is damaged or missing, it says so
// or does without.
func TestRead(t *testing.T) {
	more := []string{"percentiles-clients", "time-latency", "time-throughput"}
	drawn := func(r Report) (ids []string) {
		for _, f := range r.Figures() {
			if slices.Contains(more, f.ID) && f.Empty == "" {
				ids = append(ids, f.ID)
			}
		}
		return ids
	}
	stored := folder(t)
	r := Read(stored)
	sound(t, r)
	if diff := cmp.Diff(more, drawn(r)); diff != "" || len(r.Warnings) > 0 {
		t.Errorf("figures (-want +got):\n%s, warnings %v", diff, r.Warnings)
	}
	line := figure(t, r, "percentiles-clients").Series[0]
	if last := line.Points[len(line.Points)-1]; last.X != 80 || last.Y < 0.0395 || last.Y > 0.0405 {
		t.Errorf("of 800 transactions the spectrum ends at %v, want the percentile with ten beyond, 40 ms", last)
	}

	for _, file := range []string{"timeline.json", "latency.hlog"} { // as a run of an older version
		if err := os.Remove(filepath.Join(stored.Dir, file)); err != nil {
			t.Fatal(err)
		}
	}
	r = Read(stored)
	if diff := cmp.Diff(more[1:], drawn(r)); diff != "" || len(r.Warnings) > 0 {
		t.Errorf("figures of an older run (-want +got):\n%s, warnings %v", diff, r.Warnings)
	}
	if err := os.WriteFile(filepath.Join(stored.Dir, "timeline.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	r = Read(stored)
	if diff := cmp.Diff(more[1:], drawn(r)); diff != "" || len(r.Warnings) != 1 {
		t.Errorf("figures without marks (-want +got):\n%s, warnings %v, want one that the file is damaged", diff, r.Warnings)
	}
}

// A file that is damaged takes the figures with it that are drawn from it, and no others.
func TestReadKeepsTheOtherFigures(t *testing.T) {
	for _, c := range []struct{ file, figure string }{
		{"latency.hlog", "time-throughput"}, {"timeline.json", "time-throughput"}, {"timeline.json", "percentiles-clients"},
	} {
		t.Run(c.figure+" without "+c.file, func(t *testing.T) {
			stored := folder(t)
			if err := os.WriteFile(filepath.Join(stored.Dir, c.file), []byte("Tag=s/clients=2/r1/commit,0,1,1,HISTF\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			r := Read(stored)
			if figure(t, r, c.figure).Empty != "" {
				t.Errorf("%s is empty", c.figure)
			}
			if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Text, c.file) {
				t.Errorf("warnings %v, want one on %s", r.Warnings, c.file)
			}
		})
	}
}
