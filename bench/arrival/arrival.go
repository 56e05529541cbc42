// Package arrival says when transactions are due, as pure, seeded sequences of
// instants. A schedule never looks at a clock or at what became of earlier
// transactions: whoever follows it late stays late visibly, and after a stall
// nothing comes faster to catch up.
//
// Constant, Poisson, Periodic, Ramp and Steps are computed; a Replay follows
// a Trace, which ReadTrace reads from a file that WriteTrace or a meter data
// system wrote.
package arrival

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// A Process is a schedule of arrivals from the start of a load level on.
type Process interface {
	// Offsets returns the instants at which transactions are due, in order,
	// as offsets from the start of the level, the first one at or after 0. The
	// same state of the source gives the same sequence. It may be endless.
	Offsets(*rand.Rand) iter.Seq[time.Duration]
	// Rate returns the arrivals per second that the process aims at t after
	// the start of the level.
	Rate(t time.Duration) float64
}

// maxRate is one arrival per nanosecond, the resolution of offsets.
const maxRate = 1e9

// checkRate returns an error where the rate is not a number from 0 to maxRate,
// or is 0 and may not be.
func checkRate(perSecond float64, mayRest bool) error {
	switch {
	case mayRest && !(perSecond >= 0):
		return fmt.Errorf("rate is %v per second; give 0 or more", perSecond)
	case !mayRest && !(perSecond > 0):
		return fmt.Errorf("rate is %v per second; give a positive number", perSecond)
	case perSecond > maxRate:
		return fmt.Errorf("rate is %v per second; arrivals have a resolution of a nanosecond, give %v at most", perSecond, maxRate)
	}
	return nil
}

// Constant is the Process of evenly spaced arrivals, the first one at 0.
type Constant struct {
	PerSecond float64 // arrivals per second, above 0, at most 1e9
}

// Validate returns an error where the rate is out of its range.
func (c Constant) Validate() error {
	if err := checkRate(c.PerSecond, false); err != nil {
		return fmt.Errorf("constant arrivals: %w", err)
	}
	return nil
}

// Offsets returns arrival k at k / PerSecond, rounded to the nanosecond. Each
// offset is computed from k alone, so that rounding errors do not add up. It
// ends where a time.Duration does, after 292 years.
func (c Constant) Offsets(*rand.Rand) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		for k := 0.0; ; k++ {
			ns := math.Round(k * 1e9 / c.PerSecond)
			if !(ns < math.MaxInt64) || !yield(time.Duration(ns)) {
				return
			}
		}
	}
}

// Rate returns PerSecond, whatever t.
func (c Constant) Rate(time.Duration) float64 { return c.PerSecond }
