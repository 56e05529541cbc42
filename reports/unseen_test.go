package reports

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// What is not seen from outside is said once, in words for every aspect.
func TestUnseen(t *testing.T) {
	all := unseen(result.Summary{Target: result.TargetAttached, NotSeen: result.Aspects()})
	if len(all) != 1 || len(all[0].Where) > 0 {
		t.Fatalf("%d warnings", len(all))
	}
	for _, a := range result.Aspects() {
		if words := aspectWords[a]; words == "" || !strings.Contains(all[0].Text, words) {
			t.Errorf("%s is not in %q", a, all[0].Text)
		}
	}
	if some := unseen(result.Summary{Target: result.TargetAttached}); len(some) != 1 || strings.Contains(some[0].Text, "outside") {
		t.Errorf("of a network that tells everything: %v", some)
	}
	if none := unseen(result.Summary{Target: result.TargetFabric}); none != nil {
		t.Errorf("of a network of our own: %v", none)
	}
}

// What was left out is said once: series with one reason together.
func TestLeftOut(t *testing.T) {
	left := []result.LeftOut{
		{Needs: []string{"batch", "caps"}}, {Series: "a", Needs: []string{"batch", "caps"}}, {Series: "b", Needs: []string{"caps"}}, {Series: "c", Needs: []string{"batch", "caps"}},
	}
	want := []Warning{
		{Text: "in place of the scenario's batch and caps stands what the network has"},
		{Text: "left out: series a and c; batch and caps can be set on a network of our own only"},
		{Text: "left out: series b; caps can be set on a network of our own only"},
	}
	if diff := cmp.Diff(want, unseen(result.Summary{Target: result.TargetAttached, LeftOut: left})[1:]); diff != "" {
		t.Error(diff)
	}
}
