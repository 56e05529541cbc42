package reports

import (
	"fmt"

	"meterbench/bench/result"
)

// claimsSection holds what was published against what the run measured. It is false for a run that
// holds no claims.
func claimsSection(claims []result.Claim) (Section, bool) {
	of := func(text func(result.Claim) string) func(result.Claim) Cell {
		return func(c result.Claim) Cell { return Cell{Text: text(c)} }
	}
	s := Section{
		ID: "claims", Title: "Claims",
		Intro: "Published claims, held against what this run measured and nothing else.",
		Tables: []Table{Tabulate(Table{ID: "claims", Title: "Claims", Detail: true, Notes: []string{
			"What had to be seen was fixed before the run. depends: holds under some of the conditions that were measured. inconclusive: what it takes was not measured, or not validly.",
		}}, claims, []Field[result.Claim]{
			{Column{Key: "claim", Title: "claim"}, of(func(c result.Claim) string { return c.ID })},
			{Column{Key: "verdict", Title: "verdict"}, of(func(c result.Claim) string { return string(c.Verdict) })},
			{Column{Key: "words", Title: "what was published, in our words"}, of(func(c result.Claim) string { return c.Claim })},
			{Column{Key: "published", Title: "published figure"}, of(func(c result.Claim) string { return c.Published })},
			{Column{Key: "threshold", Title: "what had to be seen", CSVOnly: true}, of(func(c result.Claim) string { return c.Threshold })},
			{Column{Key: "evidence", Title: "what was seen", CSVOnly: true}, of(func(c result.Claim) string { return c.Evidence })},
			{Column{Key: "conditions", Title: "conditions", CSVOnly: true}, of(func(c result.Claim) string { return c.Conditions })},
			{Column{Key: "figure", Title: "figure"}, of(func(c result.Claim) string { return c.Figure })},
		})},
	}
	for _, c := range claims {
		s.Tables = append(s.Tables, claimTable(c))
	}
	return s, len(claims) > 0
}

// claimTable tells one claim at length.
func claimTable(c result.Claim) Table {
	t := Table{ID: "claim-" + slug(c.ID), Title: fmt.Sprintf("%s: %s", c.ID, c.Verdict), Detail: true, Columns: []Column{
		{Key: "what", Title: "what"},
		{Key: "text", Title: c.Claim},
	}}
	for _, row := range [][2]string{
		{"published", c.Published}, {"had to be seen", c.Threshold}, {"was seen", c.Evidence}, {"conditions", c.Conditions},
	} {
		if row[1] != "" {
			t.Rows = append(t.Rows, []Cell{text(row[0]), text(row[1])})
		}
	}
	return t
}

// briefly is the length in bytes up to which conditions stand with the verdict: a few lines on a
// terminal.
const briefly = 200

// claimFindings are the verdicts, and if that is soon said under which conditions.
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
			f.Text += " For the conditions see Claims in the report."
		case n > 0:
			f.Text += " " + c.Conditions
		}
		fs = append(fs, f)
	}
	return fs
}
