package fe

import (
	"context"
	"fmt"
	"math/big"

	"github.com/fentec-project/gofe/data"
	"github.com/fentec-project/gofe/innerprod/fullysec"
)

// The scheme "damgard" is that of Agrawal, Libert and Stehlé, "Fully Secure
// Functional Encryption for Inner Products, from Standard Assumptions" (CRYPTO
// 2016), in its variant from decisional Diffie-Hellman, built like Damgård's
// variant of ElGamal: adaptively secure in the quadratic residues modulo a safe
// prime p.
// With generators g and h, master secrets s and t, and public h_i = g^s_i * h^t_i:
//
//	ciphertext  c = g^r, d = h^r, e_i = h_i^r * g^x_i
//	key of y    k = s·y mod q, m = t·y mod q
//	result      the z with g^z = (product of e_i^y_i) / (c^k * d^m)

func newDamgard(p Params) (scheme *fullysec.Damgard, err error) {
	err = contain(func() error {
		scheme, err = fullysec.NewDamgardPrecomp(p.Length, p.Bits, big.NewInt(p.Bound))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fe: parameters of %v: %w", p, err)
	}
	return scheme, nil
}

func setupDamgard(p Params) (Authority, error) {
	scheme, err := newDamgard(p)
	if err != nil {
		return nil, err
	}
	var secret *fullysec.DamgardSecKey
	var public data.Vector
	err = contain(func() error {
		secret, public, err = scheme.GenerateMasterKeys()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fe: master keys of %v: %w", p, err)
	}
	return damgardAuthority(p, scheme, secret, public), nil
}

func damgardAuthority(p Params, scheme *fullysec.Damgard, secret *fullysec.DamgardSecKey, public data.Vector) zpAuthority {
	return zpAuthority{
		params: p,
		encrypt: func(x data.Vector) (data.Vector, error) {
			return scheme.Encrypt(x, public)
		},
		derive: func(y data.Vector) ([]*big.Int, error) {
			k, err := scheme.DeriveKey(secret, y)
			if err != nil {
				return nil, err
			}
			return []*big.Int{k.Key1, k.Key2}, nil
		},
	}
}

func newDamgardEvaluator(ctx context.Context, p Params) (Evaluator, error) {
	scheme, err := newDamgard(p)
	if err != nil {
		return nil, err
	}
	return newZpEvaluator(ctx, p, zpGroup{p: scheme.Params.P, q: scheme.Params.Q, g: scheme.Params.G}, 2)
}
