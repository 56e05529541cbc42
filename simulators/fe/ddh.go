package fe

import (
	"math/big"

	"github.com/fentec-project/gofe/innerprod/simple"
)

// newDDH returns the scheme "ddh", that of Abdalla, Bourse, De Caro and Pointcheval, "Simple Functional
// Encryption Schemes for Inner Products" (PKC 2015), selectively secure under decisional Diffie-Hellman in
// the quadratic residues modulo a safe prime p. With master secret s and public h_i = g^s_i:
//
//	ciphertext  c_0 = g^r, c_i = h_i^r * g^x_i
//	key of y    k = s·y mod q
//	result      the z with g^z = (product of c_i^y_i) / c_0^k
func newDDH(p Params) (zpScheme, error) {
	s, err := simple.NewDDHPrecomp(p.Length, p.Bits, big.NewInt(p.Bound))
	if err != nil {
		return zpScheme{}, err
	}
	return zpScheme{zpGroup{s.Params.P, s.Params.Q, s.Params.G}, newGofeScheme(s, nil)}, nil
}
