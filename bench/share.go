package bench

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"meterbench/internal/printable"
)

// A Share says which part of a Plan a process makes where several make it together. Every one of them goes over the same schedule:
// of an open load it takes every Of-th arrival, of a closed one every Of-th client, with the instants that they have where one process
// makes all. So the union of the shares is the load of one process: sequence numbers included of an open load, and of a closed one,
// whose numbers follow the course of the load, without repeating any. The zero Share is all of the load.
type Share struct {
	Rank int // of this one, from 0 to Of-1
	Of   int // shares that there are; 0 stands for 1
}

// of returns the number of shares.
func (s Share) of() uint64 { return uint64(max(1, s.Of)) }

// has reports whether what has a number, from 0, belongs to the share.
func (s Share) has(number uint64) bool { return number%s.of() == uint64(s.Rank) }

// part returns how many of n numbers from 0 on belong to the share. Those of all shares sum to n.
func (s Share) part(n int) int {
	of := int(s.of())
	return (n - s.Rank + of - 1) / of
}

// checkShare returns an error where the share is none, or would leave some process without anything to do.
func (p Plan) checkShare() error {
	s, of := p.Share, int(p.Share.of())
	switch {
	case s.Of < 0 || s.Rank < 0 || s.Rank >= of:
		return fmt.Errorf("load plan: share %d of %d; shares count from 0", s.Rank, s.Of)
	case p.Clients != 0 && p.Clients < of:
		return fmt.Errorf("load plan: %s for %d workers; give at least as many clients, or fewer workers", printable.Count(p.Clients, "client"), of)
	case p.Arrivals != nil && p.Slots < of:
		return fmt.Errorf("load plan: %s for %d workers; give at least as many slots, or fewer workers", printable.Count(p.Slots, "slot"), of)
	case cmp.Or(p.Outstanding, DefaultOutstanding) < of:
		return fmt.Errorf("load plan: %d outstanding for %d workers; give at least as many, or fewer workers", cmp.Or(p.Outstanding, DefaultOutstanding), of)
	}
	return nil
}

// Others are the processes that make the other shares of a level. RunShares calls each of the methods at most once.
type Others interface {
	// Start is called when the loads of this process are ready. It waits until those of all processes are, and returns when the
	// level starts, by the monotonic clock of this process. An instant that is not over yet is waited for. With an error the
	// level does not start here.
	Start(ctx context.Context) (epoch time.Time, err error)
	// Ended is called when all transactions have ended that this process intended within the holds of its loads. It does not wait:
	// the channel is closed once that is so in all processes. Until then the loads run out.
	Ended() <-chan struct{}
}

// Union returns the result of a load of a level from those of all its shares. Instants count from the epoch of the first, whose
// clock it is. What the load was held for is what all of them held it for.
func Union(shares []Result) Result {
	all := shares[0]
	var failed [][]Failure
	for i, one := range shares {
		failed = append(failed, one.Failures)
		if i == 0 {
			continue
		}
		if one.Held < all.Held || all.Exhausted == nil {
			all.Exhausted = cmp.Or(one.Exhausted, all.Exhausted)
		}
		all.Held, all.Ended = min(all.Held, one.Held), max(all.Ended, one.Ended)
		all.Scheduled += one.Scheduled
		for o := range all.Counts {
			all.Counts[o] += one.Counts[o]
			all.RunOut[o] += one.RunOut[o]
		}
		all.Next, all.Spare = max(all.Next, one.Next), max(all.Spare, one.Spare)
		all.Partial, all.Crowded = all.Partial || one.Partial, all.Crowded || one.Crowded
		all.GC.Cycles += one.GC.Cycles
		all.GC.PauseTotal += one.GC.PauseTotal
		all.GC.PauseMax = max(all.GC.PauseMax, one.GC.PauseMax)
	}
	all.Failures = union(failed)
	return all
}
