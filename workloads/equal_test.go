package workloads

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// equal reports how a value differs from the one that is wanted.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s differs from what is wanted:\n%s", what, d)
	}
}
