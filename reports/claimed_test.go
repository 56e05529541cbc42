package reports

import (
	"math"
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
	if want := "claim=p/fast name=fast verdict=reproduced words=It is fast. published=8 clients threshold=4 to 16 evidence=8 of 8. conditions=At 0.5 core. \n" +
		"claim=p/cheap name=cheap verdict=not reproduced words=it is cheap published=not available threshold=under 1 % evidence=7 %. figure=claim-cheap \n"; !strings.HasPrefix(rows, want) {
		t.Errorf("%s, want\n%s", rows, want)
	}
	if rows := printed(tableOf(t, r, "claim-p-cheap")); rows != "what=published text=not available \nwhat=criterion text=under 1 % \nwhat=evidence text=7 %. \n" {
		t.Errorf("%s", rows)
	}
	for i, want := range []Verdict{Good, Bad, Caution, Caution} {
		f := r.Findings[i]
		f.Text, f.To = "", "" // below
		same(t, "finding", Finding{Subject: "Claim " + sum.Claims[i].ID, Value: string(sum.Claims[i].Verdict), Verdict: want}, f)
	}
	if text := r.Findings[0].Text; text != "It is fast." {
		t.Errorf("the first finding says %q", text)
	}
}

// The rows of a claim are a table with a row for each setting and columns for each quantity; an end that is not bounded
// is said in words, and what decides nothing has no verdict.
func TestClaimRows(t *testing.T) {
	run, sum := fixture(t)
	claim := result.Claim{ID: "p/limit", Claim: "It stops.", Published: "8 clients", Threshold: "5 to 16", Verdict: result.Depends, Figure: "f",
		Evidence: "1 holds.", Conditions: "Here.", Holds: 1, Breaks: 1, Rows: []result.ClaimRow{
			{Setting: "a", Quantity: "clients", Unit: result.UnitCount, Value: new(8.0), Low: new(5.0), High: new(8.0), N: 5, From: new(5.0), To: new(16.0),
				Standing: result.Inside, Limit: result.Limit{Kind: result.LimitBatchTimer}},
			{Setting: "b", Quantity: "clients", Unit: result.UnitCount, Low: new(17.0), N: 5, From: new(5.0), To: new(16.0), Standing: result.Above, Note: "at least"},
			{Setting: "b", Quantity: "longer by", Unit: result.UnitSeconds, Value: new(0.5), Standing: result.Context},
		}}
	sum.Claims = []result.Claim{claim}
	r := Build(run, sum)
	a := r.Sections[0].Answers[0]
	same(t, "lines", []string{"It stops. Published figure: 8 clients.", "Asked for: 5 to 16", "Found: 1 holds. Here."}, a.Lines)
	var titles []string
	for _, c := range a.Table.Columns {
		titles = append(titles, c.Title)
	}
	same(t, "columns", []string{"setting", "clients", "95 % interval", "n", "verdict: 5 to 16", "longer by", "95 % interval", "n", "limited by", "note"}, titles)
	want := "setting=a clients=8 clients_n=5 clients_verdict=inside limited_by=batch timer \n" +
		"setting=b clients_n=5 clients_verdict=above longer-by=0.5 note=at least \n"
	if rows := printed(a.Table); rows != want {
		t.Errorf("%s, want\n%s", rows, want)
	}
	if i := a.Table.Rows[1][2].Interval; i == nil || i.Low != 17 || !math.IsInf(i.High, 1) {
		t.Errorf("the interval without an upper end is %v", i)
	}
	r.Illustrate(Section{ID: "evidence", Figures: []Figure{{ID: "f"}, {ID: "g"}}})
	if got := r.Sections[0].Answers[0].Figure; got == nil || got.ID != "f" {
		t.Errorf("the claim's figure is %v", got)
	}
	if left := r.Sections[len(r.Sections)-1].Figures; len(left) != 1 || left[0].ID != "g" {
		t.Errorf("beside it there are %v", left)
	}
}

// No interval of a share of attempts is inside of nothing: where none may succeed the count decides, and the table says so.
func TestClaimOfNone(t *testing.T) {
	run, sum := fixture(t)
	sum.Claims = []result.Claim{{ID: "p/tried", Rows: []result.ClaimRow{{
		Setting: "a", Quantity: "accepted", Unit: result.UnitShare, Value: new(0.0), Low: new(0.0), High: new(0.308), N: 10, To: new(0.0), Standing: result.Inside,
	}}}}
	columns := Build(run, sum).Sections[0].Answers[0].Table.Columns
	same(t, "the verdict's title", "verdict: none of n", columns[len(columns)-1].Title)
}
