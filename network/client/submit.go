package client

import (
	"context"
	"fmt"

	"meterbench/bench"
	"meterbench/bench/result"
)

// Submit takes a transaction as far as tx.Wait asks, over the gateways in turn. It implements bench.Target.
func (c *Client) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	turn := (c.next.Add(1) - 1) % uint64(len(c.peers))
	return c.submitThrough(ctx, c.instead(c.peers[turn]), tx)
}

func (c *Client) submitThrough(ctx context.Context, p *endpoint, tx bench.Transaction) (bench.Receipt, error) {
	t := attempt{client: c, peer: p}
	err := t.send(ctx, tx)
	if err == nil && t.waiter != nil {
		if tx.Acknowledged != nil {
			tx.Acknowledged(t.receipt.Submitted)
		}
		err = t.await(ctx)
	}
	return t.receipt, err
}

// An attempt is one transaction on its way. While it waits for its commit, perhaps with thousands of others,
// it holds none of its messages.
type attempt struct {
	client  *Client
	peer    *endpoint
	receipt bench.Receipt
	waiter  *waiter // nil unless an orderer has taken the transaction
}

// fail records the outcome and returns the error that explains it.
func (t *attempt) fail(step string, outcome result.Outcome, cause error) error {
	t.receipt.Outcome = outcome
	return fmt.Errorf("%s through %s: %w", step, t.peer.name, explain(cause))
}

var _ bench.Target = (*Client)(nil)
