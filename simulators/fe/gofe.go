package fe

import (
	"bytes"
	"context"
	"fmt"
	"math/big"

	"github.com/fentec-project/gofe/data"

	"meterbench/simulators/fe/codec"
)

// A gofeScheme is what the schemes of gofe that have an authority do, for vectors of one length. Its
// functions only read, so they may run at once.
type gofeScheme struct {
	preface  []byte // what precedes h_1 … h_l in a public key
	generate func() (secrets []data.Vector, h data.Vector, err error)
	derive   func(secrets []data.Vector, y data.Vector) ([]*big.Int, error)
	encrypt  func(x, h data.Vector) (data.Vector, error)
}

// setup makes an authority with fresh master keys, value by value with the scheme for vectors of one.
// gofe makes those of a vector in the same way, but all of them whatever the context says, which
// takes up to minutes.
func (s gofeScheme) setup(ctx context.Context, p Params, single gofeScheme) (gofeAuthority, error) {
	var secrets []data.Vector
	var h data.Vector
	for range p.Length {
		err := ctx.Err()
		if err == nil {
			err = contain(func() error {
				one, element, err := single.generate()
				if secrets == nil {
					secrets = make([]data.Vector, len(one))
				}
				for i := range one {
					secrets[i] = append(secrets[i], one[i]...)
				}
				h = append(h, element...)
				return err
			})
		}
		if err != nil {
			return gofeAuthority{}, fmt.Errorf("fe: master keys of %v: %w", p, err)
		}
	}
	return s.authority(p, secrets, h)
}

// authority makes the authority of master keys.
func (s gofeScheme) authority(p Params, secrets []data.Vector, h data.Vector) (gofeAuthority, error) {
	encryptor, err := s.encryptor(p, h)
	return gofeAuthority{p, encryptor, func(y data.Vector) ([]*big.Int, error) { return s.derive(secrets, y) }}, err
}

// encryptor makes the encryptor of the public key h_1 … h_l.
func (s gofeScheme) encryptor(p Params, h data.Vector) (Encryptor, error) {
	elements, err := encode(h, p.header().ElementSize())
	if err != nil {
		return nil, fmt.Errorf("fe: public key of %v: %w", p, err)
	}
	public, err := p.public(append(bytes.Clone(s.preface), bytes.Join(elements, nil)...))
	if err != nil {
		return nil, err
	}
	return gofeEncryptor{p, public, func(x data.Vector) (data.Vector, error) { return s.encrypt(x, h) }}, nil
}

// A gofeAuthority is the Authority of a gofeScheme.
type gofeAuthority struct {
	params    Params
	encryptor Encryptor
	derive    func(y data.Vector) ([]*big.Int, error)
}

func (a gofeAuthority) Encryptor() Encryptor { return a.encryptor }

func (a gofeAuthority) Derive(y []int64) (Key, error) {
	if err := a.params.checkVector(y); err != nil {
		return Key{}, fmt.Errorf("fe: derive: %w", err)
	}
	key := Key{Params: a.params, Function: append([]int64(nil), y...)}
	err := contain(func() (err error) {
		key.Secrets, err = a.derive(vector(y))
		return err
	})
	if err != nil {
		return Key{}, fmt.Errorf("fe: derive: %w", err)
	}
	return key, nil
}

// A gofeEncryptor is the Encryptor of a gofeScheme.
type gofeEncryptor struct {
	params  Params
	public  []byte
	encrypt func(x data.Vector) (data.Vector, error)
}

func (e gofeEncryptor) Public() []byte { return bytes.Clone(e.public) }

func (e gofeEncryptor) Encrypt(x []int64) ([]byte, error) {
	if err := e.params.checkVector(x); err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	header := e.params.header()
	var elements [][]byte
	err := contain(func() error {
		numbers, err := e.encrypt(vector(x))
		if err == nil {
			elements, err = encode(numbers, header.ElementSize())
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	return codec.Marshal(header, elements)
}

// contain runs a call into the library and turns its panics into errors.
func contain(call func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the encryption library panicked: %v", cause)
		}
	}()
	return call()
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

// integers is the inverse of encode.
func integers(octets [][]byte) []*big.Int {
	out := make([]*big.Int, len(octets))
	for i, o := range octets {
		out[i] = new(big.Int).SetBytes(o)
	}
	return out
}
