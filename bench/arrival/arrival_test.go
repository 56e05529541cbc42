package arrival_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meterbench/bench/arrival"
)

func TestConstantOffsets(t *testing.T) {
	tests := []struct {
		rate float64
		want []time.Duration
	}{
		{100, []time.Duration{0, 10 * time.Millisecond, 20 * time.Millisecond, 30 * time.Millisecond}},
		{3, []time.Duration{0, 333333333, 666666667, time.Second}},
		{0.5, []time.Duration{0, 2 * time.Second, 4 * time.Second}},
		{1e-3, []time.Duration{0, 1000 * time.Second}},
	}
	for _, tt := range tests {
		var got []time.Duration
		for d := range (arrival.Constant{PerSecond: tt.rate}).Offsets(nil) {
			if got = append(got, d); len(got) == len(tt.want) {
				break
			}
		}
		for i := range tt.want {
			if got[i] != tt.want[i] {
				t.Errorf("rate %v: arrival %d at %v, want %v", tt.rate, i, got[i], tt.want[i])
			}
		}
	}
}

// However far it goes, an arrival is where exact arithmetic puts it, within
// the rounding to a nanosecond.
func TestConstantErrorDoesNotAccumulate(t *testing.T) {
	const last = 1_000_000
	rapid.Check(t, func(t *rapid.T) {
		c := arrival.Constant{PerSecond: rapid.Float64Range(300, 50_000).Draw(t, "rate")}
		n := rapid.IntRange(1, last).Draw(t, "n")
		k, previous := 0, time.Duration(-1)
		for d := range c.Offsets(nil) {
			if d < previous {
				t.Fatalf("arrival %d at %v comes before %v", k, d, previous)
			}
			previous = d
			if k == n {
				break
			}
			k++
		}
		exact := new(big.Rat).Quo(big.NewRat(int64(n)*1e9, 1), new(big.Rat).SetFloat64(c.PerSecond))
		off, _ := new(big.Rat).Sub(exact, big.NewRat(int64(previous), 1)).Float64()
		if math.Abs(off) > 0.51 {
			t.Fatalf("arrival %d at %d ns is %v ns off", n, previous, off)
		}
	})
}

func TestConstantEnds(t *testing.T) {
	n := 0
	for d := range (arrival.Constant{PerSecond: 1e-10}).Offsets(nil) {
		if n++; d < 0 || n > 1 {
			t.Fatalf("arrival %d at %v", n, d)
		}
	}
	if n != 1 {
		t.Errorf("%d arrivals in 292 years at one in 317 years, want the one at 0", n)
	}
}

func TestConstantValidate(t *testing.T) {
	for _, rate := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		if (arrival.Constant{PerSecond: rate}).Validate() == nil {
			t.Errorf("rate %v accepted", rate)
		}
	}
	c := arrival.Constant{PerSecond: 0.1}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if c.Rate(time.Hour) != 0.1 {
		t.Errorf("Rate = %v", c.Rate(time.Hour))
	}
}
