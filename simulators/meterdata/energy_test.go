package meterdata

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	point, german, swiss := Layout{Decimal: "."}, Layout{Decimal: ",", Thousands: "."}, Layout{Decimal: ".", Thousands: "'"}
	for _, c := range []struct {
		layout Layout
		text   string
		unit   Unit
		want   energy
		wrong  bool
	}{
		{point, "0", "kWh", energy{}, false}, {point, "0.219", "kWh", energy{219, 0}, false}, {point, "+007.5", "Wh", energy{7, pico / 2}, false},
		{point, ".5", "MWh", energy{500_000, 0}, false}, {point, "1e3", "Wh", energy{1000, 0}, false}, {point, "2.5E-05", "MWh", energy{25, 0}, false},
		{point, "0.0000000000000004", "kWh", energy{}, false}, {point, "0.0000000000000006", "kWh", energy{0, 1}, false},
		{point, "0.9999999999999999", "Wh", energy{1, 0}, false}, {point, "-0.0", "kWh", energy{}, false}, {point, "0e60", "kWh", energy{}, false},
		{point, "9000000000000", "kWh", energy{9e15, 0}, false}, {point, "9000000000000.001", "kWh", energy{}, true},
		{point, "1000000001", "kW", energy{}, true}, {point, "1000000000", "kW", energy{1e12, 0}, false},
		{german, "1.234.567,89", "kWh", energy{1_234_567_890, 0}, false}, {german, "1234,5", "Wh", energy{1234, pico / 2}, false},
		{german, "1.23", "kWh", energy{}, true}, {german, "1.2345", "kWh", energy{}, true}, {german, "12.34,5", "kWh", energy{}, true},
		{german, ".234", "kWh", energy{}, true}, {german, "1,5.000", "kWh", energy{}, true}, {german, "1,2,3", "kWh", energy{}, true}, {german, "1234.567", "kWh", energy{}, true},
		{swiss, "1'234.5", "Wh", energy{1234, pico / 2}, false}, {swiss, "1 234", "Wh", energy{}, true},
		{point, "", "Wh", energy{}, true}, {point, ".", "Wh", energy{}, true}, {point, "1.", "Wh", energy{}, true}, {point, "e5", "Wh", energy{}, true},
		{point, "1e", "Wh", energy{}, true}, {point, "1e99", "Wh", energy{}, true}, {point, "0x1", "Wh", energy{}, true}, {point, "١", "Wh", energy{}, true},
		{point, "1,5", "Wh", energy{}, true}, {point, strings.Repeat("1", 61), "Wh", energy{}, true}, {point, "Infinity", "Wh", energy{}, true},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := c.layout.parse([]byte(c.text), c.unit)
			if (err != nil) != c.wrong || err == nil && got != c.want {
				t.Errorf("%v %v, want %v", got, err, c.want)
			}
		})
	}
	if _, err := point.parse([]byte("-1.5"), "Wh"); !errors.Is(err, errNegative) {
		t.Errorf("a negative number: %v", err)
	}
}

func (e energy) rat() *big.Rat {
	r := big.NewRat(e.pico, pico)
	return r.Add(r, new(big.Rat).SetInt64(e.wh))
}

// Energies are computed as fractions are, to 1e-12 Wh.
func TestEnergies(t *testing.T) {
	near := func(t *rapid.T, what string, got energy, want *big.Rat) {
		d := new(big.Rat).Sub(want, got.rat())
		if d.Sign() < 0 || d.Cmp(big.NewRat(1, pico)) >= 0 || got.pico < 0 || got.pico >= pico {
			t.Errorf("%s: %v, want %s", what, got, want.FloatString(15))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, most int64) energy {
			return energy{rapid.Int64Range(0, most).Draw(t, name), rapid.Int64Range(0, pico-1).Draw(t, name+" part")}
		}
		a, b := draw("a", 9e15), draw("b", 9e15)
		near(t, "sum", a.plus(b), new(big.Rat).Add(a.rat(), b.rat()))
		if a.less(b) {
			a, b = b, a
		}
		near(t, "difference", a.minus(b), new(big.Rat).Sub(a.rat(), b.rat()))
		n := rapid.Int64Range(1, 100).Draw(t, "n")
		k := rapid.Int64Range(0, n).Draw(t, "k")
		near(t, "part", a.part(k, n), new(big.Rat).Mul(a.rat(), big.NewRat(k, n)))
		power, seconds := draw("power", maxPower-1), rapid.Int64Range(1, int64(MaxInterval.Seconds())).Draw(t, "seconds")
		near(t, "power", power.over(seconds), new(big.Rat).Mul(power.rat(), big.NewRat(seconds, 3600)))
		text := fmt.Sprintf("%d.%012d", a.wh, a.pico)
		if got, err := (Layout{Decimal: "."}).parse([]byte(text), "Wh"); got != a || err != nil && a.wh < 9e15 {
			t.Errorf("%s: %v %v", text, got, err)
		}
	})
}

func TestOBIS(t *testing.T) {
	for _, c := range []struct {
		code, asked string
		want        bool
	}{
		{"1-0:1.8.0*255", "1.8.0", true}, {"1-0:1.8.0*255", "1-0:1.8.0*255", true}, {"1.8.0", "1-0:1.8.0*255", true}, {"1-1:1.8.0", "1-0:1.8.0", false},
		{"1-0:1.8.1", "1.8", true}, {"1-0:1.8.1", "1.8.0", false}, {"1-0:2.8.0", "1.8.0", false}, {"1-0:1.8.0*254", "1.8.0*255", false},
		{"", "1.8.0", false}, {"kWh", "1.8.0", false}, {"1.8.0.0", "1.8.0", false}, {"1-0:1", "1.8.0", false}, {"1:1.8.0", "1.8.0", false},
		{"1-0:1.8.x", "1.8", false}, {"300-0:1.8.0", "1.8", false}, {"1-0:1.8.0*", "1.8", false},
	} {
		asked, ok := parseOBIS(c.asked)
		if !ok {
			t.Fatal(c.asked)
		}
		if got := takesOBIS([]obis{asked}, c.code); got != c.want {
			t.Errorf("%q of those asked for by %q: %v", c.code, c.asked, got)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct{ pattern, text, want string }{
		{"YYYY-MM-DD hh:mm:ss", "2013-01-02 03:04:05.000", "{15707 11045 0 0}"},
		{"D/M/YY h:mm", "2/1/13 3:04", "{15707 11040 0 0}"},
		{"YYYYMMDDhhmm", "201301020304", "{15707 11040 0 0}"},
		{"NNNPP", "19503", "{14439 0 3 0}"},
		{"DD.MM.YYYY P", "02.01.2013 25", "{15707 0 25 0}"},
		{"YYYY-MM-DDThh:mmZ", "2013-01-02T03:04+05:30", "{15707 11040 0 19800}"},
		{"YYYY-MM-DD hh:mmZ", "2013-01-02 03:04-06", "{15707 11040 0 -21600}"},
		{"YYYY-MM-DDThh:mmZ", "2013-01-02T03:04Z", "{15707 11040 0 0}"},
		{"YYYY-MM-DDThh:mmZ", "2013-01-02T03:04", "no offset"},
		{"YYYY-MM-DDThh:mmZ", "2013-01-02T03:04+99:00", "not within"},
		{"YYYY-MM-DD hh:mm", "2013-01-02 24:00", "{15707 86400 0 0}"},
		{"YYYY-MM-DD hh:mm", "2013-01-02 24:01", "not written"},
		{"YYYY-MM-DD hh:mm", "2013-01-02 03:60", "not written"},
		{"YYYY-MM-DD hh:mm", "2013-13-02 03:00", "does not exist"},
		{"YYYY-MM-DD hh:mm", "2013-01-02 03:00 x", "not written"},
		{"YYYY-MM-DD hh:mm:ss", "2013-01-02 03:04:05.5", "no whole second"},
		{"YYYY-MM-DD h:mm AM", "2013-01-02 13:04 PM", "not written"},
		{"YYYY-MM-DD h:mm AM", "2013-01-02 1:04 XM", "not written"},
		{"DD-MON-YYYY", "02-Foo-2013", "not written"},
		{"YYYY-MM-DD P", "2013-01-02 0", "counted from 1"},
		{"U", "1357095845", "{15707 11045 0 0}"},
	} {
		t.Run(c.pattern+" "+c.text, func(t *testing.T) {
			p, err := compilePattern(c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			w, err := p.parse([]byte(c.text), 14244)
			got := fmt.Sprint(w)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
