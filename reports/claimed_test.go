package reports

import (
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
)

func TestClaims(t *testing.T) {
	run, sum := fixture(t)
	if r := Build(run, sum); slices.ContainsFunc(r.Sections, func(s Section) bool { return s.ID == "claims" }) {
		t.Error("a run without claims has a section for them")
	}
	sum.Claims = []result.Claim{
		{ID: "p/fast", Claim: "It is fast.", Published: "8 clients", Threshold: "4 to 16", Verdict: "reproduced", Evidence: "8 of 8.", Conditions: "At 0.5 core."},
		{ID: "p/cheap", Claim: "it is cheap", Published: "not available", Threshold: "under 1 %", Verdict: "not reproduced", Evidence: "7 %.", Figure: "claim-cheap"},
		{ID: "p/scales", Claim: "It scales.", Verdict: "depends", Evidence: "x", Conditions: strings.Repeat("Holds for this. ", 20)}, {ID: "p/sound", Verdict: "inconclusive", Evidence: "y"},
	}
	r := Build(run, sum)
	if r.Sections[0].ID != "claims" {
		t.Errorf("the first section is %s", r.Sections[0].ID)
	}
	rows := printed(tableOf(t, r, "claims"))
	if want := "claim=p/fast verdict=reproduced words=It is fast. published=8 clients threshold=4 to 16 evidence=8 of 8. conditions=At 0.5 core. \n" +
		"claim=p/cheap verdict=not reproduced words=it is cheap published=not available threshold=under 1 % evidence=7 %. figure=claim-cheap \n"; !strings.HasPrefix(rows, want) {
		t.Errorf("%s, want\n%s", rows, want)
	}
	if rows := printed(tableOf(t, r, "claim-p-cheap")); rows != "what=published text=not available \nwhat=criterion text=under 1 % \nwhat=evidence text=7 %. \n" {
		t.Errorf("%s", rows)
	}
	for i, want := range []Verdict{Good, Bad, Caution, Caution} {
		f := r.Findings[i]
		f.Text = "" // below
		same(t, "finding", Finding{Subject: "Claim " + sum.Claims[i].ID, Value: string(sum.Claims[i].Verdict), Verdict: want}, f)
	}
	for i, want := range map[int]string{0: "It is fast. At 0.5 core.", 2: "It scales. The conditions are under Claims in the report."} {
		if text := r.Findings[i].Text; text != want {
			t.Errorf("%q, want %q", text, want)
		}
	}
}
