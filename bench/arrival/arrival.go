// Package arrival says when transactions are due, as pure, seeded sequences of instants. A schedule depends
// neither on a clock nor on the outcome of earlier transactions: a late client stays late visibly, and after
// a stall nothing comes faster to catch up.
//
// Constant, Poisson, Periodic, Ramp and Steps are computed; a Replay follows a Trace, which ReadTrace reads
// from a file that WriteTrace or a meter data system wrote.
package arrival

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"meterbench/internal/heap"
)

// Process is a schedule of arrivals from the start of a load level on.
type Process interface {
	// Offsets returns the instants at which transactions are due, in order, as offsets from the start of the
	// level, the first one at or after 0. Equal sources give equal sequences, which may be endless.
	Offsets(*rand.Rand) iter.Seq[time.Duration]
	// Rate returns the arrivals per second that the process aims at t after the start of the level.
	Rate(t time.Duration) float64
}

// maxRate is one arrival per nanosecond, the resolution of offsets.
const maxRate = 1e9

// checkRate returns an error where a rate of arrivals is not from 0 to maxRate, or is 0 and may not be.
func checkRate(arrivals string, perSecond float64, mayRest bool) error {
	switch {
	case mayRest && !(perSecond >= 0):
		return fmt.Errorf("%s: rate is %v per second; give 0 or more", arrivals, perSecond)
	case !mayRest && !(perSecond > 0):
		return fmt.Errorf("%s: rate is %v per second; give a positive number", arrivals, perSecond)
	case perSecond > maxRate:
		return fmt.Errorf("%s: rate is %v per second; arrivals have a resolution of a nanosecond, give %v at most", arrivals, perSecond, maxRate)
	}
	return nil
}

// Constant is the Process of evenly spaced arrivals, the first one at 0.
type Constant struct {
	PerSecond float64 // arrivals per second, above 0, at most 1e9
}

// Validate returns an error where the rate is out of its range.
func (c Constant) Validate() error { return checkRate("constant arrivals", c.PerSecond, false) }

// Offsets returns arrival k at k / PerSecond, rounded to the nanosecond. Each offset is computed from k
// alone, so that rounding errors do not add up. It ends where a time.Duration does, after 292 years.
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

// Poisson is the Process of independent arrivals: the gaps between them, the one before the first included,
// are independent and exponentially distributed with mean 1 / PerSecond. The number in any T seconds has a
// Poisson distribution with mean and variance PerSecond * T.
type Poisson struct {
	PerSecond float64 // mean arrivals per second, above 0, at most 1e9
}

// Validate returns an error where the rate is out of its range.
func (p Poisson) Validate() error { return checkRate("poisson arrivals", p.PerSecond, false) }

// Offsets returns the sums of the gaps, rounded down to the nanosecond. What is rounded off is carried over
// to the next gap: errors do not add up. It ends where a time.Duration does, after 292 years.
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

// A report is the next one of some meter, with the instant at which it would have come without delay.
type report = heap.Item[time.Duration]

// Periodic is the Process of meters that each report at an interval of their own clock. A meter's reports are
// due at its phase, uniform over one interval, plus a multiple of the interval; each comes later than that by
// a delay that is uniform from 0 to Jitter * Interval and does not move the ones after it. The reports were
// under way before the level began: the process is stationary from 0 on.
//
// Arrivals i and i + Meters are an interval apart, give or take Jitter * Interval. So with arrival i as a
// report of meter i mod Meters, every meter reports at its interval, within the jitter. That holds because
// the i-th of the due instants in order is before the i-th arrival by 0 to the longest delay.
type Periodic struct {
	Meters   int           // at least 1
	Interval time.Duration `yaml:"interval"` // from report to report of a meter, long enough for at most 1e9 reports per second
	Jitter   float64       `yaml:"jitter"`   // longest delay of a report, as a share of the interval, from 0 to 1
}

// Validate returns an error that names the first field that makes no sense.
func (p Periodic) Validate() error {
	switch {
	case p.Meters < 1:
		return fmt.Errorf("periodic arrivals: %d meters; give at least 1", p.Meters)
	case p.Interval <= 0:
		return fmt.Errorf("periodic arrivals: interval of %v; give a time above 0", p.Interval)
	case !(p.Jitter >= 0 && p.Jitter <= 1):
		return fmt.Errorf("periodic arrivals: jitter is %v of the interval; give a share from 0 to 1", p.Jitter)
	}
	return checkRate("periodic arrivals", p.Rate(0), false)
}

// Offsets merges the meters' reports in order of time. It holds the next report of each meter, 24 bytes, and
// ends where a time.Duration does, after 292 years.
func (p Periodic) Offsets(random *rand.Rand) iter.Seq[time.Duration] {
	longest := int64(p.Jitter * float64(p.Interval))
	return func(yield func(time.Duration) bool) {
		delayed := func(due time.Duration) report {
			if longest > 0 && due < math.MaxInt64-time.Duration(longest) {
				return report{At: due + time.Duration(random.Int64N(longest)), Value: due}
			}
			return report{At: due, Value: due}
		}
		next := make(heap.Heap[time.Duration], p.Meters)
		for i := range next {
			phase := time.Duration(random.Int64N(int64(p.Interval)))
			// The report due before the level may be delayed into it.
			if next[i] = delayed(phase - p.Interval); next[i].At < 0 {
				next[i] = delayed(phase)
			}
		}
		next.Init()
		for yield(next[0].At) && next[0].Value <= math.MaxInt64-p.Interval {
			next[0] = delayed(next[0].Value + p.Interval)
			next.Fix()
		}
	}
}

// Rate returns Meters per Interval, whatever t.
func (p Periodic) Rate(time.Duration) float64 { return float64(p.Meters) * 1e9 / float64(p.Interval) }
