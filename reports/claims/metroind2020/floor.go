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
	added    float64         // time of one P-256 verification and of the meter's signature, each alone, in seconds
	allowed  claims.Estimate // the rate that both allow
	share    claims.Estimate // of the allowed rate that was reached
}

// floors returns one for each number of clients at which the run measured verifications by query and lookups, which are
// the same call but for the verification, and for the signature that the load generator makes in place of the meter. N
// clients on C cores that share V + S seconds more, of one verification and one signature, get
//
//	1 / (1/R + (V + S) / min(N, C))
//
// where R is the rate of calls without them: a client alone waits for both, and cores that are all busy share them.
func floors(e *claims.Evidence) (all []floor) {
	verified, ok := verifyQuery().find(e)
	looked, okLookup := lookup().find(e)
	host := e.Run.Host
	if !ok || !okLookup || !(host.Verify > 0) || !(host.Sign > 0) || !(host.Offered() > 0) {
		return nil
	}
	for _, l := range verified.levels {
		for _, other := range looked.levels {
			if l.Load != other.Load || l.Load.Kind != result.LoadClosed {
				continue
			}
			f := floor{clients: l.Load.Clients, rate: l.Throughput(), evaluate: other.Throughput(), added: host.Verify + host.Sign}
			if !(f.rate.Value > 0 && f.evaluate.Value > 0) {
				continue
			}
			f.allowed = inverse(plus(inverse(f.evaluate), f.added/min(float64(f.clients), host.Offered())))
			f.share = claims.Ratio(f.rate, f.allowed)
			all = append(all, f)
		}
	}
	return all
}
