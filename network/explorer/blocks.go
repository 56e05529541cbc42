package explorer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/network/blockcheck"
)

// A block is one as a peer has it.
type block struct {
	*common.Block
	bytes int // as stored
}

func newBlock(b *common.Block) *block { return &block{b, proto.Size(b)} }

// number returns the block's number.
func (b *block) number() uint64 { return b.GetHeader().GetNumber() }

// envelopes returns the block's transactions.
func (b *block) envelopes() [][]byte { return b.GetData().GetData() }

// code returns the validation code of a transaction of the block.
func (b *block) code(index int) peer.TxValidationCode {
	all := b.GetMetadata().GetMetadata()
	if at := int(common.BlockMetadataIndex_TRANSACTIONS_FILTER); at < len(all) && index < len(all[at]) {
		return peer.TxValidationCode(all[at][index])
	}
	return peer.TxValidationCode_NOT_VALIDATED
}

// A known is what was learnt of a block, which does not change.
type known struct {
	shown  ledger.Block // without what logs tell
	config uint64       // number of the newest block with a configuration, up to this one and including it
	told   bool         // config is known
}

// link returns the hash of the block's header, by which the next one names it, and its newest configuration.
func (b *block) link() (hash []byte, config uint64, told bool) {
	config, told = blockcheck.LastConfig(b.Block)
	if !told && b.number() == 0 {
		told = true // which is a configuration, and may not say so
	}
	return blockcheck.HeaderHash(b.GetHeader()), config, told
}

// block returns a block of a channel, from those that are kept or from a peer.
func (e *Explorer) block(ctx context.Context, c *channel, number uint64) (*block, error) {
	if b, ok := e.kept.get(place{c.name, number}); ok {
		return b, nil
	}
	var found *block
	err := e.stream(ctx, c, number, number, func(b *block) error {
		found = b
		return nil
	})
	if err == nil {
		e.kept.put(place{c.name, number}, found)
	}
	return found, err
}

// stream hands blocks from number first to number last to take, in their order. A peer that fails is replaced as long as take has
// got none.
func (e *Explorer) stream(ctx context.Context, c *channel, first, last uint64, take func(*block) error) error {
	next := first
	_, err := ask(ctx, c, func(ctx context.Context, p *endpoint) (struct{}, error) {
		for b, err := range p.admin.Blocks(ctx, p.conn, p.hash, c.name, next, last) {
			if err != nil {
				return struct{}{}, err
			}
			if b.GetHeader().GetNumber() != next {
				return struct{}{}, fmt.Errorf("peer %s sent block %d where %d was asked for", p.name, b.GetHeader().GetNumber(), next)
			}
			next++
			if err := take(newBlock(b)); err != nil {
				return struct{}{}, err
			}
		}
		if next <= last {
			return struct{}{}, fmt.Errorf("peer %s sent no block %d", p.name, next)
		}
		return struct{}{}, nil
	})
	if errors.Is(err, ledger.ErrNotFound) {
		err = fmt.Errorf("block %d of channel %s: %w", next, c.name, err)
	}
	return err
}

// height returns the number of blocks of a channel, the most that a peer has.
func (e *Explorer) height(ctx context.Context, c *channel) (uint64, error) {
	return most(ctx, c, func(ctx context.Context, p *endpoint) (uint64, error) { return p.admin.Height(ctx, p.conn, c.name) })
}

// rules returns what the configuration in a block says of who signs blocks.
func (e *Explorer) rules(ctx context.Context, c *channel, number uint64) (*blockcheck.Rules, error) {
	at := place{c.name, number}
	if r, ok := e.verifiers.get(at); ok {
		return r, nil
	}
	b, err := e.block(ctx, c, number)
	if err != nil {
		return nil, err
	}
	config := blockcheck.Config(b.Block)
	if config == nil {
		return nil, nil
	}
	r := blockcheck.NewRules(config)
	e.verifiers.put(at, r)
	return r, nil
}

// learn returns what follows from a block, and checks it. before is the block before it, nil where that was not read.
func (e *Explorer) learn(ctx context.Context, c *channel, b, before *block) (known, error) {
	at := place{c.name, b.number()}
	if k, ok := e.known.get(at); ok {
		return k, nil
	}
	var err error
	if before == nil && b.number() > 0 {
		if before, err = e.block(ctx, c, b.number()-1); err != nil {
			return known{}, err
		}
	}
	var hash []byte
	var rules *blockcheck.Rules
	if before != nil {
		// The configuration that a block brings counts for those after it: so it is the one before that says who signs this one.
		var config uint64
		var told bool
		if hash, config, told = before.link(); told {
			if rules, err = e.rules(ctx, c, config); err != nil {
				return known{}, err
			}
		}
	}
	k := known{shown: show(c.name, b)}
	_, k.config, k.told = b.link()
	k.shown.Checks = blockcheck.Check(b.Block, hash, rules)
	e.known.put(at, k)
	return k, nil
}

// show describes a block by itself.
func show(channel string, b *block) ledger.Block {
	header := b.GetHeader()
	of := ledger.Block{
		Channel: channel, Number: b.number(), Transactions: len(b.envelopes()), Bytes: b.bytes, TimeOf: ledger.TimeCreated,
		DataHash: hex.EncodeToString(header.GetDataHash()), PreviousHash: hex.EncodeToString(header.GetPreviousHash()),
		Hash: hex.EncodeToString(blockcheck.HeaderHash(header)), Cut: result.CutUnknown.String(),
	}
	for i, envelope := range b.envelopes() {
		if b.code(i) == peer.TxValidationCode_VALID {
			of.Valid++
		}
		if at := createdAt(envelope); at.After(of.Time) {
			of.Time = at
		}
	}
	if of.Time.IsZero() {
		of.TimeOf = ""
	}
	return of
}

// tell adds what logs tell of a block.
func (e *Explorer) tell(of ledger.Block) ledger.Block {
	if e.cuts == nil {
		return of
	}
	if at, reason := e.cuts.cuts.Of(of.Channel, of.Number, of.Transactions); !at.IsZero() {
		of.Time, of.TimeOf, of.Cut = at.UTC(), ledger.TimeCut, reason.String()
	}
	return of
}

// The bounds of one page of blocks: after which time there are no more, and how much is asked for at a time.
const (
	pageTime     = 2 * time.Second
	blocksAtOnce = 8
	bytesAtOnce  = 8 << 20
)

// Blocks implements ledger.Reader. Where blocks are large there are fewer than n: those that were read within two seconds.
func (e *Explorer) Blocks(ctx context.Context, channel string, before uint64, n int) ([]ledger.Block, error) {
	c, end, err := e.begin(ctx, channel)
	if err != nil {
		return nil, err
	}
	defer end()
	e.cuts.refresh(ctx)
	height, err := e.height(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("height of channel %s: %w", channel, err)
	}
	if before == 0 || before > height {
		before = height
	}
	all := []ledger.Block{}
	n = min(max(n, 1), ledger.MostPerPage)
	for until, atOnce := time.Now().Add(pageTime), 1; before > 0 && len(all) < n && (len(all) == 0 || time.Now().Before(until)); {
		if k, ok := e.known.get(place{channel, before - 1}); ok {
			all = append(all, e.tell(k.shown))
			before--
			continue
		}
		some, err := e.learnBelow(ctx, c, before, min(atOnce, n-len(all)))
		if err != nil && len(all) > 0 {
			break // which the next page says, if it is still so
		}
		if err != nil {
			return nil, err
		}
		bytes := 0
		for i := range some {
			bytes += some[i].shown.Bytes
			all = append(all, e.tell(some[len(some)-1-i].shown))
		}
		atOnce = min(max(1, bytesAtOnce*len(some)/max(1, bytes)), blocksAtOnce)
		before -= uint64(len(some))
	}
	return all, nil
}

// learnBelow learns of at most n blocks that nothing is known of, up to the one before number before, in their order.
func (e *Explorer) learnBelow(ctx context.Context, c *channel, before uint64, n int) (all []known, err error) {
	first := before - 1
	for first > 0 && before-first < uint64(n) {
		if _, ok := e.known.get(place{c.name, first - 1}); ok {
			break
		}
		first--
	}
	var last *block
	return all, e.stream(ctx, c, first-min(first, 1), before-1, func(b *block) error {
		previous := last
		if last = b; previous == nil && first > 0 {
			return nil // which is read for its hash
		}
		k, err := e.learn(ctx, c, b, previous)
		all = append(all, k)
		return err
	})
}

// Block implements ledger.Reader.
func (e *Explorer) Block(ctx context.Context, channel string, number uint64, from, n int) (ledger.BlockPage, error) {
	c, end, err := e.begin(ctx, channel)
	if err != nil {
		return ledger.BlockPage{}, err
	}
	defer end()
	e.cuts.refresh(ctx)
	b, err := e.block(ctx, c, number)
	if err != nil {
		return ledger.BlockPage{}, err
	}
	k, err := e.learn(ctx, c, b, nil)
	if err != nil {
		return ledger.BlockPage{}, err
	}
	page := ledger.BlockPage{Block: e.tell(k.shown), From: min(max(from, 0), len(b.envelopes())), Heads: []ledger.Head{}}
	last := min(page.From+min(max(n, 1), ledger.MostPerPage), len(b.envelopes()))
	for i := page.From; i < last; i++ {
		page.Heads = append(page.Heads, b.read(channel, i).head())
	}
	return page, nil
}
