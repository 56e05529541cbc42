package client

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/mem"

	"meterbench/bench"
	"meterbench/bench/result"
)

// sendWireForm has the transaction answered, or endorsed and, unless that is all, ordered, by calls with messages in wire form. The
// shared block stream shows the commit.
func (t *attempt) sendWireForm(ctx context.Context, tx bench.Transaction) (awaitCommit, error) {
	c, p := t.client, t.peer
	proposal, err := p.signer.propose(call{c.config.Channel, cmp.Or(tx.Contract, c.config.Chaincode), tx.Function, tx.Args, tx.Transient})
	if err != nil {
		return nil, t.fail("propose", result.PrepareError, err)
	}
	t.receipt.TxID = proposal.id
	step, method := "endorse", gateway.Gateway_Endorse_FullMethodName
	if tx.Query {
		step, method = "query", gateway.Gateway_Evaluate_FullMethodName
	}
	response, err := p.call(ctx, t.timeout, method, marshalRequest(proposal.txID, c.config.Channel, proposal.bytes, proposal.signature))
	defer response.Free()
	if err != nil {
		return nil, t.fail(step, endorseOutcome(ctx, err), err)
	}
	t.receipt.Endorsed = time.Now()
	if tx.Query || tx.Wait == result.WaitEndorse {
		t.receipt.Outcome = result.Answered
		return nil, nil
	}

	payload, err := preparedPayload(response.ReadOnlyData())
	if err != nil {
		return nil, t.fail("endorse", result.EndorseRefused, err)
	}
	signature, err := p.signer.sign(payload)
	if err != nil {
		return nil, t.fail("sign", result.PrepareError, err)
	}
	t.receipt.Bytes = uint32(signedSize(payload, signature))
	return t.follow(func() (result.Outcome, error) {
		answer, err := p.call(ctx, t.timeout, gateway.Gateway_Submit_FullMethodName, marshalRequest(proposal.txID, c.config.Channel, payload, signature))
		answer.Free()
		if err != nil && (ctx.Err() != nil || !overtaken(err)) {
			return submitOutcome(ctx, err, c.ordering()), err
		}
		return result.Valid, nil
	})
}

// follow hands a transaction to the orderers by a call of submit, and has the block stream of its place show its commit. With
// its error submit returns the outcome.
func (t *attempt) follow(submit func() (result.Outcome, error)) (awaitCommit, error) {
	commits := t.place.commits
	if r := t.retrial; r != nil { // which goes on to watch for it where the call fails
		commits.expectOn(t.receipt.TxID, r.shown)
		if outcome, err := submit(); err != nil {
			return nil, t.fail("submit", outcome, err)
		}
		t.receipt.Submitted, t.through = time.Now(), ""
		return func(ctx context.Context) error { return r.await(ctx, t) }, nil
	}
	w := commits.expect(t.receipt.TxID)
	if outcome, err := submit(); err != nil {
		commits.forget(t.receipt.TxID)
		return nil, t.fail("submit", outcome, err)
	}
	t.receipt.Submitted, t.through = time.Now(), ""
	commits.limit(w, t.receipt.Submitted.Add(t.patience))
	return func(ctx context.Context) error { return t.awaitBlock(ctx, w) }, nil
}

// awaitBlock waits until the observing peer has the transaction.
func (t *attempt) awaitBlock(ctx context.Context, w *waiter) error {
	var c commit
	select {
	case <-ctx.Done():
		t.place.commits.forget(t.receipt.TxID)
		return t.fail("commit", result.Interrupted, ctx.Err())
	case c = <-w.done:
	}
	switch c.err {
	case nil:
	case errOverdue:
		return t.fail("commit", result.Unknown, t.place.overdue(t.patience))
	default:
		return t.fail("commit", result.Interrupted, c.err)
	}
	return t.showed(c)
}

// call makes one call of the gateway service with messages in wire form, which may take so long. It takes the request; the
// caller frees the response, which is there in any case.
func (p *endpoint) call(ctx context.Context, limit time.Duration, method string, request *[]byte) (mem.Buffer, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var response mem.Buffer
	err := p.conn.Invoke(ctx, method, request, &response, p.options...)
	if response == nil {
		response = mem.SliceBuffer(nil)
	}
	return response, err
}

// commit is the report of the block stream about one transaction.
type commit struct {
	id    [32]byte  // of the transaction
	at    time.Time // when the block arrived
	block uint64
	code  peer.TxValidationCode
	err   error // set where nothing was reported: errOverdue or errClosed
}

// Why nothing was reported of a transaction.
var (
	errOverdue = errors.New("no commit status in time")
	errClosed  = errors.New("the client was closed")
)

// A waiter waits for one transaction's commit.
type waiter struct {
	done     chan commit // receives exactly one value, and never blocks the sender
	deadline time.Time   // zero: the transaction has not been submitted yet
}

// commits brings together the transactions in flight and the block stream that tells of their commits. One
// sweep over all of them replaces a timer per transaction.
type commits struct {
	mu      sync.Mutex
	waiting map[[32]byte]*waiter
	soonest time.Time     // no deadline is before; zero: there is none
	sooner  chan struct{} // holds a value when soonest has come nearer
	closed  bool
}

func newCommits() *commits {
	return &commits{waiting: make(map[[32]byte]*waiter), sooner: make(chan struct{}, 1)}
}

// expect registers a transaction. It comes before the transaction is submitted, else its commit could pass by unseen.
func (c *commits) expect(id [32]byte) *waiter { return c.expectOn(id, make(chan commit, 1)) }

// expectOn is expect with a channel that has room.
func (c *commits) expectOn(id [32]byte, done chan commit) *waiter {
	w := &waiter{done: done}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		w.done <- commit{id: id, err: errClosed}
		return w
	}
	c.waiting[id] = w
	return w
}

// limit sets the instant after which w is given up.
func (c *commits) limit(w *waiter, deadline time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.deadline = deadline
	if c.soonest.IsZero() || deadline.Before(c.soonest) {
		c.soonest = deadline
		select {
		case c.sooner <- struct{}{}:
		default:
		}
	}
}

// count returns the number of transactions that wait.
func (c *commits) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}

// forget removes a transaction whose commit is no longer awaited.
func (c *commits) forget(id [32]byte) {
	c.mu.Lock()
	delete(c.waiting, id)
	c.mu.Unlock()
}

// deliver hands a block's validation codes to those who wait for them.
func (c *commits) deliver(block *peer.FilteredBlock, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, tx := range block.GetFilteredTransactions() {
		id, ok := parseID(tx.GetTxid())
		if !ok {
			continue // configuration transactions carry no id of this form
		}
		if w := c.waiting[id]; w != nil {
			delete(c.waiting, id)
			w.done <- commit{id: id, at: at, block: block.GetNumber(), code: tx.GetTxValidationCode()}
		}
	}
}

// sweepPause is the shortest time between two sweeps, by which a transaction may be given up late.
const sweepPause = 10 * time.Millisecond

// sweepUntil gives up overdue transactions until ctx ends, and then all.
func (c *commits) sweepUntil(ctx context.Context) {
	defer c.close()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.sooner:
		case now := <-timer.C:
			c.sweep(now)
		}
		timer.Stop()
		c.mu.Lock()
		soonest := c.soonest
		c.mu.Unlock()
		if !soonest.IsZero() {
			timer.Reset(max(time.Until(soonest), sweepPause))
		}
	}
}

// sweep gives up every transaction whose deadline has passed.
func (c *commits) sweep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.soonest = time.Time{}
	for id, w := range c.waiting {
		switch {
		case w.deadline.IsZero():
		case !now.Before(w.deadline):
			delete(c.waiting, id)
			w.done <- commit{id: id, err: errOverdue}
		case c.soonest.IsZero() || w.deadline.Before(c.soonest):
			c.soonest = w.deadline
		}
	}
}

// close gives up every transaction, now and later.
func (c *commits) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for id, w := range c.waiting {
		delete(c.waiting, id)
		w.done <- commit{id: id, err: errClosed}
	}
}
