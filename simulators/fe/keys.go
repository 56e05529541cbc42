package fe

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"

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
