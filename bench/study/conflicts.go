package study

import (
	"cmp"
	"slices"
	"time"

	"meterbench/bench/result"
)

// conflicts estimates which share of the transactions of a level meets an MVCC conflict, where each reads and writes
// one key of a space at random: the birthday estimate, from the instants and blocks of the level itself. A transaction
// reads its key while it is endorsed and conflicts where a valid one with that key is committed between then and its own
// place on the ledger. Valid ones that were under way at the same time have keys that all differ, or they would not be
// valid; so n of them change n of K keys, and the transaction conflicts with a probability of n/K, where n counts those
// of the blocks that came after the read and before its own, and of its own those before it. When it read is taken to
// be halfway through its endorsement; the places within a block follow from when transactions were acknowledged.
type conflicts struct {
	keys     int
	from, to time.Duration
	channels map[uint16]*keyedBlocks
}

// keyedBlocks are those of a channel.
type keyedBlocks struct {
	blocks map[uint64]*keyedBlock
	tries  []keyedTry
}

// A keyedBlock holds what was seen of a block.
type keyedBlock struct {
	at    time.Duration   // it was committed
	valid []time.Duration // acknowledged
}

// A keyedTry is a transaction of the window that reached the ledger, valid or with a conflict.
type keyedTry struct {
	read, acknowledged time.Duration
	block              uint64
}

// newConflicts returns nil where the transactions choose from no space of keys.
func newConflicts(c result.Conditions, from, to time.Duration) *conflicts {
	if c.Keys == 0 || !c.Commits() {
		return nil
	}
	return &conflicts{keys: c.Keys, from: from, to: to, channels: map[uint16]*keyedBlocks{}}
}

// add adds a transaction, 24 to 40 bytes.
func (c *conflicts) add(r *result.Record) {
	if c == nil || r.Outcome != result.Valid && r.Outcome != result.MVCCConflict || r.Block == 0 || r.Prepared < 0 || r.Submitted < 0 {
		return
	}
	of := c.channels[r.Channel]
	if of == nil {
		of = &keyedBlocks{blocks: map[uint64]*keyedBlock{}}
		c.channels[r.Channel] = of
	}
	b := of.blocks[r.Block]
	if b == nil {
		b = &keyedBlock{at: r.Committed}
		of.blocks[r.Block] = b
	}
	b.at = min(b.at, r.Committed)
	if r.Outcome == result.Valid {
		b.valid = append(b.valid, r.Submitted)
	}
	if r.Intended >= c.from && r.Intended < c.to {
		of.tries = append(of.tries, keyedTry{read: (r.Prepared + r.Endorsed) / 2, acknowledged: r.Submitted, block: r.Block})
	}
}

// judge gives the point the estimate beside what was measured, where any conflict was: without one the function may
// not read its key.
func (c *conflicts) judge(p *result.Point) {
	if c == nil || p.Outcomes[result.MVCCConflict.String()] == 0 {
		return
	}
	expected, tries := 0.0, 0
	for _, of := range c.channels {
		of.sort()
		for _, t := range of.tries {
			expected += of.chance(t, c.keys)
		}
		tries += len(of.tries)
	}
	failed := float64(p.Outcomes[result.MVCCConflict.String()])
	p.Conflicts = &result.Conflicts{
		Keys: c.keys, Committed: tries,
		Share: failed / (failed + float64(p.Outcomes[result.Valid.String()])), Expected: expected / float64(tries),
	}
}

func (k *keyedBlocks) sort() {
	for _, b := range k.blocks {
		slices.Sort(b.valid)
	}
}

// chance returns the probability that a transaction conflicts.
func (k *keyedBlocks) chance(t keyedTry, keys int) float64 {
	before, _ := slices.BinarySearchFunc(k.blocks[t.block].valid, t.acknowledged, cmp.Compare[time.Duration])
	changed := before
	for block := t.block - 1; ; block-- {
		b := k.blocks[block]
		if b == nil || b.at <= t.read { // which it had read, or of before the level
			break
		}
		changed += len(b.valid)
	}
	return min(1, float64(changed)/float64(keys))
}
