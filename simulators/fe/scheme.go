package fe

import (
	"context"
	"fmt"
	"math"
	"slices"

	"meterbench/simulators/fe/codec"
)

// Name is the name of a scheme. Its methods describe the scheme's ciphertexts.
type Name = codec.Scheme

// The names of the schemes.
const DDH, Damgard, ECDDH, Paillier, DMCFE = codec.DDH, codec.Damgard, codec.ECDDH, codec.Paillier, codec.DMCFE

// A Scheme is a row of the table of schemes. The form of its ciphertexts and public keys is a row in package codec.
type Scheme struct {
	Name     Name
	elements string           // of a ciphertext, in words, with %d for the size
	strength map[int]strength // by size
	cost     func(size float64, length int) Cost
	searches bool // for discrete logarithms, in Tables
	// A scheme without an authority leaves the rest nil: its meters agree on keys in groups. Parameters are
	// valid and keys have the size that follows from them, but are not validated.
	setup     func(context.Context, Params) (Authority, error)
	encryptor func(p Params, key []byte) (Encryptor, error)
	evaluator func(ctx context.Context, p Params, key []byte, tables *Tables) (Evaluator, error)
}

// Schemes returns the table of schemes.
func Schemes() []Scheme {
	return []Scheme{
		{
			Name: DDH, elements: "quadratic residues modulo a safe prime of %d bits", strength: residueStrength,
			cost: powers(1), searches: true,
			setup: zp(newDDH).setup, encryptor: zp(newDDH).encryptor, evaluator: zp(newDDH).evaluator,
		}, {
			Name: Damgard, elements: "quadratic residues modulo a safe prime of %d bits", strength: residueStrength,
			cost: powers(2), searches: true,
			setup: zp(newDamgard).setup, encryptor: zp(newDamgard).encryptor, evaluator: zp(newDamgard).evaluator,
		}, {
			Name: ECDDH, elements: "ristretto255", strength: ristrettoStrength,
			cost:     func(_ float64, l int) Cost { return Cost{Encrypt: 0.8 * float64(1+l), Sample: 10 * float64(1+l)} },
			searches: true,
			setup:    setupECDDH, encryptor: newECDDHEncryptor, evaluator: newECDDHEvaluator,
		}, {
			Name: Paillier, elements: "residues modulo the square of n, n of %d bits", strength: factoringStrength,
			cost: func(size float64, l int) Cost {
				c := powers(3)(size, l)
				c.Setup = 33_000 * math.Pow(size/2048, 5) // the search for two safe primes
				return c
			},
			setup: setupPaillier, encryptor: newPaillierEncryptor, evaluator: newPaillierEvaluator,
		}, {
			Name: DMCFE, elements: "bn256, pairing G_1 and G_2 to G_T", strength: pairingStrength,
			cost:     func(_ float64, l int) Cost { return Cost{Encrypt: 11, Sample: 140 + 16*float64(l)} },
			searches: true,
		},
	}
}

// Cost is about how long a scheme takes, in P-256 signatures on the same machine.
type Cost struct {
	Setup   float64 // once for a size, as the search for a modulus
	Encrypt float64 // one ciphertext
	Sample  float64 // of the table of costs: fresh keys, a ciphertext of each member, a decryption
}

// powers returns the cost of schemes that raise residues to secret powers, some for each value and as many
// for the head, each of about 200 signatures' time modulo 2048 bits.
func powers(some float64) func(size float64, length int) Cost {
	return func(size float64, length int) Cost {
		encrypt := some * 200 * math.Pow(size/2048, 2.6) * float64(1+length)
		return Cost{Encrypt: encrypt, Sample: 2.2 * encrypt}
	}
}

// Cost returns about how long the scheme takes at a size, for vectors or groups of a length.
func (s Scheme) Cost(bits, length int) Cost { return s.cost(float64(bits), length) }

// HasAuthority reports whether the scheme has an authority, whose keys evaluate encrypted vectors. One
// without encrypts the single values of several meters.
func (s Scheme) HasAuthority() bool { return s.setup != nil }

// Elements describes the elements of a ciphertext.
func (s Scheme) Elements(bits int) string {
	if len(s.Name.Sizes()) == 1 {
		return s.elements
	}
	return fmt.Sprintf(s.elements, bits)
}

// SchemeOf returns the scheme of a name.
func SchemeOf(name Name) (Scheme, error) {
	all := Schemes()
	if i := slices.IndexFunc(all, func(s Scheme) bool { return s.Name == name }); i >= 0 {
		return all[i], nil
	}
	return Scheme{}, fmt.Errorf("fe: scheme %q is unknown; choose one of %v", name, Names())
}

// Names returns the names of the schemes.
func Names() []string {
	var names []string
	for _, s := range Schemes() {
		names = append(names, string(s.Name))
	}
	return names
}

func schemeWithAuthority(name Name) (Scheme, error) {
	s, err := SchemeOf(name)
	if err == nil && !s.HasAuthority() {
		return Scheme{}, fmt.Errorf("fe: scheme %s has no authority; its meters agree on keys themselves", name)
	}
	return s, err
}

// A strength is the security strength of a size in bits, and where that number comes from.
type strength struct {
	bits   int
	source string
}

const (
	table2  = "NIST SP 800-57 Part 1 Rev. 5, Table 2"
	between = "interpolated: the estimate of NIST SP 800-56B Rev. 2, Appendix D, for factoring at this size"
	equated = ", which SP 800-57 equates with discrete logarithms"
	legacy  = "; disallowed since 2014 (SP 800-131A)"
)

// The strengths of the schemes. Those modulo a safe prime are as strong as discrete logarithms are hard there; the
// exponents are as long as the modulus, so its size alone decides. Paillier is as strong as its n is hard to factor.
var (
	residueStrength = map[int]strength{
		1024: {80, table2 + legacy},
		1536: {96, between + equated + "; RFC 3526 estimates 90"},
		2048: {112, table2},
		3072: {128, table2},
		4096: {152, between + equated + "; SP 800-56A Rev. 3 gives MODP-4096 at most 152, RFC 3526 estimates 150"},
	}
	factoringStrength = map[int]strength{1024: {80, table2 + legacy}, 2048: {112, table2}, 3072: {128, table2}, 4096: {152, between}}
	ristrettoStrength = map[int]strength{256: {128, "RFC 9496 and " + table2 + ": a group of order 2^252"}}
	pairingStrength   = map[int]strength{256: {100, "Barbulescu and Duquesne, Updating Key Size Estimations for Pairings (J. Cryptology 2019): " +
		"Barreto-Naehrig curves of 254 to 256 bits after the tower number field sieve"}}
)

// Security returns the scheme's security strength at a size, in bits, and where that number comes from. The
// strength is nil if there is no assessment.
func (s Scheme) Security(bits int) (strength *int, source string) {
	assessed, ok := s.strength[bits]
	if !ok {
		return nil, "not assessed"
	}
	return &assessed.bits, assessed.source
}
