package result

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/internal/race"
)

var rows = flag.Int("rows", 2_000_000, "transactions that TestRecorderMemory records")

// TestRecorderMemory records millions of transactions as fast as it can and
// holds the whole process to 200 MB. With -rows 10000000 it does so for ten
// million.
func TestRecorderMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("records millions of transactions")
	}
	if race.Enabled {
		t.Skip("the race detector needs a multiple of the memory")
	}
	const limit = 200 << 20
	w := create(t)
	l, err := w.Level(closed8, 0, time.Duration(*rows)*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	page := randomRecords(1<<14, 1)
	var most uint64
	started := time.Now()
	var wg sync.WaitGroup
	var mu sync.Mutex
	producers := runtime.GOMAXPROCS(0)
	for p := range producers {
		wg.Go(func() {
			for i := p; i < *rows; i += producers {
				l.Record(shifted(page, i))
				if i%10_000 == p {
					rss := resident(t)
					mu.Lock()
					most = max(most, rss)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	window, err := l.Close()
	if err != nil {
		t.Fatal(err)
	}
	finish(t, w)
	elapsed := time.Since(started)
	most = max(most, resident(t))
	if window.Level.Total() != uint64(*rows) {
		t.Errorf("recorded %d of %d", window.Level.Total(), *rows)
	}
	if most > limit {
		t.Errorf("the process took %d MB, more than %d MB", most>>20, limit>>20)
	}
	info, err := os.Stat(w.path(transactionsFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d transactions in %v (%.0f/s), %d MB resident at most, %.1f bytes per row, %d stalls",
		*rows, elapsed.Round(time.Millisecond), float64(*rows)/elapsed.Seconds(), most>>20, float64(info.Size())/float64(*rows), window.Stalls)
}

// shifted returns record i of an endless sequence made of page.
func shifted(page []Record, i int) Record {
	r := page[i%len(page)]
	round := i / len(page)
	by := time.Duration(round*len(page)) * time.Millisecond
	r.Seq = uint64(i)
	r.Block += uint64(round * len(page) / 100)
	for _, at := range []*time.Duration{&r.Intended, &r.Started, &r.Prepared, &r.Endorsed, &r.Submitted, &r.Committed} {
		*at += by
	}
	return r
}

// resident returns the memory of this process that is resident, in bytes.
func resident(t *testing.T) uint64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("needs /proc: ", err)
	}
	fields := strings.Fields(string(data))
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		t.Error(err)
	}
	return pages * uint64(os.Getpagesize())
}

// BenchmarkRecord is the cost of a record from the engine to the disk: ns/op
// over all processors that record, count and encode.
func BenchmarkRecord(b *testing.B) {
	w := create(b)
	defer w.Abort(nil)
	page := randomRecords(1<<14, 1)
	l, err := w.Level(closed8, 0, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := page[i%len(page)]
		r.Seq = uint64(i)
		l.Record(r)
	}
	if _, err := l.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
