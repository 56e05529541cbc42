package reading

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// MaxPublic is the size of the largest public key that the ledger keeps, in bytes.
const MaxPublic = 512 << 10

// ParametersID returns the id of the parameters of a public key in its wire form, its SHA-256 hash.
func ParametersID(public []byte) Hash { return sha256.Sum256(public) }

// A Function of a reading is the inner product of its values with public weights. Bills add it up. An
// approved function never changes, because its hash is its name.
type Function struct {
	Parameters Hash      // of the ciphertexts that it is for; zero: for plaintext
	Bound      int64     // largest absolute value of a value and of a weight, at least 1
	From       time.Time // it is valid for readings that begin then or later, in whole seconds
	Tariff     string    // name of the tariff: as a meter's id
	Weights    []int64   // one for each value of a reading, 1 to MaxValues
}

const functionVersion = 1

// functionDomain separates hashes of functions from others.
const functionDomain = "meterbench function\x00"

func (f *Function) check() error {
	if f.Bound < 1 {
		return fmt.Errorf("bound %d; want at least 1", f.Bound)
	}
	if err := checkTime(f.From); err != nil {
		return fmt.Errorf("valid from: %w", err)
	}
	if err := CheckMeter(f.Tariff); err != nil {
		return fmt.Errorf("tariff: %w", err)
	}
	if n := len(f.Weights); n < 1 || n > MaxValues {
		return fmt.Errorf("%d weights; want 1 to %d", n, MaxValues)
	}
	for i, w := range f.Weights {
		if w > f.Bound || w < -f.Bound {
			return fmt.Errorf("weight %d is over the bound %d", i, f.Bound)
		}
	}
	return nil
}

// Marshal returns the canonical encoding, of which Hash is the hash:
//
//	version 1 | parameters 32 | bound 8 | valid from, Unix time 8 | length 1, tariff | count 2 | weights, two's complement 8 each
//
// It fails on a function that UnmarshalFunction would refuse.
func (f *Function) Marshal() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("marshal function: %w", err)
	}
	b := append([]byte{functionVersion}, f.Parameters[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Bound))
	b = appendShort(appendTime(b, f.From), f.Tariff)
	return appendIntegers(b, f.Weights), nil
}

// Hash returns the SHA-256 hash that names the function in bills, of a domain string and the function's
// encoding. It fails if Marshal does.
func (f *Function) Hash() (Hash, error) {
	b, err := f.Marshal()
	if err != nil {
		return Hash{}, err
	}
	return HashFunction(b), nil
}

// HashFunction returns the hash of a function in its encoding.
func HashFunction(encoded []byte) Hash {
	return sha256.Sum256(append([]byte(functionDomain), encoded...))
}

// UnmarshalFunction is the inverse of Marshal.
func UnmarshalFunction(b []byte) (Function, error) {
	d := newDecoder(b, functionVersion)
	f := Function{Parameters: d.hash(), Bound: int64(d.uint(8)), From: d.time(), Tariff: d.short()}
	f.Weights = d.integers()
	return finish(d, "function", f, f.check)
}

// Apply computes the function of the values in a plain or padded reading. It refuses another number of
// values, and values over the bound, with which ciphertexts would give no result either.
func (f *Function) Apply(r *Reading) (int64, error) {
	values, err := r.Values()
	if err != nil {
		return 0, err
	}
	if len(values.Wh) != len(f.Weights) {
		return 0, fmt.Errorf("%d values; the function has %d weights", len(values.Wh), len(f.Weights))
	}
	var sum int64
	for i, wh := range values.Wh {
		if wh > f.Bound {
			return 0, fmt.Errorf("value %d is over the bound %d", i, f.Bound)
		}
		product := wh * f.Weights[i]
		if wh != 0 && product/wh != f.Weights[i] || (sum+product > sum) != (product > 0) {
			return 0, errors.New("the result does not fit into 64 bits")
		}
		sum += product
	}
	return sum, nil
}

// Covers reports whether the function is valid during all of a reading, and so of those that end later: from its begin on,
// which is a span before its end. A span of 0 is unknown, as that of a meter registered without a schedule: then the
// reading must have ended after the function became valid.
func (f *Function) Covers(end time.Time, span time.Duration) bool {
	if span == 0 {
		return end.After(f.From)
	}
	return !end.Add(-span).Before(f.From)
}

// ErrTooLarge is the error of Sum if the sum does not fit into 64 bits.
var ErrTooLarge = errors.New("the sum does not fit into 64 bits")

// Sum adds up the function of readings. It calls evaluate for ciphertexts. An error comes with the index of
// its reading.
func (f *Function) Sum(readings []Reading, evaluate func(ciphertext []byte) (int64, error)) (sum int64, at int, err error) {
	for i := range readings {
		var result int64
		if r := &readings[i]; r.Kind == Encrypted {
			result, err = evaluate(r.Payload)
		} else {
			result, err = f.Apply(r)
		}
		if err == nil && (sum+result > sum) != (result > 0) {
			err = ErrTooLarge
		}
		if err != nil {
			return 0, i, err
		}
		sum += result
	}
	return sum, 0, nil
}
