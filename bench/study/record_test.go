package study

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// recorded runs a scenario and returns the trace that it leaves, too.
func recorded(t *testing.T, s scenario.Scenario) (outcome, *arrival.Trace) {
	t.Helper()
	o := conduct(t, s, newSite(), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	file, err := os.Open(filepath.Join(o.dir, TraceFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	trace, err := arrival.ReadTrace(t.Context(), TraceFile, file, arrival.Form{Values: arrival.Interval})
	if err != nil {
		t.Fatal(err)
	}
	return o, trace
}

// What a run leaves as a trace drives another one alike.
func TestRecord(t *testing.T) {
	s := series(closed("a", 3*time.Second, 1), open("b", 2*time.Second, 40))
	at := newSite()
	if o := conduct(t, s, at, nil); slices.ContainsFunc(entries(t, o.dir), func(name string) bool { return name == TraceFile }) {
		t.Error("a trace that nobody asked for")
	}
	s.Record = true
	o, trace := recorded(t, s)
	if want := len(o.rows) - o.runOut; trace.Len() != want || trace.Meters() != 6 || o.runOut == 0 {
		t.Errorf("%d rows of %d meters, want %d without the %d of run-outs", trace.Len(), trace.Meters(), want, o.runOut)
	}
	if slices.Contains(entries(t, o.dir), MetersFile) {
		t.Error("ids of meters that follow no trace")
	}
	first := trace.Row(0)
	equal(t, "first instant", 0, first.At)
	equal(t, "first value", 0, first.Wh)
	equal(t, "first meter", "a-0", trace.Meter(first.Meter))
	last := trace.Row(trace.Len() - 1) // number 79 of b, due at 1.975 s of a level after one of 3 s
	equal(t, "last value", 79, last.Wh)
	equal(t, "last meter", "b-1", trace.Meter(last.Meter))
	between(t, "last instant", last.At, 4975*time.Millisecond, 5100*time.Millisecond)
}

// Meters keep the ids of the trace that a series follows, and the run says which they are on the ledger.
func TestRecordedMeters(t *testing.T) {
	s := series(closed("a", 2*time.Second, 1), open("traced", 2*time.Second, 40))
	s.Record = true
	o, trace := recorded(t, s)
	ids := map[string]bool{}
	for i := range trace.Meters() {
		ids[trace.Meter(i)] = true
	}
	equal(t, "ids", map[string]bool{"a-0": true, "a-1": true, "a-2": true, "DE0": true, "DE1": true, "DE2": true}, ids)
	meters, err := os.ReadFile(filepath.Join(o.dir, MetersFile))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(meters), "\n"), "\n")
	equal(t, "lines", []string{"series,meter,ledger", "traced,DE0,traced-0", "traced,DE1,traced-1", "traced,DE2,traced-2"}, lines)
}

// However long a run, no more readings are held than one turn has.
func TestRecordedHoldsOneTurn(t *testing.T) {
	const turns, each = 20, 300
	begun := time.Now()
	trace := newTraceBuilder(nil)
	for turn := range uint64(turns) {
		trace.of = append(trace.of, recording{rowRange{"a", turn * each, (turn + 1) * each, time.Hour}, begun.Add(time.Duration(turn) * time.Minute), &workload{series: "a"}})
	}
	rng := rand.New(rand.NewPCG(1, 1))
	held, most, n := 0, 0, 0
	stored := func(yield func(result.Row, error) bool) {
		for turn := range turns {
			for _, i := range rng.Perm(each) {
				row := result.Row{LevelKey: result.LevelKey{Series: "a"}, Record: result.Record{Seq: uint64(turn*each + i), Intended: time.Duration(i) * time.Millisecond}}
				held++
				most = max(most, held)
				if !yield(row, nil) {
					return
				}
			}
		}
	}
	for row, err := range trace.rows(stored) {
		if want := time.Duration(n/each)*time.Minute + time.Duration(n%each)*time.Millisecond; err != nil || row.At != want || row.Wh != int64(n) {
			t.Fatalf("row %d: error %v, value %d at %v, want it at %v", n, err, row.Wh, row.At, want)
		}
		held--
		n++
	}
	if n != turns*each || most > each+1 {
		t.Errorf("%d rows, %d of them held at a time", n, most)
	}
}

// A trace that could not be written in full is not left behind.
func TestHalfATraceGoes(t *testing.T) {
	s := &study{Config: Config{Dir: t.TempDir()}}
	var err error
	if s.writer, err = result.Create(filepath.Join(s.Dir, "run"), result.Run{}); err != nil {
		t.Fatal(err)
	}
	level, err := s.writer.Level(result.LevelKey{Series: "a"}, 0, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	level.Record(result.Record{Seq: 1})
	level.Record(result.Record{Seq: 2})
	if _, err := level.Close(); err != nil {
		t.Fatal(err)
	}
	s.recordings = []recording{{rowRange{"a", 1, 3, time.Second}, time.Now(), formulas{}}}
	if err := s.writeTrace(); err == nil || !strings.Contains(err.Error(), "record the readings: write trace: row 1: the meter's id \"=1\" begins as a formula does") {
		t.Errorf("got %v", err)
	}
	if left := entries(t, s.Dir); !slices.Equal(left, []string{"run"}) {
		t.Errorf("left: %q", left)
	}
}

// formulas are of a meter whose id no trace takes.
type formulas struct{}

func (formulas) Reading(uint64) (string, uint64) { return "=1", 1 }

func (formulas) Recorded(uint64) string { return "" }

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
