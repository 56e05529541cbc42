package arrival_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"meterbench/bench/arrival"
)

// BenchmarkOffsets shows what an arrival costs, and how long the first one of
// a level takes.
func BenchmarkOffsets(b *testing.B) {
	for _, tt := range []struct {
		name    string
		process arrival.Process
	}{
		{"constant", arrival.Constant{PerSecond: 1000}},
		{"poisson", arrival.Poisson{PerSecond: 1000}},
		{"periodic/meters=1000", arrival.Periodic{Meters: 1000, Interval: time.Second, Jitter: 0.1}},
		{"periodic/meters=1000000", arrival.Periodic{Meters: 1_000_000, Interval: 15 * time.Minute, Jitter: 0.1}},
		{"ramp", arrival.Ramp{From: 100, To: 1000, Over: 1000 * time.Hour}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			var first time.Duration
			n, start := 0, time.Now()
			for range tt.process.Offsets(source(1)) {
				if n == 0 {
					first = time.Since(start)
					b.ResetTimer()
				}
				if n++; n > b.N {
					break
				}
			}
			b.ReportMetric(float64(first.Nanoseconds())/1e6, "ms-to-first")
		})
	}
}

// BenchmarkReadTrace shows what a row of a trace costs in time, and in memory
// once it has been read.
func BenchmarkReadTrace(b *testing.B) {
	const rows, meters = 1_000_000, 1000
	var text strings.Builder
	random := rand.New(rand.NewPCG(1, 0))
	text.WriteString("time,meter,value\n")
	for i := range rows {
		fmt.Fprintf(&text, "%d.%02d,MAC%06d,0.%03d\n", i/100, i%100, random.IntN(meters), random.IntN(1000))
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var trace *arrival.Trace
	for b.Loop() {
		trace = read(b, text.String())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
	b.ReportMetric(float64(heap()-before)/rows, "bytes/row")
	if trace.Len() != rows || trace.Meters() != meters {
		b.Errorf("%d rows of %d meters", trace.Len(), trace.Meters())
	}
}
