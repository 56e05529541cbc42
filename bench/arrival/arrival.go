// Package arrival says when transactions are due, as pure, seeded sequences of
// instants. A schedule never looks at a clock or at what became of earlier
// transactions: whoever follows it late stays late visibly.
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

// Constant is the Process of evenly spaced arrivals, the first one at 0.
type Constant struct {
	PerSecond float64 // arrivals per second, above 0
}

// Validate returns an error where the rate is not a positive, finite number.
func (c Constant) Validate() error {
	if !(c.PerSecond > 0) || math.IsInf(c.PerSecond, 1) {
		return fmt.Errorf("constant arrivals: rate is %v per second; give a positive number", c.PerSecond)
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
