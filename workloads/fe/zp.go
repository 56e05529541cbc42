package fe

import (
	"bytes"
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
	z, err := e.logs.find(ctx, e.combine(elements, key), e.params.reach(key.Function))
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	return z, nil
}

// open decodes a ciphertext and holds every element to the group. A head
// outside of it would, raised to the key, tell whether the key is even.
func (e *zpEvaluator) open(ciphertext []byte) ([]*big.Int, error) {
	elements, err := e.params.open(ciphertext)
	if err != nil {
		return nil, err
	}
	numbers := make([]*big.Int, len(elements))
	for i, octets := range elements {
		numbers[i] = new(big.Int).SetBytes(octets)
		if !e.group.contains(numbers[i]) {
			return nil, fmt.Errorf("element %d of the ciphertext is not in the group of %v", i, e.params)
		}
	}
	return numbers, nil
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
