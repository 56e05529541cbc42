package claims_test

import (
	"testing"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// What a network that others run cannot show gets no verdict: the reason stands in its place.
func TestMissing(t *testing.T) {
	e := &claims.Evidence{Summary: result.Summary{LeftOut: []result.LeftOut{{Needs: []string{"batch"}}, {Series: "limit-timer", Needs: []string{"batch", "caps"}}}}}
	got := e.Missing("limit", "%d points", 2)
	if want := "Not measured: 2 points: series limit-timer takes a network of our own (batch, caps)."; got.Verdict != result.NotMeasured || got.Evidence != want {
		t.Errorf("%s, %s, want %s", got.Verdict, got.Evidence, want)
	}
	for _, question := range []string{"quota", "lim"} { // whose series were not left out
		if got := e.Missing(question, "points"); got.Verdict != result.Inconclusive || got.Evidence != "Not measured: points." {
			t.Errorf("%s: %s, %s", question, got.Verdict, got.Evidence)
		}
	}
}
