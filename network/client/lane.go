package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
)

// errSkipped is why an envelope has no answer that came behind a refused one: an orderer ends a stream with its first
// refusal, and has not looked at what follows.
var errSkipped = errors.New("the orderer ended the stream at an envelope before this one")

// A lane is a Broadcast stream of an orderer, opened when the first envelope comes and again when it has broken, on which
// many transactions send. Answers come in the order of the envelopes.
type lane struct {
	node    *ordererNode
	sending chan struct{} // holds one value while somebody sends
	current *broadcast    // only who sends looks at it; nil at first
}

func newLane(n *ordererNode) *lane { return &lane{node: n, sending: make(chan struct{}, 1)} }

// send sends an envelope and waits for the answer. Its error is errUntaken if the envelope was not sent, and errSkipped if
// the orderer has not looked at it.
func (l *lane) send(ctx context.Context, envelope []byte) (answer, error) {
	select {
	case l.sending <- struct{}{}:
	case <-ctx.Done():
		return answer{}, fmt.Errorf("%w: %w", errUntaken, ctx.Err())
	}
	reply, err := l.write(ctx, envelope)
	<-l.sending
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", errUntaken, err)
	}
	select {
	case r := <-reply:
		return r.answer, r.err
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// write puts an envelope on the stream, or where that has ended on another one, and returns where its answer will come. A
// stream that does not take it before ctx ends is given up, with all that waits on it.
func (l *lane) write(ctx context.Context, envelope []byte) (<-chan reply, error) {
	if l.current != nil {
		if reply, err := l.current.send(ctx, envelope); err == nil {
			return reply, nil
		}
	}
	var err error
	if l.current, err = l.node.open(); err != nil {
		return nil, err
	}
	return l.current.send(ctx, envelope)
}

// close ends the stream.
func (l *lane) close() {
	l.sending <- struct{}{}
	if l.current != nil {
		l.current.cancel()
	}
	<-l.sending
}

// A reply is an orderer's answer to an envelope, or why there is none.
type reply struct {
	answer answer
	err    error
}

// A broadcast is one Broadcast stream from its opening to its end.
type broadcast struct {
	stream grpc.ClientStream
	cancel context.CancelFunc
	mu     sync.Mutex
	waits  []chan<- reply // for the answers to come, in order
	ended  error          // nil until then
}

// open opens a stream. It lasts until it breaks, is given up or the client is closed.
func (n *ordererNode) open() (*broadcast, error) {
	ctx, cancel := context.WithCancel(n.life)
	stream, err := n.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true},
		orderer.AtomicBroadcast_Broadcast_FullMethodName, grpc.ForceCodecV2(wireForm{}))
	if err != nil {
		cancel()
		return nil, err
	}
	b := &broadcast{stream: stream, cancel: cancel}
	go b.receive()
	return b, nil
}

// send puts an envelope on the stream and returns where its answer will come. With an error the envelope was not sent.
func (b *broadcast) send(ctx context.Context, envelope []byte) (<-chan reply, error) {
	w := make(chan reply, 1)
	if err := b.await(w); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, b.cancel)()
	if err := b.stream.SendMsg(mem.SliceBuffer(envelope)); err != nil {
		return nil, cmp.Or((<-w).err, err) // the stream has ended, for the reason that receive gives
	}
	return w, nil
}

// await has the next answer go to w, unless the stream has ended.
func (b *broadcast) await(w chan<- reply) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended == nil {
		b.waits = append(b.waits, w)
	}
	return b.ended
}

// receive hands out answers until the stream ends, and then the reason to all who wait.
func (b *broadcast) receive() {
	defer b.cancel()
	refused := false
	for {
		a, err := b.next()
		b.mu.Lock()
		if err == nil && len(b.waits) == 0 {
			err = errors.New("an answer came to no envelope")
		}
		if err != nil {
			if refused {
				err = errSkipped
			}
			b.ended = err
			for _, w := range b.waits {
				w <- reply{err: err}
			}
			b.mu.Unlock()
			return
		}
		w := b.waits[0]
		b.waits = b.waits[1:]
		b.mu.Unlock()
		refused = a.status != common.Status_SUCCESS
		w <- reply{answer: a}
	}
}

// next reads one answer.
func (b *broadcast) next() (answer, error) {
	var message mem.Buffer
	if err := b.stream.RecvMsg(&message); err != nil {
		return answer{}, err
	}
	defer message.Free()
	return parseAnswer(message.ReadOnlyData())
}
