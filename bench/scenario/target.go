package scenario

import (
	"reflect"

	"meterbench/internal/strictyaml"
)

// Target stands in place of a topology.
type Target struct {
	Kind    string
	Called  string        // in messages: simulated ledger
	Options TargetOptions // of its kind
	keeps   bool          // as TargetKind.Keeps
}

// target reads a target: its kind, and beside it the keys of this kind.
func (c Catalog) target(n *strictyaml.Node) (*Target, error) {
	keys := []string{"kind"}
	for _, row := range c.Targets {
		keys = append(keys, keysOf(reflect.TypeOf(row.New()).Elem())...)
	}
	kind, err := kindOf(n, keys)
	if err != nil {
		return nil, err
	}
	for _, row := range c.Targets {
		if row.Name == kind {
			t := &Target{Kind: kind, Called: row.Called, Options: row.New(), keeps: row.Keeps}
			return t, n.Without("kind").Decode(t.Options)
		}
	}
	return nil, strictyaml.OneOf("target.kind", kind, names(c.Targets, func(k TargetKind) string { return k.Name })...)
}

// checkTarget makes sure that there is a topology or a target, and that a target has nothing beside it
// that only a network of our own has.
func (t text) checkTarget(doc *strictyaml.Document, target *Target) *strictyaml.Problem {
	if target == nil {
		if t.Topology == "" {
			return problem("", "topology", "is missing: the name of a shipped topology, or a file")
		}
		return nil
	}
	for _, at := range t.places() {
		for _, key := range []string{"topology", "policy", "batch", "limits", "caps", "channels"} {
			hint := "leave one of them out"
			if doc.Has("target."+key) || key == "batch" {
				hint = "move it into target"
			}
			for _, path := range []string{at + "vary." + key, at + key} {
				if doc.Has(path) {
					return problem(hint, path, "belongs to a network; this scenario's target is a %s", target.Called)
				}
			}
		}
	}
	return target.Options.Check("target.")
}
