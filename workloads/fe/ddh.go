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

func setupDDH(p Params) (Authority, error) {
	scheme, err := newDDH(p)
	if err != nil {
		return nil, err
	}
	var secret, public data.Vector
	err = contain(func() error {
		secret, public, err = scheme.GenerateMasterKeys()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fe: master keys of %v: %w", p, err)
	}
	return ddhAuthority(p, scheme, secret, public), nil
}

func ddhAuthority(p Params, scheme *simple.DDH, secret, public data.Vector) zpAuthority {
	return zpAuthority{
		params: p,
		encrypt: func(x data.Vector) (data.Vector, error) {
			return scheme.Encrypt(x, public)
		},
		derive: func(y data.Vector) ([]*big.Int, error) {
			k, err := scheme.DeriveKey(secret, y)
			return []*big.Int{k}, err
		},
	}
}

func newDDHEvaluator(ctx context.Context, p Params) (Evaluator, error) {
	scheme, err := newDDH(p)
	if err != nil {
		return nil, err
	}
	return newZpEvaluator(ctx, p, zpGroup{p: scheme.Params.P, q: scheme.Params.Q, g: scheme.Params.G}, 1)
}
