package topology

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestQuorum(t *testing.T) {
	for _, test := range []struct {
		orderers       Orderers
		faults, quorum int
	}{
		{Orderers{Consensus: Raft, Count: 1}, 0, 1},
		{Orderers{Consensus: Raft, Count: 3}, 1, 2},
		{Orderers{Consensus: Raft, Count: 4}, 1, 3},
		{Orderers{Consensus: Raft, Count: 5}, 2, 3},
		{Orderers{Consensus: BFT, Count: 4}, 1, 3},
		{Orderers{Consensus: BFT, Count: 5}, 1, 4},
		{Orderers{Consensus: BFT, Count: 6}, 1, 4},
		{Orderers{Consensus: BFT, Count: 7}, 2, 5},
		{Orderers{Consensus: BFT, Count: 10}, 3, 7},
		{Orderers{Consensus: "pow", Count: 3}, 0, 3},
	} {
		t.Run(fmt.Sprint(test.orderers), func(t *testing.T) {
			if f, q := test.orderers.Faults(), test.orderers.Quorum(); f != test.faults || q != test.quorum {
				t.Errorf("%d may fail and %d agree, want %d and %d", f, q, test.faults, test.quorum)
			}
		})
	}
}

// Whatever the number of orderers, those that may fail leave a quorum, and two quorums have more orderers in common than
// can be faulty: with BFT one that is right, with raft any. No smaller quorum would do.
func TestQuorumsIntersect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Orderers{Consensus: rapid.SampledFrom(ConsensusTypes()).Draw(t, "consensus"), Count: rapid.IntRange(1, maxNodes).Draw(t, "orderers")}
		faulty := 0 // orderers that may do anything, not just be gone
		if o.Consensus == BFT {
			faulty = o.Faults()
		}
		inCommon := func(quorum int) int { return 2*quorum - o.Count }
		if q := o.Quorum(); q > o.Count-o.Faults() || inCommon(q) <= faulty || inCommon(q-1) > faulty {
			t.Errorf("of %v %d may fail and %d agree, two such have %d in common", o, o.Faults(), q, inCommon(q))
		}
	})
}
