package scenario

import (
	"fmt"
	"slices"

	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

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

// RefuseChaincode returns an error about a key of a chaincode on one of the scenario's networks, a *strictyaml.Error, at its
// place in the scenario, or else in the topology.
func (s Scenario) RefuseChaincode(n Network, channel, chaincode, key, hint, msg string) error {
	if s.Chaincodes != nil {
		path := fmt.Sprintf("chaincodes[%d].%s", topology.PositionOf(chaincode, s.Chaincodes), key)
		return s.doc.Locate(strictyaml.Problemf(hint, path, "%s", msg))
	}
	if slices.Contains(topology.Names(), n.Topology) {
		return topology.RefuseChaincode(n.Topology, channel, chaincode, key, hint, msg)
	}
	return topology.RefuseChaincode(s.file(n.Topology), channel, chaincode, key, hint, msg)
}

// RefuseDriver returns an error about the client of a series, a *strictyaml.Error, at its place in the scenario.
func (s Scenario) RefuseDriver(one Series, hint, format string, args ...any) error {
	for _, place := range []string{one.from.at + "vary.client", "vary.client", one.from.at + "load.client", "load.client"} {
		if s.doc.Has(place) {
			return s.doc.Locate(one.naming(strictyaml.Problemf(hint, place, format, args...)))
		}
	}
	return s.doc.Locate(one.naming(strictyaml.Problemf(hint, one.from.at+"load", format, args...)))
}

// RefuseEvents returns an error about the events of a series, a *strictyaml.Error, at their place in the scenario.
func (s Scenario) RefuseEvents(one Series, hint, format string, args ...any) error {
	return s.doc.Locate(one.naming(strictyaml.Problemf(hint, one.Events.from, format, args...)))
}
