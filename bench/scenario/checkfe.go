package scenario

import (
	"fmt"
	"slices"

	"meterbench/internal/strictyaml"
)

// Validate returns the first thing in the table that cannot be measured, as a
// *strictyaml.Problem, or nil.
func (f FE) Validate() error {
	if p := f.check(""); p != nil {
		return p
	}
	return nil
}

func (f FE) check(at string) *strictyaml.Problem {
	for i, scheme := range f.Schemes {
		path := fmt.Sprintf("%sschemes[%d]", at, i)
		if p := oneOf(path, scheme, schemes()); p != nil {
			return p
		}
		if slices.Contains(f.Schemes[:i], scheme) {
			return problem("", path, "%s is given twice", scheme)
		}
	}
	for i, bits := range f.Bits {
		path := fmt.Sprintf("%sbits[%d]", at, i)
		if p := checkBits(path, bits); p != nil {
			return p
		}
		if slices.Contains(f.Bits[:i], bits) {
			return problem("", path, "%d is given twice", bits)
		}
	}
	if p := between(at+"bound", f.Bound, 2, maxBound); p != nil {
		return p
	}
	for i, length := range f.Lengths {
		path := fmt.Sprintf("%slengths[%d]", at, i)
		if p := between(path, length, 1, maxLength); p != nil {
			return p
		}
		if slices.Contains(f.Lengths[:i], length) {
			return problem("", path, "%d is given twice", length)
		}
		if p := checkProduct(path, length, f.Bound); p != nil {
			return p
		}
	}
	for _, list := range []struct {
		key string
		n   int
	}{{"schemes", len(f.Schemes)}, {"bits", len(f.Bits)}, {"lengths", len(f.Lengths)}} {
		if list.n == 0 {
			return problem("", at+list.key, "at least one is needed")
		}
	}
	return between(at+"samples", f.Samples, 6, maxMany) // fewer have no 95 % interval of the median
}
