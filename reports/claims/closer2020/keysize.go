package closer2020

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// A family is the parameter sets of a scheme at one vector length: its costs at ascending key size.
type family struct {
	scheme string
	length int
	costs  []result.FECost
}

func (f family) String() string { return parameters(f.scheme, 0, f.length) }

// families groups the table of costs in its order. Of several bounds the first one counts.
func families(e *claims.Evidence) []family {
	var all []family
	for _, c := range e.Summary.FE {
		i := slices.IndexFunc(all, func(f family) bool { return f.scheme == c.Scheme && f.length == c.Length })
		if i < 0 {
			i = len(all)
			all = append(all, family{scheme: c.Scheme, length: c.Length})
		}
		if !slices.ContainsFunc(all[i].costs, func(other result.FECost) bool { return other.Bits == c.Bits }) {
			all[i].costs = append(all[i].costs, c)
		}
	}
	for _, f := range all {
		slices.SortFunc(f.costs, func(a, b result.FECost) int { return cmp.Compare(a.Bits, b.Bits) })
	}
	return all
}

// keySize compares the cost of the keys' sizes within each family that has enough timings for
// intervals: an interrupted run may not.
func keySize(e *claims.Evidence) claims.Finding {
	var holds, fails, single, all []string
	families := slices.DeleteFunc(families(e), func(f family) bool {
		return slices.ContainsFunc(f.costs, func(c result.FECost) bool { return c.Encrypt.Low == nil || c.Encrypt.High == nil })
	})
	for _, f := range families {
		small, large := f.costs[0], f.costs[len(f.costs)-1]
		if len(f.costs) < 2 {
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

// groupMatters reports whether a secure scheme of one size encrypts faster than another with its
// smallest key.
func groupMatters(families []family) bool {
	return slices.ContainsFunc(families, func(one family) bool {
		return len(one.costs) == 1 && one.scheme != singleValues && isSecure(one.costs[0].SecurityBits) && slices.ContainsFunc(families, func(other family) bool {
			return len(other.costs) > 1 && one.length == other.length && one.costs[0].Encrypt.P50 < other.costs[0].Encrypt.P50
		})
	})
}

func isSecure(bits *int) bool { return bits != nil && *bits >= secure }

// shrinks names a larger key that is clearly faster than the next smaller.
func (f family) shrinks() string {
	for i := 1; i < len(f.costs); i++ {
		if small, large := f.costs[i-1], f.costs[i]; *large.Encrypt.High < *small.Encrypt.Low {
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
