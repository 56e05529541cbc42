package result

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const second = time.Second

func TestWindowBelongsByIntendedAndCommits(t *testing.T) {
	w := create(t)
	defer w.Abort(nil)
	window := record(t, w, closed8, 1*second, 3*second,
		committed(0, 0),                           // warm-up, committed in it
		committed(1, 950*time.Millisecond),        // warm-up, committed in the window
		committed(2, 1*second),                    // first of the window
		committed(3, 2*second),                    //
		committed(15, 2950*time.Millisecond),      // committed after the window
		committed(16, 3*second),                   // not of the window
		stopped(4, 1*second, Dropped),             //
		stopped(5, 2*second, PrepareError),        //
		stopped(6, 3*second, Interrupted),         // not of the window
		stopped(7, 500*time.Millisecond, Unknown), // warm-up
	)
	if window.Counts != (Counts{Valid: 3, Dropped: 1, PrepareError: 1}) || window.Scheduled() != 5 {
		t.Errorf("counts %v", window.Counts.Map())
	}
	if window.Level != (Counts{Valid: 6, Dropped: 1, PrepareError: 1, Interrupted: 1, Unknown: 1}) {
		t.Errorf("level %v", window.Level.Map())
	}
	if window.Throughput() != 1.5 || window.Length() != 2*second || window.Blocks != 1 {
		t.Errorf("throughput %g over %v in %d blocks", window.Throughput(), window.Length(), window.Blocks)
	}
	if want := []float64{2, 1}; !slices.Equal(window.Rates(10), want) {
		t.Errorf("rates %v, want %v", window.Rates(10), want)
	}
	if window.BytesMean != 3000 || window.Stalls != 0 || window.Refused != nil {
		t.Errorf("bytes %g, stalls %d, refused %v", window.BytesMean, window.Stalls, window.Refused)
	}
	for p, want := range map[Part]time.Duration{
		PartCommit: 100 * time.Millisecond, PartLag: time.Millisecond, PartPrepare: 2 * time.Millisecond, PartEndorse: 10 * time.Millisecond,
		PartSubmit: 7 * time.Millisecond, PartOrderCommit: 80 * time.Millisecond, PartAcknowledge: 17 * time.Millisecond,
	} {
		h, ok := window.Latency(p)
		if !ok || h.TotalCount() != 3 || math.Abs(float64(h.Max())/float64(want)-1) > 1e-3 {
			t.Errorf("part %s: %v", p, h)
		}
	}
	if _, ok := window.Latency(PartEncrypt); ok {
		t.Error("nothing was encrypted, but there is a latency")
	}
	if lag, ok := window.Lag(); !ok || lag.TotalCount() != 5 {
		t.Error("the lag is not that of all that were started")
	}
}

// Every channel counts its blocks from 0.
func TestWindowCountsBlocksByChannel(t *testing.T) {
	window := newWindow(0, 2*second)
	for seq := range uint64(60) {
		r := committed(seq, second) // ten to a block
		r.Channel = uint16(seq % 3)
		window.add(&r)
	}
	window.finish(window.To, 0)
	if window.Blocks != 3*6 {
		t.Errorf("%d blocks", window.Blocks)
	}
}

func TestWindowOfAnsweredTransactions(t *testing.T) {
	answered := committed(1, second)
	answered.Outcome, answered.Submitted, answered.Committed = Answered, NotReached, NotReached
	w := create(t)
	defer w.Abort(nil)
	window := record(t, w, closed8, 0, 2*second, answered)
	if h, ok := window.Latency(PartEndorse); !ok || h.TotalCount() != 1 {
		t.Error("no latency of the answered transaction")
	}
	if _, ok := window.Latency(PartCommit); ok || window.Throughput() != 0 {
		t.Error("an answer counts as a commit")
	}
	if h, ok := window.Latency(PartAnswer); !ok || h.TotalCount() != 1 || window.Answered() != 0.5 {
		t.Errorf("%v answers per second, want 0.5 with their latency", window.Answered())
	}
	if diff := cmp.Diff([]float64{0, 1}, window.Rates(10)); diff != "" {
		t.Errorf("rates by second (-want +got):\n%s", diff)
	}
	// Beside valid transactions an answer has no say in the latency.
	window = record(t, w, closed8, 0, 2*second, answered, committed(2, second))
	if h, _ := window.Latency(PartEndorse); h.TotalCount() != 1 {
		t.Errorf("%d values", h.TotalCount())
	}
}

func TestLatencyOutOfRangeIsReported(t *testing.T) {
	late, early := committed(1, 0), committed(2, 0)
	late.Committed = time.Hour + time.Second
	early.Endorsed = early.Prepared - 1
	window := newWindow(0, 2*time.Hour)
	window.add(&late)
	window.add(&early)
	window.finish(window.To, 0)
	const want = "transaction 1: its commit part took 1h0m1s, outside 0 to 1h0m0s; 3 values in all"
	if window.Refused == nil || window.Refused.Error() != want {
		t.Errorf("got %v, want %s", window.Refused, want)
	}
	if h, _ := window.Latency(PartCommit); h.TotalCount() != 1 || h.Max() > int64(time.Second) {
		t.Error("the value was clamped")
	}
}

func TestHistogramKeepsThreeDigits(t *testing.T) {
	w := newWindow(0, second)
	for _, d := range []time.Duration{1, 999, 1234, 56789 * time.Nanosecond, 1234567, 987654321, time.Hour} {
		var h partHistograms
		w.observe(&h[0], d, 0, &Record{})
		if got := h[0].Max(); math.Abs(float64(got)/float64(d)-1) > 1e-3 {
			t.Errorf("%d is kept as %d", d, got)
		}
	}
}

func TestCutShortensTheWindow(t *testing.T) {
	w := create(t)
	defer w.Abort(nil)
	for _, c := range []struct {
		cut, to, length time.Duration
		throughput      float64
		blocks          uint64
	}{
		{5 * second, 5 * second, 4 * second, 10, 5},
		{9 * second, 9 * second, 8 * second, 10, 9},
		{99 * second, 11 * second, 10 * second, 10, 11},
		{3*second + 50*time.Millisecond, 3*second + 50*time.Millisecond, 2 * second, 10, 3},
		{500 * time.Millisecond, 1 * second, 0, 0, 0},
	} {
		t.Run(c.cut.String(), func(t *testing.T) {
			l, err := w.Level(closed8, 1*second, 11*second)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 120 {
				l.Record(committed(uint64(i), time.Duration(i)*100*time.Millisecond))
			}
			l.Cut(c.cut)
			window, err := l.Close()
			if err != nil {
				t.Fatal(err)
			}
			want := []any{c.to, c.length, c.throughput, c.blocks}
			if diff := cmp.Diff(want, []any{window.To, window.Length(), window.Throughput(), window.Blocks}); diff != "" {
				t.Errorf("end, length, throughput, blocks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWindowThatIsNoMultipleOfTheBins(t *testing.T) {
	for _, length := range []time.Duration{1, 3 * time.Millisecond, 250 * time.Millisecond, 1*second + 1} {
		w := newWindow(second, second+length)
		r := committed(1, 0)
		r.Committed = second + length - 1
		w.add(&r)
		w.finish(w.To, 0)
		if d := length - w.Length(); d < 0 || d > time.Duration(len(w.Commits)) || w.Throughput() <= 0 {
			t.Errorf("%v: length %v, throughput %g", length, w.Length(), w.Throughput())
		}
	}
}

func TestManyGoroutinesRecord(t *testing.T) {
	const workers, each = 16, 5000
	w := create(t)
	l, err := w.Level(closed8, 0, 1000*second)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			for j := range each {
				seq := uint64(j*workers + i)
				l.Record(committed(seq, time.Duration(seq)*time.Millisecond))
			}
		})
	}
	wg.Wait()
	window, err := l.Close()
	if err != nil {
		t.Fatal(err)
	}
	const n = workers * each
	if window.Counts[Valid] != n || window.Blocks != n/10 {
		t.Errorf("%d recorded, %d blocks", window.Counts[Valid], window.Blocks)
	}
	if h, _ := window.Latency(PartCommit); h.TotalCount() != n {
		t.Errorf("%d latencies", h.TotalCount())
	}
	if _, err := l.Close(); err == nil {
		t.Error("closed twice without an error")
	}
	finish(t, w)
	s, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := make([]bool, n)
	for row, err := range s.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		if seen[row.Seq] {
			t.Fatalf("transaction %d is there twice", row.Seq)
		}
		seen[row.Seq] = true
	}
	if i := slices.Index(seen, false); i >= 0 {
		t.Errorf("transaction %d is missing", i)
	}
}

func TestLevelRefusesWhatIsWrong(t *testing.T) {
	w := create(t)
	defer w.Abort(nil)
	if _, err := w.Level(closed8, 3*second, 3*second); err == nil || err.Error() != "level plain/clients=8/r1: the warm-up until 3s leaves nothing of the hold until 3s; hold longer" {
		t.Errorf("got %v", err)
	}
	if _, err := w.Level(closed8, 0, second); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Level(closed8, 0, second); err == nil {
		t.Error("a level was opened twice")
	}
	if err := w.Close(testRun(), Summary{}); err == nil {
		t.Error("the run was closed around an open level")
	}
}

// Levels that are open at once, more than there are buffers, record as each
// would alone.
func TestLevelsTogether(t *testing.T) {
	const n, together = 2000, bufferCount + 1
	w := create(t)
	var keys []LevelKey
	var levels []*Level
	for i := range together {
		key := LevelKey{Series: fmt.Sprintf("day/phase %d", i), Repetition: 1, Load: closed8.Load}
		l, err := w.Level(key, time.Duration(i)*second, 1000*second)
		if err != nil {
			t.Fatal(err)
		}
		keys, levels = append(keys, key), append(levels, l)
	}
	var recording sync.WaitGroup
	for i, l := range levels {
		recording.Go(func() {
			for seq := range uint64(n) {
				l.Record(committed(seq, time.Duration(i)*second))
			}
		})
	}
	recording.Wait()
	for i, l := range levels {
		window, err := l.Close()
		if err != nil || window.Counts[Valid] != n || window.Level[Valid] != n {
			t.Errorf("%s: %v, %v", keys[i], window.Counts, err)
		}
	}
	finish(t, w)
	s, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[LevelKey]uint64{}
	for row, err := range s.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		seen[row.LevelKey]++
	}
	for _, key := range keys {
		if seen[key] != n {
			t.Errorf("%s: %d of %d rows", key, seen[key], n)
		}
	}
}
