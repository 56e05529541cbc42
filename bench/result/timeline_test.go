package result

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Timelines come back as they were, thinned to what a figure can show.
func TestTimelines(t *testing.T) {
	w := create(t)
	record(t, w, closed8, 0, second, committed(0, 0))
	var cuts []float64
	for i := range 100000 { // out of order, as those of several channels are
		cuts = append(cuts, 100-float64(i)/1000)
	}
	w.Timeline(LevelTimeline{Series: closed8.Series, Repetition: closed8.Repetition, Load: closed8.Load, From: 10, To: 90,
		Marks: map[MarkKind][]float64{MarkFull: cuts, MarkTimer: {7, 3.25}}})
	if err := w.Close(testRun(), Summary{}); err != nil {
		t.Fatal(err)
	}
	folder, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := folder.Timelines()
	if err != nil {
		t.Fatal(err)
	}
	got := all[closed8]
	full := got.Marks[MarkFull]
	if n := len(full); n < markResolution*9/10 || n > markResolution+1 || full[n-1] < 99.8 {
		t.Errorf("%d marks up to %g s, want about %d up to 100", n, full[n-1], markResolution)
	}
	got.Marks = map[MarkKind][]float64{MarkTimer: got.Marks[MarkTimer]}
	if diff := cmp.Diff(LevelTimeline{Series: closed8.Series, Repetition: closed8.Repetition, Load: closed8.Load, From: 10, To: 90,
		Marks: map[MarkKind][]float64{MarkTimer: {3.25, 7}}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	path := filepath.Join(w.dir, timelineFile)
	if err := os.WriteFile(path, []byte(`{"schema":1,"levels":[{"from_s":`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Timelines(); err == nil {
		t.Error("half a file is read")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if all, err := folder.Timelines(); err != nil || all != nil {
		t.Errorf("a folder of an older version: %v, %v", all, err)
	}
}
