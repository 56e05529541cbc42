package standard

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"sync"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/reference"
	"meterbench/internal/alarm"
	"meterbench/internal/random"
)

// endorsed is the size in bytes of an envelope as a peer returns it for a reading of 24 values.
const endorsed = 2400

// node is a peer and an orderer in one.
type node struct {
	gateway.UnimplementedGatewayServer
	peer.UnimplementedDeliverServer

	config Config
	clock  alarm.Clock

	mu              sync.Mutex
	endorse, submit *rand.Rand // of delays
	log             map[string]True
	pending         []string
	opened          int // blocks that were begun, so that a timer cuts none but its own
	chain           []*peer.FilteredBlock
	grown           chan struct{} // closed and replaced when the chain grows
}

func newNode(c Config, clock alarm.Clock) *node {
	return &node{
		config: c, clock: clock, log: map[string]True{}, grown: make(chan struct{}),
		endorse: random.Stream{Seed: c.Seed, Purpose: random.Endorsement}.Rand(),
		submit:  random.Stream{Seed: c.Seed, Purpose: random.Ordering}.Rand(),
		chain:   []*peer.FilteredBlock{{FilteredTransactions: []*peer.FilteredTransaction{{Type: common.HeaderType_CONFIG}}}},
	}
}

// Endorse implements gateway.GatewayServer.
func (n *node) Endorse(ctx context.Context, r *gateway.EndorseRequest) (*gateway.EndorseResponse, error) {
	asked := Monotonic()
	if err := n.delay(ctx, n.config.Endorse, n.endorse); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log[r.GetTransactionId()] = True{Asked: asked, Endorsed: Monotonic()}
	return &gateway.EndorseResponse{PreparedTransaction: &common.Envelope{Payload: make([]byte, endorsed)}}, nil
}

// Submit implements gateway.GatewayServer.
func (n *node) Submit(ctx context.Context, r *gateway.SubmitRequest) (*gateway.SubmitResponse, error) {
	asked := Monotonic()
	if err := n.delay(ctx, n.config.Submit, n.submit); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	course := n.log[r.GetTransactionId()]
	course.Submitted, course.Acknowledged = asked, Monotonic()
	n.log[r.GetTransactionId()] = course
	n.order(r.GetTransactionId())
	return &gateway.SubmitResponse{}, nil
}

// delay waits for one draw of a delay.
func (n *node) delay(ctx context.Context, d reference.Distribution, rng *rand.Rand) error {
	n.mu.Lock()
	wait := d.Draw(rng)
	n.mu.Unlock()
	if wait > 0 && !n.clock.Sleep(ctx.Done(), wait) {
		return status.FromContextError(ctx.Err()).Err()
	}
	return nil
}

// order puts a transaction into the open block, with mu held.
func (n *node) order(id string) {
	n.pending = append(n.pending, id)
	if len(n.pending) >= n.config.Batch.Messages {
		n.cut()
		return
	}
	if len(n.pending) > 1 {
		return
	}
	block := n.opened
	go func() {
		n.clock.Sleep(nil, n.config.Batch.Timeout)
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.opened == block {
			n.cut()
		}
	}()
}

// cut ends the open block, with mu held.
func (n *node) cut() {
	ids := n.pending
	n.pending, n.opened = nil, n.opened+1
	go func() {
		if n.config.Commit > 0 {
			n.clock.Sleep(nil, n.config.Commit)
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		block := &peer.FilteredBlock{ChannelId: "metrology", Number: uint64(len(n.chain))}
		at := Monotonic()
		for _, id := range ids {
			block.FilteredTransactions = append(block.FilteredTransactions, &peer.FilteredTransaction{
				Txid: id, Type: common.HeaderType_ENDORSER_TRANSACTION,
				Data: &peer.FilteredTransaction_TransactionActions{TransactionActions: &peer.FilteredTransactionActions{}},
			})
			course := n.log[id]
			course.Committed = at
			n.log[id] = course
		}
		n.chain = append(n.chain, block)
		close(n.grown)
		n.grown = make(chan struct{})
	}()
}

// Evaluate implements gateway.GatewayServer: whatever is asked, it answers with the height of the chain.
func (n *node) Evaluate(context.Context, *gateway.EvaluateRequest) (*gateway.EvaluateResponse, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	info, err := proto.Marshal(&common.BlockchainInfo{Height: uint64(len(n.chain))})
	return &gateway.EvaluateResponse{Result: &peer.Response{Status: int32(common.Status_SUCCESS), Payload: info}}, err
}

// DeliverFiltered implements peer.DeliverServer.
func (n *node) DeliverFiltered(stream peer.Deliver_DeliverFilteredServer) error {
	envelope, err := stream.Recv()
	if err != nil {
		return err
	}
	var payload common.Payload
	var seek orderer.SeekInfo
	if err := errors.Join(proto.Unmarshal(envelope.GetPayload(), &payload), proto.Unmarshal(payload.GetData(), &seek)); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	for next := int(seek.GetStart().GetSpecified().GetNumber()); ; next++ {
		block := n.block(stream.Context(), next)
		if block == nil {
			return status.FromContextError(stream.Context().Err()).Err()
		}
		if err := stream.Send(&peer.DeliverResponse{Type: &peer.DeliverResponse_FilteredBlock{FilteredBlock: block}}); err != nil {
			return err
		}
	}
}

// block waits for a block and returns nil where the stream ends first.
func (n *node) block(ctx context.Context, number int) *peer.FilteredBlock {
	for {
		n.mu.Lock()
		grown := n.grown
		if number < len(n.chain) {
			defer n.mu.Unlock()
			return n.chain[number]
		}
		n.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			return nil
		}
	}
}

// courses returns the log.
func (n *node) courses() map[string]True {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.log)
}
