package fe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"

	"filippo.io/edwards25519"

	"meterbench/simulators/fe/codec"
)

// The scheme "ecddh" is that of Abdalla, Bourse, De Caro and Pointcheval,
// "Simple Functional Encryption Schemes for Inner Products" (PKC 2015), as is
// "ddh", over the group ristretto255 (RFC 9496) in place of quadratic residues:
// selectively secure under decisional Diffie-Hellman there, of 128 bits. It is
// our own construction on filippo.io/edwards25519. Written multiplicatively
// with the group's generator g, master secret s and public h_i = g^s_i:
//
//	ciphertext  c_0 = g^r, c_i = h_i^r * g^x_i
//	key of y    k = s·y mod q
//	result      the z with g^z = (product of c_i^y_i) / c_0^k
//
// An element takes 32 bytes. An Encryptor holds a fixedBase of each h_i.

type ecddhAuthority struct {
	params    Params
	group     curveGroup
	secret    []*big.Int
	encryptor *ecddhEncryptor
}

func setupECDDH(_ context.Context, p Params) (Authority, error) {
	secret := make([]*big.Int, p.Length)
	for i := range secret {
		var err error
		if secret[i], err = newCurveGroup().random(); err != nil {
			return nil, fmt.Errorf("fe: master keys of %v: %w", p, err)
		}
	}
	return newECDDHAuthority(p, secret)
}

func newECDDHAuthority(p Params, secret []*big.Int) (Authority, error) {
	group := newCurveGroup()
	var key []byte
	for _, s := range secret {
		scalar, err := group.scalar(s)
		if err != nil {
			return nil, fmt.Errorf("fe: master keys of %v: %w", p, err)
		}
		key = append(key, group.encode(new(edwards25519.Point).ScalarBaseMult(scalar))...)
	}
	encryptor, err := makeECDDHEncryptor(p, key)
	if err != nil {
		return nil, err
	}
	return &ecddhAuthority{p, group, secret, encryptor}, nil
}

func (a *ecddhAuthority) Encryptor() Encryptor { return a.encryptor }

func (a *ecddhAuthority) Derive(y []int64) (Key, error) {
	if err := a.params.checkVector(y); err != nil {
		return Key{}, fmt.Errorf("fe: derive: %w", err)
	}
	k := new(big.Int)
	for i, weight := range y {
		k.Add(k, new(big.Int).Mul(a.secret[i], big.NewInt(weight)))
	}
	return Key{a.params, slices.Clone(y), []*big.Int{k.Mod(k, a.group.q)}}, nil
}

type ecddhEncryptor struct {
	params    Params
	group     curveGroup
	public    []byte
	generator *fixedBase
	keys      []*fixedBase // of each h_i
}

func newECDDHEncryptor(p Params, key []byte) (Encryptor, error) { return makeECDDHEncryptor(p, key) }

func makeECDDHEncryptor(p Params, key []byte) (*ecddhEncryptor, error) {
	public, err := p.public(key)
	if err != nil {
		return nil, err
	}
	e := &ecddhEncryptor{p, newCurveGroup(), public, newFixedBase(edwards25519.NewGeneratorPoint()), nil}
	for i, encoding := range codec.Split(key, encodedPoint) {
		h, err := e.group.decode(encoding)
		if err == nil && e.group.equal(h, edwards25519.NewIdentityPoint()) {
			err = fmt.Errorf("the group's identity, which no secret has")
		}
		if err != nil {
			return nil, fmt.Errorf("fe: %v: element %d of the public key: %w", p, i, err)
		}
		e.keys = append(e.keys, newFixedBase(h))
	}
	return e, nil
}

func (e *ecddhEncryptor) Public() []byte { return bytes.Clone(e.public) }

func (e *ecddhEncryptor) Encrypt(x []int64) ([]byte, error) {
	if err := e.params.checkVector(x); err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	r, err := e.group.random()
	if err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	return e.encrypt(x, r)
}

// encrypt returns the ciphertext of x with the secret number r from 1 to q-1.
// A number must serve one ciphertext only.
func (e *ecddhEncryptor) encrypt(x []int64, r *big.Int) ([]byte, error) {
	octets := r.FillBytes(make([]byte, encodedPoint))
	slices.Reverse(octets)
	number := signed(octets)
	elements := make([][]byte, 0, len(x)+1)
	head := edwards25519.NewIdentityPoint()
	e.generator.addMultiple(head, number)
	elements = append(elements, e.group.encode(head))
	for i, value := range x {
		c := edwards25519.NewIdentityPoint()
		clear(octets)
		binary.LittleEndian.PutUint64(octets, uint64(max(value, -value)))
		e.generator.addMultiple(c, signed(octets))
		if value < 0 {
			c.Negate(c)
		}
		e.keys[i].addMultiple(c, number)
		elements = append(elements, e.group.encode(c))
	}
	return codec.Marshal(e.params.header(), elements)
}

type ecddhEvaluator struct {
	params Params
	group  curveGroup
	logs   *logTable[*edwards25519.Point]
}

func newECDDHEvaluator(ctx context.Context, p Params, _ []byte, tables *Tables) (Evaluator, error) {
	group := newCurveGroup()
	logs, err := tableOf(ctx, tables, group)
	if err != nil {
		return nil, err
	}
	return &ecddhEvaluator{p, group, logs}, nil
}

// Table implements Searcher.
func (e *ecddhEvaluator) Table() TableOrigin { return e.logs.origin }

func (e *ecddhEvaluator) Evaluate(ctx context.Context, ciphertext []byte, key Key) (int64, error) {
	if err := e.params.checkKey(key, e.group.q, 1); err != nil {
		return 0, fmt.Errorf("fe: evaluate: key: %w", err)
	}
	if err := e.params.checkReach(key.Function, e.logs.reach()); err != nil {
		return 0, err
	}
	elements, err := e.params.open(ciphertext)
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	points := make([]*edwards25519.Point, len(elements))
	for i, encoding := range elements {
		if points[i], err = e.group.decode(encoding); err != nil {
			return 0, fmt.Errorf("fe: evaluate: element %d of the ciphertext: %w", i, err)
		}
	}
	target, err := e.combine(points, key)
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	z, err := e.logs.find(ctx, target, e.params.reach(key.Function))
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	return z, nil
}

// combine returns (product of c_i^y_i) / c_0^k, which is g^(x·y). Weights are
// worked off bit by bit from the highest, all at once.
func (e *ecddhEvaluator) combine(points []*edwards25519.Point, key Key) (*edwards25519.Point, error) {
	product := edwards25519.NewIdentityPoint()
	for bit := highestBit(key.Function); bit >= 0; bit-- {
		product.Double(product)
		for i, y := range key.Function {
			switch {
			case max(y, -y)>>bit&1 == 0:
			case y > 0:
				product.Add(product, points[1+i])
			default:
				product.Subtract(product, points[1+i])
			}
		}
	}
	minusK, err := e.group.scalar(new(big.Int).Neg(key.Secrets[0]))
	if err != nil {
		return nil, err
	}
	head := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(minusK, points[0], edwards25519.NewScalar())
	return product.Add(product, head), nil
}
