package network

import (
	"errors"
	"sync"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
)

// Cuts tells when and why the blocks of a network were cut, over its whole life, as far as its orderers' logs go back. It may be
// used by several goroutines at once. A block that it knows takes some 40 bytes for each orderer that logged it.
type Cuts struct {
	batches map[string]topology.Batch // by channel
	reading sync.Mutex                // held by who reads on
	mu      sync.Mutex                // guards what was read
	logs    []*cutLog
}

// A cutLog is what one orderer's log says.
type cutLog struct {
	*nodeLog
	newest map[string]uint64 // number of the newest block, by channel
	known  map[blockKey]cut  // those long before it, which the nodeLog has forgotten
}

// A cut is when and why a block was cut.
type cut struct {
	at     int64 // ns since 1970
	agreed bool  // by consensus of the orderers that report it, as with SmartBFT: the first report is the leader's
	reason result.CutReason
	full   bool // a block that is as full as one may be was cut because of that
}

const (
	cutPiece  = 1 << 20 // bytes of a log that are read without a break
	cutRecent = 64      // blocks of a channel whose lines in a log are near each other, at least
	mostCuts  = 1 << 20 // of one log that are kept
)

// Cuts returns what the logs of the network's orderers tell, of which nothing is read yet.
func (r *Record) Cuts() (*Cuts, error) {
	dialect, err := r.dialect()
	if err != nil {
		return nil, err
	}
	c := &Cuts{batches: map[string]topology.Batch{}}
	for _, channel := range r.Topology.Channels {
		c.batches[channel.Name] = channel.Batch
	}
	for _, n := range r.Nodes {
		if n.Role == result.RoleOrderer {
			c.logs = append(c.logs, &cutLog{newNodeLog(n, 0, dialect.Log()), map[string]uint64{}, map[blockKey]cut{}})
		}
	}
	return c, nil
}

// Read reads on in the logs to their ends. What was read before is known meanwhile. The error names logs that cannot be read.
func (c *Cuts) Read() error {
	c.reading.Lock()
	defer c.reading.Unlock()
	var failed []error
	for _, l := range c.logs {
		for more := true; more; {
			c.mu.Lock()
			var err error
			more, err = l.readSome(cutPiece)
			l.settle(c.batches)
			c.mu.Unlock()
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// Of returns when and why a block of a channel was cut that has so many transactions: the zero time and CutUnknown where that is not
// known.
func (c *Cuts) Of(channel string, number uint64, transactions int) (time.Time, result.CutReason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var of cut
	key := blockKey{channel, number}
	for _, l := range c.logs {
		one, known := l.known[key]
		if !known {
			one, known = l.cut(key, c.batches[channel])
		}
		// As blockLog.created chooses.
		if known && (of.at == 0 || !one.agreed && one.at > of.at || one.agreed && (!of.agreed || one.at < of.at)) {
			of = one
		}
	}
	if of.at == 0 {
		return time.Time{}, result.CutUnknown
	}
	if most := c.batches[channel].Messages; of.full && most > 0 && transactions >= int(most) {
		of.reason = result.CutCount
	}
	return time.Unix(0, of.at), of.reason
}

// cut says of a block that the log still has what follows from it.
func (l *cutLog) cut(key blockKey, batch topology.Batch) (cut, bool) {
	created := l.blocks[key]
	if created == nil || created.cut.IsZero() {
		return cut{}, false
	}
	next := l.blocks[blockKey{key.channel, key.number + 1}]
	alone := blockLog{logs: map[string]*nodeLog{l.node: l.nodeLog}}
	return cut{
		at: created.cut.UnixNano(), agreed: !created.agreed.IsZero(), full: !created.config && !created.timer,
		reason: alone.reason(key, created, 0, batch, next != nil && next.config),
	}, true
}

// settle keeps of blocks long before the newest one what follows from their lines.
func (l *cutLog) settle(batches map[string]topology.Batch) {
	for key := range l.blocks {
		l.newest[key.channel] = max(l.newest[key.channel], key.number)
	}
	var settled []blockKey
	for key := range l.blocks {
		if key.number+cutRecent > l.newest[key.channel] {
			continue
		}
		settled = append(settled, key)
		if of, ok := l.cut(key, batches[key.channel]); ok && len(l.known) < mostCuts {
			l.known[key] = of
		}
	}
	for _, key := range settled { // once nobody looks at its neighbours
		if key.number+cutRecent < l.newest[key.channel] {
			delete(l.blocks, key)
		}
	}
}
