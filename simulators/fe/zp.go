package fe

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"sync"

	"github.com/fentec-project/gofe/data"

	"meterbench/simulators/fe/codec"
)

// A zpScheme is a gofeScheme modulo a safe prime. Its ciphertexts have a head for each secret of a key.
type zpScheme struct {
	group zpGroup
	gofeScheme
}

// zp makes the holders of the keys of a zpScheme, which it makes of parameters.
type zp func(Params) (zpScheme, error)

func (z zp) scheme(p Params) (zpScheme, error) {
	s, err := contain(func() (zpScheme, error) { return z(p) })
	if err != nil {
		err = fmt.Errorf("fe: parameters of %v: %w", p, err)
	}
	return s, err
}

func (z zp) setup(ctx context.Context, p Params) (Authority, error) {
	s, err := z.scheme(p)
	if err != nil {
		return nil, err
	}
	single, err := z.scheme(p.single())
	if err != nil {
		return nil, err
	}
	return s.setup(ctx, p, single.gofeScheme)
}

func (z zp) encryptor(p Params, key []byte) (Encryptor, error) {
	s, err := z.scheme(p)
	if err != nil {
		return nil, err
	}
	h, err := s.group.elements(key)
	if err != nil {
		return nil, fmt.Errorf("fe: %v: %w", p, err)
	}
	return s.encryptor(p, h)
}

func (z zp) evaluator(ctx context.Context, p Params, _ []byte, tables *Tables) (Evaluator, error) {
	s, err := z.scheme(p)
	if err != nil {
		return nil, err
	}
	return newLogEvaluator(ctx, p, s.group, tables)
}

// A zpGroup is the group of quadratic residues modulo the safe prime p: its order is the prime q = (p-1)/2,
// and g generates it. The fingerprint of an element is its lowest 64 bits.
type zpGroup struct{ p, q, g *big.Int }

var _ cipherGroup[*big.Int] = zpGroup{}

// contains reports whether c is an element of the group. For a prime modulus the Jacobi symbol is 1 exactly
// for the non-zero quadratic residues.
func (z zpGroup) contains(c *big.Int) bool {
	return c.Sign() > 0 && c.Cmp(z.p) < 0 && big.Jacobi(c, z.p) == 1
}

// elements decodes a public key of the group's elements. It refuses what is no element, and 1, which is the
// key of no secret.
func (z zpGroup) elements(key []byte) (data.Vector, error) {
	var elements data.Vector
	for i, octets := range codec.Split(key, (z.p.BitLen()+7)/8) {
		h := new(big.Int).SetBytes(octets)
		if !z.contains(h) || h.Cmp(big.NewInt(1)) == 0 {
			return nil, fmt.Errorf("element %d of the public key is 1 or not in the group", i)
		}
		elements = append(elements, h)
	}
	return elements, nil
}

func (z zpGroup) checkSecret(k *big.Int) error { return checkBelow(k, z.q) }

var errOutside = errors.New("not in the group")

// decode returns a unit modulo p.
//
// That the elements of values are in the group is not tested, which would take longer than all the rest but the heads'
// powers. The units are the group's elements c and their negatives -c. Weights are public, so whether a sign survives
// in the product is no secret; if it does, the product is no power of g, and the search, which verifies what it finds,
// finds nothing. If it does not, the result is that of the same ciphertext without the signs.
func (z zpGroup) decode(octets []byte) (*big.Int, error) {
	c := new(big.Int).SetBytes(octets)
	if c.Cmp(z.p) >= 0 {
		return nil, errOutside
	}
	return c, nil
}

// combine returns (product of c_i^y_i) / (product of head_j^secret_j). The heads' powers are most of the
// work; they are computed at once, each on a goroutine that ends before combine does. A head must be in the
// group: outside of it its power would reveal whether the key is even.
func (z zpGroup) combine(elements []*big.Int, key Key) (*big.Int, error) {
	powers := make([]*big.Int, len(key.Secrets))
	var all sync.WaitGroup
	for j, k := range key.Secrets {
		all.Go(func() {
			if z.contains(elements[j]) {
				powers[j] = new(big.Int).Exp(elements[j], k, z.p)
			}
		})
	}
	above, below := z.products(elements[len(powers):], key.Function)
	all.Wait()
	m := newMultiplier(z.p)
	for j, power := range powers {
		if power == nil {
			return nil, fmt.Errorf("element %d of the ciphertext: %w", j, errOutside)
		}
		m.multiply(below, power)
	}
	// All elements are units, so below is too and has an inverse.
	m.multiply(above, below.ModInverse(below, z.p))
	return above, nil
}

// products returns the product of the c_i^y_i with positive weights, and that of the c_i^-y_i with negative
// ones. Weights are worked off bit by bit from the highest, all at once.
func (z zpGroup) products(elements []*big.Int, y []int64) (above, below *big.Int) {
	above, below = big.NewInt(1), big.NewInt(1)
	m := newMultiplier(z.p)
	for bit := highestBit(y); bit >= 0; bit-- {
		m.multiply(above, above)
		m.multiply(below, below)
		for i, weight := range y {
			switch {
			case max(weight, -weight)>>bit&1 == 0:
			case weight > 0:
				m.multiply(above, elements[i])
			default:
				m.multiply(below, elements[i])
			}
		}
	}
	return above, below
}

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

// A multiplier multiplies modulo p without allocating each time.
type multiplier struct{ p, product, quotient *big.Int }

func newMultiplier(p *big.Int) multiplier { return multiplier{p, new(big.Int), new(big.Int)} }

// multiply sets x to x*y modulo p.
func (m multiplier) multiply(x, y *big.Int) {
	m.product.Mul(x, y)
	m.quotient.QuoRem(m.product, m.p, x)
}
