package study

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
)

// A level is told by the instant of a block, where it is the only one that ran then.
func TestLevelAt(t *testing.T) {
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	key := func(series string) result.LevelKey {
		return result.LevelKey{Series: series, Repetition: 1, Load: result.Load{Kind: result.LoadClosed, Clients: 2}}
	}
	book := blockBook{turns: []bookedTurn{
		{begin, begin.Add(10 * time.Second), []bookedLevel{{key("alone"), 0, 8 * time.Second}}},
		{begin.Add(20 * time.Second), begin.Add(40 * time.Second), []bookedLevel{{key("day"), 0, 10 * time.Second}, {key("burst"), 5 * time.Second, 15 * time.Second}}},
	}}
	for _, c := range []struct {
		at   time.Duration
		want string
	}{{-1, ""}, {0, "alone"}, {9 * time.Second, "alone"}, {15 * time.Second, ""}, {21 * time.Second, "day"}, {26 * time.Second, ""}, {32 * time.Second, "burst"},
		{37 * time.Second, ""}, {50 * time.Second, ""}} {
		if got := book.levelAt(begin.Add(c.at)); got.Series != c.want {
			t.Errorf("after %v: %q, want %q", c.at, got.Series, c.want)
		}
	}
	if got := book.levelAt(time.Time{}); got != (result.LevelKey{}) {
		t.Errorf("at no instant: %v", got)
	}
}

// What is known of a block at the end of its level stays, whoever asks for it again.
func TestBookKeepsWhatIsKnown(t *testing.T) {
	s := &session{facts: Facts{Observers: []ObservingPeer{{Channel: 1, Site: "inmetro", Peer: "peer1"}, {Channel: 1, Peer: "peer0"}}}}
	at := time.Unix(5, 7)
	block := func(reason result.CutReason, peer string) result.Block {
		return result.Block{Channel: 1, Number: 3, Reason: reason, Cut: at, Peers: []result.PeerBlock{{Peer: peer, Received: at, Validated: at, Committed: at}}}
	}
	s.bookBlocks([]result.Block{block(result.CutTimerOrBytes, "peer0")}, false) // not by the observer
	s.bookBlocks([]result.Block{block(result.CutTimerOrBytes, "peer1")}, false)
	s.bookBlocks([]result.Block{block(result.CutTimer, "peer1")}, true) // the level decides
	s.bookBlocks([]result.Block{block(result.CutTimerOrBytes, "peer1")}, false)
	want := map[blockID]blockTimes{{1, 3}: {at.UnixNano(), at.UnixNano(), at.UnixNano(), at.UnixNano(), result.CutTimer}}
	if diff := cmp.Diff(want, s.blocks.blocks, cmp.AllowUnexported(blockID{}, blockTimes{})); diff != "" {
		t.Error(diff)
	}
}

// A chained site has blocks, which its client saw, but for the first one.
type chained struct{ *site }

func (c chained) Ledger(ctx context.Context, see func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	for number := range uint64(time.Since(c.started) / c.block) {
		see(&result.BlockRow{LedgerBlock: result.LedgerBlock{Number: number, Transactions: 9, Valid: 8}})
	}
	return c.site.Ledger(ctx, nil)
}

func (c chained) Seen(_ uint16, block uint64) (time.Time, bool) {
	return c.started.Add(time.Duration(block) * c.block), block > 0
}

// The blocks of every session's ledger are stored, each with its session and its level.
func TestBlocksAreStored(t *testing.T) {
	s := series(closed("a", 3*time.Second, 1))
	s.Repeat, s.Fresh = 2, true
	at := newSite()
	at.as = func(s *site) Site { return chained{s} }
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	folder, err := result.Open(o.dir)
	if err != nil {
		t.Fatal(err)
	}
	inLevel, outside := map[int]int{}, map[int]int{}
	for b, err := range folder.Blocks() {
		switch {
		case err != nil:
			t.Fatal(err)
		case b.Transactions != 9 || b.Valid != 8 || b.Session < 1 || b.Session > 2:
			t.Errorf("%+v of session %d", b.LedgerBlock, b.Session)
		case b.Series == "":
			outside[b.Session]++
		case b.Series == "a" && b.Repetition == b.Session && b.Number > 0:
			inLevel[b.Session]++
		default:
			t.Errorf("block %d of session %d fell into %v", b.Number, b.Session, b.LevelKey)
		}
	}
	for session := 1; session <= 2; session++ {
		if inLevel[session] < 25 || outside[session] < 1 {
			t.Errorf("session %d: %d blocks in its level, %d outside", session, inLevel[session], outside[session])
		}
	}
	for _, row := range o.rows {
		if row.Session != row.Repetition {
			t.Fatalf("a transaction of repetition %d is of session %d", row.Repetition, row.Session)
		}
	}
}
