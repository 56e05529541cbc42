package client

import (
	"context"
	"fmt"
	"time"

	sdk "github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/protobuf/proto"

	"meterbench/bench"
	"meterbench/bench/result"
)

// Submit takes a transaction as far as tx.Wait asks, over the gateways in
// turn. It implements bench.Target.
func (c *Client) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	turn := (c.next.Add(1) - 1) % uint64(len(c.peers))
	return c.submitThrough(ctx, c.peers[turn], tx)
}

func (c *Client) submitThrough(ctx context.Context, p *endpoint, tx bench.Transaction) (bench.Receipt, error) {
	var receipt bench.Receipt
	fail := func(phase string, outcome result.Outcome, err error) (bench.Receipt, error) {
		receipt.Outcome = outcome
		return receipt, fmt.Errorf("%s through %s: %w", phase, p.name, explain(err))
	}

	proposal, err := p.signer.propose(c.config.Channel, c.config.Chaincode, tx.Function, tx.Args)
	if err != nil {
		return fail("propose", result.PrepareError, err)
	}
	receipt.TxID = proposal.id

	endorsing, cancel := context.WithTimeout(ctx, c.config.Timeouts.Endorse)
	endorsed, err := p.gateway.Endorse(endorsing, &gateway.EndorseRequest{
		TransactionId: proposal.txID, ChannelId: c.config.Channel, ProposedTransaction: proposal.signed})
	cancel()
	if err != nil {
		return fail("endorse", endorseOutcome(ctx, err), err)
	}
	receipt.Endorsed = time.Now()
	if tx.Wait == bench.WaitEndorse {
		receipt.Outcome = result.Answered
		return receipt, nil
	}

	envelope := endorsed.GetPreparedTransaction()
	if envelope.Signature, err = p.signer.sign(envelope.GetPayload()); err != nil {
		return fail("sign", result.PrepareError, err)
	}
	receipt.Bytes = uint32(proto.Size(envelope))
	w := c.commits.expect(proposal.id)
	submitting, cancel := context.WithTimeout(ctx, c.config.Timeouts.Submit)
	_, err = p.gateway.Submit(submitting, &gateway.SubmitRequest{
		TransactionId: proposal.txID, ChannelId: c.config.Channel, PreparedTransaction: envelope})
	cancel()
	if err != nil {
		c.commits.forget(proposal.id)
		return fail("submit", submitOutcome(ctx, err), err)
	}
	receipt.Submitted = time.Now()
	c.commits.limit(w, receipt.Submitted.Add(c.config.Timeouts.Commit))
	if tx.Acknowledged != nil {
		tx.Acknowledged()
	}

	select {
	case <-ctx.Done():
		c.commits.forget(proposal.id)
		return fail("commit", result.Interrupted, ctx.Err())
	case said := <-w.done:
		switch said.err {
		case errOverdue:
			return fail("commit", result.Unknown, c.overdue())
		case errClosed:
			return fail("commit", result.Interrupted, errClosed)
		}
		receipt.Committed, receipt.Block = said.at, said.block
		receipt.Outcome = commitOutcome(said.code)
		if receipt.Outcome != result.Valid {
			return fail("commit", receipt.Outcome, fmt.Errorf("validation code %s", said.code))
		}
		return receipt, nil
	}
}

// overdue explains why a transaction's commit was given up.
func (c *Client) overdue() error {
	err := fmt.Errorf("%w: %s after the orderer's acknowledgement", errOverdue, c.config.Timeouts.Commit)
	if broken := c.broken.Load(); broken != nil {
		err = fmt.Errorf("%w (the block stream last broke with: %w)", err, broken.error)
	}
	return err
}

// Invoke submits a transaction as the operator and waits until it is
// committed as valid. It is meant for set-up, not for load.
func (c *Client) Invoke(ctx context.Context, function string, args ...[]byte) error {
	_, err := c.submitThrough(ctx, c.operator, bench.Transaction{Function: function, Args: args, Wait: bench.WaitCommit})
	if err != nil {
		return fmt.Errorf("invoke %s.%s: %w", c.config.Chaincode, function, err)
	}
	return nil
}

// Evaluate asks the operator's peer to run a chaincode function without
// changing the ledger and returns its answer.
func (c *Client) Evaluate(ctx context.Context, function string, args ...[]byte) ([]byte, error) {
	answer, err := c.evaluate(ctx, c.operator, c.config.Chaincode, function, args...)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s.%s: %w", c.config.Chaincode, function, err)
	}
	return answer, nil
}

func (c *Client) evaluate(ctx context.Context, p *endpoint, chaincode, function string, args ...[]byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeouts.Evaluate)
	defer cancel()
	answer, err := p.sdk.GetNetwork(c.config.Channel).GetContract(chaincode).
		EvaluateWithContext(ctx, function, sdk.WithBytesArguments(args...))
	if err != nil {
		return nil, fmt.Errorf("through %s: %w", p.name, explain(err))
	}
	return answer, nil
}

// A streamError is why the block stream last broke.
type streamError struct{ error }

var _ bench.Target = (*Client)(nil)
