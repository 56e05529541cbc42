package fe

import "filippo.io/edwards25519"

const (
	digitBits = 5
	digits    = 51 // 5 bits each: numbers below 2^254 and a carry
	multiples = 1 << (digitBits - 1)
)

// A fixedBase is a table of multiples of one point: d * 2^(5i) * P for digits d from 1 to 16. A
// multiplication by P then is at most 51 additions and no doubling. It takes 128 kB. The entries that
// it reads depend on the secret number: it is not hardened against side channels.
type fixedBase [digits][multiples]edwards25519.Point

func newFixedBase(p *edwards25519.Point) *fixedBase {
	var table fixedBase
	unit := new(edwards25519.Point).Set(p)
	for i := range table {
		table[i][0].Set(unit)
		for d := 1; d < multiples; d++ {
			table[i][d].Add(&table[i][d-1], unit)
		}
		unit.Double(&table[i][multiples-1])
	}
	return &table
}

// addMultiple adds the number with those digits times P to sum.
func (f *fixedBase) addMultiple(sum *edwards25519.Point, number *signedDigits) {
	for i, d := range number {
		switch {
		case d > 0:
			sum.Add(sum, &f[i][d-1])
		case d < 0:
			sum.Subtract(sum, &f[i][-d-1])
		}
	}
}

// signedDigits are the digits of a number to base 32, each from -15 to 16, the lowest first.
type signedDigits [digits]int8

// signed returns the digits of a little-endian number below 2^254.
func signed(number []byte) *signedDigits {
	var out signedDigits
	carry := 0
	for i := range out {
		at := i * digitBits
		window := int(number[at/8]) >> (at % 8)
		if at/8+1 < len(number) {
			window |= int(number[at/8+1]) << (8 - at%8)
		}
		d := window&(1<<digitBits-1) + carry
		carry = 0
		if d > multiples {
			d -= 1 << digitBits
			carry = 1
		}
		out[i] = int8(d)
	}
	return &out
}
