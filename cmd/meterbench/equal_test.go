package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// equal reports where a value differs from the wanted one.
func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// audited returns the audit of a run, which found transactions, each of them once.
func audited(t *testing.T, s result.Summary) result.Audit {
	t.Helper()
	if s.Audit == nil {
		t.Fatal("the run has no audit")
	}
	equal(t, "transactions missing on the ledger", s.Audit.Missing, 0)
	equal(t, "transactions twice on the ledger", s.Audit.Duplicated, 0)
	if s.Audit.Found == 0 {
		t.Error("the audit found no transactions")
	}
	return *s.Audit
}
