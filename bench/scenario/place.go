package scenario

import (
	"meterbench/internal/strictyaml"
	"meterbench/network/topology"
)

// checkPlace makes sure that a series with a cap on the device has all its
// readings made there: what the load generator made would have no cap. And a
// simulated ledger cannot be read for bills.
func (s Series) checkPlace(at string) *strictyaml.Problem {
	check := Workload.checkDevice
	switch {
	case s.Network == (Network{}):
		check = Workload.checkSimulated
	case s.Network.Caps.Device == (topology.Cap{}):
		return nil
	case s.Load.Arrivals.Kind == "trace":
		return problem("leave caps.device out", at+"load.arrivals", "a device simulates what its meters measure and takes no trace")
	}
	for path, w := range s.Workloads() {
		if p := check(w, at+path+"."); p != nil {
			return p
		}
	}
	return nil
}

func (w Workload) checkSimulated(at string) *strictyaml.Problem {
	if w.Kind == "billing" {
		return problem("give a topology in place of the target", at+"kind", "a simulated ledger keeps no readings to bill")
	}
	return nil
}

func (w Workload) checkDevice(at string) *strictyaml.Problem {
	switch {
	case w.Kind == "billing":
		return problem("leave caps.device out", at+"kind", "bills are computed in the load generator, not in the device")
	case w.Kind == "encrypted" && w.Scheme == "dmcfe":
		return problem("leave caps.device out", at+"scheme", "the keys of a group of dmcfe are agreed on in the load generator, not in the device")
	case w.Kind == "encrypted" && w.Encryption.Mode != "inline":
		return problem("use encryption: inline", at+"encryption", "a device encrypts every reading when it is due")
	}
	return nil
}
