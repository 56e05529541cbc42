package fe

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"math/bits"
)

// A zpGroup is a logGroup. The fingerprint of an element is its lowest 64 bits.
var _ logGroup[*big.Int] = zpGroup{}

func (z zpGroup) id() string {
	digest := sha256.Sum256(append(z.p.Bytes(), z.g.Bytes()...))
	return fmt.Sprintf("zp%d-%x", z.p.BitLen(), digest[:8])
}

func (z zpGroup) symmetric() bool { return false }

func (z zpGroup) power(exponent int64) *big.Int {
	return new(big.Int).Exp(z.g, big.NewInt(exponent), z.p)
}

func (z zpGroup) equal(x, y *big.Int) bool { return x.Cmp(y) == 0 }

func (z zpGroup) walk(x, step *big.Int, prints []uint64) *big.Int {
	x = new(big.Int).Set(x)
	m := newMultiplier(z.p)
	for i := range prints {
		prints[i] = lowBits(x)
		m.multiply(x, step)
	}
	return x
}

// lowBits returns the lowest 64 bits of a positive x.
func lowBits(x *big.Int) uint64 {
	words := x.Bits()
	low := uint64(words[0])
	if bits.UintSize == 32 && len(words) > 1 {
		low |= uint64(words[1]) << 32
	}
	return low
}
