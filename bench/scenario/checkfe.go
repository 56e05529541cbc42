package scenario

import (
	"slices"

	"meterbench/internal/strictyaml"
)

// An feText is a table of encryption costs as it stands in a file.
type feText struct {
	Schemes []string `yaml:"schemes"`
	Bits    []int    `yaml:"bits"` // of schemes with several sizes
	Lengths []int    `yaml:"lengths"`
	Bound   int64    `yaml:"bound"`   // every value is below it
	Bounds  []int64  `yaml:"bounds"`  // in place of bound
	Samples int      `yaml:"samples"` // timed repetitions of each cell, at least 6
}

// UnmarshalNode reads the table of encryption costs with its defaults, see
// Parse.
func (f *FE) UnmarshalNode(n *strictyaml.Node) error {
	t := feText{Schemes: []string{"ddh"}, Lengths: []int{1, 24}, Samples: 6}
	if err := n.Decode(&t); err != nil {
		return err
	}
	bound, bounds := n.Get("bound"), n.Get("bounds")
	switch {
	case bound != nil && bounds != nil:
		return bounds.Errorf("leave one of them out", "bound is given already")
	case bound != nil && (t.Bound < minBound || t.Bound > maxBound):
		return bound.Errorf("", "must be %d to %d, got %d", minBound, maxBound, t.Bound)
	case bound != nil:
		t.Bounds = []int64{t.Bound}
	case bounds == nil:
		t.Bounds = []int64{10_000}
	}
	if n.Get("bits") == nil {
		t.Bits = t.defaultBits()
	}
	*f = FE{Schemes: t.Schemes, Bits: t.Bits, Lengths: t.Lengths, Bounds: t.Bounds, Samples: t.Samples}
	return nil
}

// defaultBits are all sizes of the schemes that have several, or of all where
// none has.
func (t feText) defaultBits() []int {
	several := severalSizes(t.Schemes)
	if len(several) == 0 {
		several = t.Schemes
	}
	return keySizes(several...)
}

// Sizes returns the key sizes at which a scheme is measured: those of Bits that
// it has, or the only one that it has.
func (f FE) Sizes(scheme string) []int {
	has := sizes(scheme)
	if len(has) == 1 {
		return has
	}
	return slices.DeleteFunc(slices.Clone(f.Bits), func(bits int) bool { return !slices.Contains(has, bits) })
}

// SomeHas returns those of the key sizes that any of the schemes has.
func (f FE) SomeHas(bits []int) []int {
	has := keySizes(f.Schemes...)
	return slices.DeleteFunc(slices.Clone(bits), func(n int) bool { return !slices.Contains(has, n) })
}

// Validate returns the first thing in the table that cannot be measured, as a
// *strictyaml.Problem, or nil.
func (f FE) Validate() error {
	if p := f.check(""); p != nil {
		return p
	}
	return nil
}

func (f FE) check(at string) *strictyaml.Problem {
	p := each(at+"schemes", f.Schemes, func(path, scheme string) *strictyaml.Problem {
		if p := oneOf(path, scheme, schemes()); p != nil {
			return p
		}
		if len(f.Bits) > 0 && len(f.Sizes(scheme)) == 0 {
			return problem(knownSizes(scheme), path, "%s has none of the key sizes asked for", scheme)
		}
		return nil
	})
	if p == nil {
		p = each(at+"bits", f.Bits, func(path string, bits int) *strictyaml.Problem { return checkBits(path, bits, f.Schemes...) })
	}
	if p == nil {
		p = each(at+"bounds", f.Bounds, func(path string, bound int64) *strictyaml.Problem { return between(path, bound, minBound, maxBound) })
	}
	if p == nil {
		p = each(at+"lengths", f.Lengths, f.checkLength)
	}
	if p != nil {
		return p
	}
	sizesNeeded := len(severalSizes(f.Schemes)) > 0
	for _, list := range []struct {
		key string
		n   int
	}{{"schemes", len(f.Schemes)}, {"bits", len(f.Bits)}, {"lengths", len(f.Lengths)}, {"bounds", len(f.Bounds)}} {
		if list.n == 0 && (list.key != "bits" || sizesNeeded) {
			return problem("", at+list.key, "at least one is needed")
		}
	}
	return between(at+"samples", f.Samples, 6, maxMany) // fewer have no 95 % interval of the median
}

func (f FE) checkLength(path string, length int) *strictyaml.Problem {
	if p := between(path, length, 1, maxLength); p != nil {
		return p
	}
	for _, bound := range f.Bounds {
		if p := checkProduct(path, length, bound); p != nil {
			return p
		}
	}
	return nil
}
