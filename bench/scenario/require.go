package scenario

import "meterbench/internal/strictyaml"

// Require is what a run's levels have to be, but for those beyond saturation. In YAML the word valid, or a mapping.
type Require struct {
	Valid      bool    `yaml:"valid"`       // every point is a valid measurement
	ValidShare float64 `yaml:"valid_share"` // above 0 and at most 1: so much of what is scheduled at each level succeeds
}

// requireValid is the short form of a Require that is Valid.
const requireValid = "valid"

// UnmarshalNode reads either form.
func (r *Require) UnmarshalNode(n *strictyaml.Node) error {
	if word, ok := n.Scalar(); ok {
		if p := strictyaml.OneOf("", word, requireValid); p != nil {
			return n.Locate(p)
		}
		*r = Require{Valid: true}
		return nil
	}
	type plain Require
	*r = Require{}
	if err := n.Decode((*plain)(r)); err != nil {
		return err
	}
	if n.Has("valid_share") && !(r.ValidShare > 0 && r.ValidShare <= 1) {
		return n.Locate(strictyaml.Problemf("", "valid_share", "must be above 0 and at most 1, got %v", r.ValidShare))
	}
	return nil
}
