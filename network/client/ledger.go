package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/network/blockcheck"
)

// Ledger returns every transaction on the channel in the order of the ledger, from block number first to the
// last that was there when the iteration began. Configuration transactions are left out. An error ends it.
//
// Where see is not nil, the blocks themselves are handed to it, from block number shown on, each before its transactions, and
// checked. So whole blocks are read then, or filtered ones where the identity may read no others, of which less is known. Whole
// ones show of every transaction what its nonce begins with, as its Mark, whether or not its sender has one.
func (c *Client) Ledger(ctx context.Context, first, shown uint64, see func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	return func(yield func(bench.Entry, error) bool) {
		var height uint64
		var err error
		if s := c.settled.Load(); s != nil {
			height = s.height
			if now, err := c.heightOf(ctx, s.tallest); err == nil { // more may have come since
				height = max(height, now)
			}
		} else if height, err = c.Height(ctx); err != nil {
			yield(bench.Entry{}, err)
			return
		}
		next := first
		if see != nil {
			next = min(first, shown)
		}
		if next >= height {
			return // a stream would wait for the block
		}
		from := &reader{client: c, next: next, whole: see != nil}
		defer from.close()
		var chain *blockcheck.Chain
		if see != nil {
			chain = blockcheck.NewChain(c.rulesAt(ctx, next))
		}
		for number := next; err == nil && number < height; number++ {
			var block ledgerBlock
			if block, err = from.read(ctx); err != nil {
				break
			}
			if see != nil {
				if row := block.row(c.config.Channel, chain); number >= shown {
					see(row)
				}
			}
			if number < first {
				continue
			}
			for _, tx := range block.transactions {
				if tx.kind != common.HeaderType_ENDORSER_TRANSACTION {
					continue
				}
				id, ok := parseID(tx.id)
				if !ok {
					err = fmt.Errorf("block %d: transaction id %q is not 64 hex digits", number, tx.id)
					break
				}
				if !yield(bench.Entry{TxID: id, Block: number, Outcome: CommitOutcome(tx.code), Mark: tx.mark}, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(bench.Entry{}, fmt.Errorf("read the ledger of %s from %s: %w", c.config.Channel, c.reading(c.home.observing()).name, explain(err)))
		}
	}
}

// A ledgerBlock is a block as a peer shows it.
type ledgerBlock struct {
	number       uint64
	transactions []ledgerTransaction
	created      time.Time     // the latest of its transactions
	whole        *common.Block // nil where only filtered blocks may be read
}

type ledgerTransaction struct {
	id   string
	kind common.HeaderType
	code peer.TxValidationCode
	mark bench.Mark // what its nonce begins with; zero in a filtered block
}

// filteredBlock returns what a filtered block has.
func filteredBlock(b *peer.FilteredBlock) ledgerBlock {
	of := ledgerBlock{number: b.GetNumber()}
	for _, tx := range b.GetFilteredTransactions() {
		of.transactions = append(of.transactions, ledgerTransaction{id: tx.GetTxid(), kind: tx.GetType(), code: tx.GetTxValidationCode()})
	}
	return of
}

// wholeBlock reads the transactions of a block. One that cannot be read has no id and no kind: peers found it invalid.
func wholeBlock(b *common.Block) ledgerBlock {
	of := ledgerBlock{number: b.GetHeader().GetNumber(), whole: b}
	var codes []byte
	if metadata := b.GetMetadata().GetMetadata(); len(metadata) > int(common.BlockMetadataIndex_TRANSACTIONS_FILTER) {
		codes = metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER]
	}
	for i, envelope := range b.GetData().GetData() {
		tx := ledgerTransaction{kind: -1, code: peer.TxValidationCode_NOT_VALIDATED}
		if i < len(codes) {
			tx.code = peer.TxValidationCode(codes[i])
		}
		var header common.ChannelHeader
		// Of an envelope the payload, of that the header, of that the channel's: each has the field number 1.
		headers, err := nested(envelope, 1, 1)
		if part, failed := nested(headers, 1); err == nil && failed == nil && proto.Unmarshal(part, &header) == nil {
			tx.id, tx.kind = header.GetTxId(), common.HeaderType(header.GetType())
			if at := header.GetTimestamp(); at.IsValid() && at.AsTime().After(of.created) {
				of.created = at.AsTime()
			}
		}
		// The other one is the signature's, of which the nonce.
		if nonce, failed := nested(headers, 2, 2); err == nil && failed == nil {
			copy(tx.mark[:], nonce)
		}
		of.transactions = append(of.transactions, tx)
	}
	return of
}

// nested returns the bytes of a field of a message, or of one in that, and so on.
func nested(b []byte, path ...protowire.Number) ([]byte, error) {
	for _, id := range path {
		var inner []byte
		for rest := b; len(rest) > 0; {
			var f messageField
			var err error
			if f, rest, err = nextField(rest); err != nil {
				return nil, err
			}
			if f.is(id, protowire.BytesType) {
				inner = f.bytes
			}
		}
		b = inner
	}
	return b, nil
}

// row returns the block as it is stored, checked as the next one of a chain.
func (b *ledgerBlock) row(channel string, chain *blockcheck.Chain) *result.BlockRow {
	row := &result.BlockRow{LedgerBlock: result.LedgerBlock{
		ChannelName: channel, Number: b.number, Transactions: uint32(len(b.transactions)), Created: b.created,
	}}
	for _, tx := range b.transactions {
		if tx.code == peer.TxValidationCode_VALID {
			row.Valid++
		}
	}
	if b.whole == nil {
		row.Checks = result.AllUnchecked("the identity may read filtered blocks only")
		return row
	}
	row.Bytes = uint64(proto.Size(b.whole))
	header := b.whole.GetHeader()
	copy(row.DataHash[:], header.GetDataHash())
	copy(row.PreviousHash[:], header.GetPreviousHash())
	row.Hash = [32]byte(blockcheck.HeaderHash(header))
	row.Checks = chain.Next(b.whole)
	return row
}

// rulesAt returns the rules of the channel's configuration under which a block must be signed, nil where they cannot be read.
func (c *Client) rulesAt(ctx context.Context, number uint64) *blockcheck.Rules {
	if number == 0 {
		return nil // it comes with the first block
	}
	before, err := c.wholeBlockAt(ctx, number-1)
	if err != nil {
		return nil
	}
	at, ok := blockcheck.LastConfig(before)
	if ok && at < number-1 {
		before, err = c.wholeBlockAt(ctx, at)
	}
	if config := blockcheck.Config(before); ok && err == nil && config != nil {
		return blockcheck.NewRules(config)
	}
	return nil
}

func (c *Client) wholeBlockAt(ctx context.Context, number uint64) (*common.Block, error) {
	from := &reader{client: c, next: number, whole: true}
	defer from.close()
	b, err := from.read(ctx)
	if err == nil && b.whole == nil {
		err = errors.New("only filtered blocks may be read")
	}
	return b.whole, err
}

// A reader reads blocks, at another peer where one is lost.
type reader struct {
	client *Client
	next   uint64
	whole  bool    // blocks, unless the identity may read filtered ones only
	stream *blocks // nil: none is open
}

// read returns the next block. It tries as often as there are peers, and while it waits those that are lost become known.
func (r *reader) read(ctx context.Context) (block ledgerBlock, err error) {
	for tries := 1 + len(r.client.peers); tries > 0; tries-- {
		if block, err = r.try(ctx); err == nil {
			r.next++
			return block, nil
		}
		r.close()
		if refused, ok := errors.AsType[statusError](err); ok && r.whole && common.Status(refused) == common.Status_FORBIDDEN {
			r.whole = false
			tries++ // it was an answer
			continue
		}
		select {
		case <-ctx.Done():
			return block, err
		case <-time.After(2 * reopenDelay):
		}
	}
	return block, err
}

func (r *reader) try(ctx context.Context) (block ledgerBlock, err error) {
	if r.stream == nil {
		if r.stream, err = r.client.openBlocks(ctx, r.client.reading(r.client.home.observing()), r.next, r.whole); err != nil {
			return block, err
		}
	}
	if r.whole {
		whole, err := r.stream.readWhole()
		if err != nil {
			return block, err
		}
		return wholeBlock(whole), nil
	}
	filtered, err := r.stream.read()
	if err != nil {
		return block, err
	}
	return filteredBlock(filtered), nil
}

func (r *reader) close() {
	if r.stream != nil {
		r.stream.close()
		r.stream = nil
	}
}
