package closer2020

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports"
)

// A parameter family is a scheme at one vector length: its costs at ascending
// key size.
type family struct {
	scheme string
	length int
	costs  []result.FECost
}

func (f family) String() string { return parameters(f.scheme, 0, f.length) }

// families groups the table of costs in its order. Of several bounds the first
// one counts.
func (e *evidence) families() []family {
	var all []family
	for _, c := range e.sum.FE {
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

// unsettled tells whether there are too few timings for an interval, as where a
// run was interrupted.
func (f family) unsettled() bool {
	return slices.ContainsFunc(f.costs, func(c result.FECost) bool { return c.Encrypt.Low == nil || c.Encrypt.High == nil })
}

// keySize compares the cost of the keys' sizes within each family.
func keySize(e *evidence) finding {
	var holds, fails, single, told []string
	families := slices.DeleteFunc(e.families(), family.unsettled)
	for _, f := range families {
		if len(f.costs) < 2 {
			single = append(single, fmt.Sprintf("%s (%s at %d bits)", f, reports.Seconds.Format(f.costs[0].Encrypt.P50), f.costs[0].Bits))
			continue
		}
		small, large := f.costs[0], f.costs[len(f.costs)-1]
		ratio := large.Encrypt.P50 / small.Encrypt.P50
		told = append(told, fmt.Sprintf("%s: %s at %d bits, %s at %d, %s as long; the ciphertext %s as large",
			f, cost(small.Encrypt), small.Bits, cost(large.Encrypt), large.Bits,
			reports.Times.Format(ratio), reports.Times.Format(float64(large.Bytes)/float64(small.Bytes))))
		if why := f.shrinks(); ratio >= growth && apart(small.Encrypt, large.Encrypt) && why == "" {
			holds = append(holds, f.String())
		} else {
			fails = append(fails, f.String()+why)
		}
	}
	if told == nil {
		return missing("the cost of two key sizes of a scheme, with intervals")
	}
	end := ""
	if single != nil {
		end = " No choice of size: " + strings.Join(single, "; ") + "."
		if groupMatters(families) {
			end += " So the group that a scheme computes in matters more than the size of its key."
		}
	}
	return finding{
		verdict:    overall(len(holds), len(fails)),
		evidence:   "One encryption, with the 95 % interval of its median. " + strings.Join(told, ". ") + ".",
		conditions: fmt.Sprintf("Holds for %s. Breaks for %s.%s", orNone(holds), orNone(fails), end),
	}
}

// groupMatters tells whether a scheme of one size that is secure encrypts faster
// than another with its smallest key.
func groupMatters(families []family) bool {
	for _, one := range families {
		for _, other := range families {
			if len(one.costs) == 1 && len(other.costs) > 1 && one.length == other.length && one.scheme != singleValues &&
				one.costs[0].SecurityBits != nil && *one.costs[0].SecurityBits >= secure && one.costs[0].Encrypt.P50 < other.costs[0].Encrypt.P50 {
				return true
			}
		}
	}
	return false
}

// shrinks tells of a larger key that is clearly faster than the next smaller.
func (f family) shrinks() string {
	for i := 1; i < len(f.costs); i++ {
		small, large := f.costs[i-1], f.costs[i]
		if large.Encrypt.P50 < small.Encrypt.P50 && apart(small.Encrypt, large.Encrypt) {
			return fmt.Sprintf(" (%d bits are faster than %d)", large.Bits, small.Bits)
		}
	}
	return ""
}

// apart tells whether the intervals of two costs do not meet.
func apart(a, b result.Cost) bool {
	return a.High != nil && b.High != nil && a.Low != nil && b.Low != nil && (*a.High < *b.Low || *b.High < *a.Low)
}

// cost writes a timing with its interval.
func cost(c result.Cost) string {
	if c.Low == nil || c.High == nil {
		return reports.Seconds.Format(c.P50)
	}
	return fmt.Sprintf("%s (%s to %s)", reports.Seconds.Format(c.P50), reports.Seconds.Format(*c.Low), reports.Seconds.Format(*c.High))
}
