package fe

import (
	"context"
	"fmt"
	"math/big"

	"github.com/fentec-project/gofe/data"
	"github.com/fentec-project/gofe/innerprod/simple"
)

// The scheme "ddh" is that of Abdalla, Bourse, De Caro and Pointcheval,
// "Simple Functional Encryption Schemes for Inner Products" (PKC 2015),
// selectively secure under decisional Diffie-Hellman in the quadratic residues
// modulo a safe prime p. With master secret s and public h_i = g^s_i:
//
//	ciphertext  c_0 = g^r, c_i = h_i^r * g^x_i
//	key of y    k = s·y mod q
//	result      the z with g^z = (product of c_i^y_i) / c_0^k

func newDDH(p Params) (scheme *simple.DDH, err error) {
	err = contain(func() error {
		scheme, err = simple.NewDDHPrecomp(p.Length, p.Bits, big.NewInt(p.Bound))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fe: parameters of %v: %w", p, err)
	}
	return scheme, nil
}

func setupDDH(ctx context.Context, p Params) (Authority, error) {
	scheme, err := newDDH(p)
	if err != nil {
		return nil, err
	}
	single, err := newDDH(p.single())
	if err != nil {
		return nil, err
	}
	var secret, public data.Vector
	err = forEachValue(ctx, p, func() error {
		s, h, err := single.GenerateMasterKeys()
		secret, public = append(secret, s...), append(public, h...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ddhAuthority(p, scheme, secret, public)
}

func ddhAuthority(p Params, scheme *simple.DDH, secret, public data.Vector) (Authority, error) {
	encryptor, err := newZpEncryptor(p, public, scheme.Encrypt)
	if err != nil {
		return nil, err
	}
	return zpAuthority{p, encryptor, func(y data.Vector) ([]*big.Int, error) {
		k, err := scheme.DeriveKey(secret, y)
		return []*big.Int{k}, err
	}}, nil
}

func newDDHEncryptor(p Params, key []byte) (Encryptor, error) {
	scheme, err := newDDH(p)
	if err != nil {
		return nil, err
	}
	h, err := zpGroup{scheme.Params.P, scheme.Params.Q, scheme.Params.G}.elements(key)
	if err != nil {
		return nil, fmt.Errorf("fe: %v: %w", p, err)
	}
	return newZpEncryptor(p, h, scheme.Encrypt)
}

func newDDHEvaluator(ctx context.Context, p Params, _ []byte, tables *Tables) (Evaluator, error) {
	scheme, err := newDDH(p)
	if err != nil {
		return nil, err
	}
	return newZpEvaluator(ctx, p, zpGroup{scheme.Params.P, scheme.Params.Q, scheme.Params.G}, 1, tables)
}
