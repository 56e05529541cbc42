package fe

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"slices"

	"github.com/fentec-project/gofe/data"

	"meterbench/simulators/fe/codec"
)

// A keyedAuthority is an Authority that derives the secrets of a key with a function.
type keyedAuthority struct {
	params    Params
	encryptor Encryptor
	derive    func(y []int64) ([]*big.Int, error)
}

func (a keyedAuthority) Encryptor() Encryptor { return a.encryptor }

func (a keyedAuthority) Derive(y []int64) (Key, error) {
	secrets, err := contained(a.params, a.derive, y)
	if err != nil {
		return Key{}, fmt.Errorf("fe: derive: %w", err)
	}
	return Key{a.params, slices.Clone(y), secrets}, nil
}

// A keyedEncryptor is an Encryptor that makes the elements of a ciphertext with a function.
type keyedEncryptor struct {
	params  Params
	public  []byte
	encrypt func(x []int64) ([][]byte, error)
}

func newEncryptor(p Params, key []byte, encrypt func(x []int64) ([][]byte, error)) (Encryptor, error) {
	public, err := p.public(key)
	if err != nil {
		return nil, err
	}
	return keyedEncryptor{p, public, encrypt}, nil
}

func (e keyedEncryptor) Public() []byte { return bytes.Clone(e.public) }

func (e keyedEncryptor) Encrypt(x []int64) ([]byte, error) {
	elements, err := contained(e.params, e.encrypt, x)
	if err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	return codec.Marshal(e.params.header(), elements)
}

// contained checks a vector and calls the library with it.
func contained[T any](p Params, call func([]int64) (T, error), v []int64) (result T, err error) {
	if err := p.checkVector(v); err != nil {
		return result, err
	}
	return contain(func() (T, error) { return call(v) })
}

// contain calls the library and turns its panics into errors.
func contain[T any](call func() (T, error)) (result T, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the encryption library panicked: %v", cause)
		}
	}()
	return call()
}

// A gofeScheme holds the functions of a gofe scheme with an authority, for vectors of one length. They only
// read, so they may run at once.
type gofeScheme struct {
	preface  []byte // of a public key, before h_1 … h_l
	generate func() (secrets []data.Vector, h data.Vector, err error)
	derive   func(secrets []data.Vector, y data.Vector) ([]*big.Int, error)
	encrypt  func(x, h data.Vector) (data.Vector, error)
}

// newGofeScheme returns a scheme whose keys have one secret, with the preface of its public keys.
func newGofeScheme(s interface {
	GenerateMasterKeys() (secret, h data.Vector, err error)
	DeriveKey(secret, y data.Vector) (*big.Int, error)
	Encrypt(x, h data.Vector) (data.Vector, error)
}, preface []byte) gofeScheme {
	return gofeScheme{
		preface: preface,
		generate: func() ([]data.Vector, data.Vector, error) {
			secret, h, err := s.GenerateMasterKeys()
			return []data.Vector{secret}, h, err
		},
		derive: func(secrets []data.Vector, y data.Vector) ([]*big.Int, error) {
			k, err := s.DeriveKey(secrets[0], y)
			return []*big.Int{k}, err
		},
		encrypt: s.Encrypt,
	}
}

// setup makes an authority with fresh master keys, value by value with the scheme for vectors of one. gofe
// does the same for a whole vector, but without a context, and it takes up to minutes.
func (s gofeScheme) setup(ctx context.Context, p Params, single gofeScheme) (keyedAuthority, error) {
	var secrets []data.Vector
	var h data.Vector
	for range p.Length {
		one, err := contain(func() ([]data.Vector, error) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			secrets, element, err := single.generate()
			h = append(h, element...)
			return secrets, err
		})
		if err != nil {
			return keyedAuthority{}, fmt.Errorf("fe: master keys of %v: %w", p, err)
		}
		if secrets == nil {
			secrets = make([]data.Vector, len(one))
		}
		for i := range one {
			secrets[i] = append(secrets[i], one[i]...)
		}
	}
	return s.authority(p, secrets, h)
}

// authority makes the authority of master keys.
func (s gofeScheme) authority(p Params, secrets []data.Vector, h data.Vector) (keyedAuthority, error) {
	encryptor, err := s.encryptor(p, h)
	return keyedAuthority{p, encryptor, func(y []int64) ([]*big.Int, error) { return s.derive(secrets, vector(y)) }}, err
}

// encryptor makes the encryptor of the public key h_1 … h_l.
func (s gofeScheme) encryptor(p Params, h data.Vector) (Encryptor, error) {
	width := p.header().ElementSize()
	elements, err := encode(h, width)
	if err != nil {
		return nil, fmt.Errorf("fe: public key of %v: %w", p, err)
	}
	return newEncryptor(p, append(bytes.Clone(s.preface), bytes.Join(elements, nil)...), func(x []int64) ([][]byte, error) {
		numbers, err := s.encrypt(vector(x), h)
		if err != nil {
			return nil, err
		}
		return encode(numbers, width)
	})
}

// single are the parameters of vectors with one value.
func (p Params) single() Params {
	p.Length = 1
	return p
}

func vector(v []int64) data.Vector {
	out := make(data.Vector, len(v))
	for i, c := range v {
		out[i] = big.NewInt(c)
	}
	return out
}

// encode returns each number in that many bytes, big-endian.
func encode(numbers []*big.Int, width int) ([][]byte, error) {
	out := make([][]byte, len(numbers))
	for i, n := range numbers {
		if n == nil || n.Sign() < 0 || n.BitLen() > 8*width {
			return nil, fmt.Errorf("number %d is missing, negative or longer than %d bytes", i, width)
		}
		out[i] = n.FillBytes(make([]byte, width))
	}
	return out, nil
}
