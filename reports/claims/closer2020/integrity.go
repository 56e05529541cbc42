package closer2020

import (
	"fmt"
	"maps"
	"math"
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
	added   bool // runs of older versions did not try it, which is held against none
}

// forgeries returns all kinds, between them the honest attempts, which nothing may refuse.
func forgeries() []forgery {
	return []forgery{
		{result.ProbeForgedSignature, []string{"READING_SIGNATURE"}, false},
		{result.ProbeReplay, []string{"READING_DUPLICATE"}, false},
		{result.ProbeReordered, []string{"READING_TIME"}, false},
		{result.ProbeForeignMeter, []string{"METER_UNKNOWN", "READING_SIGNATURE"}, false},
		{result.ProbeOtherChannel, []string{"READING_CHANNEL", "READING_SIGNATURE"}, true},
		{result.ProbeTamperedCiphertext, []string{"READING_SIGNATURE", "READING_ALTERED"}, false}, // the latter in runs of older versions
		{result.ProbeForeignKey, []string{result.NoResult, "verifier: result"}, false},
		{result.ProbeUnapprovedFunction, []string{"FUNCTION_NOT_APPROVED"}, false},
		{result.ProbeTamperedBill, []string{"BILL_SIGNATURE", "verifier: result"}, false},
		{result.ProbeDoubleBill, []string{"BILL_DUPLICATE", "BILL_OVERLAP"}, true},
		{result.ProbeEarlyFunction, []string{"BILL_EARLY"}, true},
		{result.ProbeRevealingKey, []string{result.KeyRefused}, true},
		{result.ProbeHonestReading, nil, false},
		{result.ProbeHonestBill, nil, false},
	}
}

// wronglyDecided is the figure of the claim of integrity: the share of forgeries that were accepted, or of what is
// honest that was refused.
const wronglyDecided = "wrongly decided"

// integrity looks at what became of the forgeries that were tried on the live network. Here counts decide, not
// intervals: one forgery that was accepted refutes the claim, one honest reading that was refused makes the refusals
// worthless. The interval says what share of forgeries the attempts could have missed.
func integrity(e *claims.Evidence) claims.Finding {
	if e.Summary.Integrity == nil && e.Summary.Target == result.TargetAttached {
		return claims.NotMeasured("forgeries are not tried on a network that others run")
	}
	if e.Summary.Integrity == nil {
		return claims.Missing("attempts at forging on the live network")
	}
	var rows []result.ClaimRow
	verdict := result.Reproduced
	worse := func(v result.Verdict) {
		if verdict != result.NotReproduced {
			verdict = v
		}
	}
	for _, f := range forgeries() {
		if f.added && !slices.ContainsFunc(e.Summary.Integrity.Probes, func(p result.Probe) bool { return p.Kind == f.kind }) {
			continue
		}
		row := f.row(e.Summary.Integrity.Probes)
		rows = append(rows, row)
		if row.Standing == result.Above {
			worse(result.NotReproduced)
		} else if row.Standing != result.Inside {
			worse(result.Inconclusive)
		}
	}
	found := claims.Find(rows, claims.BySetting)
	found.Verdict = verdict
	if verdict == result.Reproduced {
		found.Conditions = "As long as meters keep their keys and the authority issues no unapproved keys, nor any that together reveal a single value."
	}
	return found
}

// row returns what became of the attempts of the kind.
func (f forgery) row(probes []result.Probe) result.ClaimRow {
	honest := f.reasons == nil
	at := slices.IndexFunc(probes, func(p result.Probe) bool { return p.Kind == f.kind && p.Attempts > 0 })
	if at < 0 {
		row := claims.AtMost(0).Row(f.kind, wronglyDecided, result.UnitShare, claims.Exactly(math.NaN()))
		row.Note = "not tried"
		return row
	}
	p := probes[at]
	bad := p.Accepted
	if honest {
		bad = p.Attempts - p.Accepted
	}
	row := claims.AtMost(0).Row(f.kind, wronglyDecided, result.UnitShare, claims.Share(bad, p.Attempts))
	reasons := slices.Sorted(maps.Keys(p.Refused))
	row.Note = strings.Join(append([]string{fmt.Sprintf("%d of %d", bad, p.Attempts)}, reasons...), ", ")
	otherwise := func(reason string) bool { return !slices.Contains(f.reasons, reason) }
	switch {
	case honest && bad > 0: // so that refusals prove nothing
		row.Standing = result.Unsettled
	case bad > 0:
		row.Standing = result.Above
	case !honest && slices.ContainsFunc(reasons, otherwise):
		row.Standing, row.Note = result.Unsettled, row.Note+": for another reason than its falsehood"
	default:
		row.Standing = result.Inside
	}
	return row
}
