// Package codec is the wire form of functional-encryption ciphertexts. It
// knows no scheme: contracts and gateways can check, take apart and put
// together ciphertexts without any cryptography.
//
// A ciphertext is a header of six bytes and its elements, all integers
// big-endian:
//
//	byte 0     version, 1
//	byte 1     scheme: 1 ddh, 2 damgard
//	bytes 2-3  bits of the modulus: 1024, 1536, 2048, 3072 or 4096
//	bytes 4-5  length l of the encrypted vector: 1 to 1024
//	then       l+1 (ddh) or l+2 (damgard) elements of bits/8 bytes each
//
// There is one encoding per ciphertext. The codec does not know the modulus:
// it holds elements to be non-zero and shorter than 2^bits; that they are
// elements of the scheme's group is checked by whoever evaluates them.
package codec

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
)

// HeaderSize is the size of an encoded Header in bytes.
const HeaderSize = 6

// MaxLength is the longest vector that a ciphertext may encrypt.
const MaxLength = 1024

const version = 1

// A Scheme is the wire number of a functional-encryption scheme.
type Scheme uint8

// The schemes. Numbers are never reused.
const (
	DDH     Scheme = 1
	Damgard Scheme = 2
)

// String returns the scheme's name in scenarios and results.
func (s Scheme) String() string {
	switch s {
	case DDH:
		return "ddh"
	case Damgard:
		return "damgard"
	}
	return fmt.Sprintf("scheme %d", uint8(s))
}

// A Header says what the elements of a ciphertext are.
type Header struct {
	Scheme Scheme
	Bits   int // of the modulus: one of Bits()
	Length int // of the encrypted vector: 1 to MaxLength
}

// Bits returns the moduli's lengths that a Header may have, ascending.
func Bits() []int { return []int{1024, 1536, 2048, 3072, 4096} }

// Elements returns how many elements the ciphertext has, 0 for an unknown scheme.
func (h Header) Elements() int {
	switch h.Scheme {
	case DDH:
		return h.Length + 1
	case Damgard:
		return h.Length + 2
	}
	return 0
}

// Validate tells what of the header is unknown or out of range.
func (h Header) Validate() error {
	switch {
	case h.Elements() == 0:
		return fmt.Errorf("fe ciphertext: %v is unknown; known are 1 (ddh) and 2 (damgard)", h.Scheme)
	case !slices.Contains(Bits(), h.Bits):
		return fmt.Errorf("fe ciphertext: modulus of %d bits; known are %v", h.Bits, Bits())
	case h.Length < 1 || h.Length > MaxLength:
		return fmt.Errorf("fe ciphertext: vector length %d; want 1 to %d", h.Length, MaxLength)
	}
	return nil
}

// Size returns the size in bytes of a ciphertext with a valid header.
func Size(h Header) int { return HeaderSize + h.Elements()*(h.Bits/8) }

// ReadHeader returns the header of b, which may be a whole ciphertext. It
// looks at nothing beyond the header.
func ReadHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("fe ciphertext: %d bytes; the header alone has %d", len(b), HeaderSize)
	}
	if b[0] != version {
		return Header{}, fmt.Errorf("fe ciphertext: version %d; only %d is known", b[0], version)
	}
	h := Header{
		Scheme: Scheme(b[1]),
		Bits:   int(binary.BigEndian.Uint16(b[2:])),
		Length: int(binary.BigEndian.Uint16(b[4:])),
	}
	if err := h.Validate(); err != nil {
		return Header{}, err
	}
	return h, nil
}

// Check tells whether b is a well-formed ciphertext: a valid header, exactly
// the size that it announces, and no element zero. It does no arithmetic and
// allocates nothing when b is well-formed.
func Check(b []byte) error {
	h, err := ReadHeader(b)
	if err != nil {
		return err
	}
	if len(b) != Size(h) {
		return fmt.Errorf("fe ciphertext: %d bytes; %v of %d bits and length %d has %d", len(b), h.Scheme, h.Bits, h.Length, Size(h))
	}
	width := h.Bits / 8
	for i := range h.Elements() {
		element := b[HeaderSize+i*width:][:width]
		if !slices.ContainsFunc(element, func(octet byte) bool { return octet != 0 }) {
			return fmt.Errorf("fe ciphertext: element %d is zero", i)
		}
	}
	return nil
}

// Marshal encodes a ciphertext. It refuses an invalid header, a wrong number
// of elements, and elements that are nil, not positive or longer than the modulus.
func Marshal(h Header, elements []*big.Int) ([]byte, error) {
	if err := h.Validate(); err != nil {
		return nil, err
	}
	if len(elements) != h.Elements() {
		return nil, fmt.Errorf("fe ciphertext: %d elements; %v of length %d has %d", len(elements), h.Scheme, h.Length, h.Elements())
	}
	b := make([]byte, Size(h))
	b[0] = version
	b[1] = byte(h.Scheme)
	binary.BigEndian.PutUint16(b[2:], uint16(h.Bits))
	binary.BigEndian.PutUint16(b[4:], uint16(h.Length))
	width := h.Bits / 8
	for i, e := range elements {
		if e == nil || e.Sign() <= 0 || e.BitLen() > h.Bits {
			return nil, fmt.Errorf("fe ciphertext: element %d is missing, not positive or longer than %d bits", i, h.Bits)
		}
		e.FillBytes(b[HeaderSize+i*width:][:width])
	}
	return b, nil
}

// Unmarshal decodes what Check accepts and nothing else. The elements do not
// share memory with b.
func Unmarshal(b []byte) (Header, []*big.Int, error) {
	if err := Check(b); err != nil {
		return Header{}, nil, err
	}
	h, err := ReadHeader(b)
	if err != nil {
		return Header{}, nil, err
	}
	width := h.Bits / 8
	elements := make([]*big.Int, h.Elements())
	for i := range elements {
		elements[i] = new(big.Int).SetBytes(b[HeaderSize+i*width:][:width])
	}
	return h, elements, nil
}
