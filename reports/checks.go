package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
)

// checksSection reports the outcome of every transaction and whether the ledger agrees.
func checksSection(sum result.Summary, all []series) Section {
	return Section{ID: "checks", Title: "Outcomes and audit", Intro: intro("section checks"),
		Tables: slices.Concat([]Table{outcomeTable(all), auditTable(sum.Audit)},
			doubtTable(sum.Audit, all), littleTable(all), steadinessTable(all), incidentTable(sum.Incidents))}
}

// outcomeTable has a column for every class that occurred.
func outcomeTable(all []series) Table {
	rows := rowsOf(all)
	fields := append(levelFields(all), field[pointRow]{
		Column{Key: "scheduled", Title: "scheduled", Unit: Count}, func(r pointRow) Cell { return count(r.Scheduled) }})
	for _, o := range result.Outcomes() {
		class := o.String()
		if slices.ContainsFunc(rows, func(r pointRow) bool { return r.Outcomes[class] > 0 }) {
			fields = append(fields, field[pointRow]{Column{Key: class, Title: class, Unit: Count}, func(r pointRow) Cell { return count(r.Outcomes[class]) }})
		}
	}
	return tabulate(Table{ID: "outcomes", Title: "Outcomes of the transactions scheduled in the window", Detail: true}, rows, fields)
}

func auditTable(a *result.Audit) Table {
	t := Table{ID: "audit", Title: "Audit of the ledger", Detail: true,
		Columns: []Column{{Key: "check", Title: "check"}, {Key: "transactions", Title: "transactions", Unit: Count}}}
	if a == nil {
		t.Notes = []string{"The run has no audit."}
		return t
	}
	add := func(check string, n uint64) { t.Rows = append(t.Rows, []Cell{text(check), count(n)}) }
	add("recorded as valid by the client", a.Expected)
	add("of those, valid on the ledger", a.Found)
	add("missing from the ledger", a.Missing)
	add("on the ledger more than once", a.Duplicated)
	add("valid on the ledger, unknown or interrupted at the client", a.Unclaimed)
	add("valid on the ledger, recorded under another outcome", a.Contradicted)
	for _, w := range a.Untold {
		add(fmt.Sprintf("valid on the ledger, of worker %d, which was lost before it told of them", w.Worker), w.Transactions)
	}
	add("valid on the ledger, not sent by this run", a.Foreign-min(a.Foreign, a.Unrecorded.Total()))
	for _, w := range a.Unrecorded {
		add(fmt.Sprintf("valid on the ledger, of worker %d, which was not lost, and not on record", w.Worker), w.Transactions)
	}
	if a.Others > 0 {
		add("valid on the ledger, sent by others who use the network too", a.Others)
	}
	if !a.Uncounted {
		add("transactions counted by the chaincode", a.Stored)
	}
	if a.Evaluated > 0 {
		add("ciphertexts and keys sampled from the ledger that agree with the meters", a.Evaluated)
	}
	return t
}

func auditFinding(sum result.Summary) Finding {
	a := sum.Audit
	switch {
	case a == nil:
		f := Finding{Subject: "Audit", Value: "not done", Text: "The ledger was not compared with the client's record", Verdict: Caution}
		if i := slices.IndexFunc(sum.Notices, func(n result.Warning) bool { return n.Code == result.AuditFailed }); i >= 0 {
			f.Text, f.Verdict = f.Text+": "+sum.Notices[i].Text, Bad
		}
		f.Text += "."
		return f
	case a.Judge() == result.AuditNothing:
		return Finding{Subject: "Audit", Value: string(result.AuditNothing), Verdict: Caution, To: "table-audit",
			Text: "No transaction was recorded as valid, and the ledger holds none against the record: there is nothing that an audit could confirm."}
	case a.Judge() == result.AuditPass:
		said := fmt.Sprintf("All %d transactions that the client recorded as valid are on the ledger, each exactly once.", a.Expected)
		if a.Evaluated > 0 {
			said += fmt.Sprintf(" %d ciphertexts and keys sampled from the ledger agree with the meters.", a.Evaluated)
		}
		if a.Untold != nil {
			said += fmt.Sprintf(" It holds more of workers that were lost before they told of them: %s.", a.Untold)
		}
		return Finding{Subject: "Audit", Value: "passed", Text: said, Verdict: Good, To: "table-audit"}
	}
	said := fmt.Sprintf("Of %d transactions recorded as valid, %d are missing from the ledger. "+
		"It holds %d more than once, %d recorded under another outcome and %d not sent by this run",
		a.Expected, a.Missing, a.Duplicated, a.Contradicted, a.Foreign)
	if a.Unrecorded != nil {
		said += fmt.Sprintf(" or not on record (%s, not lost)", a.Unrecorded)
	}
	if !a.Uncounted {
		said += fmt.Sprintf("; the chaincode counts %d transactions, the ledger %d", a.Stored, a.Committed())
	}
	return Finding{Subject: "Audit", Value: "failed", Verdict: Bad, To: "table-audit", Text: said + "."}
}
