package fe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"filippo.io/edwards25519"

	"meterbench/simulators/fe/codec"
)

// The scheme "ecddh" is that of Abdalla, Bourse, De Caro and Pointcheval, "Simple Functional Encryption
// Schemes for Inner Products" (PKC 2015), as is "ddh", over the group ristretto255 (RFC 9496) in place of
// quadratic residues: selectively secure under decisional Diffie-Hellman there, of 128 bits. It is our own
// construction on filippo.io/edwards25519. Written multiplicatively with the group's generator g, master
// secret s and public h_i = g^s_i:
//
//	ciphertext  c_0 = g^r, c_i = h_i^r * g^x_i
//	key of y    k = s·y mod q
//	result      the z with g^z = (product of c_i^y_i) / c_0^k
//
// An element takes 32 bytes. An Encryptor holds a fixedBase of each h_i.

func setupECDDH(_ context.Context, p Params) (Authority, error) {
	secret := make([]*big.Int, p.Length)
	for i := range secret {
		var err error
		if secret[i], err = newCurveGroup().random(); err != nil {
			return nil, fmt.Errorf("fe: master keys of %v: %w", p, err)
		}
	}
	return ecddhAuthority(p, secret)
}

func ecddhAuthority(p Params, secret []*big.Int) (Authority, error) {
	group := newCurveGroup()
	var key []byte
	for _, s := range secret {
		scalar, err := group.scalar(s)
		if err != nil {
			return nil, fmt.Errorf("fe: master keys of %v: %w", p, err)
		}
		key = append(key, group.encode(new(edwards25519.Point).ScalarBaseMult(scalar))...)
	}
	encryptor, err := newECDDHEncryptor(p, key)
	return keyedAuthority{p, encryptor, func(y []int64) ([]*big.Int, error) {
		k := new(big.Int)
		for i, weight := range y {
			k.Add(k, new(big.Int).Mul(secret[i], big.NewInt(weight)))
		}
		return []*big.Int{k.Mod(k, group.q)}, nil
	}}, err
}

// ecddhKeys are the bases of a public key.
type ecddhKeys struct {
	group     curveGroup
	generator *fixedBase
	h         []*fixedBase
}

func newECDDHKeys(p Params, key []byte) (ecddhKeys, error) {
	keys := ecddhKeys{newCurveGroup(), newFixedBase(edwards25519.NewGeneratorPoint()), nil}
	for i, encoding := range codec.Split(key, encodedPoint) {
		h, err := keys.group.decode(encoding)
		if err == nil && keys.group.equal(h, edwards25519.NewIdentityPoint()) {
			err = errors.New("the group's identity, which no secret has")
		}
		if err != nil {
			return ecddhKeys{}, fmt.Errorf("fe: %v: element %d of the public key: %w", p, i, err)
		}
		keys.h = append(keys.h, newFixedBase(h))
	}
	return keys, nil
}

func newECDDHEncryptor(p Params, key []byte) (Encryptor, error) {
	keys, err := newECDDHKeys(p, key)
	if err != nil {
		return nil, err
	}
	return newEncryptor(p, key, func(x []int64) ([][]byte, error) {
		r, err := keys.group.random()
		if err != nil {
			return nil, err
		}
		return keys.encrypt(x, r), nil
	})
}

// encrypt returns the elements of the ciphertext of x with the secret number r from 1 to q-1. A number must
// serve one ciphertext only.
func (k ecddhKeys) encrypt(x []int64, r *big.Int) [][]byte {
	octets := r.FillBytes(make([]byte, encodedPoint))
	slices.Reverse(octets)
	number := signed(octets)
	elements := make([][]byte, 0, len(x)+1)
	head := edwards25519.NewIdentityPoint()
	k.generator.addMultiple(head, number)
	elements = append(elements, k.group.encode(head))
	for i, value := range x {
		c := edwards25519.NewIdentityPoint()
		clear(octets)
		binary.LittleEndian.PutUint64(octets, uint64(max(value, -value)))
		k.generator.addMultiple(c, signed(octets))
		if value < 0 {
			c.Negate(c)
		}
		k.h[i].addMultiple(c, number)
		elements = append(elements, k.group.encode(c))
	}
	return elements
}

func newECDDHEvaluator(ctx context.Context, p Params, _ []byte, tables *Tables) (Evaluator, error) {
	return newLogEvaluator(ctx, p, newCurveGroup(), tables)
}

const (
	digitBits = 5
	digits    = 51 // 5 bits each: numbers below 2^254 and a carry
	multiples = 1 << (digitBits - 1)
)

// A fixedBase is a table of multiples of one point: d * 2^(5i) * P for digits d from 1 to 16. A
// multiplication by P then is at most 51 additions and no doubling. It takes 128 kB. The entries that it
// reads depend on the secret number: it is not hardened against side channels.
type fixedBase [digits][multiples]edwards25519.Point

func newFixedBase(p *edwards25519.Point) *fixedBase {
	var table fixedBase
	unit := new(edwards25519.Point).Set(p)
	for i := range table {
		table[i][0].Set(unit)
		for d := 1; d < multiples; d++ {
			table[i][d].Add(&table[i][d-1], unit)
		}
		unit.Double(&table[i][multiples-1])
	}
	return &table
}

// addMultiple adds the number with those digits times P to sum.
func (f *fixedBase) addMultiple(sum *edwards25519.Point, number *signedDigits) {
	for i, d := range number {
		switch {
		case d > 0:
			sum.Add(sum, &f[i][d-1])
		case d < 0:
			sum.Subtract(sum, &f[i][-d-1])
		}
	}
}

// signedDigits are the digits of a number to base 32, each from -15 to 16, the lowest first.
type signedDigits [digits]int8

// signed returns the digits of a little-endian number below 2^254.
func signed(number []byte) *signedDigits {
	var out signedDigits
	carry := 0
	for i := range out {
		at := i * digitBits
		window := int(number[at/8]) >> (at % 8)
		if at/8+1 < len(number) {
			window |= int(number[at/8+1]) << (8 - at%8)
		}
		d := window&(1<<digitBits-1) + carry
		carry = 0
		if d > multiples {
			d -= 1 << digitBits
			carry = 1
		}
		out[i] = int8(d)
	}
	return &out
}
