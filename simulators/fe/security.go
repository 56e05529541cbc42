package fe

// SecurityBits returns the security strength of a scheme at a size, in bits,
// and where that number comes from. The strength is nil where nobody assessed
// it. The schemes modulo a safe prime are as strong as discrete logarithms are
// hard there; the exponents are as long as the modulus, so its size alone
// decides. Paillier is as strong as its n is hard to factor.
func SecurityBits(scheme string, bits int) (strength *int, source string) {
	const (
		table   = "NIST SP 800-57 Part 1 Rev. 5, Table 2"
		between = "interpolated: the estimate of NIST SP 800-56B Rev. 2, Appendix D, for factoring at this size"
		equated = ", which SP 800-57 equates with discrete logarithms"
		legacy  = "; disallowed since 2014 (SP 800-131A)"
	)
	assessed := func(n int, source string) (*int, string) { return &n, source }
	switch scheme {
	case "ddh", "damgard":
		switch bits {
		case 1024:
			return assessed(80, table+legacy)
		case 1536:
			return assessed(96, between+equated+"; RFC 3526 estimates 90")
		case 2048:
			return assessed(112, table)
		case 3072:
			return assessed(128, table)
		case 4096:
			return assessed(152, between+equated+"; SP 800-56A Rev. 3 gives MODP-4096 at most 152, RFC 3526 estimates 150")
		}
	case "paillier":
		switch bits {
		case 1024:
			return assessed(80, table+legacy)
		case 2048:
			return assessed(112, table)
		case 3072:
			return assessed(128, table)
		case 4096:
			return assessed(152, between)
		}
	case "ecddh":
		if bits == 256 {
			return assessed(128, "RFC 9496 and "+table+": a group of order 2^252")
		}
	case "dmcfe":
		if bits == 256 {
			return assessed(100, "Barbulescu and Duquesne, Updating Key Size Estimations for Pairings (J. Cryptology 2019): Barreto-Naehrig curves of 254 to 256 bits after the tower number field sieve")
		}
	}
	return nil, "not assessed"
}
