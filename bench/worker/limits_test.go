package worker

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/heartbeat"
)

// A bulky host hands over much.
type bulky struct {
	host
	whole []byte
}

func (b *bulky) Start(context.Context, study.Session, func(string)) (study.Site, error) {
	return b, nil
}
func (b *bulky) HandoverOf(context.Context, string) ([]byte, error) { return b.whole, nil }

// The keys of the largest fleet reach all workers, whole. What is too much is refused before it is sent, and nobody is lost over it.
func TestLargeHandover(t *testing.T) {
	t.Parallel()
	c := gather(t, 2, setting{})
	h := &bulky{whole: make([]byte, 70<<20)}
	rand.NewChaCha8([32]byte{}).Read(h.whole)
	copy(h.whole, "of plain")
	started, err := c.Lab(h, "scenario", nil).Start(t.Context(), sessionOne, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	c.site = started
	began := time.Now()
	if _, _, err := started.Series(t.Context(), seriesPlain, needNothing, func(string) {}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MB have reached two workers within %v", len(h.whole)>>20, time.Since(began))
	for rank, s := range c.stations {
		if !bytes.Equal(s.handed, h.whole) {
			t.Errorf("worker %d got %d bytes that are others", rank, len(s.handed))
		}
	}
	h.whole = make([]byte, mostPieces+1)
	if _, _, err := started.Series(t.Context(), seriesPlain, needNothing, func(string) {}); !mistaken(err) || !strings.Contains(err.Error(), "512 MB are sent at most") {
		t.Error(err)
	}
	h.whole = []byte("of plain")
	if _, _, err := started.Series(t.Context(), seriesPlain, needNothing, func(string) {}); err != nil {
		t.Error(err)
	}
}

// The most that bench keeps of the errors of a load with an outcome, and of the loads that a scenario has at once.
const (
	mostFailures   = 6
	longestFailure = 500
	mostLoads      = 256
)

// No figure that comes is none, or infinite: it could not be stored.
func TestFiguresAreFinite(t *testing.T) {
	coded, err := newCodec()
	if err != nil {
		t.Fatal(err)
	}
	for _, cpu := range []float64{0, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)} {
		data, err := coded.encode.Marshal(&report{Live: &live{Usage: usage{CPU: cpu}}})
		if err != nil {
			t.Fatal(err)
		}
		finite := !math.IsNaN(cpu) && !math.IsInf(cpu, 0)
		if err := coded.decode.Unmarshal(data, new(report)); (err == nil) != finite {
			t.Errorf("%v: %v", cpu, err)
		}
	}
}

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
	all := results{Usage: usage, Results: make([]bench.Result, mostLoads), Stalls: make([]uint64, mostLoads)}
	for i := range all.Results {
		one := &all.Results[i]
		one.Epoch, one.Held, one.Exhausted = epoch, time.Hour, &bench.ExhaustedError{}
		for o := range one.Counts {
			one.Counts[o], one.RunOut[o] = 1<<60, 1<<60
			for n := range mostFailures {
				text := fmt.Sprint(n, strings.Repeat("x", longestFailure))
				one.Failures = append(one.Failures, bench.Failure{Outcome: result.Outcome(o), Text: text, Count: 1 << 60})
			}
		}
	}
	for range mostGaps {
		all.Gaps = append(all.Gaps, gap{1 << 60, 1 << 60, huge.Length, huge.Halted, huge.Suspended})
	}
	for range mostCollections {
		all.Collections = append(all.Collections, 1<<60)
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
		if err != nil || len(data) > mostMessage-mostMessage/8 {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
		t.Logf("%s: %d bytes", name, len(data))
		if err := coded.decode.Unmarshal(data, new(report)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
