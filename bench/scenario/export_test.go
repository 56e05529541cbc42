package scenario

// Rated tells whether a load gives the rate of its arrivals.
func (a Arrivals) Rated() bool { return a.rated() }

// Unsettled tells whether the length of a load is that of a trace that has not been read.
func (l Load) Unsettled() bool { return l.unsettled() }

// Places returns where in its text a series stands, and its network's topology and policy.
func (s Series) Places() [3]string { return [3]string{s.from.at, s.from.topology, s.from.policy} }
