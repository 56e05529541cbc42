package network

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/fabric"
)

// logTimeout bounds the time until the peers log a block that one of them has shown.
const logTimeout = time.Second

// Blocks returns the blocks of a channel that its observing peer has committed since an instant, in order, with their
// times at every peer of the channel, that one first. It is the peer that Client watches. What no log says is missing,
// also where the error says that a log could not be read.
//
// A peer shows a block as soon as it is stored, and logs it after the state is too; other peers may be behind it. So
// Blocks waits, for a second at most, until every peer has logged all blocks below number height: those that a client has
// seen. Blocks before the first one returned are forgotten: the next call for the channel asks for no earlier instant.
//
// The instants are the nodes' own, in microseconds on this machine's wall clock. They are read from the nodes' logs,
// whose form depends on the Fabric release and on the consensus: with raft all is there; with BFT a block is cut once the
// leader has checked it, and for blocks that are not full it may stay open whether time or bytes cut them.
func (n *observed) Blocks(channel string, since time.Time, height uint64) ([]result.Block, error) {
	c, batch, err := n.logged(channel)
	if err != nil {
		return nil, fmt.Errorf("blocks: %w", err)
	}
	err = n.blocks.await(c, height)
	blocks := n.blocks.since(c, batch, since)
	if err != nil {
		return blocks, fmt.Errorf("blocks: %w", err)
	}
	return blocks, nil
}

// NewBlocks returns the blocks of a channel, from number from on and below number height, of which the log of its observing peer
// has told by now. Unlike Blocks it does not wait and forgets nothing, and what comes later, such as a change of the
// configuration, may still say another reason for the last one.
func (n *observed) NewBlocks(channel string, from, height uint64) ([]result.Block, error) {
	c, batch, err := n.logged(channel)
	if err != nil {
		return nil, fmt.Errorf("blocks: %w", err)
	}
	return n.blocks.within(c, batch, from, height), nil
}

// logged makes the log of blocks, if there is none yet, and returns a channel with its batch settings.
func (n *observed) logged(channel string) (Channel, topology.Batch, error) {
	c, err := n.channel(channel)
	dialect, err2 := n.dialect()
	if err := errors.Join(err, err2); err != nil {
		return c, topology.Batch{}, err
	}
	n.reading.Do(func() { n.blocks = newBlockLog(n.Nodes, n.from, dialect.Log()) })
	i := slices.IndexFunc(n.Topology.Channels, func(of topology.Channel) bool { return of.Name == channel })
	return c, n.Topology.Channels[i].Batch, nil
}

// blockLog collects the events of a network's blocks from the logs of all nodes. It reads each line once,
// however often it is asked.
type blockLog struct {
	mu   sync.Mutex
	logs map[string]*nodeLog // of peers and orderers, by name
}

// newBlockLog reads the nodes' logs from some positions on, by node.
func newBlockLog(nodes []Node, from map[string]int64, lines []fabric.LogLine) *blockLog {
	b := &blockLog{logs: map[string]*nodeLog{}}
	for _, n := range nodes {
		if n.Role != result.RoleChaincode {
			b.logs[n.Name] = newNodeLog(n, from[n.Name], lines)
		}
	}
	return b
}

// await reads on until the channel's peers have logged its blocks below number height, or for logTimeout.
func (b *blockLog) await(channel Channel, height uint64) error {
	for waited := time.Duration(0); ; waited += logTimeout / 100 {
		err, complete := b.read(channel, height)
		if complete || waited >= logTimeout {
			return err
		}
		time.Sleep(logTimeout / 100)
	}
}

// read reads on in all logs and reports whether every peer of the channel has logged its last block below number height.
func (b *blockLog) read(channel Channel, height uint64) (err error, complete bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(b.logs)) {
		err = errors.Join(err, b.logs[name].read())
	}
	for _, peer := range channel.Peers {
		last := b.logs[peer].blocks[blockKey{channel.Name, height - 1}]
		if height > 0 && (last == nil || last.times.Committed.IsZero()) {
			return err, false
		}
	}
	return err, true
}

// since returns the blocks of a channel, cut by its batch settings, that its observing peer has committed since an instant.
// It forgets those before, but for when the last of them was agreed on: that may say why the first one was cut.
func (b *blockLog) since(channel Channel, batch topology.Batch, since time.Time) (blocks []result.Block) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, at := range b.logs[channel.Peers[0]].blocks {
		if key.channel != channel.Name || at.times.Committed.Before(since) || at.times.Committed.IsZero() {
			continue
		}
		blocks = append(blocks, b.block(channel, batch, key, at))
	}
	slices.SortFunc(blocks, func(x, y result.Block) int { return cmp.Compare(x.Number, y.Number) })
	for _, l := range b.logs {
		maps.DeleteFunc(l.blocks, func(key blockKey, of *loggedBlock) bool {
			if len(blocks) == 0 || key.channel != channel.Name || key.number >= blocks[0].Number {
				return false
			}
			return of.agreed.IsZero() || key.number+1 < blocks[0].Number
		})
	}
	return blocks
}

// within reads on in the logs, as far as they can be read, and returns the blocks of a channel within some numbers that its
// observing peer has committed.
func (b *blockLog) within(channel Channel, batch topology.Batch, from, height uint64) (blocks []result.Block) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.logs {
		_ = l.read() // whoever needs all of it is told
	}
	for ; from < height; from++ {
		key := blockKey{channel.Name, from}
		if at := b.logs[channel.Peers[0]].blocks[key]; at != nil && !at.times.Committed.IsZero() {
			blocks = append(blocks, b.block(channel, batch, key, at))
		}
	}
	return blocks
}

// block returns what the logs tell of a block that the observing peer of its channel has logged.
func (b *blockLog) block(channel Channel, batch topology.Batch, key blockKey, at *loggedBlock) result.Block {
	block := result.Block{Number: key.number, Transactions: at.transactions}
	for _, name := range channel.Peers {
		if logged := b.logs[name].blocks[key]; logged != nil && logged.complete() {
			block.Peers = append(block.Peers, logged.times)
		}
	}
	if created := b.created(key); created != nil {
		next := b.created(blockKey{key.channel, key.number + 1})
		block.Cut, block.Reason = created.cut, b.reason(key, created, at.transactions, batch, next != nil && next.config)
		if block.Reason == result.CutTimerOrBytes {
			block.FullAt = batch.AbsoluteBytes // SmartBFT prefers no other size
		}
	}
	return block
}

// created returns an orderer's report of a block that it cut, nil if there is none. Where several orderers cut a
// block of that number, it is the last one: the others had led before and their blocks were lost. With BFT all report it
// that agreed on it, and the first is the leader's.
func (b *blockLog) created(key blockKey) (of *loggedBlock) {
	for _, l := range b.logs {
		c := l.blocks[key]
		switch {
		case c == nil || c.cut.IsZero():
		case of == nil, c.agreed.IsZero() && c.cut.After(of.cut), !c.agreed.IsZero() && (of.agreed.IsZero() || c.cut.Before(of.cut)):
			of = c
		}
	}
	return of
}

// reason follows Fabric's block cutter (orderer/common/blockcutter): what neither the timer nor a configuration ended is
// full. SmartBFT's own (internal/bft/batcher.go and requestpool.go) waits for the timer anew after each block: what it cut
// sooner was full.
func (b *blockLog) reason(key blockKey, created *loggedBlock, transactions int, batch topology.Batch, configNext bool) result.CutReason {
	switch {
	case created.config:
		return result.CutConfig
	case created.timer:
		return result.CutTimer
	case transactions >= int(batch.Messages):
		return result.CutCount
	case configNext:
		return result.CutConfig
	case created.agreed.IsZero():
		return result.CutBytes
	}
	before := b.logs[created.times.Peer].blocks[blockKey{key.channel, key.number - 1}]
	if before != nil && !before.agreed.IsZero() && created.cut.Sub(before.agreed) < batch.Timeout {
		return result.CutBytes
	}
	return result.CutTimerOrBytes
}
