package codec

import (
	"fmt"
	"slices"
)

// A Scheme is the wire number of a functional-encryption scheme.
type Scheme uint8

// The schemes. Numbers are never reused.
const (
	DDH      Scheme = 1
	Damgard  Scheme = 2
	ECDDH    Scheme = 3
	Paillier Scheme = 4
	DMCFE    Scheme = 5
)

// A form is what ciphertexts and public keys of a scheme look like. It is
// plain data, so that checking a ciphertext allocates nothing.
type form struct {
	name    string
	sizes   [5]int // bits that the scheme comes in, ascending, then zeros
	numbers int    // of so many bits that make an element: residues modulo n^2 and points have 2
	heads   int    // elements of a ciphertext before those of the values
	single  bool   // a ciphertext holds one value, whatever the length
	preface int    // numbers of a public key before its elements, one for each value
}

// formOf returns a scheme's form, the zero form for an unknown scheme.
func formOf(s Scheme) form {
	switch s {
	case DDH:
		return form{name: "ddh", sizes: [5]int{1024, 1536, 2048, 3072, 4096}, numbers: 1, heads: 1}
	case Damgard:
		return form{name: "damgard", sizes: [5]int{1024, 1536, 2048, 3072, 4096}, numbers: 1, heads: 2}
	case ECDDH:
		return form{name: "ecddh", sizes: [5]int{256}, numbers: 1, heads: 1}
	case Paillier: // the preface is n and a generator modulo n^2
		return form{name: "paillier", sizes: [5]int{1024, 2048, 3072, 4096}, numbers: 2, heads: 1, preface: 3}
	case DMCFE:
		return form{name: "dmcfe", sizes: [5]int{256}, numbers: 2, single: true}
	}
	return form{}
}

func (f form) comesIn(bits int) bool { return bits > 0 && slices.Contains(f.sizes[:], bits) }

// String returns the scheme's name in scenarios and results.
func (s Scheme) String() string {
	if name := formOf(s).name; name != "" {
		return name
	}
	return fmt.Sprintf("scheme %d", uint8(s))
}

// Sizes returns the sizes that a scheme comes in, in bits and ascending: of
// the modulus, of n for paillier, of the group's order for the curves. There
// are none for an unknown scheme.
func (s Scheme) Sizes() []int {
	sizes := formOf(s).sizes
	return slices.DeleteFunc(sizes[:], func(bits int) bool { return bits == 0 })
}
