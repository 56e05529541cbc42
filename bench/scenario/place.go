package scenario

import (
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// checkPlace makes sure that a series with a cap on the device has everything
// made there: what the load generator made before would have no cap. And a
// simulated ledger cannot be read for bills.
func (s Series) checkPlace(at string) *strictyaml.Problem {
	check := Workload.checkDevice
	switch {
	case s.Network == (Network{}):
		check = Workload.checkSimulated
	case s.Network.Caps.Device == (topology.Cap{}):
		return nil
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
	if w.Kind == "encrypted" && w.Encryption.Mode != "inline" {
		return problem("use encryption: inline, or leave caps.device out", at+"encryption", "ciphertexts made before the load would have no cap when they count")
	}
	return nil
}
