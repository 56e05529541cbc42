package study

import (
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// peerCommits holds when each peer committed the blocks of one turn, by the peers' own logs.
type peerCommits struct {
	peers []string             // that reported a block, sorted
	of    map[uint16][]int     // by channel, those that reported one of its blocks: indices of peers
	at    map[blockID]instants // by block
}

// instants are by index of a peer offsets from the start of a level, result.NotReached where the peer reported none.
type instants []time.Duration

// newPeerCommits keeps the commits of blocks, as offsets from epoch on the wall clock.
func newPeerCommits(blocks []result.Block, epoch time.Time) *peerCommits {
	c := &peerCommits{of: map[uint16][]int{}, at: map[blockID]instants{}}
	for _, b := range blocks {
		for _, p := range b.Peers {
			c.peers = append(c.peers, p.Peer)
		}
		slices.Sort(c.peers)
		c.peers = slices.Compact(c.peers)
	}
	epoch = epoch.Round(0) // strips the monotonic reading
	for _, b := range blocks {
		at := slices.Repeat(instants{result.NotReached}, len(c.peers))
		for _, p := range b.Peers {
			i, _ := slices.BinarySearch(c.peers, p.Peer)
			at[i] = p.Committed.Sub(epoch)
			if !slices.Contains(c.of[b.Channel], i) {
				c.of[b.Channel] = append(c.of[b.Channel], i)
			}
		}
		c.at[blockID{b.Channel, b.Number}] = at
	}
	return c
}

// peerLatencies collects the time from intended to the commit at each peer, and at the last one of the channel.
type peerLatencies struct {
	each []peerLatency // by index of a peer
	last peerLatency
}

// A peerLatency is incomplete once a transaction's commit is not known.
type peerLatency struct {
	histogram  *hdrhistogram.Histogram // nanoseconds, nil where there is none yet
	incomplete bool
}

func (l *peerLatency) add(took time.Duration, known bool) {
	if l.histogram == nil {
		l.histogram = hdrhistogram.New(1, int64(time.Hour), 3)
	}
	// What is out of range is so because the clock moved, and the point says that.
	l.incomplete = l.incomplete || !known || l.histogram.RecordValue(int64(took)) != nil
}

// add adds a valid transaction of the window.
func (l *peerLatencies) add(r *result.Record, c *peerCommits) {
	if l.each == nil {
		l.each = make([]peerLatency, len(c.peers))
	}
	var last time.Duration
	at, all := c.at[blockID{r.Channel, r.Block}]
	for _, i := range c.of[r.Channel] {
		known := at != nil && at[i] != result.NotReached
		var took time.Duration
		if known {
			took = at[i] - r.Intended
		}
		l.each[i].add(took, known)
		last, all = max(last, took), all && known
	}
	l.last.add(last, all)
}

// atPeers describes what was collected, nil where no peer reported every block.
func (s *study) atPeers(l *peerLatencies, c *peerCommits) *result.CommitAtPeers {
	all := result.CommitAtPeers{Peers: map[string]stats.Quantiles{}}
	for i, one := range l.each {
		if one.histogram != nil && !one.incomplete {
			all.Peers[c.peers[i]] = s.quantiles(one.histogram)
		}
	}
	if len(all.Peers) == 0 {
		return nil
	}
	if !l.last.incomplete {
		last := s.quantiles(l.last.histogram)
		all.All = &last
	}
	return &all
}
