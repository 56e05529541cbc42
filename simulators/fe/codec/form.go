package codec

import "slices"

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

// Sizes returns the sizes that a scheme comes in, in bits and ascending: of the modulus, of n for
// paillier, of the group's order for the curves. There are none for an unknown scheme.
func (s Scheme) Sizes() []int { return slices.Clone(s.form().sizes) }

// Single reports whether a ciphertext holds one value, and its length is that of a group of meters.
func (s Scheme) Single() bool { return s.form().single }
