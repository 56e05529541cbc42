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
	"meterbench/network/fabric"
)

// A blockLog puts together what the logs of all nodes tell of the blocks of a network. It reads each
// log once, however often it is asked.
type blockLog struct {
	mu       sync.Mutex
	orderers []*ordererLog
	peers    []*peerLog
}

// A blockKey is a block of a channel.
type blockKey struct {
	channel string
	number  uint64
}

type ordererLog struct {
	logReader
	created map[blockKey]cut
	timers  map[string]bool     // channels whose next block is cut because of the timer
	last    map[string]blockKey // created last, by channel
}

type cut struct {
	at     time.Time
	timer  bool
	config bool
}

type peerLog struct {
	logReader
	blocks map[blockKey]*peerBlock
}

type peerBlock struct {
	times        result.PeerBlock
	transactions int
}

func newBlockLog(nodes []Node, lines []fabric.LogLine) *blockLog {
	b := &blockLog{}
	for _, n := range nodes {
		reader := logReader{node: n.Name, path: n.Log, lines: lines}
		switch n.Role {
		case result.RoleOrderer:
			b.orderers = append(b.orderers, &ordererLog{reader, map[blockKey]cut{}, map[string]bool{}, map[string]blockKey{}})
		case result.RolePeer:
			b.peers = append(b.peers, &peerLog{reader, map[blockKey]*peerBlock{}})
		}
	}
	return b
}

// tellTime is how long a peer may take to log a block that it has shown.
const tellTime = time.Second

// Blocks returns the blocks of a channel that its observing peer has committed since an instant, in
// order, with their times at every peer of the channel, that one first. It is the peer that Client
// watches. What a log does not tell is missing, also where the error says that a log could not be read.
//
// A peer shows a block as soon as it is stored, and logs it after the state is too. So Blocks waits,
// for a second at most, until the observing peer has logged all blocks below number height: those that
// a client has seen. Blocks before the first one returned are forgotten: the next call for the channel
// asks for no earlier instant.
//
// The instants are the nodes' own, in microseconds on this machine's wall clock. Of each kind it was
// read from the nodes' logs, whose form depends on the Fabric release and on the kind of consensus:
// with raft all of it is there.
func (n *Network) Blocks(channel string, since time.Time, height uint64) ([]result.Block, error) {
	c, err := n.record.channel(channel)
	if err != nil {
		return nil, fmt.Errorf("blocks: %w", err)
	}
	var messages int
	for _, of := range n.record.Topology.Channels {
		if of.Name == channel {
			messages = int(of.Batch.Messages)
		}
	}
	dialect, err := n.record.dialect()
	if err != nil {
		return nil, fmt.Errorf("blocks: %w", err)
	}
	n.reading.Do(func() { n.blocks = newBlockLog(n.record.Nodes, dialect.Log()) })
	return n.blocks.of(c, messages, since, height)
}

// read reads on in all logs.
func (b *blockLog) read() error {
	var failed []error
	for _, o := range b.orderers {
		failed = append(failed, o.next(o.take))
	}
	for _, p := range b.peers {
		failed = append(failed, p.next(p.take))
	}
	return errors.Join(failed...)
}

// await reads on until the observing peer has logged the channel's blocks below number height, or for
// tellTime.
func (b *blockLog) await(channel Channel, height uint64) error {
	for waited := time.Duration(0); ; waited += tellTime / 100 {
		b.mu.Lock()
		err, told := b.read(), b.told(channel, height)
		b.mu.Unlock()
		if told || waited >= tellTime {
			return err
		}
		time.Sleep(tellTime / 100)
	}
}

// told reports whether the observing peer has logged the channel's last block below number height.
func (b *blockLog) told(channel Channel, height uint64) bool {
	if height == 0 {
		return true
	}
	last := b.peer(channel.Peers[0])[blockKey{channel.Name, height - 1}]
	return last != nil && !last.times.Committed.IsZero()
}

func (b *blockLog) of(channel Channel, messages int, since time.Time, height uint64) ([]result.Block, error) {
	err := b.await(channel, height)
	b.mu.Lock()
	defer b.mu.Unlock()
	var blocks []result.Block
	for key, at := range b.peer(channel.Peers[0]) {
		if key.channel != channel.Name || at.times.Committed.Before(since) || at.times.Committed.IsZero() {
			continue
		}
		block := result.Block{Number: key.number, Transactions: at.transactions}
		for _, name := range channel.Peers {
			if there := b.peer(name)[key]; there != nil && there.whole() {
				block.Peers = append(block.Peers, there.times)
			}
		}
		if made, ok := b.cut(key); ok {
			next, _ := b.cut(blockKey{key.channel, key.number + 1})
			block.Cut, block.Reason = made.at, made.reason(at.transactions, messages, next.config)
		}
		blocks = append(blocks, block)
	}
	slices.SortFunc(blocks, func(x, y result.Block) int { return cmp.Compare(x.Number, y.Number) })
	if len(blocks) > 0 {
		b.forget(channel.Name, blocks[0].Number)
	}
	if err != nil {
		return blocks, fmt.Errorf("blocks: %w", err)
	}
	return blocks, nil
}

// forget drops what is known of a channel's blocks before a number.
func (b *blockLog) forget(channel string, before uint64) {
	old := func(key blockKey) bool { return key.channel == channel && key.number < before }
	for _, o := range b.orderers {
		maps.DeleteFunc(o.created, func(key blockKey, _ cut) bool { return old(key) })
	}
	for _, p := range b.peers {
		maps.DeleteFunc(p.blocks, func(key blockKey, _ *peerBlock) bool { return old(key) })
	}
}

// whole reports whether the peer told all of the block.
func (b *peerBlock) whole() bool {
	return !b.times.Received.IsZero() && !b.times.Validated.IsZero() && !b.times.Committed.IsZero()
}

func (b *blockLog) peer(name string) map[blockKey]*peerBlock {
	for _, p := range b.peers {
		if p.node == name {
			return p.blocks
		}
	}
	return nil
}

// cut returns when and why a block was cut. Where several orderers cut a block of that number, it is
// the last one's: the others had led before and their blocks were lost.
func (b *blockLog) cut(key blockKey) (made cut, ok bool) {
	for _, o := range b.orderers {
		if c, there := o.created[key]; there && !c.at.Before(made.at) {
			made, ok = c, true
		}
	}
	return made, ok
}

// reason follows Fabric's block cutter (orderer/common/blockcutter): what neither the timer nor a
// configuration ended is full.
func (c cut) reason(transactions, messages int, configNext bool) result.CutReason {
	switch {
	case c.config:
		return result.CutConfig
	case c.timer:
		return result.CutTimer
	case transactions >= messages:
		return result.CutCount
	case configNext:
		return result.CutConfig
	}
	return result.CutBytes
}

func (o *ordererLog) take(e event) {
	switch e.kind {
	case fabric.BatchTimer:
		o.timers[e.channel] = true
	case fabric.BlockCreated:
		key := blockKey{e.channel, e.block}
		o.created[key] = cut{at: e.at, timer: o.timers[e.channel]}
		o.timers[e.channel], o.last[e.channel] = false, key
	case fabric.ConfigAhead:
		if key, ok := o.last[e.channel]; ok {
			made := o.created[key]
			made.config = true
			o.created[key] = made
		}
	}
}

func (p *peerLog) take(e event) {
	if e.kind < fabric.BlockReceived {
		return
	}
	key := blockKey{e.channel, e.block}
	block := p.blocks[key]
	if block == nil {
		block = &peerBlock{times: result.PeerBlock{Peer: p.node}}
		p.blocks[key] = block
	}
	switch e.kind {
	case fabric.BlockReceived:
		block.times.Received = e.at
	case fabric.BlockValidated:
		block.times.Validated = e.at
	case fabric.BlockCommitted:
		block.transactions, block.times.Committed = e.transactions, e.at
		block.times.Versions, block.times.Store, block.times.State = e.versions, e.store, e.state
	}
}
