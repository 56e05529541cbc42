package study

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// blocksOf returns the log of a level of blocks of so many transactions each, one every 100 ms, on channels in turn;
// one of the first hundred transactions is seen before all others, as from another shard.
func blocksOf(blocks, size, channels int, from, to time.Duration) *blockLog {
	b := newBlockLog(from, to)
	add := func(i int) {
		at := time.Duration(i/size+1) * 100 * time.Millisecond
		r := result.Record{Outcome: result.Valid, Channel: uint16(i % channels), Block: uint64(10_000 + i/size), Committed: at}
		r.Intended = at - 100*time.Millisecond - time.Duration(i%size)
		r.Started, r.Prepared, r.Endorsed, r.Submitted = r.Intended, r.Intended, r.Intended, r.Intended
		b.add(&r, uint64(i))
	}
	last := min(blocks*size-1, 100)
	add(last)
	for i := range blocks * size {
		if i != last {
			add(i)
		}
	}
	return b
}

// What the window cuts a block in two of is left out.
func TestWholeBlocksOnly(t *testing.T) {
	commit := slices.Index(timedParts[:], result.PartCommit)
	for _, channels := range []int{1, 2} {
		b := blocksOf(20, 10, channels, 500*time.Millisecond, 1500*time.Millisecond)
		var rate, latency stats.Cell
		for _, c := range b.rates(b.sorted()) {
			rate.Sum += c.Sum
			rate.Weight += c.Weight
		}
		for _, c := range b.latencies(b.sorted(), commit) {
			latency.Weight += c.Weight
		}
		// Commits from 0.5 s to 1.4 s, nine blocks after the first; the block that ends at 0.6 s begins outside.
		want, whole := 90.0, 90.0
		if channels == 2 {
			want, whole = 95, 95 // the other channel's half of the first block, and of the last
		}
		equal(t, "commits after the first block", want, rate.Sum)
		between(t, "their time", rate.Weight, 0.9-1e-9, 0.9+1e-9)
		equal(t, "latencies of whole blocks", whole, latency.Weight)
	}
}

// Blocks are joined and values thinned where there are too many of them; nothing is lost of the sums.
func TestBlockLogIsBounded(t *testing.T) {
	const blocks, size = 6 * mostCells, 2
	b := blocksOf(blocks, size, 1, 0, blocks*time.Second)
	sorted, commit := b.sorted(), slices.Index(timedParts[:], result.PartCommit)
	if n := len(b.channels[0].cells); n > mostCells || len(b.values) > mostValues || len(b.values) < mostValues/4 {
		t.Errorf("%d cells, %d values", n, len(b.values))
	}
	var sum stats.Cell
	for _, c := range b.latencies(sorted, commit) {
		sum.Sum += c.Sum
		sum.Weight += c.Weight
	}
	between(t, "transactions", sum.Weight, size*(blocks-20), size*blocks)
	between(t, "mean", sum.Sum/sum.Weight, 0.1, 0.1001)
	values := b.wholes(sorted, commit)
	between(t, "values", len(values), len(b.values)-20, len(b.values))
	for _, v := range values {
		between(t, "place", v.Cell, 0, len(sorted)-1)
	}
}

// Figures without an interval are named with the reason, once for each reason.
func TestMissingIntervalsAreFlagged(t *testing.T) {
	b := blocksOf(8, 100, 1, 0, time.Second)
	p50, p95 := 0.1, 0.1
	p := result.Point{
		Series: "a", Load: result.Load{Kind: result.LoadClosed, Clients: 400}, Window: 1, Throughput: 800, Intervals: map[string]stats.Interval{},
		Latency: map[string]stats.Quantiles{"commit": {Mean: 0.1, P50: &p50, P95: &p95, N: 800}},
	}
	s := &session{study: &study{}}
	s.intervals(&p, level{}, b)
	if _, there := p.Intervals["throughput_per_s"]; !there || len(p.Intervals) != 3 {
		t.Errorf("intervals of %v", p.Intervals)
	}
	want := []string{"no interval within the window for some figures: fewer than 6 blocks, or transactions of each client (commit_s)"}
	if diff := cmp.Diff(want, words(p.Notices)); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if len(s.notes) != 1 || s.notes[0].Text != noInterval {
		t.Errorf("the run's list says %v", s.notes)
	}
}

// The interval of a figure holds the figure, also where the blocks cut off by the window move it.
func TestIntervalHoldsItsFigure(t *testing.T) {
	b := blocksOf(30, 10, 1, 0, 2*time.Second)
	p := result.Point{
		Load: result.Load{Kind: result.LoadOpen}, Window: 2, Throughput: 95, Intervals: map[string]stats.Interval{},
		Latency: map[string]stats.Quantiles{"commit": {Mean: 0.11, N: 190}},
	}
	(&session{study: &study{}}).intervals(&p, level{}, b)
	between(t, "throughput", p.Throughput, p.Intervals["throughput_per_s"].Low, p.Intervals["throughput_per_s"].High)
	between(t, "rate of the blocks", 100-1e-9, p.Intervals["throughput_per_s"].Low, p.Intervals["throughput_per_s"].High)
	between(t, "mean", 0.11, p.Intervals["commit_s"].Low, p.Intervals["commit_s"].High)
}
