package study

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"meterbench/bench/arrival"
)

// What a run leaves as a trace drives another one alike.
func TestRecord(t *testing.T) {
	s := series(closed("a", 3*time.Second, 1), open("b", 2*time.Second, 40))
	at := newSite()
	if o := conduct(t, s, at, nil); slices.ContainsFunc(entries(t, o.dir), func(name string) bool { return name == TraceFile }) {
		t.Error("a trace that nobody asked for")
	}
	s.Record = true
	o := conduct(t, s, newSite(), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	file, err := os.Open(filepath.Join(o.dir, TraceFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	trace, err := arrival.ReadTrace(TraceFile, file)
	if err != nil {
		t.Fatal(err)
	}
	if trace.Len() != len(o.rows) || trace.Meters() != 6 {
		t.Errorf("%d rows of %d meters, want %d", trace.Len(), trace.Meters(), len(o.rows))
	}
	if first := trace.Row(0); first.At != 0 || first.Value != 0 || trace.Meter(first.Meter) != "a-0" {
		t.Errorf("first row %+v", first)
	}
	last := trace.Row(trace.Len() - 1) // number 79 of b, due at 1.975 s of a level after one of 3 s
	if last.Value != 79 || trace.Meter(last.Meter) != "b-1" || last.At < 4975*time.Millisecond || last.At > 5100*time.Millisecond {
		t.Errorf("last row %+v", last)
	}
}

func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}
