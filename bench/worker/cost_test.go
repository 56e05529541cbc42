package worker

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/proc"
)

// A tally is a sink that counts.
type tally struct{ n atomic.Uint64 }

func (t *tally) Record(result.Record) { t.n.Add(1) }

// BenchmarkCoordinator is what workers cost the coordinator before their records reach the study: the CPU time of this process over a
// level of ten seconds, with workers in processes of their own. At no load it is what signs of life and states take.
//
//	go test -run '^$' -bench Coordinator -benchtime 1x ./bench/worker
func BenchmarkCoordinator(b *testing.B) {
	for _, size := range []int{1, 2, 4} {
		for _, rate := range []float64{1, 2000, 8000} { // of all workers
			b.Run(fmt.Sprintf("%d workers/%v per second", size, rate), func(b *testing.B) {
				o, _ := processes(b, size, 0, straight)
				started, err := o.Lab(&host{}, "", nil).Start(b.Context(), sessionOne, func(string) {})
				if err != nil {
					b.Fatal(err)
				}
				defer started.Close()
				if _, _, err := started.Series(b.Context(), seriesPlain, needNothing, func(string) {}); err != nil {
					b.Fatal(err)
				}
				key, plan := open(rate, 10*time.Second)
				var cpu, records, spent float64
				for range b.N {
					to := &tally{}
					var before, after proc.Usage
					begin := func(time.Time) { before, err = proc.Self() }
					results, _, ran := started.(study.Crew).RunTogether(b.Context(), level(key, plan, to, begin), bench.Watch{Live: func(bench.Live) {}})
					if ran != nil || err != nil {
						b.Fatal(ran, err)
					}
					if after, err = proc.Self(); err != nil {
						b.Fatal(err)
					}
					cpu, records, spent = cpu+after.CPU-before.CPU, records+float64(to.n.Load()), spent+time.Since(results[0].Epoch).Seconds()
				}
				b.ReportMetric(100*cpu/spent/float64(size), "%-of-a-core/worker")
				b.ReportMetric(1e9*cpu/records, "cpu-ns/record")
				b.ReportMetric(records/spent, "records/s")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
