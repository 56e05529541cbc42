package study

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/bottleneck"
	"meterbench/bench/result"
)

// Tracer is a Site whose nodes report what goes on inside them.
type Tracer interface {
	// Blocks returns the blocks of all channels committed since an instant. What the nodes do not report is
	// missing, also where there is an error.
	Blocks(since time.Time) ([]result.Block, error)
	// Counters reads what the nodes count.
	Counters(ctx context.Context) Counters
}

// Counters holds what nodes count.
type Counters struct {
	Nodes   map[string]NodeCounters // by name, of those that answered
	Silent  map[string]error        // why the others did not
	Leaders []result.Leader         // now, by channel
	Sources []result.BlockSource    // now, of those peers whose logs tell
}

// NodeCounters holds the counts of a node since its start.
type NodeCounters struct {
	Refused bottleneck.Refused // calls turned away
	Cuts    uint64             // blocks cut
	Open    float64            // seconds from the first transaction to the cut, over these blocks
}

// since returns what the nodes have counted that answered both times and were not started anew in between.
func (c Counters) since(before Counters) map[string]NodeCounters {
	all := map[string]NodeCounters{}
	for node, now := range c.Nodes {
		then, answered := before.Nodes[node]
		anew := now.Cuts < then.Cuts || now.Refused.Gateway < then.Refused.Gateway || now.Refused.Endorser < then.Refused.Endorser
		if answered && !anew {
			all[node] = NodeCounters{
				Refused: bottleneck.Refused{Gateway: now.Refused.Gateway - then.Refused.Gateway, Endorser: now.Refused.Endorser - then.Refused.Endorser},
				Cuts:    now.Cuts - then.Cuts, Open: now.Open - then.Open,
			}
		}
	}
	return all
}

// countersTimeout bounds how long the nodes may take to report their counters.
const countersTimeout = 5 * time.Second

// driftLimit bounds the difference of wall clock and monotonic clock during a level; a point with more says so.
const driftLimit = time.Millisecond

// A trace holds what the nodes reported about one level. Transactions are joined to it by their blocks, once all
// of them are on the disk.
type trace struct {
	rowRange
	point    int           // index of the level's point
	report   *nodeReport   // of the turn that the level ran in
	from, to time.Duration // window

	valid, joined uint64 // transactions of the window
	parts         []*hdrhistogram.Histogram
	totals        []time.Duration
	peers         peerLatencies
}

// A blockID says which block it is: every channel counts its own.
type blockID struct {
	channel uint16
	number  uint64
}

// A seenBlock is a block as it is seen at a site, or by all those that no site is named of.
type seenBlock struct {
	blockID
	site string
}

// counters asks the nodes. Those that do not answer are named, each once.
func (s *session) counters(ctx context.Context) Counters {
	if s.tracer == nil {
		return Counters{}
	}
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), countersTimeout)
	defer cancel()
	c := s.tracer.Counters(asking)
	for _, node := range slices.Sorted(maps.Keys(c.Silent)) {
		if ctx.Err() == nil && !s.silent[node] {
			s.silent[node] = true
			s.warn(result.NodesSilent, "the counters of %s are not known at every level: %v", node, c.Silent[node])
		}
	}
	return c
}

// A nodeReport holds what the nodes reported about one turn.
type nodeReport struct {
	instants map[seenBlock]result.BlockInstants // at the observing peers; nil where the nodes report nothing
	commits  *peerCommits                       // likewise
	evidence bottleneck.Evidence
	leaders  []result.Leader // at the end
	led      []result.Leader // at the begin, nil where that is unknown
	sources  []result.BlockSource
	drift    time.Duration // of the wall clock against the monotonic clock
}

// ask asks the nodes about the turn that began at epoch and scheduled so many transactions. before is what
// they had counted then.
func (s *session) ask(ctx context.Context, epoch time.Time, scheduled uint64, before Counters) (*nodeReport, []result.Block) {
	report := &nodeReport{evidence: bottleneck.Evidence{Cores: s.manifest.Host.Offered(), Scheduled: scheduled, NotSeen: s.facts.NotSeen}}
	if s.tracer == nil {
		return report, nil
	}
	after := s.counters(ctx)
	report.leaders, report.led = after.Leaders, before.Leaders
	report.sources = sourcesOver(before.Sources, after.Sources)
	report.evidence.Refused = map[string]bottleneck.Refused{}
	var cuts uint64
	var open float64
	for node, counted := range after.since(before) {
		report.evidence.Refused[node] = counted.Refused
		cuts, open = cuts+counted.Cuts, open+counted.Open
	}
	if cuts > 0 {
		report.evidence.BlockFill = open / float64(cuts)
	}
	if slices.Contains(s.facts.NotSeen, result.AspectBlocks) {
		return report, nil
	}
	_ = s.book() // an error is that of the next call, too
	blocks, err := s.tracer.Blocks(epoch)
	if err != nil && ctx.Err() == nil {
		s.warn(result.NodesSilent, "the nodes' logs of blocks are incomplete: %v", err)
	}
	now := time.Now()
	report.drift = now.Round(0).Sub(epoch.Round(0)) - now.Sub(epoch)
	report.commits = newPeerCommits(blocks, epoch)
	if slices.Contains(s.facts.NotSeen, result.AspectCuts) {
		return report, blocks // whose parts begin with the cut
	}
	report.instants = map[seenBlock]result.BlockInstants{}
	for i := range blocks {
		b := &blocks[i]
		for _, o := range s.facts.Observers {
			if at, ok := b.Instants(o.Peer, epoch); ok && o.Channel == b.Channel {
				report.instants[seenBlock{blockID{b.Channel, b.Number}, o.Site}] = at
			}
		}
	}
	return report, blocks
}

// resolve decides what the orderers leave open of blocks that only transactions of this turn are in, by the largest of them.
func (s *session) resolve(blocks []result.Block, windows []result.Window) {
	if s.facts.Shared {
		return // others may send larger ones
	}
	var largest uint32
	for i := range windows {
		largest = max(largest, windows[i].Largest)
	}
	for i := range blocks {
		blocks[i].Resolve(largest)
	}
}

// trace keeps what the nodes reported about the last point, whose turn began at epoch.
func (s *session) trace(rows rowRange, epoch time.Time, w *result.Window, report *nodeReport, blocks []result.Block) {
	last := len(s.summary.Points) - 1
	p := &s.summary.Points[last]
	s.traces = append(s.traces, &trace{rowRange: rows, point: last, report: report, from: w.From, to: w.To})
	if report.drift.Abs() > driftLimit {
		s.flag(p, result.ClockMoved, "", "the wall clock moved by %v against the monotonic clock: the parts inside the network may be off by as much",
			report.drift.Round(time.Microsecond))
	}
	p.Leaders, p.BlockSources = report.leaders, report.sources
	for i, l := range report.leaders {
		if i < len(report.led) && !l.Same(report.led[i]) {
			s.flag(p, result.LeaderChanged, "", "the leader of channel %s changed: %s at the beginning, %s at the end; without one no block is ordered",
				l.Channel, report.led[i], l)
		}
	}
	s.expect(p, report)
	wall := epoch.Round(0)
	summarizeBlocks(p, blocks, wall.Add(w.From), wall.Add(w.To))
	if slices.Contains(s.facts.NotSeen, result.AspectCuts) {
		p.BlockCut = nil
	}
}

// summarizeBlocks puts the blocks of the window from one instant to another into the point: those cut in it
// by their reason, and by peer the means of those committed in it.
func summarizeBlocks(p *result.Point, blocks []result.Block, from, to time.Time) {
	if len(blocks) == 0 || !from.Before(to) {
		return
	}
	var cut result.BlockCut
	times := map[string]result.BlockTimes{}
	type pipeline struct {
		peer    string
		channel uint16
	}
	busy := map[pipeline]float64{}
	within := func(at time.Time) bool { return !at.Before(from) && at.Before(to) }
	for i := range blocks {
		b := &blocks[i]
		if at := b.Cut; within(at) || at.IsZero() && len(b.Peers) > 0 && within(b.Peers[0].Committed) {
			cut.Add(b.Reason)
		}
		for _, peer := range b.Peers {
			t := times[peer.Peer]
			at := pipeline{peer.Peer, b.Channel}
			busy[at] += overlap(peer.Received, peer.Committed, from, to).Seconds() / to.Sub(from).Seconds()
			t.Busy = max(t.Busy, busy[at])
			if within(peer.Committed) {
				t.Blocks++
				t.Validate += peer.Validated.Sub(peer.Received).Seconds()
				t.Commit += peer.Committed.Sub(peer.Validated).Seconds()
				t.Versions += peer.Versions.Seconds()
				t.Store += peer.Store.Seconds()
				t.State += peer.State.Seconds()
			}
			times[peer.Peer] = t
		}
	}
	for peer, t := range times {
		if n := float64(t.Blocks); n > 0 {
			for _, sum := range []*float64{&t.Validate, &t.Commit, &t.Versions, &t.Store, &t.State} {
				*sum /= n
			}
		}
		times[peer] = t
	}
	p.BlockCut, p.BlockTimes = &cut, times
}

// overlap returns how much of a span lies within another.
func overlap(begin, end, from, to time.Time) time.Duration {
	return max(0, min(end.Sub(from), to.Sub(from))-max(0, begin.Sub(from)))
}

// explain splits the latency of all points by what happened inside the network, and says what limited each.
// It reads all transactions once; those of a turn lie together.
func (s *study) explain() error {
	var open []*trace // of one turn
	for row, err := range s.writer.Transactions() {
		if err != nil {
			return fmt.Errorf("join transactions and blocks: %w", err)
		}
		at := traceOf(open, &row)
		if at == nil {
			if at = traceOf(s.traces, &row); at == nil {
				continue
			}
			if len(open) > 0 && open[0].report != at.report {
				s.split(open)
				open = nil
			}
			open = append(open, at)
		}
		at.add(&row)
	}
	s.split(open)
	s.limits()
	return nil
}

// limits says what limited each point.
func (s *study) limits() {
	for _, t := range s.traces {
		p := &s.summary.Points[t.point]
		evidence := t.report.evidence
		evidence.Point, evidence.Series = *p, s.comparable(p)
		p.Limit, p.LimitedBecause = bottleneck.Judge(evidence)
	}
}

func traceOf(among []*trace, row *result.Row) *trace {
	for _, t := range among {
		if t.holds(row) {
			return t
		}
	}
	return nil
}

// add counts a transaction, by the rule of result.Window.
func (t *trace) add(r *result.Row) {
	if r.Outcome != result.Valid || r.Intended < t.from || r.Intended >= t.to {
		return
	}
	t.valid++
	if t.report.commits != nil {
		t.peers.add(&r.Record, t.report.commits)
	}
	block := blockID{r.Channel, r.Block}
	instants, ok := t.report.instants[seenBlock{block, r.SiteName}]
	if !ok {
		instants, ok = t.report.instants[seenBlock{block, ""}]
	}
	if !ok {
		return
	}
	spans, ok := r.BlockSpans(instants)
	if !ok {
		return
	}
	if t.parts == nil {
		for range spans {
			t.parts = append(t.parts, hdrhistogram.New(1, int64(time.Hour), 3))
		}
		t.totals = make([]time.Duration, len(spans))
	}
	for i, span := range spans {
		if t.parts[i].RecordValue(int64(span)) != nil {
			return // out of range, as its whole is: the point is invalid already
		}
		t.totals[i] += span
	}
	t.joined++
}

// split puts the parts inside the network into the points of traces, if they are known of all their transactions: the
// means of some would not add up to the latency of all. The means are exact, so that they do.
func (s *study) split(all []*trace) {
	for _, t := range all {
		p := &s.summary.Points[t.point]
		switch {
		case t.joined < t.valid && t.report.instants != nil:
			s.flag(p, result.NotSplit, "", "the time inside the network is not split: the nodes' logs lack the blocks of %d of %d transactions",
				t.valid-t.joined, t.valid)
		case t.joined > 0 && t.joined == t.valid:
			for i, part := range result.BlockParts() {
				q := s.quantiles(t.parts[i])
				q.Mean = t.totals[i].Seconds() / float64(t.joined)
				p.Latency[part.String()] = q
			}
		}
		p.CommitAtPeers = s.atPeers(&t.peers, t.report.commits)
		t.parts, t.peers = nil, peerLatencies{} // a quarter of a megabyte each
	}
}
