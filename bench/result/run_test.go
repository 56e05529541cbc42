package result

import (
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"meterbench/internal/proc"
)

// testRun is a small manifest.
func testRun() Run {
	return Run{
		ID: "r1", Scenario: "quickstart", Target: "reference", Seed: 7,
		Topology: json.RawMessage(`"minimal"`),
		Started:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Host:     Host{Host: proc.Host{OS: "linux", Kernel: "6.1", CPU: "Example CPU", Cores: 2, Memory: 1 << 30}, Sign: 25e-6, Verify: 60e-6},
	}
}

var closed8 = LevelKey{Series: "plain", Repetition: 1, Load: Load{Kind: "closed", Clients: 8}}

// committed is a valid transaction, intended at the given instant, with a
// commit latency of 100 ms.
func committed(seq uint64, intended time.Duration) Record {
	const ms = time.Millisecond
	r := Record{
		Seq: seq, Intended: intended, Started: intended + ms, Prepared: intended + 3*ms, Endorsed: intended + 13*ms,
		Submitted: intended + 20*ms, Committed: intended + 100*ms,
		Outcome: Valid, Block: seq/10 + 1, Bytes: 3000,
	}
	binary.BigEndian.PutUint64(r.TxID[:], seq+1)
	return r
}

// stopped is a transaction that ended with the outcome before anything was
// prepared.
func stopped(seq uint64, intended time.Duration, o Outcome) Record {
	return Record{
		Seq: seq, Intended: intended, Started: intended, Prepared: NotReached, Endorsed: NotReached,
		Submitted: NotReached, Committed: NotReached, Outcome: o,
	}
}

// randomRecords makes n records as a Fabric network under load would: random
// ids, blocks of a hundred, some failures.
func randomRecords(n int, seed uint64) []Record {
	rng := rand.New(rand.NewPCG(seed, 1))
	between := func(low, high time.Duration) time.Duration { return low + time.Duration(rng.Int64N(int64(high-low))) }
	records := make([]Record, n)
	for i := range records {
		r := Record{Seq: uint64(i), Intended: time.Duration(i) * time.Millisecond, Bytes: 3000 + rng.Uint32N(8), Channel: uint16(i % 2), Block: uint64(i/200) + 1}
		r.Started = r.Intended + between(0, 100*time.Microsecond)
		r.Prepared = r.Started + between(300*time.Microsecond, 400*time.Microsecond)
		r.Endorsed = r.Prepared + between(5*time.Millisecond, 9*time.Millisecond)
		r.Submitted = r.Endorsed + between(2*time.Millisecond, 4*time.Millisecond)
		r.Committed = r.Submitted + between(20*time.Millisecond, 120*time.Millisecond)
		for j := 0; j < len(r.TxID); j += 8 {
			binary.LittleEndian.PutUint64(r.TxID[j:], rng.Uint64())
		}
		r.Outcome = Valid
		switch rng.IntN(200) {
		case 0:
			r.Outcome = MVCCConflict
		case 1:
			r.Outcome, r.Committed, r.Block = Unknown, NotReached, 0
			r.Ended = r.Intended + between(2*time.Second, 3*time.Second)
		}
		records[i] = r
	}
	return records
}

// create makes a run's folder in a fresh place.
func create(t testing.TB) *Writer {
	t.Helper()
	w, err := Create(filepath.Join(t.TempDir(), "quickstart", "r1"), testRun())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// record writes one level and returns its window.
func record(t testing.TB, w *Writer, key LevelKey, from, to time.Duration, records ...Record) Window {
	t.Helper()
	l, err := w.Level(key, from, to)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		l.Record(r)
	}
	window, err := l.Close()
	if err != nil {
		t.Fatal(err)
	}
	return window
}

// finish closes a run with one point.
func finish(t testing.TB, w *Writer) {
	t.Helper()
	if err := w.Close(testRun(), Summary{Complete: true, Points: []Point{{
		Series: "plain", Repetition: 1, Valid: true, Load: closed8.Load, Window: 20, Throughput: 500, Scheduled: 10, Outcomes: map[string]uint64{"valid": 9, "dropped": 1},
	}}}); err != nil {
		t.Fatal(err)
	}
}
