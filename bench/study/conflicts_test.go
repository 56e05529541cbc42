package study

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"meterbench/bench/result"
)

// The estimate is the share of conflicts of a ledger that decides by keys, whatever the number of keys beside the size
// of blocks, also where transactions pass several blocks on their way.
func TestConflictsAreThoseOfALedger(t *testing.T) {
	for _, keys := range []int{50, 300, 3000} {
		for _, late := range []time.Duration{0, 250 * time.Millisecond} { // on the way to the orderer
			r := rand.New(rand.NewPCG(1, uint64(keys)))
			c := newConflicts(result.Conditions{Keys: keys, Wait: result.WaitCommit}, 0, time.Hour)
			const blocks, each = 400, 40
			changed := make([]time.Duration, keys) // when keys were last committed
			outcomes := map[string]uint64{}
			for block := 1; block <= blocks; block++ {
				committed := time.Duration(block) * 100 * time.Millisecond
				written := map[int]bool{}
				for i := range each {
					read := committed - late - time.Duration(each-i)*2*time.Millisecond
					key := r.IntN(keys)
					o := result.Valid
					if changed[key] > read || written[key] {
						o = result.MVCCConflict
					} else {
						written[key] = true
					}
					outcomes[o.String()]++
					c.add(&result.Record{
						Outcome: o, Block: uint64(block), Intended: max(0, read), Prepared: max(0, read), Endorsed: max(0, read), Submitted: max(0, read) + time.Duration(i),
						Committed: committed,
					})
				}
				for key := range written {
					changed[key] = committed
				}
			}
			p := result.Point{Outcomes: outcomes}
			c.judge(&p)
			n := float64(outcomes[result.MVCCConflict.String()])
			if off := p.Conflicts.Share/p.Conflicts.Expected - 1; math.Abs(off) > 0.02+3/math.Sqrt(n) {
				t.Errorf("%d keys, %v late: %.0f conflicts, %+.1f %% beside the estimate %+v", keys, late, n, 100*off, *p.Conflicts)
			}
		}
	}
}

// Nothing is estimated where transactions have no keys, or none conflicted.
func TestNoConflicts(t *testing.T) {
	for _, conditions := range []result.Conditions{{}, {Keys: 9, Wait: result.WaitEndorse}, {Keys: 9}} {
		c := newConflicts(conditions, 0, time.Second)
		c.add(&result.Record{Outcome: result.Valid, Block: 1})
		p := result.Point{Outcomes: map[string]uint64{"valid": 1}}
		if c.judge(&p); p.Conflicts != nil {
			t.Errorf("%+v: %+v", conditions, p.Conflicts)
		}
	}
}
