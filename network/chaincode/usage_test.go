package chaincode

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every function is shown to users, and no other.
func TestUsage(t *testing.T) {
	var shown []string
	for _, u := range readingsUsage() {
		shown = append(shown, u.Function)
	}
	slices.Sort(shown)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(readingsFunctions)), shown); diff != "" {
		t.Errorf("functions (-there +shown):\n%s", diff)
	}
}
