package codec

import (
	"encoding/binary"
	"fmt"
)

// PublicHeaderSize is the size of the part before the key in a Public, in bytes.
const PublicHeaderSize = 1 + HeaderSize + 8

// publicMark distinguishes a public key from a ciphertext, which begins with a version.
const publicMark = 'P'

// A Public is the parameters of a scheme and a public key, as encryptors share them and the ledger keeps
// them. In wire form, all numbers big-endian:
//
//	byte 0      'P'
//	bytes 1-6   header, as that of a ciphertext
//	bytes 7-14  bound: largest absolute value in the vectors, at least 1
//	then        the key, whose size follows from the header:
//
//	scheme    key
//	ddh       l elements of a ciphertext's width
//	damgard   l elements of a ciphertext's width
//	ecddh     l elements of a ciphertext's width
//	paillier  n of bits/8 bytes, then a generator and l elements of bits/4 bytes
//	dmcfe     l elements of a ciphertext's width, one of each member
//
// There is one encoding per public key.
type Public struct {
	Header
	Bound int64
	Key   []byte // in the scheme's form, not checked here
}

// PublicSize returns the size in bytes of a public key with a valid header.
func PublicSize(h Header) int {
	return PublicHeaderSize + h.Scheme.form().preface*h.Bits/8 + h.Length*h.ElementSize()
}

// Marshal returns the wire form.
func (p Public) Marshal() ([]byte, error) {
	if err := p.validate(len(p.Key)); err != nil {
		return nil, err
	}
	b := make([]byte, PublicHeaderSize, PublicSize(p.Header))
	b[0] = publicMark
	p.put(b[1:])
	binary.BigEndian.PutUint64(b[1+HeaderSize:], uint64(p.Bound))
	return append(b, p.Key...), nil
}

// ReadPublic is the inverse of Marshal. The key is a part of b.
func ReadPublic(b []byte) (Public, error) {
	if len(b) < PublicHeaderSize || b[0] != publicMark {
		return Public{}, fmt.Errorf("fe public key: %d bytes that do not begin with the mark of a public key", len(b))
	}
	h, err := ReadHeader(b[1:])
	if err != nil {
		return Public{}, fmt.Errorf("fe public key: %w", err)
	}
	p := Public{h, int64(binary.BigEndian.Uint64(b[1+HeaderSize:])), b[PublicHeaderSize:]}
	if err := p.validate(len(p.Key)); err != nil {
		return Public{}, err
	}
	return p, nil
}

func (p Public) validate(key int) error {
	if err := p.Header.Validate(); err != nil {
		return fmt.Errorf("fe public key: %w", err)
	}
	if p.Bound < 1 {
		return fmt.Errorf("fe public key: bound %d; want at least 1", p.Bound)
	}
	if want := PublicSize(p.Header) - PublicHeaderSize; key != want {
		return fmt.Errorf("fe public key: key of %d bytes; %v of %d bits and length %d has %d", key, p.Scheme, p.Bits, p.Length, want)
	}
	return nil
}
