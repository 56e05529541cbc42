package arrival_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meterbench/bench/arrival"
)

// Where meter i mod Meters makes arrival i, each reports at its interval,
// within the jitter.
func TestPeriodicMetersKeepTheirInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := arrival.Periodic{
			Meters:   rapid.IntRange(1, 100).Draw(t, "meters"),
			Interval: time.Duration(rapid.Int64Range(1000, int64(time.Hour)).Draw(t, "interval")),
			Jitter:   rapid.OneOf(rapid.Just(0.0), rapid.Just(1.0), rapid.Float64Range(0, 1)).Draw(t, "jitter"),
		}
		longest := time.Duration(p.Jitter * float64(p.Interval))
		got := before(p.Offsets(source(rapid.Uint64().Draw(t, "seed"))), math.MaxInt64, 10*p.Meters)
		for i := p.Meters; i < len(got); i++ {
			if gap := got[i] - got[i-p.Meters]; gap < p.Interval-longest || gap > p.Interval+longest {
				t.Fatalf("arrivals %d and %d are %v apart, want %v ± %v", i-p.Meters, i, gap, p.Interval, longest)
			}
		}
		// The delays of a meter do not add up over its reports.
		first, last := got[0], got[9*p.Meters]
		if off := last - first - 9*p.Interval; off < -longest || off > longest {
			t.Fatalf("after 9 intervals of %v %v off, want at most %v", p.Interval, off, longest)
		}
	})
}

// Any window of whole intervals holds each meter's reports once per interval,
// from the start of the level on: give or take those that a delay moves into
// it or out of it.
func TestPeriodicCounts(t *testing.T) {
	for _, jitter := range []float64{0, 0.1, 1} {
		p := arrival.Periodic{Meters: 1000, Interval: 10 * time.Second, Jitter: jitter}
		// A report whose phase is in the last Jitter of the interval leaves it
		// with a probability u that is uniform over those phases. Entering and
		// leaving each have a variance of Jitter times the mean of u(1-u), 1/6.
		off := 4 * math.Sqrt(1000*jitter/3)
		counts := make([]int, 20)
		for _, at := range before(p.Offsets(source(5)), 200*time.Second, math.MaxInt) {
			counts[at/p.Interval]++
		}
		for i, n := range counts {
			if math.Abs(float64(n-p.Meters)) > off {
				t.Errorf("jitter %v: %d reports of %d meters in interval %d", jitter, n, p.Meters, i)
			}
		}
	}
}

// Phases are spread evenly over the interval, and so are the arrivals of the
// first one.
func TestPeriodicPhasesAreUniform(t *testing.T) {
	for _, jitter := range []float64{0, 0.2, 1} {
		p := arrival.Periodic{Meters: 20_000, Interval: 15 * time.Minute, Jitter: jitter}
		var phases []float64
		for _, at := range before(p.Offsets(source(1)), p.Interval, math.MaxInt) {
			phases = append(phases, float64(at)/float64(p.Interval))
		}
		if d := distance(phases, func(x float64) float64 { return x }); d > kolmogorov {
			t.Errorf("jitter %v: phases are not uniform: sqrt(n) D = %.3f", jitter, d)
		}
	}
}

// A single meter's delays are uniform on its jitter.
func TestPeriodicDelaysAreUniform(t *testing.T) {
	p := arrival.Periodic{Meters: 1, Interval: time.Second, Jitter: 0.5}
	due := before(arrival.Periodic{Meters: 1, Interval: time.Second}.Offsets(source(1)), time.Second, 1)[0]
	var delays []float64
	for _, at := range before(p.Offsets(source(1)), 20_000*time.Second, math.MaxInt) {
		delays = append(delays, 2*(at-due).Seconds()-2*math.Floor((at-due).Seconds()))
	}
	if d := distance(delays, func(x float64) float64 { return min(max(0, x), 1) }); d > kolmogorov {
		t.Errorf("delays are not uniform: sqrt(n) D = %.3f", d)
	}
}

func TestPeriodicEnds(t *testing.T) {
	p := arrival.Periodic{Meters: 3, Interval: math.MaxInt64 / 4, Jitter: 1}
	if got := before(p.Offsets(source(1)), math.MaxInt64, 100); len(got) < 9 || len(got) > 15 {
		t.Errorf("%d reports of 3 meters in 4 intervals", len(got))
	}
	if p.Rate(0) != 3e9/float64(p.Interval) {
		t.Errorf("Rate = %v", p.Rate(0))
	}
}
