package arrival

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"meterbench/internal/heap"
)

// A report is the next one of some meter, with the instant at which it would have come without
// delay.
type report = heap.Item[time.Duration]

// Periodic is the Process of meters that each report at an interval of their own clock. A meter's
// reports are due at its phase, uniform over one interval, plus a multiple of the interval; each
// comes later than that by a delay that is uniform from 0 to Jitter * Interval and does not move
// the ones after it. The reports were under way before the level began: the process is stationary
// from 0 on.
//
// Arrivals i and i + Meters are an interval apart, give or take Jitter * Interval. So with arrival
// i as a report of meter i mod Meters, every meter reports at its interval, within the jitter. That
// holds because the i-th of the due instants in order is never after the i-th arrival, and at most
// the longest delay before it.
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

// Offsets merges the meters' reports in order of time. It holds the next report of each meter, 24
// bytes, and ends where a time.Duration does, after 292 years.
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
