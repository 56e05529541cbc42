package fe

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
)

const (
	// The sieve strikes out candidates among sieveSpan odd numbers by the primes below sievePrimes. It takes
	// a few milliseconds and leaves one candidate in 300 for a test that takes about one.
	sieveSpan   = 1 << 15
	sievePrimes = 1 << 17
	// primeRounds makes the chance of a composite less than 4^-primeRounds.
	primeRounds = 32
)

// newModulus returns the product n of two random safe primes of bits/2 bits each, p = 2p'+1 with p' prime; it
// is exactly bits long, and its factors are forgotten. Safe primes are rare: on one core that is about a
// second for 2048 bits, ten for 3072 and half a minute for 4096, times a factor that is exponentially
// distributed. It fails with the context's error soon after that is done.
//
// gofe searches with eight goroutines that cannot be stopped, sieves by 16 primes only, and takes several
// times as long.
func newModulus(ctx context.Context, bits int) (*big.Int, error) {
	primes := oddPrimesBelow(sievePrimes)
	p, err := safePrime(ctx, bits/2, primes)
	if err != nil {
		return nil, err
	}
	for {
		q, err := safePrime(ctx, bits/2, primes)
		if err != nil {
			return nil, err
		}
		if q.Cmp(p) != 0 {
			return p.Mul(p, q), nil
		}
	}
}

// factorPrimes is the limit of the primes in the check of a modulus from elsewhere.
const factorPrimes = 1 << 12

// checkModulus makes checks of a product of two large safe primes that take milliseconds: such a product has
// the remainder 1 modulo 12, because the primes have 11, no small factor, and is neither prime nor a square.
func checkModulus(n *big.Int, bits int) error {
	if n.BitLen() != bits || n.Bit(0) == 0 {
		return fmt.Errorf("n is even or has %d bits", n.BitLen())
	}
	rest, divisor := new(big.Int), new(big.Int)
	for _, r := range oddPrimesBelow(factorPrimes) {
		if rest.Mod(n, divisor.SetUint64(r)).Sign() == 0 {
			return fmt.Errorf("n has the factor %d", r)
		}
	}
	if rest.Mod(n, divisor.SetUint64(12)).Uint64() != 1 {
		return fmt.Errorf("n is not the product of two safe primes")
	}
	if root := rest.Sqrt(n); divisor.Mul(root, root).Cmp(n) == 0 {
		return fmt.Errorf("n is a square")
	}
	if n.ProbablyPrime(1) {
		return fmt.Errorf("n is prime")
	}
	return nil
}

// safePrime returns a random safe prime of exactly the given number of bits, the two highest of them set, so
// that a product of two has twice as many.
func safePrime(ctx context.Context, bits int, primes []uint64) (*big.Int, error) {
	half := new(big.Int) // p' = (p-1)/2
	prime := new(big.Int)
	for {
		start, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits-3)))
		if err != nil {
			return nil, fmt.Errorf("random numbers: %w", err)
		}
		start.SetBit(start, bits-2, 1).SetBit(start, bits-3, 1).SetBit(start, 0, 1)
		for i, composite := range sieve(start, primes) {
			if composite {
				continue
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			half.Add(start, big.NewInt(int64(2*i)))
			prime.Lsh(half, 1).SetBit(prime, 0, 1)
			if half.ProbablyPrime(0) && prime.ProbablyPrime(primeRounds) && half.ProbablyPrime(primeRounds) && prime.BitLen() == bits {
				return prime, nil
			}
		}
	}
}

// sieve tells for each i whether start+2i, or twice that plus one, has a factor among the primes. The start
// is odd and larger than they are.
func sieve(start *big.Int, primes []uint64) []bool {
	composite := make([]bool, sieveSpan)
	modulus, rest := new(big.Int), new(big.Int)
	for _, r := range primes {
		residue := rest.Mod(start, modulus.SetUint64(r)).Uint64()
		// 2 start + 4i + 1 = 0 where start + 2i = (r-1)/2; 1/2 is (r+1)/2, all modulo r.
		for _, zero := range []uint64{0, (r - 1) / 2} {
			first := (zero + r - residue) % r * ((r + 1) / 2) % r
			for i := first; i < sieveSpan; i += r {
				composite[i] = true
			}
		}
	}
	return composite
}

// oddPrimesBelow returns the primes from 3 up to the limit, by the sieve of Eratosthenes.
func oddPrimesBelow(limit uint64) []uint64 {
	composite := make([]bool, limit)
	var primes []uint64
	for n := uint64(3); n < limit; n += 2 {
		if composite[n] {
			continue
		}
		primes = append(primes, n)
		for m := n * n; m < limit; m += 2 * n {
			composite[m] = true
		}
	}
	return primes
}
