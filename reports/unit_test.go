package reports

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		unit Unit
		v    float64
		want string
	}{
		{Seconds, 0.2113, "211 ms"}, {Seconds, 1.2505, "1.25 s"}, {Seconds, 0.9996, "1000 ms"}, {Seconds, 31e-6, "31.0 µs"},
		{Seconds, 0, "0 s"}, {Seconds, 3e-12, "0.00300 ns"}, {Seconds, 252, "252 s"},
		{Bytes, 12800, "12.8 kB"}, {Bytes, 512, "512 B"}, {Bytes, 25769803776, "25.8 GB"}, {Bytes, 0, "0 B"},
		{PerSecond, 712.4, "712 tx/s"}, {PerSecond, 4.666, "4.67 tx/s"}, {PerSecond, 12345, "12300 tx/s"},
		{Share, 0.9951, "99.5 %"}, {Times, 0.4286, "0.429 times"}, {Cores, 1.084, "1.08 cores"},
		{Count, 123456, "123456"}, {Plain, 1e20, "1.00e+20"}, {Plain, -2.5, "-2.50"},
	} {
		if got := c.unit.Format(c.v); got != c.want {
			t.Errorf("Format(%v, unit %d) = %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

func TestTick(t *testing.T) {
	for _, c := range []struct {
		unit Unit
		v    float64
		want string
	}{
		{Seconds, 0.1, "100 ms"}, {Seconds, 0.0005, "500 µs"}, {Seconds, 1, "1 s"}, {Count, 512, "512"},
		{Bytes, 20000, "20 kB"}, {Times, 0.01, "0.01"}, {Times, 100, "100"}, {PerSecond, 62.5, "62.5 tx/s"},
	} {
		if got := c.unit.Tick(c.v); got != c.want {
			t.Errorf("Tick(%v, unit %d) = %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

// TestScaleFollowsTheMedian keeps one outlier from deciding a column's unit.
func TestScaleFollowsTheMedian(t *testing.T) {
	if s := Seconds.Scale([]float64{0.21, 0.22, 0.23, 14, 0}); s.Symbol != "ms" {
		t.Errorf("scale %q, want ms", s.Symbol)
	}
	if s := Seconds.Scale([]float64{math.NaN(), math.Inf(1)}); s.Symbol != "s" {
		t.Errorf("scale without numbers %q, want s", s.Symbol)
	}
}

// TestSignificant holds rounding to half a unit of the third digit.
func TestSignificant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.Float64Range(1e-9, 1e14), rapid.Float64Range(1e-3, 1e3)).Draw(t, "v")
		got, err := strconv.ParseFloat(significant(v, 3), 64)
		if err != nil || math.Abs(got-v) > 0.005001*v {
			t.Fatalf("significant(%v) = %q (%v)", v, significant(v, 3), err)
		}
	})
}
