package fe

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// A curveGroup is ristretto255 (RFC 9496), a group of prime order q of about 2^252. Its elements are points
// of edwards25519, of which eight stand for the same element: they differ by points of order four, and by the
// square root that the decoding chose. Arithmetic is that of filippo.io/edwards25519; encoding, decoding and
// equality follow RFC 9496, section 4.3.
type curveGroup struct {
	q      *big.Int
	d      field.Element // of the curve -x^2 + y^2 = 1 + d x^2 y^2
	root   field.Element // of -1
	invert field.Element // 1 / sqrt(-1 - d)
}

// encodedPoint is the size of an encoded element in bytes.
const encodedPoint = 32

func newCurveGroup() curveGroup {
	var c curveGroup
	c.q = new(big.Int).Lsh(big.NewInt(1), 252)
	c.q.Add(c.q, new(big.Int).SetBytes([]byte{0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6, 0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed}))

	var one, up, down field.Element
	one.One()
	up.Negate(up.Mult32(&one, 121665))
	c.d.Multiply(&up, down.Invert(down.Mult32(&one, 121666)))
	c.root.SqrtRatio(new(field.Element).Negate(&one), &one)
	c.invert.SqrtRatio(&one, down.Subtract(down.Negate(&one), &c.d))
	return c
}

// decode returns the element with that encoding. Each element has one.
func (c curveGroup) decode(encoding []byte) (*edwards25519.Point, error) {
	var s, squared, one, u1, u2, v, root, x, y, t field.Element
	if _, err := s.SetBytes(encoding); err != nil {
		return nil, err
	}
	if s.IsNegative() == 1 || !bytes.Equal(s.Bytes(), encoding) {
		return nil, errors.New("not the canonical encoding of an element of ristretto255")
	}
	squared.Square(&s)
	one.One()
	u1.Subtract(&one, &squared)
	u2.Add(&one, &squared)
	square := new(field.Element).Square(&u2)
	v.Multiply(v.Square(&u1), &c.d)
	v.Subtract(v.Negate(&v), square)
	_, isSquare := root.SqrtRatio(&one, square.Multiply(square, &v))
	x.Multiply(&root, &u2) // the denominator of x
	y.Multiply(y.Multiply(&root, &x), &v)
	x.Multiply(&x, s.Add(&s, &s))
	x.Absolute(&x)
	y.Multiply(&y, &u1)
	t.Multiply(&x, &y)
	if isSquare == 0 || t.IsNegative() == 1 || y.Equal(new(field.Element)) == 1 {
		return nil, errors.New("not the encoding of an element of ristretto255")
	}
	return new(edwards25519.Point).SetExtendedCoordinates(&x, &y, &one, &t)
}

// encode returns the encoding of an element.
func (c curveGroup) encode(p *edwards25519.Point) []byte {
	x, y, z, t := p.ExtendedCoordinates()
	var one, u1, u2, root, den, zInverse, turned, s field.Element
	u1.Multiply(u1.Add(z, y), s.Subtract(z, y))
	u2.Multiply(x, y)
	root.SqrtRatio(one.One(), s.Multiply(&u1, s.Square(&u2)))
	turned.Multiply(&root, &u1) // the first denominator
	den.Multiply(&root, &u2)
	zInverse.Multiply(zInverse.Multiply(&turned, &den), t)
	if s.Multiply(t, &zInverse).IsNegative() == 1 {
		s.Set(x)
		x.Multiply(y, &c.root)
		y.Multiply(&s, &c.root)
		den.Multiply(&turned, &c.invert)
	}
	if s.Multiply(x, &zInverse).IsNegative() == 1 {
		y.Negate(y)
	}
	s.Multiply(&den, s.Subtract(z, y))
	return s.Absolute(&s).Bytes()
}

// scalar returns a number modulo q.
func (c curveGroup) scalar(n *big.Int) (*edwards25519.Scalar, error) {
	b := new(big.Int).Mod(n, c.q).FillBytes(make([]byte, encodedPoint))
	slices.Reverse(b)
	return edwards25519.NewScalar().SetCanonicalBytes(b)
}

// random returns a secret number from 1 to q-1.
func (c curveGroup) random() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Sub(c.q, big.NewInt(1)))
	if err != nil {
		return nil, fmt.Errorf("random number: %w", err)
	}
	return n.Add(n, big.NewInt(1)), nil
}

func (c curveGroup) checkSecret(k *big.Int) error { return checkBelow(k, c.q) }

// combine returns (product of c_i^y_i) / c_0^k. Weights are worked off bit by bit from the highest, all at once.
func (c curveGroup) combine(points []*edwards25519.Point, key Key) (*edwards25519.Point, error) {
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
	minusK, err := c.scalar(new(big.Int).Neg(key.Secrets[0]))
	if err != nil {
		return nil, err
	}
	head := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(minusK, points[0], edwards25519.NewScalar())
	return product.Add(product, head), nil
}

// The eight points of an element, and those of its inverse, share (x*y)^2: points of order four change (x, y)
// into (-x, -y), (iy, ix) or (-iy, -ix), the inverse is (-x, y). The fingerprint is its lowest 64 bits.
var _ cipherGroup[*edwards25519.Point] = curveGroup{}

func (c curveGroup) id() string { return "ristretto255" }

func (c curveGroup) symmetric() bool { return true }

func (c curveGroup) power(z int64) *edwards25519.Point {
	var b [encodedPoint]byte
	binary.LittleEndian.PutUint64(b[:], uint64(max(z, -z)))
	scalar, err := edwards25519.NewScalar().SetCanonicalBytes(b[:])
	if err != nil {
		panic(err) // a number of 63 bits is below q
	}
	p := new(edwards25519.Point).ScalarBaseMult(scalar)
	if z < 0 {
		p.Negate(p)
	}
	return p
}

func (c curveGroup) equal(p, q *edwards25519.Point) bool {
	x1, y1, _, _ := p.ExtendedCoordinates()
	x2, y2, _, _ := q.ExtendedCoordinates()
	var a, b field.Element
	return a.Multiply(x1, y2).Equal(b.Multiply(y1, x2)) == 1 || a.Multiply(y1, y2).Equal(b.Multiply(x1, x2)) == 1
}

// walk divides by all the z coordinates at once (Montgomery): products of the first ones, one inversion, and back.
func (c curveGroup) walk(p, step *edwards25519.Point, prints []uint64) *edwards25519.Point {
	var ts, zs, products [walkSteps]field.Element
	p = new(edwards25519.Point).Set(p)
	var product field.Element
	product.One()
	for i := range prints {
		_, _, z, t := p.ExtendedCoordinates()
		ts[i], zs[i], products[i] = *t, *z, product
		product.Multiply(&product, z)
		p.Add(p, step)
	}
	product.Invert(&product)
	for i := len(prints) - 1; i >= 0; i-- {
		var xy field.Element
		xy.Multiply(&ts[i], xy.Multiply(&product, &products[i])) // t = x*y*z
		prints[i] = binary.LittleEndian.Uint64(xy.Square(&xy).Bytes())
		product.Multiply(&product, &zs[i])
	}
	return p
}
