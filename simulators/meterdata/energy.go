package meterdata

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"meterbench/bench/arrival"
)

// Unit is the unit of the values of a file.
type Unit string

// A unit is a row of the table of units: one of it is 10^exponent Wh, or W.
type unit struct {
	name     Unit
	exponent int
	power    bool
}

func units() []unit {
	return []unit{{"Wh", 0, false}, {"kWh", 3, false}, {"MWh", 6, false}, {"W", 0, true}, {"kW", 3, true}, {"MW", 6, true}}
}

// Units returns the names of all units.
func Units() (all []Unit) {
	for _, u := range units() {
		all = append(all, u.name)
	}
	return all
}

func (u Unit) row() unit {
	for _, row := range units() {
		if row.name == u {
			return row
		}
	}
	return unit{}
}

// power reports whether the unit is one of power.
func (u Unit) power() bool { return u.row().power }

// unitOf returns the unit that a file names in any case of letters.
func unitOf(text []byte) (Unit, bool) {
	for _, row := range units() {
		if strings.EqualFold(string(row.name), string(text)) {
			return row.name, true
		}
	}
	return "", false
}

// pico is the number of parts of a Wh that are counted.
const pico = 1_000_000_000_000

// maxPower is the largest power, in W: its energy in 744 h is counted.
const maxPower = 1_000_000_000_000

// An energy is exact to 1e-12 Wh. Digits below are rounded.
type energy struct{ wh, pico int64 } // both at least 0, pico below 1e12

func (e energy) less(o energy) bool { return e.wh < o.wh || e.wh == o.wh && e.pico < o.pico }

func (e energy) isZero() bool { return e == energy{} }

func (e energy) plus(o energy) energy {
	sum := energy{e.wh + o.wh, e.pico + o.pico}
	if sum.pico >= pico {
		sum.wh, sum.pico = sum.wh+1, sum.pico-pico
	}
	return sum
}

// minus returns e-o, at least 0.
func (e energy) minus(o energy) energy {
	d := energy{e.wh - o.wh, e.pico - o.pico}
	if d.pico < 0 {
		d.wh, d.pico = d.wh-1, d.pico+pico
	}
	return d
}

// over returns the energy of a power, in the same units, over some seconds: rounded down to 1e-12 Wh.
func (e energy) over(seconds int64) energy {
	wh := e.wh * seconds // below 9.2e18 by maxPower and MaxInterval
	part := wh%3600*pico + e.pico*seconds
	return energy{wh/3600 + part/3600/pico, part / 3600 % pico}
}

// part returns k of n equal parts, k from 0 to n, rounded down to 1e-12 Wh.
func (e energy) part(k, n int64) energy {
	all := new(big.Int).Mul(big.NewInt(e.wh), big.NewInt(pico))
	all.Add(all, big.NewInt(e.pico))
	all.Div(all.Mul(all, big.NewInt(k)), big.NewInt(n))
	wh, rest := new(big.Int).DivMod(all, big.NewInt(pico), new(big.Int))
	return energy{wh.Int64(), rest.Int64()}
}

var errNegative = errors.New("negative")

// maxDigits is the most digits of a number.
const maxDigits = 60

// parse reads a number in a unit as energy, or as power in W. It returns errNegative with the value without its sign.
func (l Layout) parse(text []byte, u Unit) (energy, error) {
	number, negative := bytes.CutPrefix(text, []byte("-"))
	if !negative {
		number, _ = bytes.CutPrefix(text, []byte("+"))
	}
	var digits [maxDigits]byte
	n, point, since, grouped, exponent := 0, -1, 0, false, 0
	for i, c := range number {
		switch {
		case c >= '0' && c <= '9':
			since++
			if n == 0 && c == '0' && point < 0 {
				continue
			}
			if n == maxDigits {
				return energy{}, fmt.Errorf("the value %.40q has more than %d digits", text, maxDigits)
			}
			digits[n] = c - '0'
			n++
			continue
		case c == l.Decimal[0] && point < 0 && (!grouped || since == 3):
			point, since = n, 0
			continue
		case l.Thousands != "" && c == l.Thousands[0] && point < 0 && since > 0 && since <= 3 && (!grouped || since == 3):
			grouped, since = true, 0
			continue
		case (c == 'e' || c == 'E') && since > 0:
			if exponent = parseExponent(number[i+1:]); exponent <= 2*maxDigits {
				break
			}
			fallthrough
		default:
			return energy{}, l.wrongNumber(text)
		}
		break
	}
	if since == 0 || grouped && point < 0 && since != 3 {
		return energy{}, l.wrongNumber(text)
	}
	if point < 0 {
		point = n
	}
	row := u.row()
	point += exponent + row.exponent
	e, ok := scale(digits[:n], point)
	switch {
	case !ok || e.wh > arrival.MaxWh:
		return e, fmt.Errorf("the value %.40q is out of range: more than %d Wh", text, int64(arrival.MaxWh))
	case row.power && e.wh > maxPower:
		return e, fmt.Errorf("the value %.40q is out of range: more than %d W", text, int64(maxPower))
	case negative && !e.isZero():
		return e, errNegative
	}
	return e, nil
}

// parseExponent returns the number behind an e, above all limits where it is none.
func parseExponent(text []byte) int {
	sign := 1
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' || n > maxDigits {
			return 3 * maxDigits
		}
		n = n*10 + int(c-'0')
	}
	if len(text) == 0 || n > maxDigits {
		return 3 * maxDigits
	}
	return sign * n
}

// scale returns the number whose first point digits are whole.
func scale(digits []byte, point int) (e energy, ok bool) {
	at := func(i int) int64 {
		if i < 0 || i >= len(digits) {
			return 0
		}
		return int64(digits[i])
	}
	if len(digits) == 0 {
		return e, true
	}
	for i := 0; i < point; i++ {
		if e.wh > arrival.MaxWh {
			return e, false
		}
		e.wh = e.wh*10 + at(i)
	}
	for i := point; i < point+12; i++ {
		e.pico = e.pico*10 + at(i)
	}
	if at(point+12) >= 5 {
		e = e.plus(energy{pico: 1})
	}
	return e, true
}

func (l Layout) wrongNumber(text []byte) error {
	signs := fmt.Sprintf("decimals after %q", l.Decimal)
	if l.Thousands != "" {
		signs += fmt.Sprintf(", thousands by %q", l.Thousands)
	}
	return fmt.Errorf("the value %.40q is not a number with %s", text, signs)
}
