package reports

import (
	"fmt"

	"meterbench/bench/result"
)

// checksSection says what became of every transaction and whether the ledger
// agrees.
func checksSection(sum result.Summary, all []series) Section {
	return Section{
		ID:     "checks",
		Title:  "Outcomes and audit",
		Intro:  "Every transaction that was scheduled ends in exactly one outcome class. After the run the ledger is read and compared with the client's own record, transaction by transaction, warm-up included.",
		Tables: []Table{outcomeTable(all), auditTable(sum.Audit)},
	}
}

// outcomeTable has a column for every class that occurred.
func outcomeTable(all []series) Table {
	t := Table{ID: "outcomes", Title: "Outcomes of the transactions scheduled in the window", Detail: true, Columns: levelColumns(all)}
	t.Columns = append(t.Columns, Column{Key: "scheduled", Title: "scheduled", Unit: Count})
	occurred := map[string]bool{}
	eachPoint(all, func(_ series, _ level, p result.Point) {
		for class, n := range p.Outcomes {
			occurred[class] = occurred[class] || n > 0
		}
	})
	var classes []string
	for _, o := range result.Outcomes() {
		if occurred[o.String()] {
			classes = append(classes, o.String())
			t.Columns = append(t.Columns, Column{Key: o.String(), Title: o.String(), Unit: Count})
		}
	}
	eachPoint(all, func(s series, _ level, p result.Point) {
		row := append(levelCells(all, s, p), count(p.Scheduled))
		for _, class := range classes {
			row = append(row, count(p.Outcomes[class]))
		}
		t.Rows = append(t.Rows, row)
	})
	return t
}

func auditTable(a *result.Audit) Table {
	t := Table{ID: "audit", Title: "Audit of the ledger", Detail: true, Columns: []Column{
		{Key: "check", Title: "check"},
		{Key: "transactions", Title: "transactions", Unit: Count},
	}}
	if a == nil {
		t.Notes = []string{"The run holds no audit."}
		return t
	}
	for _, row := range []struct {
		name string
		n    uint64
	}{
		{"recorded as valid by the client", a.Expected},
		{"of those, valid on the ledger", a.Found},
		{"missing from the ledger", a.Missing},
		{"on the ledger more than once", a.Duplicated},
		{"valid on the ledger, unknown or interrupted at the client", a.Unclaimed},
		{"valid on the ledger, recorded under another outcome", a.Contradicted},
		{"valid on the ledger, not sent by this run", a.Foreign},
		{"readings counted by the chaincode", a.Stored},
	} {
		t.Rows = append(t.Rows, []Cell{text(row.name), count(row.n)})
	}
	if a.Evaluated > 0 {
		t.Rows = append(t.Rows, []Cell{text("ciphertexts drawn from the ledger that evaluate to what was measured"), count(a.Evaluated)})
	}
	return t
}

func auditFinding(a *result.Audit) Finding {
	f := Finding{Subject: "Audit"}
	switch {
	case a == nil:
		f.Verdict, f.Value = Caution, "not done"
		f.Text = "The ledger was not compared with the client's record."
	case a.Problem() == "":
		f.Verdict, f.Value = Good, "passed"
		f.Text = fmt.Sprintf("All %d transactions that the client recorded as valid are on the ledger, each exactly once.", a.Expected)
		if a.Evaluated > 0 {
			f.Text += fmt.Sprintf(" %d ciphertexts drawn from the ledger evaluate to what the meters measured.", a.Evaluated)
		}
	default:
		f.Verdict, f.Value = Bad, "failed"
		f.Text = fmt.Sprintf("Of %d transactions recorded as valid, %d are missing from the ledger. It holds %d more than once, %d recorded under another outcome and %d not sent by this run; the chaincode counts %d readings, the ledger %d.",
			a.Expected, a.Missing, a.Duplicated, a.Contradicted, a.Foreign, a.Stored, a.Found+a.Unclaimed)
	}
	return f
}
