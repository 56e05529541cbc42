package fe

import (
	"math/big"

	"github.com/fentec-project/gofe/data"
	"github.com/fentec-project/gofe/innerprod/fullysec"
)

// newDamgard returns the scheme "damgard", that of Agrawal, Libert and Stehlé, "Fully Secure Functional Encryption for
// Inner Products, from Standard Assumptions" (CRYPTO 2016), in its variant from decisional Diffie-Hellman, built like
// Damgård's variant of ElGamal: adaptively secure in the quadratic residues modulo a safe prime p. Generators and
// primes are gofe's precomputed ones; the proof assumes that the logarithm of h to the base g is unknown. With
// generators g and h, master secrets s and t, and public h_i = g^s_i * h^t_i:
//
//	ciphertext  c = g^r, d = h^r, e_i = h_i^r * g^x_i
//	key of y    k = s·y mod q, m = t·y mod q
//	result      the z with g^z = (product of e_i^y_i) / (c^k * d^m)
func newDamgard(p Params) (zpScheme, error) {
	s, err := fullysec.NewDamgardPrecomp(p.Length, p.Bits, big.NewInt(p.Bound))
	if err != nil {
		return zpScheme{}, err
	}
	return zpScheme{zpGroup{s.Params.P, s.Params.Q, s.Params.G}, gofeScheme{
		generate: func() ([]data.Vector, data.Vector, error) {
			secret, h, err := s.GenerateMasterKeys()
			if err != nil {
				return nil, nil, err
			}
			return []data.Vector{secret.S, secret.T}, h, nil
		},
		derive: func(secrets []data.Vector, y data.Vector) ([]*big.Int, error) {
			k, err := s.DeriveKey(&fullysec.DamgardSecKey{S: secrets[0], T: secrets[1]}, y)
			if err != nil {
				return nil, err
			}
			return []*big.Int{k.Key1, k.Key2}, nil
		},
		encrypt: s.Encrypt,
	}}, nil
}
