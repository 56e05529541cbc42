package client

import (
	"errors"
	"sync"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// commit is what the block stream reported of one transaction.
type commit struct {
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

// commits brings together the transactions in flight and the block stream that tells of their
// commits. One sweep over all of them stands for a timer per transaction.
type commits struct {
	mu      sync.Mutex
	waiting map[[32]byte]*waiter
	closed  bool
}

func newCommits() *commits { return &commits{waiting: make(map[[32]byte]*waiter)} }

// expect registers a transaction. It comes before the transaction is submitted, else its commit
// could pass by unseen.
func (c *commits) expect(id [32]byte) *waiter {
	w := &waiter{done: make(chan commit, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		w.done <- commit{err: errClosed}
		return w
	}
	c.waiting[id] = w
	return w
}

// limit sets the instant after which w is given up.
func (c *commits) limit(w *waiter, deadline time.Time) {
	c.mu.Lock()
	w.deadline = deadline
	c.mu.Unlock()
}

// forget removes a transaction whose commit nobody waits for any more.
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
			w.done <- commit{at: at, block: block.GetNumber(), code: tx.GetTxValidationCode()}
		}
	}
}

// sweep gives up every transaction whose deadline has passed.
func (c *commits) sweep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, w := range c.waiting {
		if !w.deadline.IsZero() && now.After(w.deadline) {
			delete(c.waiting, id)
			w.done <- commit{err: errOverdue}
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
		w.done <- commit{err: errClosed}
	}
}
