package scenario

import "meterbench/internal/strictyaml"

// checkFailover makes sure that what is sent again through another gateway cannot be committed twice, and that there are
// gateways.
func (s Series) checkFailover(at string, target *Target) *strictyaml.Problem {
	load := at + "load.failover"
	if !s.Load.Failover {
		return nil
	}
	if target != nil && !target.Others {
		return strictyaml.Problemf("leave it out, or give a topology in place of the target", load,
			"has readings sent again through another gateway; this scenario's target is a %s", target.Called)
	}
	for path, w := range s.Workloads() {
		if t := w.Traits(); !t.Once && !t.Query {
			return strictyaml.Problemf("leave it out, or use a workload of readings", load,
				"what is sent again could be committed twice: the contract of %s (%s) does not refuse what is on the ledger already", path, w.Kind)
		}
	}
	return nil
}
