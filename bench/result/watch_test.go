package result

import (
	"slices"
	"sync"
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

// What is flushed is seen at once, whole and once, however many record meanwhile.
func TestFlush(t *testing.T) {
	w, err := Create(t.TempDir(), Run{ID: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := w.Level(LevelKey{Series: "a", Repetition: 1, Load: Load{Kind: "closed", Clients: 1}}, 0, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan uint64, 1)
	l.Watch(func(r *Record) { seen <- r.Seq })
	l.Flush() // nothing
	l.Record(Record{Seq: 7, Outcome: Valid})
	l.Flush()
	select {
	case seq := <-seen:
		if seq != 7 {
			t.Errorf("saw transaction %d", seq)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a flushed record was not seen")
	}
	const clients, each = 8, 5 * bufferRecords
	counted := make(chan map[uint64]int)
	go func() {
		times := map[uint64]int{}
		for range clients * each {
			times[<-seen]++
		}
		counted <- times
	}()
	var recording sync.WaitGroup
	for c := range uint64(clients) {
		recording.Go(func() {
			for i := range uint64(each) {
				if i%50 == 0 {
					l.Flush()
				}
				l.Record(Record{Seq: c*each + i, Outcome: Valid})
			}
		})
	}
	recording.Wait()
	window, err := l.Close()
	if err != nil {
		t.Fatal(err)
	}
	times := <-counted
	for seq, n := range times {
		if n != 1 {
			t.Errorf("transaction %d was seen %d times", seq, n)
		}
	}
	if len(times) != clients*each || window.Level[Valid] != clients*each+1 {
		t.Errorf("saw %d of %d, counted %d", len(times), clients*each, window.Level[Valid])
	}
	if err := w.Abort(nil); err != nil {
		t.Error(err)
	}
}
