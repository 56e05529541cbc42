package worker

import (
	"context"
	"fmt"
	"math"
	"time"
)

// exchanges is how often a worker asks for the coordinator's clock. The shortest round trip counts: what makes others longer is
// queues, in one direction more than in the other.
const exchanges = 200

// Of a coordinator that is far away there are fewer, so that a level need not wait for longer than this.
const (
	leastExchanges = 20
	longEnough     = 5 * time.Second
)

// A clock is what a process reads the time by. Its monotonic clock counts from an instant of its own.
type clock struct {
	origin time.Time
	skew   time.Duration // added to the wall clock, by tests alone
}

// at returns the time since the origin.
func (c clock) at() time.Duration { return time.Since(c.origin) }

// wall returns the time since 1970 by the wall clock.
func (c clock) wall() int64 { return time.Now().UnixNano() + int64(c.skew) }

// A bearing is what a worker knows of the coordinator's clocks.
type bearing struct {
	Offset time.Duration // of its monotonic clock, as the worker's would have to be moved on to show the same
	Half   time.Duration // the offset is right to within so much: half of the shortest round trip
	Wall   time.Duration // by how much the worker's wall clock is ahead of the coordinator's
}

// takeBearing asks for the coordinator's clocks again and again.
//
// Where a request leaves at a and its answer arrives at b, by the worker's clock, and the coordinator reads c in between, then at c it is
// between a and b here. So c - (a+b)/2 is the offset to within (b-a)/2, however the way there and the way back share the time.
func takeBearing(ctx context.Context, own clock, ask func(context.Context) (clockReading, error)) (bearing, error) {
	best := bearing{Half: math.MaxInt64}
	for i, start := 0, own.at(); i < exchanges && (i < leastExchanges || own.at()-start < longEnough); i++ {
		before, wall := own.at(), own.wall()
		theirs, err := ask(ctx)
		after := own.at()
		if err != nil {
			return bearing{}, fmt.Errorf("read the coordinator's clock: %w", err)
		}
		if half := (after - before + 1) / 2; half < best.Half {
			best = bearing{Offset: theirs.At - before - (after-before)/2, Half: half, Wall: time.Duration(wall-theirs.Wall) + (after-before)/2}
		}
	}
	return best, nil
}

// here returns when the coordinator's monotonic clock shows at, by the worker's.
func (b bearing) here(own clock, at time.Duration) time.Time { return own.origin.Add(at - b.Offset) }
