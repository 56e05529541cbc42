// Package fe encrypts vectors of meter values. The holder of the key of a function, and of a ciphertext, learns the
// function's value and nothing else. The functions are inner products with a vector y of public weights: a daily sum, a
// tariff.
//
// The roles differ in their keys. The Authority holds the master secret and derives the key of a function; the
// Encryptor stands in the sensor and needs the public key only; the Evaluator stands in the gateway and holds no secret
// of its own. Ciphertexts and public keys travel between them in the form of package codec.
//
//	public ->  NewEncryptor
//	x      ->  Encryptor.Encrypt  ->  ciphertext  ->  Evaluator.Evaluate  ->  sum of x_i*y_i
//	y      ->  Authority.Derive   ->  Key         ->
//
// The scheme dmcfe has no authority: a group of meters agrees on keys, and each encrypts its own values. Schemes is the
// table of schemes; a new one is a row there and in package codec, and a file.
//
// Setup, key derivation and encryption of ddh, damgard, paillier and dmcfe are gofe's (github.com/fentec-project/gofe).
// Evaluation is our own: gofe's decryption leaves a goroutine behind that searches on and then blocks for ever, and
// panics on malformed input. The scheme ecddh is our own construction.
//
// Limits of the schemes: a ciphertext can be altered to encrypt a related vector, so the sensor's signature must cover
// it; a key for l = 1, or l independent keys, reveal the values themselves; nothing here is hardened against side
// channels.
package fe

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"meterbench/simulators/fe/codec"
)

// ErrNoResult is the error of Evaluate if no result within the bound fits: the ciphertext was altered or
// belongs to another master key, or the key is not that of its function.
var ErrNoResult = errors.New("no result within the bound")

// Params are the public parameters of all keys of a scheme.
type Params struct {
	Scheme Name
	Bits   int   // one of Scheme.Sizes()
	Length int   // l, of the vectors x and y, or of the group of meters: 1 to 1024
	Bound  int64 // B, largest absolute value in x and in y, at least 1
}

// productBits, even, limits the largest result: l*B^2 < 2^productBits. Beyond it gofe replaces the bound by
// the order of the group, and a search for logarithms takes hours.
const productBits = 48

// Validate checks that the parameters are known and within range.
func (p Params) Validate() error {
	if _, err := SchemeOf(p.Scheme); err != nil {
		return err
	}
	switch sizes := p.Scheme.Sizes(); {
	case !slices.Contains(sizes, p.Bits):
		return fmt.Errorf("fe: %s of %d bits is not available; choose one of %v", p.Scheme, p.Bits, sizes)
	case p.Length < 1 || p.Length > codec.MaxLength:
		return fmt.Errorf("fe: vector length %d is out of range; choose 1 to %d", p.Length, codec.MaxLength)
	case p.Bound < 1:
		return fmt.Errorf("fe: bound %d is too small; choose at least 1", p.Bound)
	case p.Bound >= 1<<(productBits/2) || int64(p.Length)*p.Bound*p.Bound >= 1<<productBits:
		return fmt.Errorf("fe: length %d times bound %d squared must stay below 2^%d for %s; lower one of them", p.Length, p.Bound, productBits, p.Scheme)
	}
	return nil
}

// String returns, for example, "ddh 2048 l=24".
func (p Params) String() string { return fmt.Sprintf("%s %d l=%d", p.Scheme, p.Bits, p.Length) }

// CiphertextSize returns the size of every ciphertext under valid parameters, in bytes.
func (p Params) CiphertextSize() int { return codec.Size(p.header()) }

func (p Params) header() codec.Header {
	return codec.Header{Scheme: p.Scheme, Bits: p.Bits, Length: p.Length}
}

// checkVector checks a vector of plaintext or weights against the parameters. The error contains no values:
// they may be readings.
func (p Params) checkVector(v []int64) error {
	if len(v) != p.Length {
		return fmt.Errorf("vector of length %d; the parameters say %d", len(v), p.Length)
	}
	for i, c := range v {
		if c > p.Bound || c < -p.Bound {
			return fmt.Errorf("value %d of the vector is over the bound %d", i, p.Bound)
		}
	}
	return nil
}

// reach returns the largest absolute result of a function whose weights are within the bound: B times the sum
// of |y_i|, far less than l*B^2 for the usual functions.
func (p Params) reach(y []int64) int64 {
	var bound int64
	for _, weight := range y {
		bound += p.Bound * max(weight, -weight)
	}
	return bound
}

// highestBit returns the number of the highest bit set in any weight, -1 if none is.
func highestBit(y []int64) int {
	var all int64
	for _, weight := range y {
		all |= max(weight, -weight)
	}
	return bits.Len64(uint64(all)) - 1
}

// open returns the elements of a ciphertext under the parameters.
func (p Params) open(ciphertext []byte) ([][]byte, error) {
	h, elements, err := codec.Unmarshal(ciphertext)
	if err != nil {
		return nil, err
	}
	if h != p.header() {
		return nil, fmt.Errorf("ciphertext of %v, %d bits, length %d; the evaluator is for %v", h.Scheme, h.Bits, h.Length, p)
	}
	return elements, nil
}

// A Key lets its holder compute one function of every vector encrypted under the same master key: its inner
// product with Function.
type Key struct {
	Params   Params
	Function []int64    // y
	Secrets  []*big.Int // s·y, of damgard also t·y, modulo the order of the group; of paillier an integer
}

// An Authority holds the master secret key.
type Authority interface {
	// Encryptor returns the sensors' encryptor, which holds public values only.
	Encryptor() Encryptor
	// Derive returns the key of the inner product with y. It refuses a y of the wrong length or with a value
	// over the bound.
	Derive(y []int64) (Key, error)
}

// An Encryptor encrypts vectors. Many goroutines may use it at once.
type Encryptor interface {
	// Public returns the public key and the parameters in the form of codec.Public, from which NewEncryptor
	// makes an equal Encryptor.
	Public() []byte
	// Encrypt returns the ciphertext of x in the form of package codec. It refuses an x of the wrong length
	// or with a value over the bound.
	Encrypt(x []int64) ([]byte, error)
}

// An Evaluator computes functions of ciphertexts. Many goroutines may use it at once; none that it starts
// outlives its call.
type Evaluator interface {
	// Evaluate returns the inner product of the encrypted vector with the key's function. It checks ciphertext and key
	// first, fails with ErrNoResult if they do not fit together, and with the context's error as soon as that is done.
	Evaluate(ctx context.Context, ciphertext []byte, key Key) (int64, error)
}

// Setup makes an Authority with a fresh master key. It fails for a scheme without an authority, and with the
// context's error within about a second of its end.
func Setup(ctx context.Context, p Params) (Authority, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := schemeWithAuthority(p.Scheme)
	if err != nil {
		return nil, err
	}
	return s.setup(ctx, p)
}

// NewEncryptor makes the Encryptor of a public key in the form of codec.Public, as Encryptor.Public returns
// it. It refuses elements that are not in the scheme's group or that no secret has. The modulus of paillier
// is part of the key, and without its factors neither it nor the elements can be checked in full: a malicious
// authority can make a bad key that passes.
func NewEncryptor(public []byte) (Encryptor, error) {
	s, p, key, err := readAuthority(public)
	if err != nil {
		return nil, err
	}
	return s.encryptor(p, key)
}

// NewEvaluator makes an Evaluator for ciphertexts under a public key in the form of codec.Public. The table
// of discrete logarithms, if the scheme needs one, comes from tables, which may need to compute it first.
// NewEvaluator fails with the context's error as soon as that is done.
//
// The time of an evaluation grows with the absolute value of its result. Evaluate, and before it
// Tables.Check, refuse functions whose results may be beyond the reach of the tables.
func NewEvaluator(ctx context.Context, public []byte, tables *Tables) (Evaluator, error) {
	s, p, key, err := readAuthority(public)
	if err != nil {
		return nil, err
	}
	return s.evaluator(ctx, p, key, tables)
}

// ReadParams returns the parameters in a public key in the form of codec.Public. It ignores the key itself.
func ReadParams(public []byte) (Params, error) {
	p, _, err := readPublic(public)
	return p, err
}

// readPublic decodes a public key. The key's bytes are part of public.
func readPublic(public []byte) (Params, []byte, error) {
	decoded, err := codec.ReadPublic(public)
	if err != nil {
		return Params{}, nil, err
	}
	p := Params{decoded.Scheme, decoded.Bits, decoded.Length, decoded.Bound}
	if err := p.Validate(); err != nil {
		return Params{}, nil, err
	}
	return p, decoded.Key, nil
}

// readAuthority decodes a public key of a scheme with an authority.
func readAuthority(public []byte) (s Scheme, p Params, key []byte, err error) {
	if p, key, err = readPublic(public); err == nil {
		s, err = schemeWithAuthority(p.Scheme)
	}
	return s, p, key, err
}

// public returns the wire form of a public key.
func (p Params) public(key []byte) ([]byte, error) {
	return codec.Public{Header: p.header(), Bound: p.Bound, Key: key}.Marshal()
}
