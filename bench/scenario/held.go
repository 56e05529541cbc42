package scenario

import "meterbench/internal/strictyaml"

// RefuseNetwork returns an error about the network of a series, a *strictyaml.Error, at what the scenario says of it under
// a key of networks, such as batch, or else where it names the topology.
func (s Scenario) RefuseNetwork(one Series, key, hint, format string, args ...any) error {
	for _, place := range []string{one.from.at + "vary." + key, "vary." + key, one.from.at + key, key} {
		if s.doc.Has(place) {
			return s.doc.Locate(one.naming(strictyaml.Problemf(hint, place, format, args...)))
		}
	}
	return s.doc.Locate(one.naming(strictyaml.Problemf(hint, one.from.topology, format, args...)))
}
