package scenario

import (
	"cmp"
	"slices"
	"strings"

	"meterbench/internal/strictyaml"
)

// FE asks for a table of encryption costs, measured with no other load. It has a cell for every scheme with
// every size of Bits that the scheme has, length and bound; a scheme of one size has it whatever Bits says.
// Lengths are those of vectors, or where a scheme has no authority of groups of meters.
type FE struct {
	Schemes []string `yaml:"schemes"` // default ddh
	Bits    []int    `yaml:"bits"`    // of schemes with several sizes, default all that they have
	Lengths []int    `yaml:"lengths"` // values per vector, default 1 and 24
	Bounds  []int64  `yaml:"bounds"`  // in place of bound
	Samples int      `yaml:"samples"` // timed repetitions of each combination, at least 6, default 6
}

// MinSamples is the fewest samples of a cell for which the 95 % interval of a median exists: with n samples,
// their smallest and largest enclose the median with probability 1-2^(1-n).
const MinSamples = 6

// DefaultBound is the default bound of values.
const DefaultBound = 10_000

// An feText is a table of encryption costs as written in a file.
type feText struct {
	Bound int64 `yaml:"bound"` // every value is below it, default 10000
	FE
}

// fe reads the table of encryption costs with its defaults, see Parse.
func (s Schemes) fe(n *strictyaml.Node) (*FE, error) {
	t := feText{FE: FE{Schemes: s.Names()[:1], Lengths: []int{1, 24}, Samples: MinSamples}}
	if err := n.Decode(&t); err != nil {
		return nil, err
	}
	bound, bounds := n.Get("bound"), n.Get("bounds")
	switch {
	case bound != nil && bounds != nil:
		return nil, bounds.Errorf("leave one of them out", "bound is given already")
	case bound != nil && (t.Bound < MinBound || t.Bound > MaxBound):
		return nil, bound.Errorf("", "must be %d to %d, got %d", MinBound, MaxBound, t.Bound)
	case bound != nil:
		t.Bounds = []int64{t.Bound}
	case bounds == nil:
		t.Bounds = []int64{DefaultBound}
	}
	if n.Get("bits") == nil { // all sizes of the schemes that have several, or of all where none has
		several := s.several(t.Schemes)
		if len(several) == 0 {
			several = t.Schemes
		}
		t.Bits = s.Sizes(several...)
	}
	return &t.FE, nil
}

// Sizes returns the key sizes at which a scheme is measured: those of Bits that it has, or the only one that it has.
func (f FE) Sizes(known Schemes, scheme string) []int {
	has := known.Of(scheme).Sizes
	if len(has) == 1 {
		return has
	}
	return slices.DeleteFunc(slices.Clone(f.Bits), func(bits int) bool { return !slices.Contains(has, bits) })
}

// A Cell is one combination of the table.
type Cell struct {
	Scheme       string
	Bits, Length int
	Bound        int64
}

// Cells returns all combinations, in their order.
func (f FE) Cells(known Schemes) (all []Cell) {
	for _, scheme := range f.Schemes {
		for _, bits := range f.Sizes(known, scheme) {
			for _, length := range f.Lengths {
				for _, bound := range f.Bounds {
					all = append(all, Cell{scheme, bits, length, bound})
				}
			}
		}
	}
	return all
}

// SomeHas returns those of the key sizes that any of the schemes has.
func (f FE) SomeHas(known Schemes, bits []int) []int {
	has := known.Sizes(f.Schemes...)
	return slices.DeleteFunc(slices.Clone(bits), func(n int) bool { return !slices.Contains(has, n) })
}

// Check returns the first mistake in the table, with its path after at.
func (f FE) Check(known Schemes, at string) *strictyaml.Problem {
	p := cmp.Or(
		each(at+"schemes", f.Schemes, func(path, scheme string) *strictyaml.Problem {
			if p := strictyaml.OneOf(path, scheme, known.Names()...); p != nil || len(f.Bits) == 0 || len(f.Sizes(known, scheme)) > 0 {
				return p
			}
			return strictyaml.Problemf(known.hint(scheme), path, "%s has none of these key sizes", scheme)
		}),
		each(at+"bits", f.Bits, func(path string, bits int) *strictyaml.Problem { return known.CheckBits(path, bits, f.Schemes...) }),
		each(at+"bounds", f.Bounds, func(path string, bound int64) *strictyaml.Problem {
			return strictyaml.Between(path, bound, MinBound, MaxBound)
		}),
		each(at+"lengths", f.Lengths, func(path string, length int) *strictyaml.Problem {
			p := strictyaml.Between(path, length, 1, MaxLength)
			for _, bound := range f.Bounds {
				p = cmp.Or(p, CheckProduct(path, length, bound))
			}
			return p
		}))
	if p != nil {
		return p
	}
	cells := 0
	for _, scheme := range f.Schemes {
		cells += len(f.Sizes(known, scheme)) * len(f.Lengths) * len(f.Bounds)
	}
	if cells > maxCells {
		return strictyaml.Problemf("give fewer lengths, bounds or sizes", strings.TrimSuffix(at, "."), "the table has %d cells, more than %d", cells, maxCells)
	}
	for _, list := range []struct {
		key      string
		n        int
		required bool
	}{
		{"schemes", len(f.Schemes), true}, {"bits", len(f.Bits), len(known.several(f.Schemes)) > 0},
		{"lengths", len(f.Lengths), true}, {"bounds", len(f.Bounds), true},
	} {
		if list.n == 0 && list.required {
			return strictyaml.Problemf("", at+list.key, "at least one is needed")
		}
	}
	return strictyaml.Between(at+"samples", f.Samples, MinSamples, maxMany)
}
