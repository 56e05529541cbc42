package fe

import (
	"context"
	"fmt"
	"math/big"

	"github.com/fentec-project/gofe/data"

	"meterbench/workloads/fe/codec"
)

// A zpGroup is the group of quadratic residues modulo the safe prime p: its
// order is the prime q = (p-1)/2, and g generates it.
type zpGroup struct{ p, q, g *big.Int }

// contains tells whether c is an element of the group. For a prime modulus
// the Jacobi symbol is 1 exactly for the non-zero quadratic residues.
func (z zpGroup) contains(c *big.Int) bool {
	return c.Sign() > 0 && c.Cmp(z.p) < 0 && big.Jacobi(c, z.p) == 1
}

// A zpAuthority is the Authority of a gofe scheme modulo p. The functions
// close over the scheme's keys; they only read, so they may run at once.
type zpAuthority struct {
	params  Params
	encrypt func(x data.Vector) (data.Vector, error)
	derive  func(y data.Vector) ([]*big.Int, error)
}

func (a zpAuthority) Encryptor() Encryptor { return zpEncryptor{a.params, a.encrypt} }

func (a zpAuthority) Derive(y []int64) (Key, error) {
	if err := a.params.checkVector(y); err != nil {
		return Key{}, fmt.Errorf("fe: derive: %w", err)
	}
	key := Key{Params: a.params, Function: append([]int64(nil), y...)}
	err := contain(func() (err error) {
		key.Secrets, err = a.derive(vector(y))
		return err
	})
	if err != nil {
		return Key{}, fmt.Errorf("fe: derive: %w", err)
	}
	return key, nil
}

type zpEncryptor struct {
	params  Params
	encrypt func(x data.Vector) (data.Vector, error)
}

func (e zpEncryptor) Encrypt(x []int64) ([]byte, error) {
	if err := e.params.checkVector(x); err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	var elements data.Vector
	err := contain(func() (err error) {
		elements, err = e.encrypt(vector(x))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	return codec.Marshal(e.params.header(), elements)
}

// A zpEvaluator evaluates the schemes whose ciphertext is a number of heads,
// one for each secret in the key, followed by one element for each value.
type zpEvaluator struct {
	params Params
	group  zpGroup
	heads  int
	logs   *logTable
}

func newZpEvaluator(ctx context.Context, p Params, group zpGroup, heads int) (Evaluator, error) {
	logs, err := newLogTable(ctx, group, babySteps(int64(p.Length)*p.Bound*p.Bound))
	if err != nil {
		return nil, fmt.Errorf("fe: table of discrete logarithms for %v: %w", p, err)
	}
	return &zpEvaluator{params: p, group: group, heads: heads, logs: logs}, nil
}

func (e *zpEvaluator) Evaluate(ctx context.Context, ciphertext []byte, key Key) (int64, error) {
	if err := e.checkKey(key); err != nil {
		return 0, fmt.Errorf("fe: evaluate: key: %w", err)
	}
	elements, err := e.open(ciphertext)
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	// |x·y| is at most B times the sum of |y_i|: far less than l*B^2 for the
	// usual functions, so that a ciphertext that does not fit is found out soon.
	var bound int64
	for _, y := range key.Function {
		bound += e.params.Bound * max(y, -y)
	}
	if limit := e.logs.steps * maxGiantSteps; bound > limit {
		return 0, fmt.Errorf("fe: evaluate: results of this function may reach %d, the discrete logarithm is searched up to %d; choose a lower bound or smaller weights", bound, limit)
	}
	z, err := e.logs.find(ctx, e.combine(elements, key), bound)
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	return z, nil
}

func (e *zpEvaluator) checkKey(key Key) error {
	if key.Params != e.params {
		return fmt.Errorf("made for %v with bound %d, the evaluator for %v with bound %d", key.Params, key.Params.Bound, e.params, e.params.Bound)
	}
	if err := e.params.checkVector(key.Function); err != nil {
		return err
	}
	if len(key.Secrets) != e.heads {
		return fmt.Errorf("%d secrets; %s has %d", len(key.Secrets), e.params.Scheme, e.heads)
	}
	for i, k := range key.Secrets {
		if k == nil || k.Sign() < 0 || k.Cmp(e.group.q) >= 0 {
			return fmt.Errorf("secret %d is missing or not below the order of the group", i)
		}
	}
	return nil
}

// open decodes a ciphertext and holds every element to the group. A head
// outside of it would, raised to the key, tell whether the key is even.
func (e *zpEvaluator) open(ciphertext []byte) ([]*big.Int, error) {
	h, elements, err := codec.Unmarshal(ciphertext)
	if err != nil {
		return nil, err
	}
	if want := e.params.header(); h != want {
		return nil, fmt.Errorf("ciphertext of %v, %d bits, length %d; the evaluator is for %v", h.Scheme, h.Bits, h.Length, e.params)
	}
	for i, c := range elements {
		if !e.group.contains(c) {
			return nil, fmt.Errorf("element %d of the ciphertext is not in the group of %v", i, e.params)
		}
	}
	return elements, nil
}

// combine returns (product of c_i^y_i) / (product of head_j^secret_j), which
// is g^(x·y). Negative weights go below the line, so that one inversion does.
func (e *zpEvaluator) combine(elements []*big.Int, key Key) *big.Int {
	above, below := big.NewInt(1), big.NewInt(1)
	power := new(big.Int)
	times := func(product, base, exponent *big.Int) {
		power.Exp(base, exponent, e.group.p)
		product.Mul(product, power).Mod(product, e.group.p)
	}
	for j, k := range key.Secrets {
		times(below, elements[j], k)
	}
	for i, y := range key.Function {
		if y < 0 {
			times(below, elements[e.heads+i], big.NewInt(-y))
		} else if y > 0 {
			times(above, elements[e.heads+i], big.NewInt(y))
		}
	}
	// The elements are in the group, so below is too and has an inverse.
	below.ModInverse(below, e.group.p)
	return above.Mul(above, below).Mod(above, e.group.p)
}

// contain runs a call into the library and turns its panics into errors.
func contain(call func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the encryption library panicked: %v", cause)
		}
	}()
	return call()
}

func vector(v []int64) data.Vector {
	out := make(data.Vector, len(v))
	for i, c := range v {
		out[i] = big.NewInt(c)
	}
	return out
}
