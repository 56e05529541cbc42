package reports

import (
	"fmt"

	"meterbench/bench/result"
)

// claimsSection lists the verdicts on published claims. It is false for a run without claims.
func claimsSection(claims []result.Claim) (Section, bool) {
	of := func(text func(result.Claim) string) func(result.Claim) Cell {
		return func(c result.Claim) Cell { return Cell{Text: text(c)} }
	}
	s := Section{
		ID: "claims", Title: "Claims",
		Intro: intro("section claims"),
		Tables: []Table{tabulate(Table{ID: "claims", Title: "Claims", Detail: true, Notes: notes("claims")}, claims, []field[result.Claim]{
			{Column{Key: "claim", Title: "claim"}, of(func(c result.Claim) string { return c.ID })},
			{Column{Key: "verdict", Title: "verdict"}, of(func(c result.Claim) string { return string(c.Verdict) })},
			{Column{Key: "words", Title: "published claim, in our words"}, of(func(c result.Claim) string { return c.Claim })},
			{Column{Key: "published", Title: "published figure"}, of(func(c result.Claim) string { return c.Published })},
			{Column{Key: "threshold", Title: "criterion", CSVOnly: true}, of(func(c result.Claim) string { return c.Threshold })},
			{Column{Key: "evidence", Title: "evidence", CSVOnly: true}, of(func(c result.Claim) string { return c.Evidence })},
			{Column{Key: "conditions", Title: "conditions", CSVOnly: true}, of(func(c result.Claim) string { return c.Conditions })},
			{Column{Key: "figure", Title: "figure"}, of(func(c result.Claim) string { return c.Figure })},
		})},
	}
	for _, c := range claims {
		s.Tables = append(s.Tables, claimTable(c))
	}
	return s, len(claims) > 0
}

// claimTable is one claim in full.
func claimTable(c result.Claim) Table {
	t := Table{ID: "claim-" + slug(c.ID), Title: fmt.Sprintf("%s: %s", c.ID, c.Verdict), Detail: true, Columns: []Column{
		{Key: "what", Title: "what"},
		{Key: "text", Title: c.Claim},
	}}
	t.add("published", c.Published)
	t.add("criterion", c.Threshold)
	t.add("evidence", c.Evidence)
	t.add("conditions", c.Conditions)
	return t
}

// briefly is the length in bytes up to which conditions stand with the verdict: a few lines on a
// terminal.
const briefly = 200

// claimFindings are the verdicts, with their conditions where those are short.
func claimFindings(claims []result.Claim) (fs []Finding) {
	for _, c := range claims {
		f := Finding{Subject: "Claim " + c.ID, Value: string(c.Verdict), Text: c.Claim, Verdict: Caution}
		switch c.Verdict {
		case result.Reproduced:
			f.Verdict = Good
		case result.NotReproduced:
			f.Verdict = Bad
		}
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
