package fe

import "slices"

// SecurityBits returns the security strength of a scheme at a size of its
// modulus, in bits, and where that number comes from. The strength is nil where
// nobody assessed it. The schemes modulo a safe prime are as strong as discrete
// logarithms are hard there; the exponents are as long as the modulus, so its
// size alone decides.
func SecurityBits(scheme string, bits int) (strength *int, source string) {
	const (
		table   = "NIST SP 800-57 Part 1 Rev. 5, Table 2"
		between = "interpolated: the estimate of NIST SP 800-56B Rev. 2, Appendix D, for factoring at this size, which SP 800-57 equates with discrete logarithms"
	)
	assessed := func(n int, source string) (*int, string) { return &n, source }
	if !slices.Contains([]string{"ddh", "damgard"}, scheme) {
		return nil, "not assessed"
	}
	switch bits {
	case 1024:
		return assessed(80, table+"; disallowed since 2014 (SP 800-131A)")
	case 1536:
		return assessed(96, between+"; RFC 3526 estimates 90")
	case 2048:
		return assessed(112, table)
	case 3072:
		return assessed(128, table)
	case 4096:
		return assessed(152, between+"; SP 800-56A Rev. 3 gives MODP-4096 at most 152, RFC 3526 estimates 150")
	}
	return nil, "not assessed"
}
