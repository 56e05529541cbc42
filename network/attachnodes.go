package network

import (
	"fmt"
	"maps"
	"net"
	"slices"

	"meterbench/internal/strictyaml"
)

// named makes sure that operations endpoints and logs are those of nodes that the attachment names, or of orderers that
// the channel's configuration does, by host or address.
func (a *Attached) named() error {
	var known []string
	for _, g := range slices.Concat(a.Gateways, a.Peers) {
		known = append(known, g.Name)
	}
	for _, o := range a.Orderers {
		known = append(known, o.Name)
	}
	for _, e := range a.Agreed.Endpoints {
		host, _, _ := net.SplitHostPort(e.Address) // an address that is none names no node
		known = append(known, host, e.Address)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	unknown := func(part AttachPart, name string) error {
		if slices.Contains(known, name) {
			return nil
		}
		return &AttachError{Part: part, Name: name, Reason: fmt.Sprintf("%s is no node of the profile, and no orderer of channel %s", name, a.Channel),
			Remedy: "name it as the profile does, or add it there: " + strictyaml.Hint(name, known)}
	}
	for _, o := range a.Operations {
		if err := unknown(AttachOperations, o.Node); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Logs)) {
		if err := unknown(AttachLog, name); err != nil {
			return err
		}
	}
	return nil
}
