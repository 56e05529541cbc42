package reports

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/result"
)

// checksSection reports the outcome of every transaction and whether the ledger agrees.
func checksSection(sum result.Summary, all []series) Section {
	return Section{ID: "checks", Title: "Outcomes and audit", Intro: intro("section checks"),
		Tables: []Table{outcomeTable(all), auditTable(sum.Audit)}}
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
	add("valid on the ledger, not sent by this run", a.Foreign)
	add("readings counted by the chaincode", a.Stored)
	if a.Evaluated > 0 {
		add("ciphertexts sampled from the ledger that evaluate to the measured values", a.Evaluated)
	}
	return t
}

func auditFinding(a *result.Audit) Finding {
	switch {
	case a == nil:
		return Finding{"Audit", "not done", "The ledger was not compared with the client's record.", Caution}
	case a.Problem() == "":
		said := fmt.Sprintf("All %d transactions that the client recorded as valid are on the ledger, each exactly once.", a.Expected)
		if a.Evaluated > 0 {
			said += fmt.Sprintf(" %d ciphertexts sampled from the ledger evaluate to what the meters measured.", a.Evaluated)
		}
		return Finding{"Audit", "passed", said, Good}
	}
	return Finding{"Audit", "failed", fmt.Sprintf("Of %d transactions recorded as valid, %d are missing from the ledger. "+
		"It holds %d more than once, %d recorded under another outcome and %d not sent by this run; the chaincode counts %d readings, the ledger %d.",
		a.Expected, a.Missing, a.Duplicated, a.Contradicted, a.Foreign, a.Stored, a.Found+a.Unclaimed), Bad}
}

// claimsSection lists the verdicts on published claims, nil for a run without claims.
func claimsSection(claims []result.Claim) []Section {
	if len(claims) == 0 {
		return nil
	}
	s := Section{
		ID: "claims", Title: "Claims", Intro: intro("section claims"),
		Tables: []Table{tabulate(Table{ID: "claims", Title: "Claims", Detail: true, Notes: notes("claims")}, claims, []field[result.Claim]{
			{Column{Key: "claim", Title: "claim"}, func(c result.Claim) Cell { return text(c.ID) }},
			{Column{Key: "verdict", Title: "verdict"}, func(c result.Claim) Cell { return text(string(c.Verdict)) }},
			{Column{Key: "words", Title: "published claim, in our words"}, func(c result.Claim) Cell { return text(c.Claim) }},
			{Column{Key: "published", Title: "published figure"}, func(c result.Claim) Cell { return text(c.Published) }},
			{Column{Key: "threshold", Title: "criterion", CSVOnly: true}, func(c result.Claim) Cell { return text(c.Threshold) }},
			{Column{Key: "evidence", Title: "evidence", CSVOnly: true}, func(c result.Claim) Cell { return text(c.Evidence) }},
			{Column{Key: "conditions", Title: "conditions", CSVOnly: true}, func(c result.Claim) Cell { return text(c.Conditions) }},
			{Column{Key: "figure", Title: "figure"}, func(c result.Claim) Cell { return text(c.Figure) }},
		})},
	}
	for _, c := range claims {
		s.Tables = append(s.Tables, claimTable(c))
	}
	return []Section{s}
}

// claimTable is one claim in full.
func claimTable(c result.Claim) Table {
	t := Table{ID: "claim-" + slug(c.ID), Title: fmt.Sprintf("%s: %s", c.ID, c.Verdict), Detail: true,
		Columns: []Column{{Key: "what", Title: "what"}, {Key: "text", Title: c.Claim}}}
	t.add("published", c.Published)
	t.add("criterion", c.Threshold)
	t.add("evidence", c.Evidence)
	t.add("conditions", c.Conditions)
	return t
}

// briefly is the length in bytes up to which conditions are printed with the verdict: a few lines on a terminal.
const briefly = 200

// claimFindings are the verdicts, with their conditions where those are short.
func claimFindings(claims []result.Claim) (fs []Finding) {
	for _, c := range claims {
		taken := map[result.Verdict]Verdict{result.Reproduced: Good, result.NotReproduced: Bad}
		f := Finding{Subject: "Claim " + c.ID, Value: string(c.Verdict), Text: c.Claim, Verdict: cmp.Or(taken[c.Verdict], Caution)}
		switch n := len(c.Conditions); {
		case n > briefly:
			f.Text += " The conditions are under Claims in the report."
		case n > 0:
			f.Text += " " + c.Conditions
		}
		fs = append(fs, f)
	}
	return fs
}
