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
	err := a.params.checkVector(y)
	key := Key{Params: a.params, Function: slices.Clone(y)}
	if err == nil {
		err = contain(func() (err error) {
			key.Secrets, err = a.derive(y)
			return err
		})
	}
	if err != nil {
		return Key{}, fmt.Errorf("fe: derive: %w", err)
	}
	return key, nil
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
	err := e.params.checkVector(x)
	var elements [][]byte
	if err == nil {
		err = contain(func() (err error) {
			elements, err = e.encrypt(x)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	return codec.Marshal(e.params.header(), elements)
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
