package closer2020

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
)

// integrity looks at what became of the forgeries that were tried on the live
// network.
func integrity(e *evidence) finding {
	if e.sum.Integrity == nil {
		return missing("attempts at forging on the live network")
	}
	var accepted, refusedHonest, told []string
	var honest, forged uint64
	for _, p := range e.sum.Integrity.Probes {
		if p.Honest {
			honest += p.Attempts
		} else {
			forged += p.Attempts
			told = append(told, describe(p))
		}
		switch {
		case p.Honest && p.Accepted < p.Attempts:
			refusedHonest = append(refusedHonest, p.Kind)
		case !p.Honest && p.Accepted > 0:
			accepted = append(accepted, p.Kind)
		}
	}
	f := finding{evidence: fmt.Sprintf("%d attempts at forging, between %d honest ones. Refused: %s.", forged, honest, orNone(told))}
	var untried, otherwise []string
	for _, forged := range append([]forgery{{result.ProbeHonestReading, nil}, {result.ProbeHonestBill, nil}}, forgeries()...) {
		at := slices.IndexFunc(e.sum.Integrity.Probes, func(p result.Probe) bool { return p.Kind == forged.kind && p.Attempts > 0 })
		if at < 0 {
			untried = append(untried, forged.kind)
			continue
		}
		p := e.sum.Integrity.Probes[at]
		for _, reason := range slices.Sorted(maps.Keys(p.Refused)) {
			if !p.Honest && !slices.Contains(forged.reasons, reason) {
				otherwise = append(otherwise, fmt.Sprintf("%s (%s)", p.Kind, reason))
			}
		}
	}
	switch {
	case accepted != nil:
		f.verdict, f.conditions = result.NotReproduced, "Accepted: "+strings.Join(accepted, ", ")+"."
	case untried != nil:
		f.verdict, f.conditions = result.Inconclusive, "Not tried: "+strings.Join(untried, ", ")+"."
	case refusedHonest != nil:
		f.verdict, f.conditions = result.Inconclusive, "What is honest was refused too, so that refusals prove nothing: "+strings.Join(refusedHonest, ", ")+"."
	case otherwise != nil:
		f.verdict, f.conditions = result.Inconclusive, "Refused, but not for what is false in it: "+strings.Join(otherwise, ", ")+"."
	default:
		f.verdict = result.Reproduced
		f.conditions = "For whom checks a bill from the ledger, as long as the meters keep their keys and the authority issues no key for a function that it did not approve. That a function of several readings reveals none of them holds only while the keys that were issued do not together."
	}
	return f
}

// describe tells as what a kind of attempt was refused.
func describe(p result.Probe) string {
	text := fmt.Sprintf("%d of %d x %s", p.Attempts-p.Accepted, p.Attempts, p.Kind)
	if reasons := slices.Sorted(maps.Keys(p.Refused)); reasons != nil {
		text += " (" + strings.Join(reasons, ", ") + ")"
	}
	return text
}
