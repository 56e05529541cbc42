package fe

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"sync"

	"github.com/fentec-project/gofe/data"

	"meterbench/simulators/fe/codec"
)

// A zpGroup is the group of quadratic residues modulo the safe prime p: its
// order is the prime q = (p-1)/2, and g generates it.
type zpGroup struct{ p, q, g *big.Int }

// contains tells whether c is an element of the group. For a prime modulus
// the Jacobi symbol is 1 exactly for the non-zero quadratic residues.
func (z zpGroup) contains(c *big.Int) bool {
	return c.Sign() > 0 && c.Cmp(z.p) < 0 && big.Jacobi(c, z.p) == 1
}

// elements decodes a public key of the group's elements. It refuses what is no
// element, and 1, which is the key of no secret.
func (z zpGroup) elements(key []byte) (data.Vector, error) {
	var elements data.Vector
	for i, octets := range codec.Split(key, z.width()) {
		h := new(big.Int).SetBytes(octets)
		if !z.contains(h) || h.Cmp(big.NewInt(1)) == 0 {
			return nil, fmt.Errorf("element %d of the public key is 1 or not in the group", i)
		}
		elements = append(elements, h)
	}
	return elements, nil
}

// width is the size of an encoded element in bytes.
func (z zpGroup) width() int { return (z.p.BitLen() + 7) / 8 }

// encode returns each number in that many bytes, big-endian.
func encode(numbers []*big.Int, width int) ([][]byte, error) {
	out := make([][]byte, len(numbers))
	for i, n := range numbers {
		if n == nil || n.Sign() < 0 || n.BitLen() > 8*width {
			return nil, fmt.Errorf("number %d is missing, negative or longer than %d bytes", i, width)
		}
		out[i] = n.FillBytes(make([]byte, width))
	}
	return out, nil
}

// A zpAuthority is the Authority of a gofe scheme modulo p. The functions
// close over the scheme's keys; they only read, so they may run at once.
type zpAuthority struct {
	params    Params
	encryptor Encryptor
	derive    func(y data.Vector) ([]*big.Int, error)
}

func (a zpAuthority) Encryptor() Encryptor { return a.encryptor }

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

// forEachValue calls what makes the master keys of one value as often as vectors
// have values. gofe makes those of a vector in the same way, but all of them
// whatever the context says, which takes up to minutes.
func forEachValue(ctx context.Context, p Params, generate func() error) error {
	for range p.Length {
		err := ctx.Err()
		if err == nil {
			err = contain(generate)
		}
		if err != nil {
			return fmt.Errorf("fe: master keys of %v: %w", p, err)
		}
	}
	return nil
}

// single are the parameters of vectors with one value.
func (p Params) single() Params {
	p.Length = 1
	return p
}

// A zpEncryptor is the Encryptor of a gofe scheme modulo p.
type zpEncryptor struct {
	params  Params
	public  []byte
	encrypt func(x data.Vector) (data.Vector, error)
}

// newZpEncryptor makes the Encryptor of the public key h_1 … h_l.
func newZpEncryptor(p Params, h data.Vector, encrypt func(x, h data.Vector) (data.Vector, error)) (Encryptor, error) {
	elements, err := encode(h, p.header().ElementSize())
	if err != nil {
		return nil, fmt.Errorf("fe: public key of %v: %w", p, err)
	}
	public, err := p.public(bytes.Join(elements, nil))
	if err != nil {
		return nil, err
	}
	return zpEncryptor{p, public, func(x data.Vector) (data.Vector, error) { return encrypt(x, h) }}, nil
}

func (e zpEncryptor) Public() []byte { return bytes.Clone(e.public) }

func (e zpEncryptor) Encrypt(x []int64) ([]byte, error) {
	if err := e.params.checkVector(x); err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	var numbers data.Vector
	err := contain(func() (err error) {
		numbers, err = e.encrypt(vector(x))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	header := e.params.header()
	elements, err := encode(numbers, header.ElementSize())
	if err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	return codec.Marshal(header, elements)
}

// A zpEvaluator evaluates the schemes whose ciphertext is a number of heads,
// one for each secret in the key, followed by one element for each value.
type zpEvaluator struct {
	params Params
	group  zpGroup
	heads  int
	logs   *logTable[*big.Int]
}

func newZpEvaluator(ctx context.Context, p Params, group zpGroup, heads int, tables *Tables) (Evaluator, error) {
	logs, err := tableOf(ctx, tables, logGroup[*big.Int](group))
	if err != nil {
		return nil, err
	}
	return &zpEvaluator{params: p, group: group, heads: heads, logs: logs}, nil
}

// Table implements Searcher.
func (e *zpEvaluator) Table() TableOrigin { return e.logs.origin }

func (e *zpEvaluator) Evaluate(ctx context.Context, ciphertext []byte, key Key) (int64, error) {
	if err := e.params.checkKey(key, e.group.q, e.heads); err != nil {
		return 0, fmt.Errorf("fe: evaluate: key: %w", err)
	}
	elements, err := e.open(ciphertext)
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	if err := e.params.checkReach(key.Function, e.logs.reach()); err != nil {
		return 0, err
	}
	target, err := e.combine(elements, key)
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	z, err := e.logs.find(ctx, target, e.params.reach(key.Function))
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	return z, nil
}

// open decodes a ciphertext, whose elements must be units modulo p.
//
// That those of values are in the group is not tested, which would take
// longer than all the rest but the heads' powers. The units are the group's
// elements c and their negatives -c. Weights are public, so whether a sign
// survives in the product is no secret; if it does, the product is no power of
// g, and the search, which verifies what it finds, finds nothing. If it does not,
// the result is that of the same ciphertext without the signs.
func (e *zpEvaluator) open(ciphertext []byte) ([]*big.Int, error) {
	elements, err := e.params.open(ciphertext)
	if err != nil {
		return nil, err
	}
	numbers := make([]*big.Int, len(elements))
	for i, octets := range elements {
		c := new(big.Int).SetBytes(octets)
		if c.Cmp(e.group.p) >= 0 {
			return nil, e.outside(i)
		}
		numbers[i] = c
	}
	return numbers, nil
}

func (e *zpEvaluator) outside(element int) error {
	return fmt.Errorf("element %d of the ciphertext is not in the group of %v", element, e.params)
}

// combine returns (product of c_i^y_i) / (product of head_j^secret_j), which
// is g^(x·y). The heads' powers are most of the work; they are computed at
// once, each on a goroutine that ends before combine does. A head must be in the
// group: outside of it its power would tell whether the key is even.
func (e *zpEvaluator) combine(elements []*big.Int, key Key) (*big.Int, error) {
	powers := make([]*big.Int, e.heads)
	var all sync.WaitGroup
	for j, k := range key.Secrets {
		all.Go(func() {
			if e.group.contains(elements[j]) {
				powers[j] = new(big.Int).Exp(elements[j], k, e.group.p)
			}
		})
	}
	above, below := e.products(elements[e.heads:], key.Function)
	all.Wait()
	m := newMultiplier(e.group.p)
	for j, power := range powers {
		if power == nil {
			return nil, e.outside(j)
		}
		m.multiply(below, power)
	}
	// All elements are units, so below is too and has an inverse.
	m.multiply(above, below.ModInverse(below, e.group.p))
	return above, nil
}

// products returns the product of the c_i^y_i with positive weights, and that
// of the c_i^-y_i with negative ones. Weights are worked off bit by bit from
// the highest, all at once.
func (e *zpEvaluator) products(elements []*big.Int, y []int64) (above, below *big.Int) {
	above, below = big.NewInt(1), big.NewInt(1)
	m := newMultiplier(e.group.p)
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

// A multiplier multiplies modulo p without allocating anew each time.
type multiplier struct{ p, product, quotient *big.Int }

func newMultiplier(p *big.Int) multiplier { return multiplier{p, new(big.Int), new(big.Int)} }

// multiply sets x to x*y modulo p.
func (m multiplier) multiply(x, y *big.Int) {
	m.product.Mul(x, y)
	m.quotient.QuoRem(m.product, m.p, x)
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
