package client

import (
	"context"
	"sync/atomic"

	"github.com/hyperledger/fabric-protos-go-apiv2/discovery"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"

	"meterbench/bench/result"
)

// methods says which call a method of a gRPC service is.
var methods = map[string]result.Call{
	gateway.Gateway_Endorse_FullMethodName:           result.CallEndorse,
	gateway.Gateway_Submit_FullMethodName:            result.CallSubmit,
	gateway.Gateway_CommitStatus_FullMethodName:      result.CallStatus,
	gateway.Gateway_Evaluate_FullMethodName:          result.CallEvaluate,
	peer.Endorser_ProcessProposal_FullMethodName:     result.CallPropose,
	orderer.AtomicBroadcast_Broadcast_FullMethodName: result.CallBroadcast,
	peer.Deliver_Deliver_FullMethodName:              result.CallDeliver,
	peer.Deliver_DeliverFiltered_FullMethodName:      result.CallDeliver,
	discovery.Discovery_Discover_FullMethodName:      result.CallDiscover,
}

// calls counts requests.
type calls struct {
	of map[result.Call]*atomic.Uint64
}

func newCalls() *calls {
	c := &calls{of: map[result.Call]*atomic.Uint64{}}
	for _, call := range result.Calls() {
		c.of[call] = new(atomic.Uint64)
	}
	return c
}

// counter returns what counts the requests of a method.
func (c *calls) counter(method string) *atomic.Uint64 {
	if call, ok := methods[method]; ok {
		return c.of[call]
	}
	return c.of[result.CallOther]
}

// options have a connection count the requests that it sends: a message of a stream is one.
func (c *calls) options() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
			opts ...grpc.CallOption) error {
			c.counter(method).Add(1)
			return invoke(ctx, method, request, reply, conn, opts...)
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer,
			opts ...grpc.CallOption) (grpc.ClientStream, error) {
			stream, err := open(ctx, desc, conn, method, opts...)
			if err != nil {
				return nil, err
			}
			return countedStream{stream, c.counter(method)}, nil
		}),
	}
}

// A countedStream counts the messages that are sent on it.
type countedStream struct {
	grpc.ClientStream
	sent *atomic.Uint64
}

// SendMsg implements grpc.ClientStream.
func (s countedStream) SendMsg(message any) error {
	s.sent.Add(1)
	return s.ClientStream.SendMsg(message)
}

// Calls returns how many requests the client has sent since it was made.
func (c *Client) Calls() map[result.Call]uint64 {
	all := map[result.Call]uint64{}
	for call, n := range c.calls.of {
		all[call] = n.Load()
	}
	return all
}

// Calls returns how many requests the clients have sent together.
func (c Channels) Calls() map[result.Call]uint64 {
	all := map[result.Call]uint64{}
	for _, channel := range c {
		for call, n := range channel.Calls() {
			all[call] += n
		}
	}
	return all
}
