package closer2020

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// A forgery is a kind of attempt that the claim of integrity needs, with the codes of the contract and the
// verifier's reasons for which it has to be refused: one that fails for something else proves nothing.
type forgery struct {
	kind    string
	reasons []string
}

// forgeries returns all kinds, between them the honest attempts, which nothing may refuse.
func forgeries() []forgery {
	return []forgery{
		{result.ProbeForgedSignature, []string{"READING_SIGNATURE"}},
		{result.ProbeReplay, []string{"READING_DUPLICATE"}},
		{result.ProbeReordered, []string{"READING_TIME"}},
		{result.ProbeForeignMeter, []string{"METER_UNKNOWN", "READING_SIGNATURE"}},
		{result.ProbeTamperedCiphertext, []string{"READING_SIGNATURE", "READING_ALTERED"}}, // the latter in runs of older versions
		{result.ProbeForeignKey, []string{result.NoResult, "verifier: result"}},
		{result.ProbeUnapprovedFunction, []string{"FUNCTION_NOT_APPROVED"}},
		{result.ProbeTamperedBill, []string{"BILL_SIGNATURE", "verifier: result"}},
		{result.ProbeHonestReading, nil},
		{result.ProbeHonestBill, nil},
	}
}

// integrity looks at what became of the forgeries that were tried on the live network.
func integrity(e *claims.Evidence) claims.Finding {
	if e.Summary.Integrity == nil {
		return claims.Missing("attempts at forging on the live network")
	}
	probes := e.Summary.Integrity.Probes
	var accepted, honestRefused, refused, untried, otherwise []string
	var honest, forged uint64
	for _, p := range probes {
		if p.Honest {
			honest += p.Attempts
			if p.Accepted < p.Attempts {
				honestRefused = append(honestRefused, p.Kind)
			}
			continue
		}
		if p.Accepted > 0 {
			accepted = append(accepted, p.Kind)
		}
		forged += p.Attempts
		text := fmt.Sprintf("%d of %d x %s", p.Attempts-p.Accepted, p.Attempts, p.Kind)
		if reasons := slices.Sorted(maps.Keys(p.Refused)); reasons != nil {
			text += " (" + strings.Join(reasons, ", ") + ")"
		}
		refused = append(refused, text)
	}
	for _, f := range forgeries() {
		at := slices.IndexFunc(probes, func(p result.Probe) bool { return p.Kind == f.kind && p.Attempts > 0 })
		if at < 0 {
			untried = append(untried, f.kind)
			continue
		}
		for _, reason := range slices.Sorted(maps.Keys(probes[at].Refused)) {
			if !probes[at].Honest && !slices.Contains(f.reasons, reason) {
				otherwise = append(otherwise, fmt.Sprintf("%s (%s)", f.kind, reason))
			}
		}
	}
	f := claims.Finding{
		Verdict:  result.Inconclusive,
		Evidence: fmt.Sprintf("%d attempts at forging, between %d honest ones. Refused: %s.", forged, honest, claims.OrNone(refused)),
	}
	switch {
	case accepted != nil:
		f.Verdict, f.Conditions = result.NotReproduced, "Accepted: "+strings.Join(accepted, ", ")+"."
	case untried != nil:
		f.Conditions = "Not tried: " + strings.Join(untried, ", ") + "."
	case honestRefused != nil:
		f.Conditions = "Honest attempts were refused too, so that refusals prove nothing: " + strings.Join(honestRefused, ", ") + "."
	case otherwise != nil:
		f.Conditions = "Refused for another reason than its falsehood: " + strings.Join(otherwise, ", ") + "."
	default:
		f.Verdict = result.Reproduced
		f.Conditions = "For whoever checks a bill from the ledger, as long as the meters keep their keys and the authority issues no key for a function " +
			"that it did not approve. That a function of several readings reveals none of them holds only while the keys that were issued do not together."
	}
	return f
}
