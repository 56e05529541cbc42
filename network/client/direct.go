package client

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"meterbench/bench"
	"meterbench/bench/result"
)

// sendDirect takes a transaction to its endorsers and to the orderers without a gateway service between, with messages in
// wire form. The shared block stream shows the commit.
func (t *attempt) sendDirect(ctx context.Context, tx bench.Transaction) (awaitCommit, error) {
	c, chaincode := t.client, cmp.Or(tx.Contract, t.client.config.Chaincode)
	proposal, err := t.peer.signer.propose(call{c.config.Channel, chaincode, tx.Function, tx.Args, tx.Transient})
	if err != nil {
		return nil, t.fail("propose", result.PrepareError, err)
	}
	t.receipt.TxID = proposal.id
	step, endorsers := "query", []*endpoint{t.peer}
	if !tx.Query {
		step = "endorse"
		if endorsers, err = t.place.endorsers.choose(ctx, chaincode); err != nil {
			return nil, t.fail(step, endorseOutcome(ctx, err), err)
		}
	}
	endorsements, by, free, err := endorse(ctx, t.timeout, endorsers, proposal)
	defer free()
	t.through = by.name
	if err == nil {
		err = sameEndorsed(endorsers, endorsements)
	}
	if err != nil {
		return nil, t.fail(step, endorseOutcome(ctx, err), err)
	}
	t.receipt.Endorsed = time.Now()
	if tx.Query || tx.Wait == result.WaitEndorse {
		t.receipt.Outcome = result.Answered
		return nil, nil
	}
	envelope, err := t.peer.signer.envelope(proposal, endorsements)
	if err != nil {
		return nil, t.fail("sign", result.PrepareError, err)
	}
	t.receipt.Bytes, t.through = uint32(len(envelope)), "the orderers"
	return t.follow(func() (result.Outcome, error) {
		limited, cancel := context.WithTimeout(ctx, t.timeout)
		defer cancel()
		err := t.place.orderers.order(limited, envelope)
		return orderOutcome(ctx, err), err
	})
}

// ask has a peer itself run a function and returns the answer.
func (c *Client) ask(ctx context.Context, p *endpoint, chaincode, function string, args ...[]byte) ([]byte, error) {
	proposal, err := p.signer.propose(call{c.config.Channel, chaincode, function, args, nil})
	if err != nil {
		return nil, fmt.Errorf("through %s: %w", p.name, err)
	}
	e, buffer, err := p.endorse(ctx, timeout, proposal)
	defer buffer.Free()
	if err != nil {
		return nil, fmt.Errorf("through %s: %w", p.name, explain(err))
	}
	return bytes.Clone(e.answer), nil
}

// CheckDirect makes sure that transactions of these chaincodes can be taken to endorsers and orderers: that enough of them
// are known, and of the orderers that enough answer, wherever clients stand.
func (c *Client) CheckDirect(ctx context.Context, chaincodes ...string) error {
	for _, place := range c.places {
		for _, chaincode := range chaincodes {
			if _, err := place.endorsers.choose(ctx, chaincode); err != nil {
				return fmt.Errorf("the %s driver: %w", result.DriverDirect, err)
			}
		}
		if err := place.orderers.reach(ctx); err != nil {
			return fmt.Errorf("the %s driver: %w", result.DriverDirect, err)
		}
	}
	return nil
}

// endorse has all endorsers run the proposal, which each may take so long for. What they return is good until free is called. by is the one whose error it
// is, or the first.
func endorse(ctx context.Context, limit time.Duration, endorsers []*endpoint, p proposal) (all []endorsement, by *endpoint, free func(), err error) {
	by = endorsers[0]
	all = make([]endorsement, len(endorsers))
	buffers := make([]mem.Buffer, len(endorsers))
	free = func() {
		for _, b := range buffers {
			b.Free()
		}
	}
	if len(endorsers) == 1 {
		all[0], buffers[0], err = by.endorse(ctx, limit, p)
		return all, by, free, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	var first sync.Once
	for i, e := range endorsers {
		group.Go(func() {
			var err error
			if all[i], buffers[i], err = e.endorse(ctx, limit, p); err != nil {
				first.Do(func() {
					by = e
					cancel(err)
				})
			}
		})
	}
	group.Wait()
	return all, by, free, context.Cause(ctx)
}

// endorse has the peer run a proposal and returns its endorsement, which lies in the buffer.
func (p *endpoint) endorse(ctx context.Context, limit time.Duration, of proposal) (endorsement, mem.Buffer, error) {
	response, err := p.call(ctx, limit, peer.Endorser_ProcessProposal_FullMethodName, marshalSigned(of))
	if err != nil {
		return endorsement{}, response, err
	}
	e, err := parseEndorsement(response.ReadOnlyData())
	if err == nil && !e.succeeded() {
		err = p.refusal(e)
	}
	return e, response, err
}

// refusal returns what an endorser answers in the form in which a gateway passes that on. An answer without payload is
// its own and not the chaincode's.
func (p *endpoint) refusal(e endorsement) error {
	message := e.message
	if e.status != 500 || len(e.payload) > 0 {
		message = fmt.Sprintf("%s%d, %s", chaincodeResponse, e.status, message)
	}
	refused, err := status.New(codes.Aborted, "failed to endorse transaction").
		WithDetails(&gateway.ErrorDetail{Address: p.name, MspId: cmp.Or(p.member, p.signer.MSP), Message: message})
	if err != nil {
		return err
	}
	return refused.Err()
}

// sameEndorsed makes sure that all endorsers have endorsed the same: a transaction has room for one result.
func sameEndorsed(endorsers []*endpoint, all []endorsement) error {
	for i, e := range all {
		if len(e.signed) == 0 {
			return status.Errorf(codes.Aborted, "%s endorsed nothing", endorsers[i].name)
		}
		if string(e.payload) != string(all[0].payload) {
			return status.Errorf(codes.Aborted, "%s: %s and %s endorsed different results", textMismatch, endorsers[0].name, endorsers[i].name)
		}
	}
	return nil
}
