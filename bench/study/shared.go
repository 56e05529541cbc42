package study

import "meterbench/bench/result"

// share takes transactions that this run has not sent for those of others where the target is theirs too.
func (s *study) share(a *result.Audit) {
	if !s.shared {
		return
	}
	ours := a.Unrecorded.Total()
	a.Others, a.Foreign = a.Foreign-ours, ours
	if a.Others > 0 {
		s.warn(result.AlsoUsed, "others committed %d transactions on the network while it was measured: latency and throughput are what they left", a.Others)
	}
}
