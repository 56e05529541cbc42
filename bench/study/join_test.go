package study

import (
	"cmp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meterbench/bench/result"
)

// Whatever the blocks of however many channels, seen at however many sites: each transaction is split by
// the instants of its own block where that was seen, and the parts sum to the whole of all.
func TestJoinIsByChannelAndBlock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		upTo := func(d time.Duration, label string) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(d)).Draw(t, label))
		}
		channels, height := rapid.IntRange(1, 4).Draw(t, "channels"), rapid.IntRange(1, 5).Draw(t, "height")
		sites := []string{"", "ptb", "inmetro"}[:rapid.IntRange(1, 3).Draw(t, "sites")]
		joined := &trace{to: time.Hour, report: &nodeReport{instants: map[seenBlock]result.BlockInstants{}}}
		chains := make([][]*result.BlockInstants, channels*len(sites)) // nil: nobody told of the block
		for at := range chains {
			channel, site := at/len(sites), sites[at%len(sites)]
			for number := range height {
				var told *result.BlockInstants
				if rapid.IntRange(0, 9).Draw(t, "told") > 0 {
					told = &result.BlockInstants{}
					for i := range told {
						told[i] = upTo(time.Second, "instant")
						if i > 0 {
							told[i] += told[i-1]
						}
					}
					joined.report.instants[seenBlock{blockID{uint16(channel), uint64(number)}, site}] = *told
				}
				chains[at] = append(chains[at], told)
			}
		}
		var parts [5]time.Duration
		var whole time.Duration
		var known uint64
		for range rapid.IntRange(0, 20).Draw(t, "transactions") {
			r := result.Row{Record: result.Record{Outcome: result.Valid, Submitted: upTo(4*time.Second, "submitted")}}
			site := rapid.IntRange(0, len(sites)-1).Draw(t, "site")
			r.SiteName = sites[site]
			r.Committed = r.Submitted + upTo(4*time.Second, "commit")
			r.Channel = uint16(rapid.IntRange(0, channels-1).Draw(t, "channel"))
			r.Block = uint64(rapid.IntRange(0, height-1).Draw(t, "block"))
			joined.add(&r)
			told := cmp.Or(chains[int(r.Channel)*len(sites)+site][r.Block], chains[int(r.Channel)*len(sites)][r.Block])
			if told == nil {
				continue
			}
			spans, _ := r.BlockSpans(*told)
			for i, span := range spans {
				parts[i] += span
			}
			whole += r.Committed - r.Submitted
			known++
		}
		if joined.joined != known {
			t.Fatalf("%d of %d transactions were joined", joined.joined, known)
		}
		var sum time.Duration
		for i, total := range joined.totals {
			if total != parts[i] {
				t.Fatalf("phase %d takes %v in all, want %v", i, total, parts[i])
			}
			sum += total
		}
		if sum != whole {
			t.Fatalf("the parts sum to %v, not %v", sum, whole)
		}
	})
}

// A peer takes the blocks of a channel one by one, and channels side by side.
func TestBusyIsOfTheBusiestChannel(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return begin.Add(time.Duration(s * float64(time.Second))) }
	block := func(channel uint16, number uint64, from, to float64) result.Block {
		return result.Block{Channel: channel, Number: number, Reason: result.CutCount, Cut: at(from), Peers: []result.PeerBlock{
			{Peer: "peer0", Received: at(from), Validated: at(from + 0.1), Committed: at(to)},
		}}
	}
	var p result.Point
	summarizeBlocks(&p, []result.Block{
		block(0, 1, 0, 2), block(0, 2, 2, 4), block(0, 3, 5, 7), // 6 s of 10
		block(1, 1, 0, 3), block(1, 2, 4, 8), // 7 s
		block(2, 1, 9, 12), // 1 s in the window, its commit after
	}, at(0), at(10))
	got := p.BlockTimes["peer0"]
	if d := got.Busy - 0.7; got.Blocks != 5 || d > 1e-9 || d < -1e-9 {
		t.Errorf("%d blocks, busy %v", got.Blocks, got.Busy)
	}
	equal(t, "cut", &result.BlockCut{Count: 6}, p.BlockCut)
}
