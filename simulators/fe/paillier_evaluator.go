package fe

import (
	"context"
	"fmt"
	"math/big"
)

// A paillierEvaluator computes modulo n^2; it searches nothing.
type paillierEvaluator struct {
	params Params
	group  paillierGroup
}

func newPaillierEvaluator(_ context.Context, p Params, key []byte, _ *Tables) (Evaluator, error) {
	group, _, err := readPaillier(p, key)
	if err != nil {
		return nil, err
	}
	return paillierEvaluator{p, group}, nil
}

// Evaluate looks at the context only before it computes.
func (e paillierEvaluator) Evaluate(ctx context.Context, ciphertext []byte, key Key) (int64, error) {
	if err := e.checkKey(key); err != nil {
		return 0, fmt.Errorf("fe: evaluate: key: %w", err)
	}
	elements, err := e.open(ciphertext)
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	z := e.read(e.combine(elements, key))
	if z == nil || z.CmpAbs(big.NewInt(e.params.reach(key.Function))) > 0 {
		return 0, fmt.Errorf("fe: evaluate: %w", ErrNoResult)
	}
	return z.Int64(), nil
}

// checkKey holds a key to the evaluator's parameters, and its secret to a size
// that every one from Derive has with near certainty: a secret in s is within
// 2^5 deviations, of 2^4 n^(5/2) at most, and l*B is below 2^48.
func (e paillierEvaluator) checkKey(key Key) error {
	if key.Params != e.params {
		return fmt.Errorf("made for %v with bound %d, the evaluator for %v with bound %d", key.Params, key.Params.Bound, e.params, e.params.Bound)
	}
	if err := e.params.checkVector(key.Function); err != nil {
		return err
	}
	if len(key.Secrets) != 1 || key.Secrets[0] == nil || key.Secrets[0].BitLen() > e.params.Bits*5/2+57 {
		return fmt.Errorf("there is not one secret of at most %d bits", e.params.Bits*5/2+57)
	}
	return nil
}

func (e paillierEvaluator) open(ciphertext []byte) ([]*big.Int, error) {
	octets, err := e.params.open(ciphertext)
	if err != nil {
		return nil, err
	}
	elements := integers(octets)
	if err := e.group.contains(elements); err != nil {
		return nil, fmt.Errorf("ciphertext: %w", err)
	}
	return elements, nil
}

// combine returns (product of c_i^y_i) / c_0^k modulo n^2. What has a negative
// exponent goes below the line, so that one inversion does.
func (e paillierEvaluator) combine(elements []*big.Int, key Key) *big.Int {
	above, below := big.NewInt(1), big.NewInt(1)
	times := func(base, exponent *big.Int) {
		product := above
		if exponent.Sign() < 0 {
			product = below
		}
		switch size := new(big.Int).Abs(exponent); {
		case size.BitLen() > 1:
			product.Mul(product, size.Exp(base, size, e.group.square))
		case size.BitLen() == 1:
			product.Mul(product, base)
		}
		product.Mod(product, e.group.square)
	}
	times(elements[0], new(big.Int).Neg(key.Secrets[0]))
	for i, y := range key.Function {
		times(elements[1+i], big.NewInt(y))
	}
	// The elements have no factor of n, so below has an inverse.
	return above.Mul(above, below.ModInverse(below, e.group.square)).Mod(above, e.group.square)
}

// read returns the z of smallest size with (1 + z*n)^2 = c^2 modulo n^2, nil if
// there is none. That is the one with 1 + z*n = c, if c has no sign too many: a
// ciphertext's elements may have one, and then the square hides from who sees
// results whether the key is even, which decides what becomes of that in a head.
func (e paillierEvaluator) read(c *big.Int) *big.Int {
	c.Mul(c, c).Mod(c, e.group.square)
	z, rest := new(big.Int).QuoRem(c.Sub(c, big.NewInt(1)), e.group.n, new(big.Int))
	if rest.Sign() != 0 {
		return nil
	}
	if z.Bit(0) == 1 { // it is 2z modulo n, which is odd
		z.Add(z, e.group.n)
	}
	z.Rsh(z, 1)
	if z.Cmp(new(big.Int).Rsh(e.group.n, 1)) > 0 {
		z.Sub(z, e.group.n)
	}
	return z
}
