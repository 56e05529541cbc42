package worker

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench/study"
)

// A network is what is between two clocks of a test in virtual time.
type network struct {
	there, back time.Duration // at least
	jitter      time.Duration // mean of what is added to each, exponentially distributed
	ahead       time.Duration // of the coordinator's monotonic clock, at the start
	drift       float64       // by which the coordinator's clock is faster
	wall        time.Duration // of the worker's wall clock
}

// ask returns what asks for the coordinator's clock.
func (n network) ask(start time.Time) func(context.Context) (clockReading, error) {
	random := rand.New(rand.NewPCG(3, 4))
	jitter := func() time.Duration { return time.Duration(random.ExpFloat64() * float64(n.jitter)) }
	return func(context.Context) (clockReading, error) {
		time.Sleep(n.there + jitter())
		since := time.Since(start)
		r := clockReading{At: n.ahead + since + time.Duration(float64(since)*n.drift), Wall: time.Now().UnixNano()}
		time.Sleep(n.back + jitter())
		return r, nil
	}
}

// The offset is right to within half of the round trip that it comes with, whatever the delays.
func TestBearing(t *testing.T) {
	const us = time.Microsecond
	for name, n := range map[string]network{
		"quiet":      {there: 50 * us, back: 50 * us, ahead: time.Hour},
		"behind":     {there: 50 * us, back: 50 * us, ahead: -time.Hour},
		"one way":    {there: 900 * us, back: 100 * us, ahead: 7 * time.Millisecond},
		"other way":  {there: 0, back: 2 * time.Millisecond, ahead: 7 * time.Millisecond},
		"jitter":     {there: 50 * us, back: 50 * us, jitter: 5 * time.Millisecond, ahead: time.Minute},
		"at once":    {ahead: time.Minute},
		"wall clock": {there: 50 * us, back: 50 * us, ahead: time.Minute, wall: -300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				own := clock{time.Now(), n.wall}
				got, err := takeBearing(t.Context(), own, n.ask(own.origin))
				if err != nil {
					t.Fatal(err)
				}
				if off := (got.Offset - n.ahead).Abs(); off > got.Half {
					t.Errorf("offset %v is off by %v, more than %v", got.Offset, off, got.Half)
				}
				if most := (n.there+n.back)/2 + n.jitter/10 + 1; got.Half > most {
					t.Errorf("half of the round trip is %v, more than %v", got.Half, most)
				}
				if off := (got.Wall - n.wall).Abs(); off > got.Half+1 {
					t.Errorf("wall clock %v, want %v", got.Wall, n.wall)
				}
				at := n.ahead + time.Since(own.origin) + time.Second // by the coordinator's clock
				if off := (time.Until(got.here(own, at)) - time.Second).Abs(); off > got.Half {
					t.Errorf("the start is off by %v", off)
				}
			})
		})
	}
}

// Clocks that run at different rates are noticed, with their sign, once that is more than round trips explain.
func TestDrift(t *testing.T) {
	for name, tt := range map[string]struct {
		drift   float64
		drifted bool
	}{"none": {0, false}, "a crystal's": {1e-6, false}, "a bad one's": {200e-6, true}, "the other way": {-200e-6, true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := network{there: 100 * time.Microsecond, back: 100 * time.Microsecond, jitter: time.Millisecond, ahead: time.Hour, drift: tt.drift}
				own := clock{origin: time.Now()}
				ask := n.ask(own.origin)
				before, err := takeBearing(t.Context(), own, ask)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(20 * time.Second)
				after, err := takeBearing(t.Context(), own, ask)
				if err != nil {
					t.Fatal(err)
				}
				c := study.WorkerClock{Half: before.Half, Drift: before.Offset - after.Offset, AfterHalf: after.Half}
				if got := c.Drifted(); got != tt.drifted {
					t.Errorf("drifted: %v: %+v", got, c)
				}
				want := time.Duration(-tt.drift * float64(20*time.Second))
				if off := (c.Drift - want).Abs(); off > before.Half+after.Half+50*time.Microsecond {
					t.Errorf("drift %v, want %v", c.Drift, want)
				}
				if c.Misplaced() < want.Abs()-after.Half {
					t.Errorf("misplaced by %v at most", c.Misplaced())
				}
			})
		})
	}
}
