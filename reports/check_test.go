package reports

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// same fails the test with the difference between two values.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
