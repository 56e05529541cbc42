// Package codec is the wire form of functional-encryption ciphertexts and of the public keys that they are
// made with. Contracts and gateways can check, read and write both without any cryptography.
//
// A ciphertext is a header of six bytes and its elements, all numbers big-endian:
//
//	byte 0     version, 1
//	byte 1     scheme: 1 ddh, 2 damgard, 3 ecddh, 4 paillier, 5 dmcfe
//	bytes 2-3  size of the scheme in bits: one of Scheme.Sizes
//	bytes 4-5  length l of the encrypted vector: 1 to 1024; for dmcfe the
//	           number of meters whose values of one label are added up
//	then       the elements:
//
//	scheme    elements  bytes each
//	ddh       l+1       bits/8, a residue
//	damgard   l+2       bits/8, a residue
//	ecddh     l+1       32, an encoding of ristretto255
//	paillier  l+1       bits/4, a residue modulo n^2
//	dmcfe     1         64, a point of bn256
//
// There is one encoding per ciphertext. The codec knows no modulus and no curve: it checks that elements have
// their width and are not zero; the evaluator checks that they are elements of the scheme's group.
package codec

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// HeaderSize is the size of an encoded Header in bytes.
const HeaderSize = 6

// MaxLength is the longest vector that a ciphertext may encrypt.
const MaxLength = 1024

const version = 1

// A Header describes the elements of a ciphertext.
type Header struct {
	Scheme Scheme
	Bits   int // one of Scheme.Sizes()
	Length int // of the encrypted vector, or of the group of meters: 1 to MaxLength
}

// Elements returns the number of elements of the ciphertext, 0 for an unknown scheme.
func (h Header) Elements() int {
	f := h.Scheme.form()
	switch {
	case f.number == 0:
		return 0
	case f.single:
		return f.heads + 1
	}
	return f.heads + h.Length
}

// ElementSize returns the size of each element in bytes, 0 for an unknown scheme.
func (h Header) ElementSize() int { return h.Scheme.form().numbers * h.Bits / 8 }

// Validate checks that the header is known and within range.
func (h Header) Validate() error {
	f := h.Scheme.form()
	switch {
	case f.number == 0:
		return fmt.Errorf("fe ciphertext: scheme %q is unknown", h.Scheme)
	case !slices.Contains(f.sizes, h.Bits):
		return fmt.Errorf("fe ciphertext: %s of %d bits; known are %v", h.Scheme, h.Bits, f.sizes)
	case h.Length < 1 || h.Length > MaxLength:
		return fmt.Errorf("fe ciphertext: vector length %d; want 1 to %d", h.Length, MaxLength)
	}
	return nil
}

func (h Header) put(b []byte) {
	b[0] = version
	b[1] = h.Scheme.Number()
	binary.BigEndian.PutUint16(b[2:], uint16(h.Bits))
	binary.BigEndian.PutUint16(b[4:], uint16(h.Length))
}

// Size returns the size in bytes of a ciphertext with a valid header.
func Size(h Header) int { return HeaderSize + h.Elements()*h.ElementSize() }

// ReadHeader returns the header of b, which may be a whole ciphertext. It ignores the rest.
func ReadHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("fe ciphertext: %d bytes; the header alone has %d", len(b), HeaderSize)
	}
	if b[0] != version {
		return Header{}, fmt.Errorf("fe ciphertext: version %d; only %d is known", b[0], version)
	}
	h := Header{
		Scheme: Numbered(b[1]),
		Bits:   int(binary.BigEndian.Uint16(b[2:])),
		Length: int(binary.BigEndian.Uint16(b[4:])),
	}
	if h.Scheme == "" {
		first, last := forms[0], forms[len(forms)-1]
		return Header{}, fmt.Errorf("fe ciphertext: scheme %d is unknown; known are %d (%s) to %d (%s)",
			b[1], first.number, first.scheme, last.number, last.scheme)
	}
	return h, h.Validate()
}

// Check checks that b is a well-formed ciphertext: a valid header, exactly the size that it announces, and no
// element zero. It does no arithmetic and allocates nothing if b is well-formed.
func Check(b []byte) error {
	_, err := check(b)
	return err
}

// check returns the header of a ciphertext that passes Check.
func check(b []byte) (Header, error) {
	h, err := ReadHeader(b)
	if err != nil {
		return Header{}, err
	}
	if len(b) != Size(h) {
		return Header{}, fmt.Errorf("fe ciphertext: %d bytes; %v of %d bits and length %d has %d", len(b), h.Scheme, h.Bits, h.Length, Size(h))
	}
	width := h.ElementSize()
	for i := range h.Elements() {
		if isZero(b[HeaderSize+i*width:][:width]) {
			return Header{}, fmt.Errorf("fe ciphertext: element %d is zero", i)
		}
	}
	return h, nil
}

func isZero(element []byte) bool {
	return !slices.ContainsFunc(element, func(octet byte) bool { return octet != 0 })
}

// Marshal encodes a ciphertext. It refuses an invalid header, a wrong number of elements, and elements that
// are zero or not of the header's ElementSize.
func Marshal(h Header, elements [][]byte) ([]byte, error) {
	if err := h.Validate(); err != nil {
		return nil, err
	}
	if len(elements) != h.Elements() {
		return nil, fmt.Errorf("fe ciphertext: %d elements; %v of length %d has %d", len(elements), h.Scheme, h.Length, h.Elements())
	}
	b := make([]byte, HeaderSize, Size(h))
	h.put(b)
	for i, e := range elements {
		if len(e) != h.ElementSize() || isZero(e) {
			return nil, fmt.Errorf("fe ciphertext: element %d is zero or has %d bytes, not %d", i, len(e), h.ElementSize())
		}
		b = append(b, e...)
	}
	return b, nil
}

// Unmarshal decodes a ciphertext that Check accepts. The elements are parts of b.
func Unmarshal(b []byte) (Header, [][]byte, error) {
	h, err := check(b)
	if err != nil {
		return Header{}, nil, err
	}
	return h, Split(b[HeaderSize:], h.ElementSize()), nil
}

// Split cuts b into parts of that many bytes each, at least 1, and drops a shorter rest.
func Split(b []byte, width int) [][]byte {
	parts := make([][]byte, len(b)/width)
	for i := range parts {
		parts[i] = b[i*width:][:width:width]
	}
	return parts
}

// A Scheme is the name of a functional-encryption scheme, as scenarios and results have it.
type Scheme string

// The schemes.
const (
	DDH      Scheme = "ddh"
	Damgard  Scheme = "damgard"
	ECDDH    Scheme = "ecddh"
	Paillier Scheme = "paillier"
	DMCFE    Scheme = "dmcfe"
)

// A form describes the ciphertexts and public keys of a scheme.
type form struct {
	scheme  Scheme
	number  uint8 // on the wire, never reused
	sizes   []int // bits that the scheme comes in, ascending
	numbers int   // of so many bits that make an element: residues modulo n^2 and points have 2
	heads   int   // elements of a ciphertext before those of the values
	single  bool  // a ciphertext holds one value, whatever the length
	preface int   // numbers of a public key before its elements, one for each value
}

// forms is the table of wire forms.
var forms = [...]form{
	{scheme: DDH, number: 1, sizes: []int{1024, 1536, 2048, 3072, 4096}, numbers: 1, heads: 1},
	{scheme: Damgard, number: 2, sizes: []int{1024, 1536, 2048, 3072, 4096}, numbers: 1, heads: 2},
	{scheme: ECDDH, number: 3, sizes: []int{256}, numbers: 1, heads: 1},
	{scheme: Paillier, number: 4, sizes: []int{1024, 2048, 3072, 4096}, numbers: 2, heads: 1, preface: 3}, // n and a generator modulo n^2
	{scheme: DMCFE, number: 5, sizes: []int{256}, numbers: 2, single: true},
}

// form returns the scheme's form, the zero form for an unknown scheme.
func (s Scheme) form() form {
	for i := range forms {
		if forms[i].scheme == s {
			return forms[i]
		}
	}
	return form{}
}

// Numbered returns the scheme with a number on the wire, "" if there is none.
func Numbered(number uint8) Scheme {
	for i := range forms {
		if forms[i].number == number {
			return forms[i].scheme
		}
	}
	return ""
}

// Number returns the scheme's number on the wire, 0 for an unknown scheme.
func (s Scheme) Number() uint8 { return s.form().number }

// Sizes returns the sizes that a scheme comes in, in bits and ascending: of the modulus, of n for paillier,
// of the group's order for the curves. There are none for an unknown scheme.
func (s Scheme) Sizes() []int { return slices.Clone(s.form().sizes) }

// Single reports whether a ciphertext holds one value, and its length is that of a group of meters.
func (s Scheme) Single() bool { return s.form().single }
