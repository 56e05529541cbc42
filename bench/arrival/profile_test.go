package arrival_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/arrival"
)

const second = time.Second

func TestRampOffsets(t *testing.T) {
	root := func(x float64) time.Duration { return time.Duration(math.Round(1e9 * math.Sqrt(x))) }
	tests := []struct {
		ramp arrival.Ramp
		want []time.Duration
	}{
		// From 0 the integral of the rate is t^2; from 4 s on it grows by 8 per second.
		{arrival.Ramp{From: 0, To: 8, Over: 4 * second}, []time.Duration{
			0, root(1), root(2), root(3), 2 * second, root(5), root(6), root(7), root(8), 3 * second,
			root(10), root(11), root(12), root(13), root(14), root(15), 4 * second, 4*second + second/8, 4*second + second/4,
		}},
		// The same ramp backwards has arrivals where the one above has none
		// left: at 4 s - sqrt(16 - k).
		{arrival.Ramp{From: 8, To: 0, Over: 4 * second}, []time.Duration{
			0, 4*second - root(15), 4*second - root(14), 4*second - root(13), 4*second - root(12), 4*second - root(11),
			4*second - root(10), second, 4*second - root(8), 4*second - root(7), 4*second - root(6), 4*second - root(5),
			2 * second, 4*second - root(3), 4*second - root(2), 3 * second,
		}},
		{arrival.Ramp{From: 2, To: 2, Over: second}, []time.Duration{0, second / 2, second, 3 * second / 2}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%g to %g", tt.ramp.From, tt.ramp.To), func(t *testing.T) {
			got := before(tt.ramp.Offsets(nil), math.MaxInt64, len(tt.want))
			if !near(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	down := tests[1]
	if got := before(down.ramp.Offsets(nil), math.MaxInt64, 100); len(got) != len(down.want) {
		t.Errorf("%v: %d arrivals, want %d", down.ramp, len(got), len(down.want))
	}
}

// near tells whether offsets are the same to a nanosecond.
func near(got, want []time.Duration) bool {
	return slices.EqualFunc(got, want, func(a, b time.Duration) bool { return (a - b).Abs() <= 1 })
}

func TestStepsOffsets(t *testing.T) {
	tests := []struct {
		steps arrival.Steps
		want  []time.Duration
	}{
		{arrival.Steps{{2, second}, {4, second}}, []time.Duration{0, second / 2, second, 5 * second / 4, 3 * second / 2, 7 * second / 4}},
		// Half an arrival is left from the first step: the integral reaches 2
		// a quarter of a second into the second one.
		{arrival.Steps{{1, 3 * second / 2}, {2, second}}, []time.Duration{0, second, 7 * second / 4, 9 * second / 4}},
		// A rest moves the arrival that was due when it began to its end.
		{arrival.Steps{{1, 2 * second}, {0, 10 * second}, {2, second}}, []time.Duration{0, second, 12 * second, 25 * second / 2}},
		{arrival.Steps{{0, second}, {1, second}}, []time.Duration{second}},
		{arrival.Steps{{1, second}, {0, second}}, []time.Duration{0}},
		// 100 * 1.1 is more than 110 as a floating-point number.
		{arrival.Steps{{100, 1100 * time.Millisecond}, {0, second}, {1, second}}, append(slices.Collect(func(yield func(time.Duration) bool) {
			for k := range time.Duration(110) {
				yield(k * 10 * time.Millisecond)
			}
		}), 2100*time.Millisecond)},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.steps), func(t *testing.T) {
			if diff := cmp.Diff(tt.want, slices.Collect(tt.steps.Offsets(nil))); diff != "" {
				t.Errorf("arrivals (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRates(t *testing.T) {
	up := arrival.Ramp{From: 10, To: 20, Over: 10 * second}
	steps := arrival.Steps{{1, second}, {0, second}, {3, second}}
	replay := arrival.Replay{Trace: read(t, "time,meter,value\n100,a,1\n100.9,a,1\n101,a,1\n103,a,1\n"), Speed: 1}
	tests := []struct {
		process arrival.Process
		t       time.Duration
		want    float64
	}{
		{arrival.Constant{PerSecond: 7}, second, 7},
		{arrival.Poisson{PerSecond: 7}, second, 7},
		{arrival.Periodic{Meters: 9, Interval: 2 * second}, second, 4.5},
		{up, -second, 10}, {up, 0, 10}, {up, 5 * second, 15}, {up, 10 * second, 20}, {up, time.Hour, 20},
		{steps, -1, 0}, {steps, 0, 1}, {steps, second, 0}, {steps, 2 * second, 3}, {steps, 3*second - 1, 3}, {steps, 3 * second, 0},
		{replay, -1, 0}, {replay, 0, 2}, {replay, second - 1, 2}, {replay, second, 1}, {replay, 2500 * time.Millisecond, 0},
		{replay, 3 * second, 1}, {replay, 4 * second, 0},
		{arrival.Replay{Trace: replay.Trace, Speed: 2}, 0, 3},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%T at %v", tt.process, tt.t), func(t *testing.T) {
			if got := tt.process.Rate(tt.t); got != tt.want {
				t.Errorf("rate of %v is %v, want %v", tt.process, got, tt.want)
			}
		})
	}
}

// The number of arrivals up to any instant is the integral of the rate, to
// within the one that is under way.
func TestCountIsTheIntegralOfTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		end := times(t, "end")
		for _, p := range processes(t) {
			var integral, slack float64
			switch p := p.(type) {
			case arrival.Constant:
				integral, slack = p.PerSecond*end.Seconds(), 1
			case arrival.Poisson:
				integral = p.PerSecond * end.Seconds()
				slack = 6*math.Sqrt(integral) + 10
			case arrival.Periodic:
				integral = float64(p.Meters) * end.Seconds() / p.Interval.Seconds()
				// Each meter may be one report ahead or behind.
				slack = float64(p.Meters) + 1
			case arrival.Ramp:
				up := min(end, p.Over).Seconds()
				integral, slack = p.From*up+(p.To-p.From)/p.Over.Seconds()*up*up/2+p.To*(end.Seconds()-up), 1
			case arrival.Steps:
				left := end
				for _, step := range p {
					integral += step.PerSecond * min(left, step.For).Seconds()
					left = max(0, left-step.For)
				}
				slack = 1
			}
			if integral > 50_000 {
				continue // for the sake of time
			}
			n := float64(len(before(p.Offsets(source(1)), end, math.MaxInt)))
			if math.Abs(n-integral) > slack+1e-6 {
				t.Errorf("%#v: %v arrivals up to %v, the integral of the rate is %v", p, n, end, integral)
			}
		}
	})
}

// An hour into a ramp to 1000 per second and as long after it, arrivals are
// where the closed form puts them.
func TestRampErrorDoesNotAccumulate(t *testing.T) {
	const over = 3600.0
	k := 0
	for at := range (arrival.Ramp{From: 100, To: 1000, Over: time.Hour}).Offsets(nil) {
		if at >= 2*time.Hour {
			break
		}
		if s := at.Seconds(); k%1000 == 0 {
			up := min(s, over)
			integral := 100*up + 900/over*up*up/2 + 1000*(s-up)
			if math.Abs(integral-float64(k)) > 2e-6 { // 1 ns at 1000 per second, and the sum's own rounding
				t.Fatalf("arrival %d at %v, where the integral is %v", k, at, integral)
			}
		}
		k++
	}
	if want := 1_980_000 + 3_600_000; k != want {
		t.Errorf("%d arrivals, want %d", k, want)
	}
}
