package client

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/refusal"
)

// A transaction that may be sent again is tried at most mostAttempts times, each time through another gateway: the second time
// at once, then after a pause of firstPause, which doubles. So it outlives the time in which raft orderers find a new leader. No
// attempt begins once its client's time is over, of which a single attempt waits for each answer, and for its commit, at most
// one part of attemptParts.
const (
	mostAttempts = 9
	firstPause   = 100 * time.Millisecond
	attemptParts = 4
)

// repeatable reports whether a transaction may be sent again: its contract refuses what is on the ledger, or nothing is ordered.
func repeatable(tx *bench.Transaction) bool {
	return tx.Failover && (tx.Once != refusal.Code{} || tx.Query || tx.Wait == result.WaitEndorse)
}

// submitAgain takes a transaction to its end by as many attempts as that takes, from one through p on. Each is a transaction of
// its own, and the commits of all are watched for until one is valid. What is refused because it is on the ledger already,
// once the end of an attempt is not known, is confirmed.
func (c *Client) submitAgain(ctx context.Context, p *endpoint, tx bench.Transaction) (bench.Receipt, error) {
	limit := cmp.Or(tx.Timeout, timeout)
	r := &retrial{client: c, first: p, limit: limit, over: time.Now().Add(limit), shown: make(chan commit, mostAttempts)}
	defer r.forget()
	if acknowledged := tx.Acknowledged; acknowledged != nil {
		var once sync.Once
		tx.Acknowledged = func(at time.Time) { once.Do(func() { acknowledged(at) }) }
	}
	for pause := time.Duration(0); len(r.all) < mostAttempts; {
		if len(r.all) > 0 {
			next := r.another(p, tx.Sender)
			if len(r.all) > 1 || next.same(p) {
				pause = max(firstPause, 2*pause)
			}
			if !r.rest(ctx, pause) {
				break
			}
			p = next
		}
		open := r.open() != nil
		t := r.try(ctx, p, tx)
		said, _ := errors.AsType[*refusal.Refusal](t.err)
		switch {
		case r.valid() != nil || t.receipt.Outcome == result.Answered || ctx.Err() != nil:
			return r.end(t)
		case open && t.receipt.Outcome == result.EndorseRefused && said != nil && said.Code == tx.Once:
			t.receipt.Outcome, t.err = result.Confirmed, nil
			return r.end(t)
		case r.open() == nil && t.definite():
			return r.end(t)
		}
	}
	r.watch(ctx)
	return r.end(r.all[len(r.all)-1])
}

// A retrial is a transaction of which there may be several attempts.
type retrial struct {
	client *Client
	first  *endpoint
	limit  time.Duration
	over   time.Time
	shown  chan commit // of all attempts, as the block stream shows them
	all    []*try
}

// A try is an attempt of a retrial that has begun.
type try struct {
	attempt
	started time.Time
	ended   time.Time // when it was given up; zero while it has not been
	err     error
}

// lost reports whether an orderer may have the transaction, and its end is not known.
func (t *try) lost() bool {
	return t.receipt.Outcome.Class() == result.Lost && !t.receipt.Endorsed.IsZero() && !t.ended.IsZero()
}

// definite reports whether somebody answered, so that another attempt would be answered likewise.
func (t *try) definite() bool {
	switch t.receipt.Outcome {
	case result.Unknown, result.EndorseTimeout, result.EndorseUnreachable:
		return false
	case result.SubmitRefused: // unless no orderer could be reached, or none had a leader
		return status.Code(t.err) != codes.Unavailable && !errors.Is(t.err, errUntaken)
	}
	return true
}

// try makes an attempt.
func (r *retrial) try(ctx context.Context, p *endpoint, tx bench.Transaction) *try {
	part := min(r.limit/attemptParts, max(time.Until(r.over), time.Millisecond))
	t := &try{attempt: r.client.attempt(p, tx), started: time.Now()}
	t.timeout, t.patience, t.place, t.retrial = part, part, r.first.place, r
	t.receipt.Site = r.first.site // where its client stands
	r.all = append(r.all, t)
	t.err = t.run(ctx, tx)
	t.ended = time.Now()
	r.look()
	return t
}

// await waits for the commit of an attempt, or of one before it.
func (r *retrial) await(ctx context.Context, t *attempt) error {
	patience := time.NewTimer(t.patience)
	defer patience.Stop()
	for {
		select {
		case <-ctx.Done():
			return t.fail("commit", result.Interrupted, ctx.Err())
		case <-patience.C:
			return t.fail("commit", result.Unknown, t.place.overdue(t.patience))
		case c := <-r.shown:
			of := r.see(c)
			if of == nil || &of.attempt != t && of.receipt.Outcome != result.Valid {
				continue
			}
			return of.err
		}
	}
}

// see notes what the block stream shows of an attempt, which it returns.
func (r *retrial) see(c commit) *try {
	at := slices.IndexFunc(r.all, func(t *try) bool { return t.receipt.TxID == c.id })
	if at < 0 {
		return nil
	}
	t := r.all[at]
	if c.err != nil {
		t.err = t.fail("commit", result.Interrupted, c.err)
		return t
	}
	t.err = t.showed(c)
	return t
}

// look takes what the block stream has shown meanwhile.
func (r *retrial) look() {
	for {
		select {
		case c := <-r.shown:
			r.see(c)
		default:
			return
		}
	}
}

// rest waits for a time, and reports whether it has passed: no attempt has become valid, and there is time left.
func (r *retrial) rest(ctx context.Context, pause time.Duration) bool {
	if r.valid() != nil || time.Until(r.over) <= pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return true
		case <-ctx.Done():
			return false
		case c := <-r.shown:
			if r.see(c); r.valid() != nil {
				return false
			}
		}
	}
}

// watch waits for the commits of attempts whose end is not known, while there is time and a block stream to show them.
func (r *retrial) watch(ctx context.Context) {
	timer := time.NewTimer(time.Until(r.over))
	defer timer.Stop()
	for r.valid() == nil && r.open() != nil && !r.all[0].asked {
		select {
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		case c := <-r.shown:
			r.see(c)
		}
	}
}

// another returns the gateway for the attempt after one through p, by whatever identity where none must send: the next other
// peer that can be reached, as far as is known, or else the next gateway.
func (r *retrial) another(p *endpoint, sender string) *endpoint {
	among := r.first.place.called
	at := slices.IndexFunc(among, func(e *endpoint) bool { return e.same(p) && e.signer.MSP == p.signer.MSP })
	for _, fit := range []func(*endpoint) bool{
		func(e *endpoint) bool { return e.reachable() && !e.same(p) },
		func(e *endpoint) bool { return !e.same(p) },
		func(*endpoint) bool { return true },
	} {
		for i := range among {
			e := among[(max(at, 0)+1+i)%len(among)]
			if (sender == "" || e.signer.MSP == sender) && fit(e) {
				return e
			}
		}
	}
	return p
}

// valid returns the attempt that was committed as valid, nil if none is known to be.
func (r *retrial) valid() *try {
	return r.find(func(t *try) bool { return t.receipt.Outcome == result.Valid })
}

// open returns the last attempt that an orderer may have, and whose end is not known; nil if there is none.
func (r *retrial) open() *try { return r.find((*try).lost) }

func (r *retrial) find(is func(*try) bool) *try {
	for _, t := range slices.Backward(r.all) {
		if is(t) {
			return t
		}
	}
	return nil
}

// forget ends the wait for all commits.
func (r *retrial) forget() {
	for _, t := range r.all {
		r.first.place.commits.forget(t.receipt.TxID)
	}
}

// end returns what became of the transaction, and all attempts where there were several: a valid one decides, else, where that
// was not confirmed, one whose end is not known, else the last.
func (r *retrial) end(last *try) (bench.Receipt, error) {
	decided := last
	if valid := r.valid(); valid != nil {
		decided = valid
	} else if open := r.open(); open != nil && last.receipt.Outcome.Class() != result.Succeeded {
		decided = open
	}
	receipt := decided.receipt
	if len(r.all) == 1 {
		return receipt, decided.err
	}
	for _, t := range r.all {
		a := bench.Attempt{Receipt: t.receipt, Through: t.peer.name, Started: t.started}
		if t.receipt.Committed.IsZero() {
			a.Ended = t.ended
		}
		receipt.Attempts = append(receipt.Attempts, a)
	}
	return receipt, decided.err
}
