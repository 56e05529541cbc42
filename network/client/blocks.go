package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	sdk "github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// reopenDelay is the pause before a broken block stream is opened again.
const reopenDelay = 100 * time.Millisecond

// blocks is a stream of blocks from one peer, filtered or whole.
type blocks struct {
	stream peer.Deliver_DeliverClient
	close  context.CancelFunc
	next   uint64 // number of the block that must come next
}

// openBlocks asks a peer for all blocks from number first on, filtered or whole. The stream lasts until it is closed
// or ctx ends.
func (c *Client) openBlocks(ctx context.Context, p *endpoint, first uint64, whole bool) (*blocks, error) {
	// The requests of the two differ in nothing but where they are sent.
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
	deliver := peer.NewDeliverClient(p.conn).DeliverFiltered
	if whole {
		deliver = peer.NewDeliverClient(p.conn).Deliver
	}
	stream, err := deliver(ctx)
	if err == nil {
		err = stream.Send(&envelope)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return &blocks{stream: stream, close: cancel, next: first}, nil
}

// statusError says why a peer ended a stream.
type statusError common.Status

func (e statusError) Error() string { return "the peer ended the stream: " + common.Status(e).String() }

// read returns the next filtered block. Blocks come without gap or repetition.
func (b *blocks) read() (*peer.FilteredBlock, error) {
	response, err := b.stream.Recv()
	if err != nil {
		return nil, err
	}
	block := response.GetFilteredBlock()
	if block == nil {
		return nil, statusError(response.GetStatus())
	}
	return block, b.came(block.GetNumber())
}

// readWhole returns the next block of a stream of whole ones.
func (b *blocks) readWhole() (*common.Block, error) {
	response, err := b.stream.Recv()
	if err != nil {
		return nil, err
	}
	block := response.GetBlock()
	if block == nil {
		return nil, statusError(response.GetStatus())
	}
	return block, b.came(block.GetHeader().GetNumber())
}

func (b *blocks) came(number uint64) error {
	if number != b.next {
		return fmt.Errorf("block %d came where %d was due", number, b.next)
	}
	b.next++
	return nil
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
