package fe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
)

var _ cipherGroup[*big.Int] = paillierGroup{}

func newPaillierEvaluator(_ context.Context, p Params, key []byte, _ *Tables) (Evaluator, error) {
	group, _, err := readPaillier(p, key)
	if err != nil {
		return nil, err
	}
	return &cipherEvaluator[*big.Int]{p, group, group}, nil
}

// checkSecret holds a secret to a size that every one from Derive has with near certainty: a secret in
// s is within 2^5 deviations, of 2^4 n^(5/2) at most, and l*B is below 2^48.
func (z paillierGroup) checkSecret(k *big.Int) error {
	if most := z.n.BitLen()*5/2 + 57; k.BitLen() > most {
		return fmt.Errorf("longer than the at most %d bits that secrets have", most)
	}
	return nil
}

// decode returns a number that is positive and below n^2.
func (z paillierGroup) decode(octets []byte) (*big.Int, error) {
	e := new(big.Int).SetBytes(octets)
	if e.Sign() <= 0 || e.Cmp(z.square) >= 0 {
		return nil, errors.New("not between 0 and n^2")
	}
	return e, nil
}

// coprime refuses elements with a common factor with n. That is as much as can be seen without the
// factors of n: the rest shows when a result is not a number within its bound.
func (z paillierGroup) coprime(elements []*big.Int) error {
	product := big.NewInt(1)
	for _, e := range elements {
		product.Mul(product, e).Mod(product, z.n)
	}
	if new(big.Int).GCD(nil, nil, product, z.n).Cmp(big.NewInt(1)) != 0 {
		return errors.New("an element has a common factor with n")
	}
	return nil
}

// combine returns (product of c_i^y_i) / c_0^k modulo n^2. What has a negative exponent goes below the
// line, so that one inversion does.
func (z paillierGroup) combine(elements []*big.Int, key Key) (*big.Int, error) {
	if err := z.coprime(elements); err != nil {
		return nil, fmt.Errorf("ciphertext: %w", err)
	}
	above, below := big.NewInt(1), big.NewInt(1)
	times := func(base, exponent *big.Int) {
		product := above
		if exponent.Sign() < 0 {
			product = below
		}
		switch size := new(big.Int).Abs(exponent); {
		case size.BitLen() > 1:
			product.Mul(product, size.Exp(base, size, z.square))
		case size.BitLen() == 1:
			product.Mul(product, base)
		}
		product.Mod(product, z.square)
	}
	times(elements[0], new(big.Int).Neg(key.Secrets[0]))
	for i, y := range key.Function {
		times(elements[1+i], big.NewInt(y))
	}
	// The elements have no factor of n, so below has an inverse.
	return above.Mul(above, below.ModInverse(below, z.square)).Mod(above, z.square), nil
}

// find implements solver.
func (z paillierGroup) find(_ context.Context, target *big.Int, bound int64) (int64, error) {
	result := z.read(target)
	if result == nil || result.CmpAbs(big.NewInt(bound)) > 0 {
		return 0, ErrNoResult
	}
	return result.Int64(), nil
}

func (z paillierGroup) reach() int64 { return math.MaxInt64 }

func (z paillierGroup) origin() TableOrigin { return TableOrigin{} }

// read returns the z of smallest size with (1 + z*n)^2 = c^2 modulo n^2, nil if there is none. That is
// the one with 1 + z*n = c, if c has no sign too many: a ciphertext's elements may have one, and then
// the square hides from who sees results whether the key is even, which decides what becomes of that in
// a head.
func (g paillierGroup) read(c *big.Int) *big.Int {
	c.Mul(c, c).Mod(c, g.square)
	z, rest := new(big.Int).QuoRem(c.Sub(c, big.NewInt(1)), g.n, new(big.Int))
	if rest.Sign() != 0 {
		return nil
	}
	if z.Bit(0) == 1 { // it is 2z modulo n, which is odd
		z.Add(z, g.n)
	}
	z.Rsh(z, 1)
	if z.Cmp(new(big.Int).Rsh(g.n, 1)) > 0 {
		z.Sub(z, g.n)
	}
	return z
}
