package client

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"meterbench/bench"
	"meterbench/bench/result"
)

// Submit takes a transaction as far as tx.Wait asks, or a query to its answer, over the gateways in turn. It implements bench.Target.
func (c *Client) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	p := c.turn(tx.Sender)
	if p == nil {
		return bench.Receipt{Outcome: result.PrepareError}, fmt.Errorf("submit: no gateway with an identity of %s", tx.Sender)
	}
	return c.submitThrough(ctx, c.instead(p), tx)
}

// turn returns the gateway whose turn it is among those with an identity of an organisation, nil where it has none; of all,
// where none is named.
func (c *Client) turn(sender string) *endpoint {
	among := c.peers
	if sender != "" {
		among = slices.DeleteFunc(slices.Clone(c.peers), func(p *endpoint) bool { return p.signer.MSP != sender })
	}
	if len(among) == 0 {
		return nil
	}
	return among[(c.next.Add(1)-1)%uint64(len(among))]
}

func (c *Client) submitThrough(ctx context.Context, p *endpoint, tx bench.Transaction) (bench.Receipt, error) {
	t := attempt{client: c, peer: p}
	send := drivers[cmp.Or(tx.Driver, result.DriverWire)]
	if send == nil {
		return t.receipt, t.fail("submit", result.PrepareError, fmt.Errorf("there is no driver %q", tx.Driver))
	}
	await, err := send(&t, ctx, tx)
	if err == nil && await != nil {
		if tx.Acknowledged != nil {
			tx.Acknowledged(t.receipt.Submitted)
		}
		err = await(ctx)
	}
	return t.receipt, err
}

// An attempt is one transaction on its way. While it waits for its commit, perhaps with thousands of others,
// it holds none of its messages.
type attempt struct {
	client  *Client
	peer    *endpoint
	through string // whom a step goes through that does not go through the peer
	receipt bench.Receipt
}

// fail records the outcome and returns the error that explains it.
func (t *attempt) fail(step string, outcome result.Outcome, cause error) error {
	t.receipt.Outcome = outcome
	return fmt.Errorf("%s through %s: %w", step, cmp.Or(t.through, t.peer.name), explain(cause))
}

// committed records the commit of the transaction, with whatever validation code.
func (t *attempt) committed(c commit) error {
	t.receipt.Committed, t.receipt.Block = c.at, c.block
	if t.receipt.Outcome = commitOutcome(c.code); t.receipt.Outcome != result.Valid {
		return t.fail("commit", t.receipt.Outcome, fmt.Errorf("validation code %s", c.code))
	}
	return nil
}

var _ bench.Target = (*Client)(nil)
