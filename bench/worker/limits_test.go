package worker

import (
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/heartbeat"
)

// What a worker says at the end of the longest level on the busiest machine fits into a message, and so does every piece of a ledger and
// of a batch.
func TestMessagesFit(t *testing.T) {
	coded, err := newCodec()
	if err != nil {
		t.Fatal(err)
	}
	w := &usageWatch{quit: make(chan struct{}), done: make(chan struct{})}
	close(w.done)
	epoch := time.Now()
	for i := range 3*mostUsage + 1 {
		w.sample()
		w.at[len(w.at)-1] = epoch.Add(time.Duration(i) * time.Hour / mostUsage)
	}
	usage := w.stop(epoch)
	if len(usage) > mostUsage+1 || usage[0].At != 0 {
		t.Errorf("%d samples, the first at %v", len(usage), usage[0].At)
	}
	for i, u := range usage[1 : len(usage)-1] { // the last is of now
		if u.At < usage[i].At || u.CPU < usage[i].CPU {
			t.Fatalf("sample %d is out of order", i+1)
		}
	}
	huge := heartbeat.Gap{Length: time.Hour, Halted: time.Hour, Suspended: time.Hour}
	all := results{Usage: usage, Results: make([]bench.Result, 8)}
	for range mostGaps {
		all.Gaps = append(all.Gaps, gap{1 << 60, 1 << 60, huge.Length, huge.Halted, huge.Suspended})
	}
	attempts := make([]result.Attempt, mostAttempts)
	for i := range attempts {
		attempts[i] = result.Attempt{Seq: 1 << 60, Through: "peer0.a-name-that-is-rather-long.example.com:7051", Intended: 1 << 60, Started: 1 << 60, Endorsed: 1 << 60,
			Submitted: 1 << 60, Committed: 1 << 60, Ended: 1 << 60, Block: 1 << 60}
	}
	for name, r := range map[string]*report{
		"results": {Results: &all}, "a ledger": {Entries: make([]bench.Entry, mostEntries)},
		"a batch": {Batch: &batch{Records: new(recordEncoder).encode(nil, typical(mostRecords, 1)), Attempts: attempts}},
	} {
		data, err := coded.encode.Marshal(r)
		if err != nil || len(data) > mostMessage {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
		if err := coded.decode.Unmarshal(data, new(report)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
