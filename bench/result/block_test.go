package result

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBlockSpans(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name                 string
		submitted, committed time.Duration
		block                BlockInstants
		want                 [5]time.Duration
	}{
		{"in order", 10 * ms, 100 * ms, BlockInstants{40 * ms, 60 * ms, 70 * ms, 90 * ms}, [5]time.Duration{30 * ms, 20 * ms, 10 * ms, 20 * ms, 10 * ms}},
		{"acknowledged after the cut", 45 * ms, 100 * ms, BlockInstants{40 * ms, 60 * ms, 70 * ms, 90 * ms}, [5]time.Duration{0, 15 * ms, 10 * ms, 20 * ms, 10 * ms}},
		{"acknowledged while it was validated", 65 * ms, 100 * ms, BlockInstants{40 * ms, 60 * ms, 70 * ms, 90 * ms}, [5]time.Duration{0, 0, 5 * ms, 20 * ms, 10 * ms}},
		{"seen before the log says so", 10 * ms, 85 * ms, BlockInstants{40 * ms, 60 * ms, 70 * ms, 90 * ms}, [5]time.Duration{30 * ms, 20 * ms, 10 * ms, 15 * ms, 0}},
		{"seen before it was acknowledged", 100 * ms, 99 * ms, BlockInstants{40 * ms, 60 * ms, 70 * ms, 90 * ms}, [5]time.Duration{0, 0, 0, 0, -1 * ms}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Record{Submitted: c.submitted, Committed: c.committed}
			if got, ok := r.BlockSpans(c.block); !ok || got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	for _, r := range []Record{{Submitted: NotReached, Committed: 1}, {Submitted: 1, Committed: NotReached}} {
		if got, ok := r.BlockSpans(BlockInstants{}); ok {
			t.Errorf("submitted at %v and committed at %v is split into %v", r.Submitted, r.Committed, got)
		}
	}
}

// Whatever clocks and logs say, the split sums to the whole to the nanosecond.
func TestBlockSpansSumToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		instant := rapid.Int64Range(0, int64(time.Hour))
		r := Record{Submitted: time.Duration(instant.Draw(t, "submitted")), Committed: time.Duration(instant.Draw(t, "committed"))}
		var block BlockInstants
		for i := range block {
			block[i] = time.Duration(rapid.Int64Range(-int64(time.Hour), 2*int64(time.Hour)).Draw(t, "instant"))
		}
		spans, ok := r.BlockSpans(block)
		var sum time.Duration
		for i, s := range spans {
			sum += s
			if s < 0 && r.Committed >= r.Submitted {
				t.Fatalf("%v takes %v", BlockPart(i), s)
			}
		}
		if whole, _ := r.Span(PartOrderCommit); !ok || sum != whole {
			t.Fatalf("%v sum to %v, not %v", spans, sum, whole)
		}
	})
}

func TestInstants(t *testing.T) {
	epoch := time.Now()
	at := func(d time.Duration) time.Time { return epoch.Round(0).Add(d) }
	b := Block{Cut: at(1), Peers: []PeerBlock{{Peer: "a"}, {Peer: "b", Received: at(2), Validated: at(3), Committed: at(4)}}}
	if got, ok := b.Instants("b", epoch); !ok || got != (BlockInstants{1, 2, 3, 4}) {
		t.Errorf("got %v, %v", got, ok)
	}
	if _, ok := b.Instants("c", epoch); ok {
		t.Error("there are instants of a peer that tells nothing")
	}
	b.Cut = time.Time{}
	if _, ok := b.Instants("b", epoch); ok {
		t.Error("there are instants of a block whose cut nobody tells of")
	}
}
