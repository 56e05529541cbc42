// Package fe encrypts vectors of meter values so that whoever holds the key
// of a function, and the ciphertext, learns the function's value and nothing
// else. The functions are inner products with a vector y of public weights: a
// daily sum, a tariff.
//
// A scheme is split by who holds which key. The Authority holds the master
// secret and derives the key of a function; the Encryptor stands in the sensor
// and needs public values only; the Evaluator stands in the gateway and holds
// no secret of its own. Between them travel ciphertexts in the form of package
// codec.
//
//	x  ->  Encryptor.Encrypt  ->  ciphertext  ->  Evaluator.Evaluate  ->  sum of x_i*y_i
//	y  ->  Authority.Derive   ->  Key         ->
//
// Setup, key derivation and encryption are gofe's
// (github.com/fentec-project/gofe), with its precomputed groups. Evaluation is
// our own: gofe's decryption leaves a goroutine behind that searches on and
// then blocks for ever, and panics on malformed input.
//
// What the schemes do not give: a ciphertext can be altered to encrypt a
// related vector, so the sensor's signature must cover it; a key for l = 1, or
// l independent keys, reveal the values themselves; nothing here is hardened
// against side channels.
package fe

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"meterbench/workloads/fe/codec"
)

// ErrNoResult is the error of Evaluate when no result within the bound fits:
// the ciphertext was altered, it was made under another master key, or the
// key is not that of its function.
var ErrNoResult = errors.New("no result within the bound")

// Params are the public parameters that all holders of a scheme's keys share.
type Params struct {
	Scheme string // one of Schemes()
	Bits   int    // of the modulus: 1024, 1536, 2048, 3072 or 4096
	Length int    // l, of the vectors x and y: 1 to 1024
	Bound  int64  // B, largest absolute value in x and in y, at least 1
}

// maxProduct keeps l*B^2, the largest result, below what gofe takes as it is;
// from there on it replaces the bound by the order of the group.
const maxProduct = 1 << 48

// Validate tells what of the parameters is unknown or out of range.
func (p Params) Validate() error {
	if _, err := schemeNamed(p.Scheme); err != nil {
		return err
	}
	switch {
	case !slices.Contains(codec.Bits(), p.Bits):
		return fmt.Errorf("fe: modulus of %d bits is not available; choose one of %v", p.Bits, codec.Bits())
	case p.Length < 1 || p.Length > codec.MaxLength:
		return fmt.Errorf("fe: vector length %d is out of range; choose 1 to %d", p.Length, codec.MaxLength)
	case p.Bound < 1:
		return fmt.Errorf("fe: bound %d is too small; choose at least 1", p.Bound)
	case p.Bound >= 1<<24 || int64(p.Length)*p.Bound*p.Bound >= maxProduct:
		return fmt.Errorf("fe: length %d times bound %d squared must stay below 2^48; lower one of them", p.Length, p.Bound)
	}
	return nil
}

// String returns, for example, "ddh 2048 l=24".
func (p Params) String() string { return fmt.Sprintf("%s %d l=%d", p.Scheme, p.Bits, p.Length) }

// CiphertextSize returns the size of every ciphertext under valid parameters, in bytes.
func (p Params) CiphertextSize() int { return codec.Size(p.header()) }

func (p Params) header() codec.Header {
	s, err := schemeNamed(p.Scheme)
	if err != nil {
		return codec.Header{}
	}
	return codec.Header{Scheme: s.id, Bits: p.Bits, Length: p.Length}
}

// checkVector holds a vector of plaintext or weights to the parameters. It
// names no values: they may be readings.
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

// A Key lets its holder compute one function of every vector encrypted under
// the same master key: its inner product with Function.
type Key struct {
	Params   Params
	Function []int64    // y
	Secrets  []*big.Int // ddh: s·y; damgard: s·y and t·y; mod the order of the group
}

// An Authority holds the master secret key.
type Authority interface {
	// Encryptor returns what the sensors get: public values only.
	Encryptor() Encryptor
	// Derive returns the key of the inner product with y. It refuses a y of
	// the wrong length or with a value over the bound.
	Derive(y []int64) (Key, error)
}

// An Encryptor encrypts vectors. Many goroutines may use it at once.
type Encryptor interface {
	// Encrypt returns the ciphertext of x in the form of package codec. It
	// refuses an x of the wrong length or with a value over the bound.
	Encrypt(x []int64) ([]byte, error)
}

// An Evaluator computes functions of ciphertexts. Many goroutines may use it
// at once; it starts none of its own.
type Evaluator interface {
	// Evaluate returns the inner product of the encrypted vector with the
	// key's function. It checks ciphertext and key in full first, fails with
	// ErrNoResult where they do not fit together, and with the context's
	// error as soon as that is done.
	Evaluate(ctx context.Context, ciphertext []byte, key Key) (int64, error)
}

// A scheme is one row of the table of schemes.
type scheme struct {
	name      string
	id        codec.Scheme
	setup     func(Params) (Authority, error)
	evaluator func(context.Context, Params) (Evaluator, error)
}

func schemes() []scheme {
	return []scheme{
		{"ddh", codec.DDH, setupDDH, newDDHEvaluator},
		{"damgard", codec.Damgard, setupDamgard, newDamgardEvaluator},
	}
}

func schemeNamed(name string) (scheme, error) {
	for _, s := range schemes() {
		if s.name == name {
			return s, nil
		}
	}
	return scheme{}, fmt.Errorf("fe: scheme %q is unknown; choose one of %v", name, Schemes())
}

// Schemes returns the names of the known schemes: ddh, damgard.
func Schemes() []string {
	var names []string
	for _, s := range schemes() {
		names = append(names, s.name)
	}
	return names
}

// Setup makes an Authority with a fresh master key.
func Setup(p Params) (Authority, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	s, err := schemeNamed(p.Scheme)
	if err != nil {
		return nil, err
	}
	return s.setup(p)
}

// NewEvaluator makes an Evaluator and computes its table of discrete
// logarithms: about sqrt(2*l)*B multiplications modulo p and 8 bytes each, at
// most 2^20 of them (8 MiB). With B = 10^4 and l = 24 that is a few tenths of a
// second at 2048 bits. It fails with the context's error as soon as that is done.
//
// The time of an evaluation grows with the absolute value of its result. Keys
// whose results might need more than 2^20 steps beyond the table, each way,
// are refused by Evaluate.
func NewEvaluator(ctx context.Context, p Params) (Evaluator, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	s, err := schemeNamed(p.Scheme)
	if err != nil {
		return nil, err
	}
	return s.evaluator(ctx, p)
}
