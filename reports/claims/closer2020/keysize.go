package closer2020

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/internal/group"
	"meterbench/reports/claims"
)

// A family is the costs of a scheme at one vector length, at ascending key size.
type family []result.FECost

func (f family) String() string { return parameters(f[0].Scheme, 0, f[0].Length) }

// families groups the table of costs in its order. Of several bounds the first one counts.
func families(e *claims.Evidence) (all []family) {
	for _, costs := range group.By(e.Summary.FE, func(c result.FECost) string { return parameters(c.Scheme, 0, c.Length) }) {
		slices.SortStableFunc(costs, func(a, b result.FECost) int { return cmp.Compare(a.Bits, b.Bits) })
		costs = slices.CompactFunc(costs, func(a, b result.FECost) bool { return a.Bits == b.Bits })
		all = append(all, costs)
	}
	return all
}

// keySize compares the cost of the keys' sizes within each family that has enough timings for intervals: an
// interrupted run may not.
func keySize(e *claims.Evidence) claims.Finding {
	var rows []result.ClaimRow
	sizes := 0 // families with a choice of them
	families := slices.DeleteFunc(families(e), func(f family) bool {
		return slices.ContainsFunc(f, func(c result.FECost) bool { return c.Encrypt.Low == nil || c.Encrypt.High == nil })
	})
	for _, f := range families {
		if len(f) > 1 {
			sizes++
			rows = append(rows, f.growth())
			continue
		}
		row := claims.Context(f.String(), growthQuantity, result.UnitRatio, claims.Exactly(math.NaN()))
		row.Note = fmt.Sprintf("one key size: %s at %d bits", seconds(f[0].Encrypt.P50), f[0].Bits)
		rows = append(rows, row)
	}
	if sizes == 0 {
		return claims.Missing("the cost of two key sizes of a scheme, with intervals")
	}
	found := claims.Find(rows, claims.BySetting)
	if groupMatters(families) {
		found.Conditions += " A scheme with one size of key is faster than others with their smallest: the group that it computes in matters more."
	}
	return found
}

const growthQuantity = "largest / smallest key"

// growth relates the cost of the largest key to that of the smallest. A larger key that is clearly faster than the next
// smaller breaks the rule, whatever the ends say.
func (f family) growth() result.ClaimRow {
	small, large := f[0], f[len(f)-1]
	setting := fmt.Sprintf("%s, %d to %d bits", f, small.Bits, large.Bits)
	row := claims.AtLeast(growth).Row(setting, growthQuantity, result.UnitRatio, claims.Ratio(timing(large.Encrypt), timing(small.Encrypt)))
	for i, larger := range f[1:] {
		if r := claims.Ratio(timing(larger.Encrypt), timing(f[i].Encrypt)); r.N > 0 && r.High < 1 {
			row.Standing, row.Note = result.Below, fmt.Sprintf("%d bits are faster than %d", larger.Bits, f[i].Bits)
		}
	}
	return row
}

// timing returns the estimate of a repeated timing.
func timing(c result.Cost) claims.Estimate {
	x := claims.Exactly(c.P50)
	if c.Low != nil && c.High != nil {
		x.Low, x.High, x.N = *c.Low, *c.High, c.N
	}
	return x
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
