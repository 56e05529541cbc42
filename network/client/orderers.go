package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/grpc"

	"meterbench/bench/result"
)

// An Orderer is an ordering node.
type Orderer struct {
	Name       string // orderer0
	Address    string // host:port
	ServerName string // that its TLS certificate must have; empty: Name
	TLS        TLS
	Dial       Dialer
}

// At reports whether an address by which a network knows an orderer is this one's.
func (o Orderer) At(address string) bool { return knownBy(address, o.Address, o.Name, o.ServerName) }

// Why an orderer does not have an envelope. Of any other error it may have the envelope all the same.
var (
	errUntaken = errors.New("not taken")             // another orderer may take it
	errHanded  = errors.New("perhaps not taken")     // likewise, but it was handed on to the leader, which may have taken it
	errRefused = errors.New("refused by an orderer") // for what it is: all others would
)

// orderOutcome classifies an error of the orderers.
func orderOutcome(ctx context.Context, err error) result.Outcome {
	switch {
	case ctx.Err() != nil:
		return result.Interrupted
	case errors.Is(err, errUntaken), errors.Is(err, errRefused):
		return result.SubmitRefused
	}
	return result.Unknown
}

// orderers take envelopes.
type orderers struct {
	nodes  []*ordererNode
	config []Orderer
	quorum int // how many must take an envelope
	next   atomic.Uint64
}

// newOrderers returns the orderers of a configuration. They are connected to when the first envelope comes, and their
// streams last until life ends.
func newOrderers(life context.Context, cfg Config, counted *calls) (*orderers, error) {
	all := &orderers{config: cfg.Orderers, quorum: max(cfg.Quorum, 1)}
	all.next.Store(cfg.Turn)
	for _, o := range cfg.Orderers {
		conn, err := o.Dial.connectWith(o.Address, cmp.Or(o.ServerName, o.Name), o.TLS, counted.options()...)
		if err != nil {
			return all, fmt.Errorf("%s (%s): %w", o.Name, o.Address, err)
		}
		node := &ordererNode{name: o.Name, conn: conn, life: life}
		for i := range node.lanes {
			node.lanes[i] = newLane(node)
		}
		all.nodes = append(all.nodes, node)
	}
	return all, nil
}

func (o *orderers) close() (err error) {
	for _, n := range o.nodes {
		err = errors.Join(err, n.conn.Close())
	}
	return err
}

// reach makes sure that as many orderers answer as must take an envelope.
func (o *orderers) reach(ctx context.Context) error {
	all := o.config
	if len(all) < o.quorum {
		return o.tooFew()
	}
	answers := make(chan error, len(all))
	for _, n := range all {
		go func() { answers <- n.Dial.Reach(ctx, n.Address, cmp.Or(n.ServerName, n.Name), n.TLS) }()
	}
	var failed error
	good := 0
	for range all {
		if err := <-answers; err != nil {
			failed = joined(failed, err)
		} else {
			good++
		}
	}
	if good >= o.quorum {
		return nil
	}
	return fmt.Errorf("%d of %d orderers answer, and %d must: %w", good, len(all), o.quorum, failed)
}

// ordering returns how many orderers the channel has, as far as the client knows; 0: it does not.
func (c *Client) ordering() int { return cmp.Or(c.config.OrdererCount, len(c.config.Orderers)) }

func (o *orderers) tooFew() error {
	return fmt.Errorf("%w: %d orderers are known, and %d must take it", errUntaken, len(o.nodes), o.quorum)
}

// order hands an envelope to an orderer, or to one after the other until one takes it; or where a quorum must have it,
// to all.
func (o *orderers) order(ctx context.Context, envelope []byte) error {
	if len(o.nodes) < o.quorum {
		return o.tooFew()
	}
	if o.quorum > 1 {
		return o.orderByAll(ctx, envelope)
	}
	var all error
	perhaps := false
	for _, n := range o.inTurn() {
		err := n.order(ctx, envelope)
		next := errors.Is(err, errUntaken) || errors.Is(err, errHanded)
		if !next && (err == nil || !perhaps) {
			return err
		}
		perhaps = perhaps || errors.Is(err, errHanded)
		all = joined(all, err)
		if !next {
			break // a refusal says nothing about who was tried before
		}
	}
	if perhaps {
		return fmt.Errorf("%v", all) // of no class but the unknown one
	}
	return all
}

// inTurn returns the orderers, from another one on each time, and those last that do not answer.
func (o *orderers) inTurn() []*ordererNode {
	turn := int((o.next.Add(1) - 1) % uint64(len(o.nodes)))
	var silent []*ordererNode
	all := make([]*ordererNode, 0, len(o.nodes))
	for _, n := range slices.Concat(o.nodes[turn:], o.nodes[:turn]) {
		if n.silent.Load() {
			silent = append(silent, n)
		} else {
			all = append(all, n)
		}
	}
	return append(all, silent...)
}

// orderByAll hands an envelope to all orderers and returns once a quorum has it, or all have answered. Those that have not
// answered by then still get it.
func (o *orderers) orderByAll(ctx context.Context, envelope []byte) error {
	answers := make(chan error, len(o.nodes))
	for _, n := range o.nodes {
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
			defer cancel()
			answers <- n.order(ctx, envelope)
		}()
	}
	taken, perhaps := 0, false
	var all error
	for left := len(o.nodes); taken < o.quorum && left > 0; left-- {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-answers:
			if err == nil {
				taken++
				continue
			}
			perhaps = perhaps || !errors.Is(err, errUntaken) && !errors.Is(err, errRefused)
			all = joined(all, err)
		}
	}
	switch {
	case taken == o.quorum:
		return nil
	case taken > 0 || perhaps:
		return fmt.Errorf("%d of %d orderers have it, and %d must: %v", taken, len(o.nodes), o.quorum, all)
	}
	return all
}

// joined returns the errors in one line.
func joined(first, second error) error {
	if first == nil {
		return second
	}
	return fmt.Errorf("%w; %w", first, second)
}

// lanes is the number of Broadcast streams to an orderer, which works on the envelopes of a stream one after the other.
const lanes = 4

// An ordererNode is a connected Orderer.
type ordererNode struct {
	name  string
	conn  *grpc.ClientConn
	life  context.Context
	lanes [lanes]*lane
	next  atomic.Uint64

	silent atomic.Bool // Watch says that it does not answer
}

// alreadyThere begins the answer to an envelope that the orderer has got from another one meanwhile, as it may by SmartBFT.
const alreadyThere = "failed to submit request: request already "

// order hands an envelope to the orderer.
func (n *ordererNode) order(ctx context.Context, envelope []byte) error {
	a, err := n.lanes[(n.next.Add(1)-1)%lanes].send(ctx, envelope)
	if errors.Is(err, errSkipped) {
		// On a stream of its own nothing comes before it.
		alone := newLane(n)
		a, err = alone.send(ctx, envelope)
		alone.close()
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", n.name, err)
	case a.status == common.Status_SUCCESS, a.status == common.Status_SERVICE_UNAVAILABLE && strings.HasPrefix(a.info, alreadyThere):
		return nil
	case a.status >= 400 && a.status < 500:
		return fmt.Errorf("%w: %s: %s", errRefused, n.name, a)
	case cutOff(a.info):
		return fmt.Errorf("%w: %s: %s", errHanded, n.name, a)
	}
	return fmt.Errorf("%w: %s: %s", errUntaken, n.name, a)
}
