package scenario

import "meterbench/bench/topology"

// Rated tells whether a load gives the rate of its arrivals.
func (a Arrivals) Rated() bool { return a.rated() }

// Unsettled tells whether the length of a load is that of a trace that has not been read.
func (l Load) Unsettled() bool { return l.unsettled() }

// Places returns where in its text a series stands, and its network's topology and policy.
func (s Series) Places() [3]string { return [3]string{s.from.at, s.from.topology, s.from.policy} }

// Text returns the event with its time.
func (e Event) Text() string { return e.At.String() + " " + e.String() }

// Impossible returns why one of some events cannot be done after those before it, empty where all can.
func (s Schedule) Impossible(all []Event) string {
	c := newCondition(s.stage)
	for _, e := range all {
		if reason, _ := c.refuse(e); reason != "" {
			return reason
		}
		c.apply(e)
	}
	return ""
}

// Prepare finds what a schedule names in a topology.
func (s *Schedule) Prepare(t topology.Topology) error {
	if p := s.setStage(stageOf(t)); p != nil {
		return p
	}
	return nil
}
