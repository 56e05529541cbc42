package study

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/proc"
)

// sent returns the i-th of a level's transactions at 10,000 per second, as a network that cuts blocks of 100 commits them.
func sent(random *rand.Rand, i int) (r result.Record) {
	at := time.Duration(i) * 100 * time.Microsecond
	took := func(mean time.Duration) time.Duration { return time.Duration((0.5 + random.Float64()) * float64(mean)) }
	r = result.Record{Seq: uint64(i), Intended: at, Started: at + took(50*time.Microsecond), Outcome: result.Valid, Block: uint64(1 + i/100), Bytes: 4000}
	r.Prepared = r.Started + took(200*time.Microsecond)
	r.Endorsed = r.Prepared + took(8*time.Millisecond)
	r.Submitted = r.Endorsed + took(3*time.Millisecond)
	r.Committed = r.Submitted + took(60*time.Millisecond)
	for i := 0; i < len(r.TxID); i += 8 {
		binary.BigEndian.PutUint64(r.TxID[i:], random.Uint64())
	}
	return r
}

// BenchmarkCoordinator is what a record of a worker costs the coordinator once it is decoded: counted, judged and on the disk. A
// coordinator may use 2 % of a core for a worker, 20 ms of CPU a second:
//
//	go test -run '^$' -bench Coordinator -benchtime 2000000x ./bench/study
func BenchmarkCoordinator(b *testing.B) {
	for _, workers := range []int{0, 1, 4, 32} {
		b.Run(fmt.Sprint(workers, " workers"), func(b *testing.B) {
			w, err := result.Create(filepath.Join(b.TempDir(), "run"), result.Run{ID: "coordinator"})
			if err != nil {
				b.Fatal(err)
			}
			defer w.Abort(nil)
			var ranks []int
			for rank := range workers {
				ranks = append(ranks, rank)
			}
			if workers > 0 {
				if err := w.Workers(ranks); err != nil {
					b.Fatal(err)
				}
			}
			from, to := 10*time.Second, time.Hour
			sink, err := w.Level(result.LevelKey{Series: "plain", Repetition: 1, Load: result.Load{Kind: result.LoadOpen, Offered: 10_000, Slots: 10_000}}, from, to)
			if err != nil {
				b.Fatal(err)
			}
			steady, law, exposed, lost := newSteadiness(0, from, to), little{from: from, to: to}, exposure{from: from, to: to}, &doubtLog{from: from, to: to}
			fastest, left := time.Duration(math.MaxInt64), leftover{}
			sink.Watch(func(r *result.Record) {
				steady.add(r)
				law.add(r)
				exposed.add(r)
				lost.add(r)
				left.watch(&fastest, r)
			})
			random := rand.New(rand.NewPCG(1, 2))
			page := make([]result.Record, 1<<14)
			for i := range page {
				page[i] = sent(random, i)
			}
			streams := max(1, workers)
			before, err := proc.Self()
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			var all sync.WaitGroup
			for worker := range streams {
				all.Go(func() { // a stream of records of each worker
					for i := worker; i < b.N; i += streams {
						r := page[i%len(page)]
						by := time.Duration(i-i%len(page)) * 100 * time.Microsecond
						for _, at := range []*time.Duration{&r.Intended, &r.Started, &r.Prepared, &r.Endorsed, &r.Submitted, &r.Committed} {
							*at += by
						}
						r.Seq, r.Worker, r.Block = uint64(i), uint16(worker), uint64(1+i/100)
						sink.Record(r)
					}
				})
			}
			all.Wait()
			window, err := sink.Close()
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			after, err := proc.Self()
			if err != nil {
				b.Fatal(err)
			}
			if window.Level.Total() != uint64(b.N) {
				b.Fatalf("%d recorded of %d", window.Level.Total(), b.N)
			}
			each := (after.CPU - before.CPU) / float64(b.N)
			b.ReportMetric(each*1e9, "cpu-ns/record")
			b.ReportMetric(0.02/each, "records/s-of-2%")
		})
	}
}
