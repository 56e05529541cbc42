package metroind2020

import (
	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// A floor relates the rate of verifications by query to the least that one can take.
type floor struct {
	clients  int
	rate     claims.Estimate // of verifications by query
	evaluate claims.Estimate // the rate of calls that one peer evaluates and that verify nothing
	verify   float64         // time of one P-256 verification, alone, in seconds
	allowed  claims.Estimate // the rate that both allow
	share    claims.Estimate // of the allowed rate that was reached
}

// floors returns one for each number of clients at which the run measured verifications by query and lookups, which are
// the same call but for the verification. N clients on C cores that share one more verification of V seconds get
//
//	1 / (1/R + V / min(N, C))
//
// where R is the rate of calls without it: a client alone waits for V, and cores that are all busy share it.
func floors(e *claims.Evidence) (all []floor) {
	verified, ok := verifyQuery().find(e)
	looked, okLookup := lookup().find(e)
	verify, cores := e.Run.Host.Verify, e.Run.Host.Offered()
	if !ok || !okLookup || !(verify > 0) || !(cores > 0) {
		return nil
	}
	for _, l := range verified.levels {
		for _, other := range looked.levels {
			if l.Load != other.Load || l.Load.Kind != result.LoadClosed {
				continue
			}
			f := floor{clients: l.Load.Clients, rate: l.Throughput(), evaluate: other.Throughput(), verify: verify}
			if !(f.rate.Value > 0 && f.evaluate.Value > 0) {
				continue
			}
			added := verify / min(float64(l.Load.Clients), cores)
			f.allowed = inverse(plus(inverse(f.evaluate), added))
			f.share = claims.Ratio(f.rate, f.allowed)
			all = append(all, f)
		}
	}
	return all
}
