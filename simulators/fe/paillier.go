package fe

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/fentec-project/gofe/data"
	"github.com/fentec-project/gofe/innerprod/fullysec"
	"github.com/fentec-project/gofe/sample"

	"meterbench/simulators/fe/codec"
)

// The scheme "paillier" is that of Agrawal, Libert and Stehlé, "Fully Secure Functional Encryption for Inner
// Products, from Standard Assumptions" (CRYPTO 2016), in its variant from Paillier's decisional composite
// residuosity: adaptively secure in the 2n-th residues modulo n^2, where n is the product of two safe primes
// and the size of the scheme is that of n. With a generator g of the 2n-th residues, master secret s of
// integers from a discrete Gaussian distribution of deviation sqrt(128) n^(5/2), and public h_i = g^s_i:
//
//	ciphertext  c_0 = g^r, c_i = h_i^r * (1 + x_i*n)
//	key of y    k = s·y, an integer
//	result      the z with 1 + z*n = (product of c_i^y_i) / c_0^k modulo n^2
//
// There is no discrete logarithm to search: z is read off. Unlike the groups of the other schemes n belongs
// to one authority, and its factors decrypt; Setup makes it and forgets them.
type paillierGroup struct{ n, square, g *big.Int }

// paillierLambda is the security parameter of the secrets' distribution, as gofe's documentation recommends it.
const paillierLambda = 128

// newPaillierGroup makes the group of a modulus, with a random generator.
func newPaillierGroup(n *big.Int) (paillierGroup, error) {
	group := paillierGroup{n: n, square: new(big.Int).Mul(n, n)}
	base, err := rand.Int(rand.Reader, group.square)
	if err != nil {
		return paillierGroup{}, fmt.Errorf("random numbers: %w", err)
	}
	group.g = base.Exp(base, new(big.Int).Lsh(n, 1), group.square)
	return group, nil
}

// generates checks that all elements may be powers of a generator with secret exponents: by the Jacobi symbol
// squares modulo n, and neither 1 nor -1 there. An element that is 1 modulo n, as 1 + kn is, hides no value.
func (z paillierGroup) generates(elements []*big.Int) error {
	minusOne := new(big.Int).Sub(z.n, big.NewInt(1))
	for i, e := range elements {
		rest := new(big.Int).Mod(e, z.n)
		if rest.Cmp(big.NewInt(1)) == 0 || rest.Cmp(minusOne) == 0 || big.Jacobi(rest, z.n) != 1 {
			return fmt.Errorf("element %d is 1 or -1 modulo n, or no square", i)
		}
	}
	return nil
}

// gofe returns gofe's form of the parameters.
func (z paillierGroup) gofe(p Params) *fullysec.Paillier {
	// The deviation, and its multiple of the one that gofe samples from.
	sigma := new(big.Float).SetInt(new(big.Int).Exp(z.n, big.NewInt(5), nil))
	sigma.Mul(sigma, big.NewFloat(paillierLambda))
	sigma.Sqrt(sigma)
	steps, _ := new(big.Float).Quo(sigma, sample.SigmaCDT).Int(nil)
	steps.Add(steps, big.NewInt(2)) // rounded up, and then some
	return fullysec.NewPaillierFromParams(&fullysec.PaillierParams{
		L: p.Length, N: z.n, NSquare: z.square, G: z.g, Lambda: paillierLambda, Sigma: sigma, LSigma: steps,
		BoundX: big.NewInt(p.Bound), BoundY: big.NewInt(p.Bound),
	})
}

// scheme returns gofe's scheme in the group. It only reads its parameters, so that many goroutines may encrypt.
func (z paillierGroup) scheme(p Params) gofeScheme {
	s, width := z.gofe(p), p.Bits/8
	preface := append(z.n.FillBytes(make([]byte, width)), z.g.FillBytes(make([]byte, 2*width))...)
	return newGofeScheme(s, preface)
}

// A Renewer is an Authority whose group takes long to make, so that it can make another Authority with fresh
// master keys in the same group.
type Renewer interface {
	// Renew returns an Authority for parameters of the same scheme and size, or the context's error.
	Renew(ctx context.Context, p Params) (Authority, error)
}

// A paillierAuthority keeps its group for others.
type paillierAuthority struct {
	keyedAuthority
	group paillierGroup
}

// setupPaillier makes a modulus and master keys, which take l exponentiations, by exponents 5/2 the size of n.
func setupPaillier(ctx context.Context, p Params) (Authority, error) {
	n, err := newModulus(ctx, p.Bits)
	if err != nil {
		return nil, fmt.Errorf("fe: modulus of %v: %w", p, err)
	}
	group, err := newPaillierGroup(n)
	if err != nil {
		return nil, fmt.Errorf("fe: group of %v: %w", p, err)
	}
	return group.setup(ctx, p)
}

func (z paillierGroup) setup(ctx context.Context, p Params) (Authority, error) {
	authority, err := z.scheme(p).setup(ctx, p, z.scheme(p.single()))
	if err != nil {
		return nil, err
	}
	return paillierAuthority{authority, z}, nil
}

func (a paillierAuthority) Renew(ctx context.Context, p Params) (Authority, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if p.Scheme != a.params.Scheme || p.Bits != a.params.Bits {
		return nil, fmt.Errorf("fe: the group of %v has no keys for %v", a.params, p)
	}
	return a.group.setup(ctx, p)
}

func newPaillierEncryptor(p Params, key []byte) (Encryptor, error) {
	group, h, err := readPaillier(p, key)
	if err != nil {
		return nil, err
	}
	return group.scheme(p).encryptor(p, h)
}

// readPaillier decodes a public key: n, the generator and every h_i. It makes the checks that need no factors
// of n. It cannot see whether n is the product of two safe primes, and the elements are 2n-th residues: for
// that it trusts the authority.
func readPaillier(p Params, key []byte) (paillierGroup, data.Vector, error) {
	width := p.Bits / 8
	n := new(big.Int).SetBytes(key[:width])
	group := paillierGroup{n: n, square: new(big.Int).Mul(n, n)}
	elements, err := group.elements(p, key[width:])
	if err != nil {
		return paillierGroup{}, nil, fmt.Errorf("fe: public key of %v: %w", p, err)
	}
	group.g = elements[0]
	return group, elements[1:], nil
}

// elements checks n and decodes the generator and every h_i.
func (z paillierGroup) elements(p Params, key []byte) (data.Vector, error) {
	if err := checkModulus(z.n, p.Bits); err != nil {
		return nil, err
	}
	var elements data.Vector
	for i, octets := range codec.Split(key, p.header().ElementSize()) {
		e, err := z.decode(octets)
		if err != nil {
			return nil, fmt.Errorf("element %d is %w", i, err)
		}
		elements = append(elements, e)
	}
	if err := z.coprime(elements); err != nil {
		return nil, err
	}
	return elements, z.generates(elements)
}

var _ cipherGroup[*big.Int] = paillierGroup{}

func newPaillierEvaluator(_ context.Context, p Params, key []byte, _ *Tables) (Evaluator, error) {
	group, _, err := readPaillier(p, key)
	if err != nil {
		return nil, err
	}
	return &cipherEvaluator[*big.Int]{p, group, group}, nil
}

// checkSecret holds a secret to a size that every one from Derive has with near certainty: a secret in s is
// within 2^5 deviations, of 2^4 n^(5/2) at most, and l*B is below 2^48.
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

// coprime refuses elements with a common factor with n. That is as much as can be seen without the factors of
// n: the rest shows when a result is not a number within its bound.
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

// combine returns (product of c_i^y_i) / c_0^k modulo n^2. What has a negative exponent goes below the line,
// so that one inversion does.
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

func (z paillierGroup) find(_ context.Context, target *big.Int, bound int64) (int64, error) {
	result := z.read(target)
	if result == nil || result.CmpAbs(big.NewInt(bound)) > 0 {
		return 0, ErrNoResult
	}
	return result.Int64(), nil
}

func (z paillierGroup) reach() int64 { return math.MaxInt64 }

func (z paillierGroup) origin() TableOrigin { return TableOrigin{} }

// read returns the z of smallest size with (1 + z*n)^2 = c^2 modulo n^2, nil if there is none. That is the
// one with 1 + z*n = c, if c has no sign too many: a ciphertext's elements may have one, and then the square
// hides from who sees results whether the key is even, which decides its outcome in a head.
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
