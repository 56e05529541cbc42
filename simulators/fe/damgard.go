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
// Generators and primes are gofe's precomputed ones; the proof assumes that
// nobody knows the logarithm of h to the base g.
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

func setupDamgard(ctx context.Context, p Params) (Authority, error) {
	scheme, err := newDamgard(p)
	if err != nil {
		return nil, err
	}
	single, err := newDamgard(p.single())
	if err != nil {
		return nil, err
	}
	var secret fullysec.DamgardSecKey
	var public data.Vector
	err = forEachValue(ctx, p, func() error {
		one, h, err := single.GenerateMasterKeys()
		if err != nil {
			return err
		}
		secret.S, secret.T, public = append(secret.S, one.S...), append(secret.T, one.T...), append(public, h...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return damgardAuthority(p, scheme, &secret, public)
}

func damgardAuthority(p Params, scheme *fullysec.Damgard, secret *fullysec.DamgardSecKey, public data.Vector) (Authority, error) {
	encryptor, err := newZpEncryptor(p, public, scheme.Encrypt)
	if err != nil {
		return nil, err
	}
	return zpAuthority{p, encryptor, func(y data.Vector) ([]*big.Int, error) {
		k, err := scheme.DeriveKey(secret, y)
		if err != nil {
			return nil, err
		}
		return []*big.Int{k.Key1, k.Key2}, nil
	}}, nil
}

func newDamgardEncryptor(p Params, key []byte) (Encryptor, error) {
	scheme, err := newDamgard(p)
	if err != nil {
		return nil, err
	}
	h, err := zpGroup{scheme.Params.P, scheme.Params.Q, scheme.Params.G}.elements(key)
	if err != nil {
		return nil, fmt.Errorf("fe: %v: %w", p, err)
	}
	return newZpEncryptor(p, h, scheme.Encrypt)
}

func newDamgardEvaluator(ctx context.Context, p Params, _ []byte, tables *Tables) (Evaluator, error) {
	scheme, err := newDamgard(p)
	if err != nil {
		return nil, err
	}
	return newZpEvaluator(ctx, p, zpGroup{scheme.Params.P, scheme.Params.Q, scheme.Params.G}, 2, tables)
}
