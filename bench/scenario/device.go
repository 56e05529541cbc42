package scenario

import (
	"fmt"

	"meterbench/internal/strictyaml"
	"meterbench/network/topology"
)

// checkDevice makes sure that a series with a cap on the device has all its
// readings made there: what the load generator made would have no cap.
func (s Series) checkDevice(at string) *strictyaml.Problem {
	if s.Network.Caps.Device == (topology.Cap{}) {
		return nil
	}
	if s.Load.Arrivals.Kind == "trace" {
		return problem("leave caps.device out", at+"load.arrivals", "a device simulates what its meters measure and takes no trace")
	}
	if s.Mix == nil {
		return s.Workload.checkDevice(at + "workload.")
	}
	for i, w := range s.Mix {
		if p := w.checkDevice(fmt.Sprintf("%sworkloads[%d].", at, i)); p != nil {
			return p
		}
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
