package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
)

// Submit takes a transaction as far as tx.Wait asks, or a query to its answer, over the gateways in turn. It implements bench.Target.
func (c *Client) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	t := c.turns[turnKey{tx.Sender, tx.Site}]
	if t == nil {
		return bench.Receipt{Site: tx.Site, Outcome: result.PrepareError}, c.noGateway(tx)
	}
	p := c.instead(t.take())
	if repeatable(&tx) {
		return c.submitAgain(ctx, p, tx)
	}
	return c.submitThrough(ctx, p, tx)
}

// noGateway says that no gateway can take a transaction.
func (c *Client) noGateway(tx bench.Transaction) error {
	text := "submit: no gateway"
	if tx.Sender != "" {
		text += " with an identity of " + tx.Sender
	}
	if tx.Site != 0 {
		text += " at site " + c.siteName(tx.Site)
	}
	return errors.New(text)
}

// submitThrough takes a transaction as far as tx.Wait asks, by one attempt.
func (c *Client) submitThrough(ctx context.Context, p *endpoint, tx bench.Transaction) (bench.Receipt, error) {
	t := c.attempt(p, tx)
	err := t.run(ctx, tx)
	return t.receipt, err
}

// attempt returns an attempt through a gateway.
func (c *Client) attempt(p *endpoint, tx bench.Transaction) attempt {
	return attempt{
		client: c, peer: p, place: p.place, receipt: bench.Receipt{Site: p.site},
		timeout: cmp.Or(tx.Timeout, timeout), patience: cmp.Or(tx.Timeout, c.config.CommitTimeout),
	}
}

// run makes the attempt.
func (t *attempt) run(ctx context.Context, tx bench.Transaction) error {
	send := drivers[cmp.Or(tx.Driver, result.DriverWire)]
	if send == nil {
		return t.fail("submit", result.PrepareError, fmt.Errorf("there is no driver %q", tx.Driver))
	}
	await, err := send(t, ctx, tx)
	if err == nil && await != nil {
		if tx.Acknowledged != nil {
			tx.Acknowledged(t.receipt.Submitted)
		}
		err = await(ctx)
	}
	return err
}

// An attempt is one transaction on its way. While it waits for its commit, perhaps with thousands of others,
// it holds none of its messages.
type attempt struct {
	client   *Client
	peer     *endpoint
	place    *place        // of the client
	retrial  *retrial      // whose attempt it is, nil: there is no other
	asked    bool          // for its commit, which no block stream is to show
	through  string        // whom a step goes through that does not go through the peer
	timeout  time.Duration // of each call
	patience time.Duration // how long the commit is waited for once an orderer has the transaction
	receipt  bench.Receipt
}

// fail records the outcome and returns the error that explains it.
func (t *attempt) fail(step string, outcome result.Outcome, cause error) error {
	t.receipt.Outcome = outcome
	return fmt.Errorf("%s through %s: %w", step, cmp.Or(t.through, t.peer.name), explain(cause))
}

// showed records the commit that the block stream shows of the transaction.
func (t *attempt) showed(c commit) error {
	if c.at.Before(t.receipt.Submitted) || t.receipt.Submitted.IsZero() {
		// The block overtook the orderer's answer, as it may where the peer that brings the answer is throttled or gone.
		t.receipt.Submitted = c.at
	}
	return t.committed(c)
}

// committed records the commit of the transaction, with whatever validation code.
func (t *attempt) committed(c commit) error {
	t.receipt.Committed, t.receipt.Block = c.at, c.block
	if t.receipt.Outcome = CommitOutcome(c.code); t.receipt.Outcome != result.Valid {
		return t.fail("commit", t.receipt.Outcome, fmt.Errorf("validation code %s", c.code))
	}
	return nil
}

var _ bench.Target = (*Client)(nil)
