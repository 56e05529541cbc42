package claims

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports"
)

// ProbeTable has a row for each kind of attempt and the system on which it was tried, which is named where there is
// more than the ledger.
func ProbeTable(i *result.Integrity) reports.Table {
	t := reports.Table{ID: "integrity", Title: "Attempts on the live network", Detail: true, Columns: []reports.Column{
		{Key: "kind", Title: "attempt"}, {Key: "attempts", Title: "tried", Unit: reports.Count},
		{Key: "accepted", Title: "accepted", Unit: reports.Count}, {Key: "refused", Title: "refused as"},
	}}
	if i == nil {
		t.Notes = []string{"No data: nothing was tried."}
		return t
	}
	systems := slices.ContainsFunc(i.Probes, func(p result.Probe) bool { return p.System != result.SystemLedger })
	if systems {
		t.Title = "Attempts on the live systems"
		t.Columns = append(slices.Insert(t.Columns, 0, reports.Column{Key: "system", Title: "system"}),
			reports.Column{Key: "ruling", Title: "ruling"}, reports.Column{Key: "tried", Title: "what was tried"})
	}
	if i.Issuer == result.IssuerInProcess {
		t.Notes = []string{"Certificates were issued in-process, as fabric-ca was not there: its server was not attacked."}
	}
	for _, p := range i.Probes {
		var refused []string
		for _, reason := range slices.Sorted(maps.Keys(p.Refused)) {
			refused = append(refused, fmt.Sprintf("%s (%d)", reason, p.Refused[reason]))
		}
		row := Row(p.Kind, p.Attempts, p.Accepted, strings.Join(refused, ", "))
		if systems {
			row = append(slices.Insert(row, 0, Row(string(p.System))...), Row(rulingText(p), Tried(p.Kind))...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// trusts has whom an attempt that a design lets through abuses, in words.
var trusts = map[result.Trust]string{
	result.TrustRegistrar: "whoever holds a registrar's key", result.TrustMSP: "whoever issues identities of the organisation",
	result.TrustCA: "the certification authority", result.TrustMeter: "whoever holds the meter's former key",
	result.TrustFresh: "a verifier to ask often enough", result.TrustTime: "whoever tells when a signature was made",
	result.TrustMember: "whoever may use the ledger",
}

// Trusted names whom a system trusts where an attempt is accepted.
func Trusted(t result.Trust) string {
	if name, ok := trusts[t]; ok {
		return name
	}
	return "nobody by design: a fault"
}

// rulingText says what became of the attempts, and on whom it rests where they were let through.
func rulingText(p result.Probe) string {
	switch ruling := p.Ruling(); ruling {
	case result.RulingThrough:
		return "lets through: trusts " + Trusted(p.Trust)
	case result.RulingUnproven:
		return "unproven: refused for something else"
	case "":
		return "not tried"
	default:
		return string(ruling)
	}
}
