package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"meterbench/bench"

	sdk "github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// reopenDelay is the pause before a broken block stream is opened again.
const reopenDelay = 100 * time.Millisecond

// blocks is a stream of filtered blocks from one peer.
type blocks struct {
	stream peer.Deliver_DeliverFilteredClient
	close  context.CancelFunc
	next   uint64 // number of the block that must come next
}

// openBlocks asks a peer for all blocks from number first on. The stream lasts until it is closed
// or ctx ends.
func (c *Client) openBlocks(ctx context.Context, p *endpoint, first uint64) (*blocks, error) {
	request, err := p.sdk.GetNetwork(c.config.Channel).NewFilteredBlockEventsRequest(sdk.WithStartBlock(first))
	if err != nil {
		return nil, err
	}
	unsigned, err := request.Bytes()
	if err != nil {
		return nil, err
	}
	var envelope common.Envelope
	if err := proto.Unmarshal(unsigned, &envelope); err != nil {
		return nil, err
	}
	if envelope.Signature, err = p.signer.sign(envelope.GetPayload()); err != nil {
		return nil, err
	}
	// The library's own reader of the stream loses the reason why it ended.
	ctx, end := context.WithCancel(ctx)
	absent := context.AfterFunc(p.present.Load(), end)
	cancel := func() {
		absent()
		end()
	}
	stream, err := peer.NewDeliverClient(p.conn).DeliverFiltered(ctx)
	if err == nil {
		err = stream.Send(&envelope)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return &blocks{stream: stream, close: cancel, next: first}, nil
}

// read returns the next block. Blocks come without gap or repetition.
func (b *blocks) read() (*peer.FilteredBlock, error) {
	response, err := b.stream.Recv()
	if err != nil {
		return nil, err
	}
	block := response.GetFilteredBlock()
	if block == nil {
		return nil, fmt.Errorf("the peer ended the stream: %s", response.GetStatus())
	}
	if block.GetNumber() != b.next {
		return nil, fmt.Errorf("block %d came where %d was due", block.GetNumber(), b.next)
	}
	b.next++
	return block, nil
}

// NextBlock returns the number of blocks on the channel's ledger that a stream has shown, of any place.
func (c *Client) NextBlock() (next uint64) {
	for _, p := range c.places {
		next = max(next, p.nextBlock.Load())
	}
	return next
}

// Pending returns the number of transactions that were handed to the gateways for ordering, and whose commits are awaited.
func (c *Client) Pending() int {
	n := int(c.asking.Load())
	for _, p := range c.places {
		n += p.commits.count()
	}
	return n
}

// Height returns the number of blocks on the channel's ledger.
func (c *Client) Height(ctx context.Context) (uint64, error) {
	return c.heightAt(ctx, c.home.observing())
}

// heightAt returns the number of blocks on the ledger of a peer, or of another one where that cannot be reached, or of all
// that a stream has shown, if these are more.
func (c *Client) heightAt(ctx context.Context, p *endpoint) (uint64, error) {
	var info common.BlockchainInfo
	answer, err := c.evaluate(ctx, c.insteadToAsk(p), "qscc", "GetChainInfo", []byte(c.config.Channel))
	if err == nil {
		err = proto.Unmarshal(answer, &info)
	}
	if err == nil && info.GetHeight() == 0 {
		err = errors.New("the peer has no block of the channel")
	}
	if err != nil {
		return 0, fmt.Errorf("ledger height of %s: %w", c.config.Channel, err)
	}
	// A gateway may ask another peer of its organisation, one that is behind.
	return max(info.GetHeight(), c.NextBlock()), nil
}

// Ledger returns every transaction on the channel in the order of the ledger, from block number first to the
// last that was there when the iteration began. Configuration transactions are left out. An error ends it.
func (c *Client) Ledger(ctx context.Context, first uint64) iter.Seq2[bench.Entry, error] {
	return func(yield func(bench.Entry, error) bool) {
		var height uint64
		var err error
		if s := c.settled.Load(); s != nil {
			height = s.height
		} else if height, err = c.Height(ctx); err != nil {
			yield(bench.Entry{}, err)
			return
		}
		if first >= height {
			return // a stream would wait for the block
		}
		from := &reader{client: c, next: first}
		defer from.close()
		for number := first; err == nil && number < height; number++ {
			var block *peer.FilteredBlock
			if block, err = from.read(ctx); err != nil {
				break
			}
			for _, tx := range block.GetFilteredTransactions() {
				if tx.GetType() != common.HeaderType_ENDORSER_TRANSACTION {
					continue
				}
				id, ok := parseID(tx.GetTxid())
				if !ok {
					err = fmt.Errorf("block %d: transaction id %q is not 64 hex digits", number, tx.GetTxid())
					break
				}
				if !yield(bench.Entry{TxID: id, Block: number, Outcome: CommitOutcome(tx.GetTxValidationCode())}, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(bench.Entry{}, fmt.Errorf("read the ledger of %s from %s: %w", c.config.Channel, c.reading(c.home.observing()).name, explain(err)))
		}
	}
}

// A reader reads blocks, at another peer where one is lost.
type reader struct {
	client *Client
	next   uint64
	stream *blocks // nil: none is open
}

// read returns the next block. It tries as often as there are peers, and while it waits those that are lost become known.
func (r *reader) read(ctx context.Context) (block *peer.FilteredBlock, err error) {
	for range 1 + len(r.client.peers) {
		if err = nil; r.stream == nil {
			r.stream, err = r.client.openBlocks(ctx, r.client.reading(r.client.home.observing()), r.next)
		}
		if err == nil {
			if block, err = r.stream.read(); err == nil {
				r.next++
				return block, nil
			}
		}
		r.close()
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(2 * reopenDelay):
		}
	}
	return nil, err
}

func (r *reader) close() {
	if r.stream != nil {
		r.stream.close()
		r.stream = nil
	}
}
