package study

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/bench/result"
)

// Peers commit at other times than the one at which the client looks, and which of them is last changes from block to
// block.
func TestCommitAtPeers(t *testing.T) {
	const hold, warmup = 3 * time.Second, time.Second
	lag := func(peer, block int) time.Duration { // since the begin of the block
		return time.Duration(120+(peer*7+block)%5*10) * ms
	}
	for _, tt := range []struct {
		name     string
		channels int
		silent   func(b *result.Block, peer int) bool
		peers    []string // of which all is known
		all      bool
	}{
		{"everything is told", 1, nil, []string{"peer0", "peer1"}, true},
		{"on two channels", 2, nil, []string{"peer0", "peer1"}, true},
		{"a peer leaves a block out", 1, func(b *result.Block, peer int) bool { return peer == 1 && b.Number == 15 }, []string{"peer0"}, false},
		{"a peer tells nothing", 1, func(_ *result.Block, peer int) bool { return peer == 1 }, []string{"peer0"}, true},
		{"a peer is on another channel", 2, func(b *result.Block, peer int) bool { return peer == 1 && b.Channel == 0 }, []string{"peer0", "peer1"}, true},
		{"nobody tells of a block", 1, func(b *result.Block, _ int) bool { return b.Number == 15 }, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			told := map[[3]int]time.Duration{} // commits by channel, block and peer, since the start
			at := tracedSite(func(traced *traced) {
				traced.change = func(b *result.Block) {
					begin := traced.started.Round(0).Add(time.Duration(b.Number)*traced.block + behind(int(b.Channel)))
					var peers []result.PeerBlock
					for i, p := range b.Peers {
						p.Committed = begin.Add(lag(i, int(b.Number)))
						if tt.silent == nil || !tt.silent(b, i) {
							peers = append(peers, p)
							told[[3]int{int(b.Channel), int(b.Number), i}] = p.Committed.Sub(traced.started.Round(0))
						}
					}
					if b.Peers = peers; peers == nil { // not even its first peer
						b.Peers = []result.PeerBlock{{Peer: "peer2", Committed: begin}}
					}
				}
			})
			at.channels = tt.channels
			o := conduct(t, series(closed("a", hold, 7)), at, nil)
			if o.err != nil {
				t.Fatal(o.err)
			}
			got := o.summary.Points[0].CommitAtPeers
			if tt.peers == nil {
				if got != nil && got.All != nil {
					t.Errorf("got %+v", got)
				}
				return
			}
			type row struct {
				N    uint64
				Mean float64
			}
			sums, last := map[string]row{}, row{}
			for _, r := range o.rows {
				if r.Outcome != result.Valid || r.Intended < warmup || r.Intended >= hold {
					continue
				}
				var most time.Duration
				for i, peer := range []string{"peer0", "peer1"} {
					instant, known := told[[3]int{int(r.Channel), int(r.Block), i}]
					if known {
						sums[peer] = row{sums[peer].N + 1, sums[peer].Mean + (instant - r.Intended).Seconds()}
						most = max(most, instant-r.Intended)
					}
				}
				last = row{last.N + 1, last.Mean + most.Seconds()}
			}
			mean := func(r row) row { return row{r.N, r.Mean / math.Max(1, float64(r.N))} }
			want, have := map[string]row{}, map[string]row{}
			for _, peer := range tt.peers {
				want[peer] = mean(sums[peer])
			}
			for peer, q := range got.Peers {
				have[peer] = row{q.N, q.Mean}
			}
			if tt.all {
				want["all"] = mean(last)
			}
			if got.All != nil {
				have["all"] = row{got.All.N, got.All.Mean}
			}
			if diff := cmp.Diff(want, have, cmpopts.EquateApprox(1e-3, 0)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if p := conduct(t, series(closed("a", hold, 7)), newSite(), nil).summary.Points[0]; p.CommitAtPeers != nil {
		t.Errorf("nobody tells of peers, and yet there is %+v", p.CommitAtPeers)
	}
}
