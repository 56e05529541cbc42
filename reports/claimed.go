package reports

import "meterbench/bench/result"

// claimsSection holds what was published against what the run measured. It is
// false for a run that holds no claims.
func claimsSection(claims []result.Claim) (Section, bool) {
	if len(claims) == 0 {
		return Section{}, false
	}
	t := Table{ID: "claims", Title: "Claims", Detail: true, Columns: []Column{
		{Key: "claim", Title: "claim"},
		{Key: "verdict", Title: "verdict"},
		{Key: "words", Title: "what was published, in our words"},
		{Key: "published", Title: "published figure"},
		{Key: "threshold", Title: "what had to be seen"},
		{Key: "evidence", Title: "what was seen"},
		{Key: "conditions", Title: "under which conditions"},
		{Key: "figure", Title: "figure"},
	}}
	for _, c := range claims {
		t.Rows = append(t.Rows, []Cell{text(c.ID), text(c.Verdict), text(c.Claim), text(c.Published), text(c.Threshold), text(c.Evidence), text(c.Conditions), text(c.Figure)})
	}
	t.Notes = []string{
		"What had to be seen was fixed before the run. depends: holds under some of the conditions that were measured. inconclusive: what it takes was not measured, or not validly.",
	}
	return Section{
		ID: "claims", Title: "Claims",
		Intro:  "Published claims, held against what this run measured and nothing else.",
		Tables: []Table{t},
	}, true
}

// claimFindings are the verdicts, with what they rest on.
func claimFindings(claims []result.Claim) (fs []Finding) {
	for _, c := range claims {
		f := Finding{Subject: "Claim " + c.ID, Value: c.Verdict, Text: c.Evidence, Verdict: Caution}
		switch c.Verdict {
		case "reproduced":
			f.Verdict = Good
		case "not reproduced":
			f.Verdict = Bad
		}
		if c.Conditions != "" {
			f.Text += " " + c.Conditions
		}
		fs = append(fs, f)
	}
	return fs
}
