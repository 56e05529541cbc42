package reports

import (
	"strings"
	"testing"

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
