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

func newECDDHEvaluator(ctx context.Context, p Params, _ []byte, tables *Tables) (Evaluator, error) {
	return newLogEvaluator(ctx, p, newCurveGroup(), tables)
}
