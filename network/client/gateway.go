package client

import (
	"cmp"
	"context"
	"fmt"
	"time"

	sdk "github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"meterbench/bench"
	"meterbench/bench/result"
)

// sendByLibrary takes a transaction to the orderers as ordinary applications do, with the calls of the fabric-gateway
// library. Then a commit-status call waits at the same peer, which counts it against the concurrency limit of its gateway.
// No call is tried again: what a limit turns away is an outcome.
func (t *attempt) sendByLibrary(ctx context.Context, tx bench.Transaction) (awaitCommit, error) {
	c, p := t.client, t.peer
	proposal, err := c.proposeByLibrary(p, tx)
	if err != nil {
		return nil, t.fail("propose", result.PrepareError, err)
	}
	id, ok := parseID(proposal.TransactionID())
	if !ok {
		return nil, t.fail("propose", result.PrepareError, fmt.Errorf("transaction id %q is not 64 hex digits", proposal.TransactionID()))
	}
	t.receipt.TxID, t.asked = id, true
	if tx.Query {
		if _, err := within(ctx, t.timeout, func(ctx context.Context) ([]byte, error) { return proposal.EvaluateWithContext(ctx) }); err != nil {
			return nil, t.fail("query", endorseOutcome(ctx, err), err)
		}
		t.receipt.Endorsed, t.receipt.Outcome = time.Now(), result.Answered
		return nil, nil
	}
	transaction, err := within(ctx, t.timeout, func(ctx context.Context) (*sdk.Transaction, error) { return proposal.EndorseWithContext(ctx) })
	if err != nil {
		return nil, t.fail("endorse", endorseOutcome(ctx, err), err)
	}
	t.receipt.Endorsed = time.Now()
	if tx.Wait == result.WaitEndorse {
		t.receipt.Outcome = result.Answered
		return nil, nil
	}
	submitted, err := within(ctx, t.timeout, func(ctx context.Context) (*sdk.Commit, error) { return transaction.SubmitWithContext(ctx) })
	if err != nil {
		return nil, t.fail("submit", submitOutcome(ctx, err, c.ordering()), err)
	}
	t.receipt.Submitted = time.Now()
	t.receipt.Bytes = envelopeSize(transaction)
	return func(ctx context.Context) error { return t.askStatus(ctx, submitted) }, nil
}

// proposeByLibrary has the library make a proposal, or, where its nonce has to have a mark, take one over: it draws nonces itself.
func (c *Client) proposeByLibrary(p *endpoint, tx bench.Transaction) (*sdk.Proposal, error) {
	chaincode := cmp.Or(tx.Contract, c.config.Chaincode)
	if c.config.Mark == (bench.Mark{}) {
		return p.sdk.GetNetwork(c.config.Channel).GetContract(chaincode).
			NewProposal(tx.Function, sdk.WithBytesArguments(tx.Args...), sdk.WithTransient(tx.Transient))
	}
	own, err := p.signer.propose(call{c.config.Channel, chaincode, tx.Function, tx.Args, tx.Transient})
	if err != nil {
		return nil, err
	}
	proposed, err := proto.Marshal(&gateway.ProposedTransaction{
		TransactionId: own.txID, Proposal: &peer.SignedProposal{ProposalBytes: own.bytes, Signature: own.signature},
	})
	if err != nil {
		return nil, err
	}
	return p.sdk.NewProposal(proposed)
}

// askStatus waits for the commit by a commit-status call. Where that fails the transaction may be committed all the same,
// so that its outcome is unknown; the audit tells.
func (t *attempt) askStatus(ctx context.Context, submitted *sdk.Commit) error {
	t.client.asking.Add(1)
	defer t.client.asking.Add(-1)
	got, err := within(ctx, t.patience, func(ctx context.Context) (*sdk.Status, error) { return submitted.StatusWithContext(ctx) })
	switch {
	case err != nil && ctx.Err() != nil:
		return t.fail("commit", result.Interrupted, err)
	case err != nil:
		return t.fail("commit", result.Unknown, err)
	}
	return t.committed(commit{at: time.Now(), block: got.BlockNumber, code: got.Code})
}

// within makes a call of the library that may take so long. The library's errors repeat in several lines what is in the
// details of those that gRPC has, which are returned.
func within[T any](ctx context.Context, limit time.Duration, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer, err := call(ctx)
	return answer, status.Convert(err).Err()
}

// envelopeSize returns the size of a signed transaction, 0 where it cannot be told.
func envelopeSize(transaction *sdk.Transaction) uint32 {
	prepared, err := transaction.Bytes()
	if err != nil {
		return 0
	}
	const envelope = 2 // field of gateway.PreparedTransaction
	signed, err := lookup(prepared, envelope)
	if err != nil {
		return 0
	}
	return uint32(len(signed))
}
