package metroind2020

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// letThrough is the figure of the claim of the trusted third party: the share of attempts that were accepted.
const letThrough = "accepted"

// byThirdParties are the kinds of attempts by whom a meter's owner or a verifier might have to trust: holders of a
// registrar's key, registrars of other organisations, who issues an organisation's identities, who signs certificates.
func byThirdParties() []string {
	return []string{
		result.ProbeLoneRegister, result.ProbeSecondIdentity,
		result.ProbeStolenInvent, result.ProbeStolenReplace, result.ProbeStolenRevoke, result.ProbeStolenRekey,
		result.ProbeTakeRegister, result.ProbeTakeRevoked, result.ProbeTakeRotate, result.ProbeTakeRevoke, result.ProbeReplayElsewhere,
		result.ProbeSecondCertificate,
	}
}

// thirdParty asks whom the ledger has to trust, by what it accepted of those who could be trusted. Counts decide: one
// attempt that is accepted shows the dependence. What the certification authority accepted stands beside it.
func thirdParty(e *claims.Evidence) claims.Finding {
	if e.Summary.Integrity == nil && e.Summary.Target == result.TargetAttached {
		return claims.NotMeasured("forgeries are not tried on a network that others run")
	}
	tried, _ := probes(e, result.SystemLedger)
	var rows []result.ClaimRow
	trusts := map[result.Trust]bool{}
	honest := true
	for _, p := range tried {
		honest = honest && !(p.Honest && p.Ruling() == result.RulingFault)
		if slices.Contains(byThirdParties(), p.Kind) {
			rows = append(rows, dependenceRow(p))
			if p.Accepted > 0 {
				trusts[p.Trust] = true
			}
		}
	}
	if rows == nil {
		return claims.Missing("attempts by trusted parties on the live ledger")
	}
	f := claims.Find(rows, claims.BySetting)
	if len(trusts) > 0 {
		f.Conditions = fmt.Sprintf("The ledger has to trust %s.", listed(trusts))
	}
	if !honest && f.Verdict == result.Reproduced {
		f.Verdict, f.Conditions = result.Inconclusive, "Something honest was refused, so that refusals prove nothing."
	}
	others, _ := probes(e, result.SystemCA)
	for _, p := range others {
		if p.Accepted > 0 && !p.Honest {
			row := claims.Context(p.Kind+" (CA)", letThrough, result.UnitShare, claims.Share(p.Accepted, p.Attempts))
			row.Note = dependence(p)
			f.Rows = append(f.Rows, row)
		}
	}
	return f
}

// dependenceRow says whether the ledger has to trust whoever tries it.
func dependenceRow(p result.Probe) result.ClaimRow {
	row := claims.AtMost(0).Row(p.Kind, letThrough, result.UnitShare, claims.Share(p.Accepted, p.Attempts))
	row.Standing, row.Note = result.Inside, dependence(p)
	if p.Accepted > 0 {
		row.Standing = result.Above
	}
	return row
}

// dependence says what was tried, what became of the attempts, and whom the system trusts where it accepts them.
func dependence(p result.Probe) string {
	note := claims.Tried(p.Kind) + ": " + outcome(p)
	if p.Accepted > 0 {
		note += "; trusts " + claims.Trusted(p.Trust)
	}
	return note
}

// outcome says how many attempts were accepted, and as what the others were refused.
func outcome(p result.Probe) string {
	reasons := slices.Sorted(maps.Keys(p.Refused))
	return strings.Join(append([]string{fmt.Sprintf("%d of %d accepted", p.Accepted, p.Attempts)}, reasons...), ", ")
}

// listed names all of them in a sentence.
func listed(all map[result.Trust]bool) string {
	var names []string
	for _, t := range slices.Sorted(maps.Keys(all)) {
		names = append(names, claims.Trusted(t))
	}
	return strings.Join(names, " and ")
}
