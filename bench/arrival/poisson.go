package arrival

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// Poisson is the Process of arrivals that know nothing of each other: the gaps
// between them, the one before the first included, are independent and
// exponentially distributed with mean 1 / PerSecond. The number in any T
// seconds has a Poisson distribution with mean and variance PerSecond * T.
type Poisson struct {
	PerSecond float64 // mean arrivals per second, above 0, at most 1e9
}

// Validate returns an error where the rate is out of its range.
func (p Poisson) Validate() error {
	if err := checkRate(p.PerSecond, false); err != nil {
		return fmt.Errorf("poisson arrivals: %w", err)
	}
	return nil
}

// Offsets returns the sums of the gaps, rounded down to the nanosecond. What
// is rounded off is carried over to the next gap, so that rounding errors do
// not add up. It ends where a time.Duration does, after 292 years.
func (p Poisson) Offsets(random *rand.Rand) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		var at time.Duration
		rest := 0.0 // of a nanosecond
		for {
			gap := random.ExpFloat64()*1e9/p.PerSecond + rest
			whole := math.Floor(gap)
			if !(whole < math.MaxInt64) || at > math.MaxInt64-time.Duration(whole) {
				return
			}
			at, rest = at+time.Duration(whole), gap-whole
			if !yield(at) {
				return
			}
		}
	}
}

// Rate returns PerSecond, whatever t.
func (p Poisson) Rate(time.Duration) float64 { return p.PerSecond }
