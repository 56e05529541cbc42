package fe

// A strength is the security strength of a size in bits, and where that number comes from.
type strength struct {
	bits   int
	source string
}

const (
	table2  = "NIST SP 800-57 Part 1 Rev. 5, Table 2"
	between = "interpolated: the estimate of NIST SP 800-56B Rev. 2, Appendix D, for factoring at this size"
	equated = ", which SP 800-57 equates with discrete logarithms"
	legacy  = "; disallowed since 2014 (SP 800-131A)"
)

// The strengths of the schemes. Those modulo a safe prime are as strong as discrete logarithms are hard
// there; the exponents are as long as the modulus, so its size alone decides. Paillier is as strong as
// its n is hard to factor.
var (
	residueStrength = map[int]strength{
		1024: {80, table2 + legacy},
		1536: {96, between + equated + "; RFC 3526 estimates 90"},
		2048: {112, table2},
		3072: {128, table2},
		4096: {152, between + equated + "; SP 800-56A Rev. 3 gives MODP-4096 at most 152, RFC 3526 estimates 150"},
	}
	factoringStrength = map[int]strength{1024: {80, table2 + legacy}, 2048: {112, table2}, 3072: {128, table2}, 4096: {152, between}}
	ristrettoStrength = map[int]strength{256: {128, "RFC 9496 and " + table2 + ": a group of order 2^252"}}
	pairingStrength   = map[int]strength{256: {100, "Barbulescu and Duquesne, Updating Key Size Estimations for Pairings (J. Cryptology 2019): " +
		"Barreto-Naehrig curves of 254 to 256 bits after the tower number field sieve"}}
)

// Security returns the scheme's security strength at a size, in bits, and where that number comes from.
// The strength is nil if there is no assessment.
func (s Scheme) Security(bits int) (strength *int, source string) {
	assessed, ok := s.strength[bits]
	if !ok {
		return nil, "not assessed"
	}
	return &assessed.bits, assessed.source
}
