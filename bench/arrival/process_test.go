package arrival_test

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"meterbench/bench/arrival"
)

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// before collects the offsets before end, the first most of them.
func before(offsets iter.Seq[time.Duration], end time.Duration, most int) []time.Duration {
	var got []time.Duration
	for at := range offsets {
		if at >= end || len(got) == most {
			break
		}
		got = append(got, at)
	}
	return got
}

func rates(t *rapid.T, name string) float64 {
	return rapid.OneOf(rapid.Float64Range(0.01, 20_000), rapid.Float64Range(1e6, 1e9)).Draw(t, name)
}

func times(t *rapid.T, name string) time.Duration {
	return time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, name))
}

// processes draws one process of each kind.
func processes(t *rapid.T) []arrival.Process {
	steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) arrival.Step {
		rate := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.01, 20_000))
		return arrival.Step{PerSecond: rate.Draw(t, "step rate"), For: times(t, "for")}
	}), 0, 5).Draw(t, "steps")
	steps = append(steps, arrival.Step{PerSecond: rates(t, "last step"), For: times(t, "last for")})
	return []arrival.Process{
		arrival.Constant{PerSecond: rates(t, "constant")},
		arrival.Poisson{PerSecond: rates(t, "poisson")},
		arrival.Periodic{
			Meters:   rapid.IntRange(1, 300).Draw(t, "meters"),
			Interval: 300 + times(t, "interval"),
			Jitter:   rapid.Float64Range(0, 1).Draw(t, "jitter"),
		},
		arrival.Ramp{
			From: rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.01, 20_000)).Draw(t, "from"),
			To:   rates(t, "to"),
			Over: times(t, "over"),
		},
		arrival.Steps(steps),
	}
}

// Every process gives the same sequence from the same state of the source,
// however often it is asked and from wherever, and offsets never fall.
func TestOffsetsRepeatAndNeverFall(t *testing.T) {
	const most = 2000
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		for _, p := range processes(t) {
			if err := p.(interface{ Validate() error }).Validate(); err != nil {
				t.Fatalf("%#v: %v", p, err)
			}
			got := before(p.Offsets(source(seed)), math.MaxInt64, most)
			if len(got) > 0 && got[0] < 0 {
				t.Errorf("%#v: first arrival at %v", p, got[0])
			}
			if !slices.IsSorted(got) {
				t.Errorf("%#v: offsets fall", p)
			}
			if again := before(p.Offsets(source(seed)), math.MaxInt64, most); !slices.Equal(got, again) {
				t.Errorf("%#v: another sequence from the same seed", p)
			}
		}
	})
}

func TestSeedsDiffer(t *testing.T) {
	for _, p := range []arrival.Process{
		arrival.Poisson{PerSecond: 100},
		arrival.Periodic{Meters: 100, Interval: time.Second},
		arrival.Periodic{Meters: 1, Interval: time.Second, Jitter: 0.5},
	} {
		if slices.Equal(before(p.Offsets(source(1)), math.MaxInt64, 50), before(p.Offsets(source(2)), math.MaxInt64, 50)) {
			t.Errorf("%#v: the same sequence from two seeds", p)
		}
	}
}

// A schedule is not moved by whoever is late in following it, and does not
// come faster afterwards.
func TestStallMovesNothing(t *testing.T) {
	trace := read(t, "time,meter,value\n0,a,1\n2,b,2\n2.5,a,3\n9,a,4\n")
	for _, p := range []arrival.Process{
		arrival.Constant{PerSecond: 7},
		arrival.Poisson{PerSecond: 7},
		arrival.Periodic{Meters: 14, Interval: 2 * time.Second, Jitter: 0.3},
		arrival.Ramp{From: 1, To: 7, Over: 3 * time.Second},
		arrival.Steps{{PerSecond: 7, For: 3 * time.Second}, {PerSecond: 1, For: 9 * time.Second}},
		arrival.Replay{Trace: trace, Speed: 1},
	} {
		want := before(p.Offsets(source(1)), 10*time.Second, math.MaxInt)
		synctest.Test(t, func(t *testing.T) {
			var got []time.Duration
			for at := range p.Offsets(source(1)) {
				if at >= 10*time.Second {
					break
				}
				if got = append(got, at); len(got) == 3 {
					time.Sleep(5 * time.Second)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%#v: %v after a stall, want %v", p, got, want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	const second = time.Second
	nan, inf := math.NaN(), math.Inf(1)
	trace := read(t, "time,meter,value\n0,a,1\n")
	tests := []struct {
		process interface{ Validate() error }
		want    string // part of the error, none if empty
	}{
		{arrival.Constant{PerSecond: 1e9}, ""},
		{arrival.Constant{PerSecond: 1.1e9}, "resolution of a nanosecond"},
		{arrival.Poisson{PerSecond: 1e9}, ""},
		{arrival.Poisson{}, "poisson arrivals: rate is 0"},
		{arrival.Poisson{PerSecond: nan}, "rate is NaN"},
		{arrival.Poisson{PerSecond: inf}, "rate is +Inf"},
		{arrival.Poisson{PerSecond: -1}, "rate is -1"},

		{arrival.Periodic{Meters: 1, Interval: 1, Jitter: 1}, ""},
		{arrival.Periodic{Interval: second}, "0 meters"},
		{arrival.Periodic{Meters: 1}, "interval of 0s"},
		{arrival.Periodic{Meters: 2, Interval: 1}, "rate is 2e+09"},
		{arrival.Periodic{Meters: 1, Interval: second, Jitter: -0.1}, "jitter is -0.1"},
		{arrival.Periodic{Meters: 1, Interval: second, Jitter: 1.1}, "jitter is 1.1"},
		{arrival.Periodic{Meters: 1, Interval: second, Jitter: nan}, "jitter is NaN"},

		{arrival.Ramp{To: 1, Over: 1}, ""},
		{arrival.Ramp{From: 1, Over: 1}, ""},
		{arrival.Ramp{Over: second}, "from 0 to 0"},
		{arrival.Ramp{From: 1, To: 2}, "over 0s"},
		{arrival.Ramp{From: -1, To: 2, Over: second}, "rate is -1"},
		{arrival.Ramp{From: 1, To: nan, Over: second}, "rate is NaN"},
		{arrival.Ramp{From: 1, To: inf, Over: second}, "rate is +Inf"},

		{arrival.Steps{{0, second}, {1, second}}, ""},
		{arrival.Steps{}, "no step with a rate above 0"},
		{arrival.Steps{{0, second}}, "no step with a rate above 0"},
		{arrival.Steps{{1, second}, {-1, second}}, "step 2: rate is -1"},
		{arrival.Steps{{1, second}, {nan, second}}, "step 2: rate is NaN"},
		{arrival.Steps{{1, 0}}, "step 1: for 0s"},
		{arrival.Steps{{1, second}, {1, math.MaxInt64}}, "step 2 ends after more than 292 years"},

		{arrival.Replay{Trace: trace, Speed: 0.5}, ""},
		{arrival.Replay{Speed: 1}, "no rows"},
		{arrival.Replay{Trace: &arrival.Trace{}, Speed: 1}, "no rows"},
		{arrival.Replay{Trace: trace}, "speed is 0"},
		{arrival.Replay{Trace: trace, Speed: nan}, "speed is NaN"},
		{arrival.Replay{Trace: trace, Speed: inf}, "speed is +Inf"},
	}
	for _, tt := range tests {
		err := tt.process.Validate()
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%#v: %v", tt.process, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%#v: error %v, want one with %q", tt.process, err, tt.want)
		}
	}
}
