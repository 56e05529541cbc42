package openmetrics

import (
	"testing"
	"time"

	"meterbench/bench/result"
)

// committed returns the record of a transaction that took some milliseconds.
func committed(seq uint64, intended time.Duration) result.Record {
	at := func(ms float64) time.Duration { return intended + time.Duration(ms*1e6) }
	spread := float64(seq*2654435761%1000) / 100 // 0 to 10 ms
	return result.Record{
		Seq: seq, Outcome: result.Valid, Intended: intended, Started: at(0.02), Prepared: at(0.3), Endorsed: at(5 + spread), Submitted: at(8 + spread),
		Committed: at(80 + 10*spread), Block: 1,
	}
}

func BenchmarkRecord(b *testing.B) {
	see := (&tally{series: "plain"}).level(0, time.Hour)
	r := committed(1, 0)
	for i := 0; b.Loop(); i++ {
		r.Committed = time.Duration(80e6 + i%100*1e6)
		see(&r)
	}
}
