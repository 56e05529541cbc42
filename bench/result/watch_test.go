package result

import (
	"slices"
	"testing"
	"time"
)

// A watcher sees what the window counts, and has seen all of it at the end.
func TestWatch(t *testing.T) {
	w, err := Create(t.TempDir(), Run{ID: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := w.Level(LevelKey{Series: "a", Repetition: 1, Load: Load{Kind: "closed", Clients: 1}}, 0, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var seen []uint64
	l.Watch(func(r *Record) {
		if r.Outcome >= outcomes {
			t.Errorf("outcome %d", r.Outcome)
		}
		seen = append(seen, r.Seq)
	})
	const n = 3*bufferRecords + 7
	for i := range uint64(n) {
		l.Record(Record{Seq: i, Outcome: outcomes})
	}
	if _, err := l.Close(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(seen)
	if len(seen) != n || seen[0] != 0 || seen[n-1] != n-1 {
		t.Errorf("saw %d of %d", len(seen), n)
	}
	if err := w.Abort(nil); err != nil {
		t.Error(err)
	}
}
