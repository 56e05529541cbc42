package arrival

import (
	"bytes"
	"fmt"
	"math"
)

// Unit is the unit of the values in a file. A Trace itself is in whole Wh.
type Unit string

// Wh is the unit of a file that names none.
const Wh Unit = "Wh"

// unit is a row of the table of units: one of it is 10^exponent Wh.
type unit struct {
	name     Unit
	exponent int
}

// units is the table of units: those of energy in which meters and meter data systems export. Power is no energy.
func units() []unit { return []unit{{Wh, 0}, {"kWh", 3}, {"MWh", 6}} }

// Units returns the names of all units.
func Units() []Unit {
	var all []Unit
	for _, u := range units() {
		all = append(all, u.name)
	}
	return all
}

// exponent returns that of a unit, Wh where none is given.
func (u Unit) exponent() int {
	for _, row := range units() {
		if row.name == u {
			return row.exponent
		}
	}
	return 0
}

// MaxWh is the largest value of a file, in Wh: 9e15, beyond what any register counts. So differences and sums of some
// values stay within 64 bits.
const MaxWh = 9_000_000_000_000_000

// A refusal says what is wrong with a field of a row, and what to do.
type refusal struct{ msg, hint string }

func (r *refusal) Error() string { return r.msg }

func refuse(hint, format string, args ...any) *refusal {
	return &refusal{fmt.Sprintf(format, args...), hint}
}

// wattHours returns the whole Wh of a decimal number in a unit, exactly: digits are counted, never rounded. What is
// left over below 1 Wh is refused, and so is what says that the file was changed before: an exponent, as spreadsheets
// write it where they drop digits, and a decimal comma.
func (f Form) wattHours(text []byte) (int64, error) {
	number, negative := bytes.CutPrefix(text, []byte("-"))
	whole, decimals, point := bytes.Cut(number, []byte("."))
	if len(whole) == 0 || point && len(decimals) == 0 || !allDigits(whole) || !allDigits(decimals) {
		return 0, refuseNumber(text)
	}
	decimals = bytes.TrimRight(decimals, "0")
	exponent := f.Unit.exponent()
	if len(decimals) > exponent {
		return 0, f.refuseFraction(text)
	}
	wh, ok := digits(whole)
	for i := range exponent {
		digit := int64(0)
		if i < len(decimals) {
			digit = int64(decimals[i] - '0')
		}
		ok = ok && wh <= MaxWh
		wh = wh*10 + digit
	}
	switch {
	case !ok || wh > MaxWh:
		return 0, refuse("", "the value %.40q is out of range: more than %d Wh", text, int64(MaxWh))
	case negative && wh != 0:
		return 0, refuse("give what is fed in to a meter of its own, without the sign", "the value %.40q is negative: a reading is energy in one direction", text)
	}
	return wh, nil
}

// refuseFraction says that a value is no whole number of Wh and, where the file may be in another unit, which to give.
func (f Form) refuseFraction(text []byte) error {
	if f.Unit.exponent() > 0 {
		return refuse("round the values yourself, so that it is known", "the value %.40q %s is no whole number of Wh, as readings have it", text, f.Unit)
	}
	hint := fmt.Sprintf("if the file is in kWh, give trace: {file: %s, unit: kWh}", f.named())
	return refuse(hint, "the value %.40q is no whole number of Wh, as readings have it", text)
}

// named returns the name of the file as a scenario gives it.
func (f Form) named() string {
	if f.Name == "" {
		return "FILE"
	}
	return f.Name
}

// refuseNumber says why a text is no decimal number.
func refuseNumber(text []byte) error {
	has := func(chars string) bool { return bytes.ContainsAny(text, chars) }
	digit := has("0123456789")
	switch {
	case len(text) == 0:
		return refuse("leave the row out: a meter that did not report is late or silent, not at 0", "the value is missing")
	case digit && has("eE") && !has("xX") && len(bytes.Trim(text, "+-.0123456789eE")) == 0:
		return refuse("write all its digits", "the value %.40q has an exponent, as spreadsheets write it where they drop digits", text)
	case digit && has(",") && len(bytes.Trim(text, "+-.,0123456789")) == 0:
		return refuse("write a decimal point, and no separators of thousands", "the value %.40q has a comma", text)
	}
	return refuse("", "the value %.40q is not a decimal number", text)
}

func allDigits(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// digits returns the number that digits stand for, false where it is above the range of int64.
func digits(text []byte) (n int64, ok bool) {
	for _, c := range text {
		digit := int64(c - '0')
		if n > (math.MaxInt64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, true
}
