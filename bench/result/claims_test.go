package result

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var testClaims = []Claim{
	{ID: "p/one", Claim: "it is fast", Published: "8 clients", Threshold: "at 8 clients", Verdict: "reproduced", Evidence: "8 of 8", Conditions: "at 0.5 core", Figure: "claim-one"},
	{ID: "p/two", Claim: "it is cheap", Published: "not available", Threshold: "under 1 %", Verdict: "inconclusive", Evidence: "2 % ± 2 %", Conditions: "none"},
}

// Claims are stored with a run, and into one that is finished.
func TestClaims(t *testing.T) {
	w := create(t)
	record(t, w, closed8, 0, second, committed(0, 0))
	if err := w.Close(testRun(), Summary{Complete: true, Claims: testClaims[:1]}); err != nil {
		t.Fatal(err)
	}
	before := claimsOf(t, w.dir)
	if diff := cmp.Diff(testClaims[:1], before.Claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if err := UpdateSummary(w.dir, func(s *Summary) { s.Claims = testClaims }); err != nil {
		t.Fatal(err)
	}
	after := claimsOf(t, w.dir)
	if diff := cmp.Diff(testClaims, after.Claims); diff != "" {
		t.Errorf("claims after the update (-want +got):\n%s", diff)
	}
	after.Claims = before.Claims
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the update changed more than the claims (-before +after):\n%s", diff)
	}
	rows := 0
	s, _ := Open(w.dir)
	for range s.Transactions() {
		rows++
	}
	if rows != 1 {
		t.Errorf("%d rows after the update", rows)
	}
}

func claimsOf(t *testing.T, dir string) Summary {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s.Summary
}

func TestUpdateSummaryRefuses(t *testing.T) {
	if err := UpdateSummary(t.TempDir(), func(*Summary) { t.Error("no run, but changed") }); err == nil {
		t.Error("no run was updated")
	}
	w := create(t)
	finish(t, w)
	path := filepath.Join(w.dir, summaryFile)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := UpdateSummary(w.dir, func(s *Summary) { s.Points[0].Scheduled++ }); err == nil {
		t.Error("a summary that contradicts itself was stored")
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("a refused update changed the summary: %v", err)
	}
	if entries, err := filepath.Glob(filepath.Join(w.dir, ".*")); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
