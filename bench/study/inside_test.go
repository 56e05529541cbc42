package study

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/bench"
	"meterbench/bench/bottleneck"
	"meterbench/bench/result"
)

const ms = time.Millisecond

// A traced is a site whose nodes tell of its blocks: each is cut 8 ms before
// the first commit that it may hold, and taken up, validated and committed by
// one peer 2 ms after one another. Blocks of the second channel are 40 ms behind
// those of the first with the same number, and its observer is peer1.
type traced struct {
	*site
	reason   func(block uint64) result.CutReason
	silent   func(block uint64) bool // blocks of which nobody tells
	change   func(*result.Block)     // where set, changes what is told
	err      error
	asked    int          // how often that was the answer
	counters NodeCounters // of peer0, read once: before the level
}

func (t *traced) Facts() Facts {
	f := t.site.Facts()
	f.Observers = []ObservingPeer{{0, "", "peer0"}, {1, "", "peer1"}}
	return f
}

func (t *traced) Target() bench.Target { return t }

// Submit has the orderer acknowledge 13 ms before the commit.
func (t *traced) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	r, err := t.site.Submit(ctx, tx)
	if !r.Committed.IsZero() {
		r.Block = uint64((r.Committed.Sub(t.started) - behind(tx.Channel)) / t.block)
		r.Submitted = r.Committed.Add(-13 * ms)
	}
	return r, err
}

func behind(channel int) time.Duration { return 40 * ms * time.Duration(channel) }

func (t *traced) Blocks(since time.Time) (blocks []result.Block, err error) {
	for channel := range max(1, t.channels) {
		blocks = append(blocks, t.blocks(channel, since)...)
	}
	return blocks, t.err
}

func (t *traced) blocks(channel int, since time.Time) (blocks []result.Block) {
	for n := uint64(0); ; n++ {
		begin := t.started.Add(time.Duration(n)*t.block + behind(channel))
		if begin.After(time.Now()) {
			return blocks
		}
		if t.silent != nil && t.silent(n) {
			continue
		}
		b := result.Block{Channel: uint16(channel), Number: n, Reason: t.reason(n), Cut: begin.Add(-8 * ms).Round(0), Peers: []result.PeerBlock{
			{Peer: "peer0", Received: begin.Add(-6 * ms).Round(0), Validated: begin.Add(-4 * ms).Round(0), Committed: begin.Add(-2 * ms).Round(0), Store: ms},
			{Peer: "peer1", Received: begin.Add(-6 * ms).Round(0), Validated: begin.Add(34 * ms).Round(0), Committed: begin.Add(44 * ms).Round(0), State: 7 * ms},
		}}
		if t.change != nil {
			t.change(&b)
		}
		if !b.Peers[0].Committed.Before(since) {
			blocks = append(blocks, b)
		}
	}
}

func (t *traced) Counters(context.Context) Counters {
	c := Counters{Nodes: map[string]NodeCounters{"peer0": t.counters}, Silent: map[string]error{}}
	t.counters.Refused.Gateway += 3
	t.counters.Cuts, t.counters.Open = t.counters.Cuts+10, t.counters.Open+2
	if t.err != nil {
		t.asked++
		c.Silent["orderer0"] = fmt.Errorf("%w: %d", t.err, t.asked)
	}
	return c
}

func byTimer(uint64) result.CutReason { return result.CutTimer }

// tracedSite returns a site that tells, and where it will be once started.
func tracedSite(change func(*traced)) *site {
	s := newSite()
	s.as = func(s *site) Site {
		t := &traced{site: s, reason: byTimer}
		change(t)
		return t
	}
	return s
}

// The split of the mean sums to the mean of the whole, and each part is that
// of the transactions one by one.
func TestSplit(t *testing.T) {
	o := conduct(t, series(closed("a", 3*time.Second, 1), closed("b", 3*time.Second, 7)), tracedSite(func(*traced) {}), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	equal(t, "points", 2, len(o.summary.Points))
	for _, p := range o.summary.Points {
		var sum, whole float64
		for _, phase := range result.BlockParts() {
			q, ok := p.Latency[phase.String()]
			if !ok || q.N != p.Latency["commit"].N || q.Mean < 0 {
				t.Errorf("%s: %v of %d transactions, want %d; mean %g", p.Series, phase, q.N, p.Latency["commit"].N, q.Mean)
			}
			sum += q.Mean
		}
		n := 0
		for _, row := range o.rows {
			measured := row.Intended >= time.Second && row.Intended < 3*time.Second
			if row.Series == p.Series && row.Outcome == result.Valid && measured {
				n++
				whole += (row.Committed - row.Submitted).Seconds()
			}
		}
		if uint64(n) != p.Latency["commit"].N || math.Abs(sum-whole/float64(n)) > 1e-12 {
			t.Errorf("%s: the phases sum to %v s, not %v s", p.Series, sum, whole/float64(n))
		}
		// A commit comes at any time within its block's 100 ms, 13 ms after the
		// acknowledgement: mostly all of it is the notification.
		if notify := p.Latency["notify"].Mean; notify < 0.011 || notify > 0.013 {
			t.Errorf("%s: notify %v s", p.Series, notify)
		}
	}
}

// Blocks of two channels have the same numbers: a transaction is split by that
// of its own channel, as its observer has it.
func TestSplitByChannel(t *testing.T) {
	s := tracedSite(func(*traced) {})
	s.channels = 2
	o := conduct(t, series(closed("a", 3*time.Second, 7)), s, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	var notify [2]float64
	var n [2]int
	for _, row := range o.rows {
		if row.Outcome != result.Valid || row.Intended < time.Second || row.Intended >= 3*time.Second {
			continue
		}
		begin := time.Duration(row.Block)*100*ms + behind(int(row.Channel))
		last := begin - 2*ms // committed by peer0
		if row.Channel == 1 {
			last = begin + 44*ms // by peer1
		}
		n[row.Channel]++
		notify[row.Channel] += min(13*ms, max(0, row.Committed-last)).Seconds()
	}
	p := o.summary.Points[0]
	if p.Conditions.Channels != 2 || n[0] < 10 || n[1] < 10 {
		t.Errorf("%d channels, %d transactions", p.Conditions.Channels, n)
	}
	if got, want := p.Latency["notify"].Mean, (notify[0]+notify[1])/float64(n[0]+n[1]); math.Abs(got-want) > 1e-9 {
		t.Errorf("notify takes %v s, want %v s", got, want)
	}
}

func TestBlocksOfAPoint(t *testing.T) {
	at := tracedSite(func(t *traced) {
		t.reason = func(n uint64) result.CutReason { return result.CutReason(n % 5) }
	})
	o := conduct(t, series(closed("a", 3*time.Second, 1)), at, nil)
	p := o.summary.Points[0]
	// Within 1 s to 3 s blocks 11 to 30 are cut, and committed by peer0, and
	// blocks 10 to 29 are committed by peer1.
	equal(t, "cut", &result.BlockCut{Unknown: 4, Count: 4, Bytes: 4, Timer: 4, Config: 4}, p.BlockCut)
	for peer, want := range map[string]result.BlockTimes{
		"peer0": {Blocks: 20, Busy: 0.04, Validate: 0.002, Commit: 0.002, Store: 0.001},
		"peer1": {Blocks: 20, Busy: 0.5, Validate: 0.040, Commit: 0.010, State: 0.007},
	} {
		if diff := cmp.Diff(want, p.BlockTimes[peer], cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", peer, diff)
		}
	}
}

func TestLimitedBy(t *testing.T) {
	// One client waits 23.7 ms per transaction, though nothing is short.
	o := conduct(t, series(closed("a", 3*time.Second, 1)), tracedSite(func(*traced) {}), nil)
	p := o.summary.Points[0]
	if p.Limit.Kind != result.LimitNone || !strings.HasSuffix(p.LimitedBecause, "; calls turned away over the whole level: peer0 3") {
		t.Errorf("limited by %q: %s", p.Limit, p.LimitedBecause)
	}
	// A site that tells nothing leaves it open.
	o = conduct(t, series(closed("a", 3*time.Second, 1)), newSite(), nil)
	p = o.summary.Points[0]
	if p.Limit.Kind != result.LimitUnknown || p.BlockCut != nil || p.BlockTimes != nil {
		t.Errorf("limited by %q, blocks %v, their times %v", p.Limit, p.BlockCut, p.BlockTimes)
	}
	if _, ok := p.Latency["wait_cut"]; ok || len(p.Warnings) > 0 {
		t.Errorf("split %v, warnings %q", p.Latency, p.Warnings)
	}
}

func TestBlocksThatNobodyTellsOf(t *testing.T) {
	at := tracedSite(func(t *traced) { t.silent = func(n uint64) bool { return n == 15 } })
	o := conduct(t, series(closed("a", 3*time.Second, 1)), at, nil)
	p := o.summary.Points[0]
	if _, ok := p.Latency["wait_cut"]; ok {
		t.Error("a part of the transactions stands for all")
	}
	if len(p.Warnings) != 1 || !strings.HasPrefix(p.Warnings[0], "the time inside the network is not split: the nodes' logs lack the blocks of 4 of 8") {
		t.Errorf("warnings %q", p.Warnings)
	}
}

func TestNodesThatDoNotAnswer(t *testing.T) {
	at := tracedSite(func(t *traced) { t.err = errors.New("no such log") })
	o := conduct(t, series(closed("a", 3*time.Second, 1)), at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	o.warned(t, "the counters of orderer0 are not known at every level: no such log: 1")
	if n := len(o.summary.Warnings); n != 3 { // with that this is no network
		t.Errorf("what is missing is said more than once: %q", o.summary.Warnings)
	}
	if p := o.summary.Points[0]; !strings.HasSuffix(p.LimitedBecause, "; calls turned away over the whole level: peer0 3") {
		t.Errorf("counters of nodes that answer are not used: %s", p.LimitedBecause)
	}
	o.warned(t, "the nodes' logs of blocks are incomplete: no such log")
	if _, ok := o.summary.Points[0].Latency["wait_cut"]; !ok {
		t.Error("what was told is not used")
	}
}

func TestLimitOfASaturation(t *testing.T) {
	at := func(clients int, by result.LimitKind) result.Point {
		return result.Point{Valid: true, Load: result.Load{Kind: "closed", Clients: clients}, Limit: result.Limit{Kind: by}, LimitedBecause: string(by) + "!"}
	}
	late := at(16, result.LimitClient)
	late.Valid = false
	for name, c := range map[string]struct {
		points []result.Point
		want   result.LimitKind
	}{
		"not an invalid one":  {[]result.Point{late, at(32, result.LimitHost)}, result.LimitHost},
		"its own load":        {[]result.Point{at(8, result.LimitBatchTimer), at(16, result.LimitHost), at(32, result.LimitCommit)}, result.LimitHost},
		"the next higher one": {[]result.Point{at(8, result.LimitBatchTimer), at(64, result.LimitHost), at(32, result.LimitCommit), at(16, result.LimitNone)}, result.LimitCommit},
		"none":                {[]result.Point{at(8, result.LimitBatchTimer), at(16, result.LimitNone), at(32, result.LimitUnknown)}, result.LimitNone},
		"no such load":        {[]result.Point{at(8, result.LimitBatchTimer)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := result.Saturation{Clients: 16}
			limit(&found, c.points)
			if found.Limit.Kind != c.want || c.want != "" && found.LimitedBecause != string(c.want)+"!" {
				t.Errorf("limited by %q because %q, want %q", found.Limit, found.LimitedBecause, c.want)
			}
		})
	}
}

// Counts are those of nodes that answered at both ends and kept counting.
func TestCountersSince(t *testing.T) {
	of := func(gateway, endorser, cuts uint64) NodeCounters {
		return NodeCounters{Refused: bottleneck.Refused{Gateway: gateway, Endorser: endorser}, Cuts: cuts, Open: float64(cuts) / 4}
	}
	before := Counters{Nodes: map[string]NodeCounters{"a": of(1, 2, 0), "gone": of(1, 1, 1), "anew": of(5, 0, 0), "orderer": of(0, 0, 8), "cut": of(0, 0, 8), "e": of(0, 3, 0)}}
	after := Counters{Nodes: map[string]NodeCounters{"a": of(4, 2, 0), "came": of(7, 7, 7), "anew": of(4, 9, 0), "orderer": of(0, 0, 12), "cut": of(0, 0, 2), "e": of(0, 2, 0)}}
	equal(t, "counters", map[string]NodeCounters{"a": of(3, 0, 0), "orderer": of(0, 0, 4)}, after.since(before))
}
