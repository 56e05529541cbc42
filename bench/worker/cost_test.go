package worker

import (
	"math/rand/v2"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/proc"
)

// BenchmarkDecode is what a record costs the coordinator until it is decoded; what comes after is timed in package study.
func BenchmarkDecode(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	took := func(mean time.Duration) time.Duration { return time.Duration((0.5 + random.Float64()) * float64(mean)) }
	records := make([]result.Record, 1000)
	for i := range records {
		at := time.Duration(i) * 100 * time.Microsecond
		r := result.Record{Seq: uint64(4 * i), Intended: at, Started: at + took(50*time.Microsecond), Outcome: result.Valid, Block: uint64(1 + i/100), Bytes: 4000}
		r.Prepared = r.Started + took(200*time.Microsecond)
		r.Endorsed = r.Prepared + took(8*time.Millisecond)
		r.Submitted = r.Endorsed + took(3*time.Millisecond)
		r.Committed = r.Submitted + took(60*time.Millisecond)
		for i := range r.TxID {
			r.TxID[i] = byte(random.Uint32())
		}
		records[i] = r
	}
	text := new(recordEncoder).encode(nil, records)
	before, err := proc.Self()
	if err != nil {
		b.Fatal(err)
	}
	var decoder recordDecoder
	n := 0
	for b.Loop() {
		got, err := decoder.decode(text, 3)
		if err != nil || len(got) != len(records) {
			b.Fatal(len(got), err)
		}
		n += len(got)
	}
	after, err := proc.Self()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric((after.CPU-before.CPU)/float64(n)*1e9, "cpu-ns/record")
	b.ReportMetric(float64(len(text))/float64(len(records)), "bytes/record")
}
