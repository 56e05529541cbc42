package closer2020

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// A family is the costs of a scheme at one vector length, at ascending key size.
type family []result.FECost

func (f family) String() string { return parameters(f[0].Scheme, 0, f[0].Length) }

// families groups the table of costs in its order. Of several bounds the first one counts.
func families(e *claims.Evidence) (all []family) {
	for _, costs := range reports.GroupBy(e.Summary.FE, func(c result.FECost) string { return parameters(c.Scheme, 0, c.Length) }) {
		slices.SortStableFunc(costs, func(a, b result.FECost) int { return cmp.Compare(a.Bits, b.Bits) })
		costs = slices.CompactFunc(costs, func(a, b result.FECost) bool { return a.Bits == b.Bits })
		all = append(all, costs)
	}
	return all
}

// keySize compares the cost of the keys' sizes within each family that has enough timings for intervals: an
// interrupted run may not.
func keySize(e *claims.Evidence) claims.Finding {
	var holds, fails, single, all []string
	families := slices.DeleteFunc(families(e), func(f family) bool {
		return slices.ContainsFunc(f, func(c result.FECost) bool { return c.Encrypt.Low == nil || c.Encrypt.High == nil })
	})
	for _, f := range families {
		small, large := f[0], f[len(f)-1]
		if len(f) < 2 {
			single = append(single, fmt.Sprintf("%s (%s at %d bits)", f, seconds(small.Encrypt.P50), small.Bits))
			continue
		}
		ratio := large.Encrypt.P50 / small.Encrypt.P50
		all = append(all, fmt.Sprintf("%s: %s at %d bits, %s at %d, %s as long; the ciphertext %s as large",
			f, cost(small.Encrypt), small.Bits, cost(large.Encrypt), large.Bits,
			times(ratio), times(float64(large.Bytes)/float64(small.Bytes))))
		if why := f.shrinks(); ratio >= growth && *small.Encrypt.High < *large.Encrypt.Low && why == "" {
			holds = append(holds, f.String())
		} else {
			fails = append(fails, f.String()+why)
		}
	}
	if all == nil {
		return claims.Missing("the cost of two key sizes of a scheme, with intervals")
	}
	end := ""
	if single != nil {
		end = " No choice of size: " + strings.Join(single, "; ") + "."
		if groupMatters(families) {
			end += " So the group that a scheme computes in matters more than the size of its key."
		}
	}
	return claims.Finding{
		Verdict:    claims.Overall(len(holds), len(fails)),
		Evidence:   "One encryption, with the 95 % interval of its median. " + strings.Join(all, ". ") + ".",
		Conditions: fmt.Sprintf("Holds for %s. Breaks for %s.%s", claims.OrNone(holds), claims.OrNone(fails), end),
	}
}

// groupMatters reports whether a secure scheme of one size encrypts faster than another with its smallest key.
func groupMatters(families []family) bool {
	return slices.ContainsFunc(families, func(one family) bool {
		c := one[0]
		return len(one) == 1 && c.Scheme != singleValues && isSecure(c.SecurityBits) && slices.ContainsFunc(families, func(other family) bool {
			return len(other) > 1 && c.Length == other[0].Length && c.Encrypt.P50 < other[0].Encrypt.P50
		})
	})
}

func isSecure(bits *int) bool { return bits != nil && *bits >= secure }

// shrinks names a larger key that is clearly faster than the next smaller.
func (f family) shrinks() string {
	for i, large := range f[1:] {
		if small := f[i]; *large.Encrypt.High < *small.Encrypt.Low {
			return fmt.Sprintf(" (%d bits are faster than %d)", large.Bits, small.Bits)
		}
	}
	return ""
}

// cost writes a timing with its interval.
func cost(c result.Cost) string {
	return fmt.Sprintf("%s (%s to %s)", seconds(c.P50), seconds(*c.Low), seconds(*c.High))
}

// parameters names a parameter set; with 0 bits, whatever the key's size.
func parameters(scheme string, bits, length int) string {
	text := scheme
	if bits > 0 {
		text += fmt.Sprintf(" at %d bits", bits)
	}
	switch {
	case scheme == singleValues:
		return text + fmt.Sprintf(", 1 value in a group of %d", length)
	case length == 1:
		return text + ", 1 value"
	}
	return text + fmt.Sprintf(", %d values", length)
}
