package study

import (
	"math"
	"testing"
	"time"

	"meterbench/bench/result"
)

// A target that loses some transactions, which clients give up after a while, is not overloaded for that.
func TestLostTransactionsLeaveTheBacklog(t *testing.T) {
	const rate = 100
	s := newSteadiness(0, 5*time.Second, 35*time.Second)
	for seq := range uint64(40 * rate) {
		r := result.Record{Seq: seq, Intended: time.Duration(seq) * time.Second / rate, Outcome: result.Valid}
		r.Started, r.Prepared, r.Endorsed, r.Submitted = r.Intended, r.Intended, r.Intended, r.Intended
		r.Committed = r.Intended + 20*time.Millisecond
		if seq%10 == 0 {
			r.Outcome, r.Committed, r.Ended = result.Unknown, result.NotReached, r.Intended+3*time.Second
		}
		s.add(&r)
	}
	if growth := s.backlog.Slope().PerSecond; math.Abs(growth) > 0.001*rate {
		t.Errorf("the backlog grows by %.3g per second of %d", growth, rate)
	}
}
