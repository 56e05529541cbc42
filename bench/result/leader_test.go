package result

import "testing"

func TestLeader(t *testing.T) {
	view := func(n uint64) *uint64 { return &n }
	for _, test := range []struct {
		one, other Leader
		same       bool
		text       string // of the first
	}{
		{Leader{}, Leader{}, true, "no orderer"},
		{Leader{Orderer: "orderer0"}, Leader{Orderer: "orderer0"}, true, "orderer0"},
		{Leader{Orderer: "orderer0"}, Leader{Orderer: "orderer1"}, false, "orderer0"},
		{Leader{Orderer: "orderer0", View: view(4)}, Leader{Orderer: "orderer0", View: view(4)}, true, "orderer0 in view 4"},
		{Leader{Orderer: "orderer0", View: view(4)}, Leader{Orderer: "orderer0", View: view(0)}, false, "orderer0 in view 4"},
		{Leader{Orderer: "orderer0", View: view(4)}, Leader{Orderer: "orderer0"}, false, "orderer0 in view 4"},
	} {
		t.Run(test.one.String()+" "+test.other.String(), func(t *testing.T) {
			if test.one.Same(test.other) != test.same || test.other.Same(test.one) != test.same || test.one.String() != test.text {
				t.Errorf("%s and %s: want the same: %v", test.one, test.other, test.same)
			}
		})
	}
}
