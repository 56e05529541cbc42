package strictyaml

import "slices"

// Raw keeps a value as it is, to be decoded once it is known into what.
type Raw struct{ *Node }

// UnmarshalNode implements Unmarshaler.
func (r *Raw) UnmarshalNode(n *Node) error {
	r.Node = n
	return nil
}

// CheckKeys returns an error about a value that is no mapping, or about its first key that is not
// among the known ones.
func (n *Node) CheckKeys(known []string) error {
	if n.kind != mapping {
		return n.wantsKeys(known)
	}
	for _, e := range n.entries {
		if !slices.Contains(known, e.key) {
			return n.unknown(e, known)
		}
	}
	return nil
}

// Without returns a mapping without some of its keys.
func (n *Node) Without(keys ...string) *Node {
	rest := *n
	rest.entries = slices.DeleteFunc(slices.Clone(n.entries), func(e entry) bool { return slices.Contains(keys, e.key) })
	return &rest
}
