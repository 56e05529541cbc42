package reference

import (
	"cmp"
	"math"
	"math/rand/v2"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/heap"
	"meterbench/internal/random"
)

// mark is an instant that transactions pass, in this order.
type mark uint8

const (
	arrived mark = iota
	endorsed
	acknowledged
	ordered // its block was cut
	committed
	marks
)

// lastMark returns the mark at which a transaction of an outcome ends, and false for an outcome that no
// ledger causes. A refusal comes at its last mark.
func lastMark(o result.Outcome) (mark, bool) {
	switch o {
	case result.Limited:
		return arrived, true
	case result.EndorseRefused, result.EndorseMismatch, result.EndorseTimeout, result.EndorseUnreachable, result.Answered:
		return endorsed, true
	case result.SubmitRefused, result.Unknown:
		return acknowledged, true
	}
	return committed, o == result.Valid || o.Class() == result.Failed
}

// transaction passes through a model.
type transaction struct {
	number  uint64
	arrived time.Duration // on the wall clock; the model does not look at it
	size    uint64        // bytes
	outcome result.Outcome
	last    mark // where its outcome ends it

	at    [marks]time.Duration // on the model's clock, up to reached
	next  mark                 // the mark that lies ahead, with its instant
	block *block               // set at acknowledged where it goes on
}

// block holds transactions that are committed together.
type block struct {
	number       uint64 // from 1, 0 while it is open
	transactions []*transaction
	bytes        uint64
	deadline     time.Duration
	cut          chan struct{} // closed when it was cut and its commit is known
}

// model is the ledger without a clock: from the arrivals and the time it computes when everything happens. An
// instant is computed once the model is brought to it, as only then nothing can come before it.
type model struct {
	endorse, order, commit *queue
	config                 Config
	rng                    *rand.Rand                                             // of the failures
	ended                  func(*transaction)                                     // called once per transaction, when its whole course is known
	wasCut                 func(b *block, at time.Duration, why result.CutReason) // called with every block; nil for nobody

	down   bool // killed: it turns away whatever arrives, and ends what it has taken
	taken  uint64
	blocks uint64
	moving heap.Heap[*transaction] // by the instant of their next mark
	open   *block                  // being filled, nil if none
}

func newModel(c Config, ended func(*transaction)) *model {
	c.Batch = cmp.Or(c.Batch, &Batch{Messages: 1}) // without batches every transaction is a block
	return &model{
		endorse: newQueue(c.Endorse, c.Seed, random.Endorsement),
		order:   newQueue(c.Order, c.Seed, random.Ordering),
		commit:  newQueue(c.Commit.stage(), c.Seed, random.Commit),
		config:  c, rng: random.Stream{Seed: c.Seed, Purpose: random.Failures}.Rand(), ended: ended,
	}
}

// arrive adds a transaction, not before an earlier one or the instant that the model was brought to.
func (m *model) arrive(t *transaction, at time.Duration, wait result.Wait) {
	m.taken++
	t.number = m.taken
	t.outcome = m.outcome()
	t.last, _ = lastMark(t.outcome)
	if m.down {
		t.outcome, t.last = result.EndorseUnreachable, arrived
	}
	if wait == result.WaitEndorse && t.last > endorsed {
		t.outcome, t.last = result.Answered, endorsed
	}
	t.at[arrived] = at
	m.step(t)
	m.advance(at) // through the stages that take no time
}

// outcome picks the outcome of a transaction at random.
func (m *model) outcome() result.Outcome {
	if len(m.config.Failures) == 0 {
		return result.Valid
	}
	u := m.rng.Float64()
	for _, f := range m.config.Failures {
		if u < f.Share {
			return f.Outcome
		}
		u -= f.Share
	}
	return result.Valid
}

// advance computes everything that happens up to an instant, in order.
func (m *model) advance(to time.Duration) {
	for {
		timer := m.open != nil && m.open.deadline <= to
		move := len(m.moving) > 0 && m.moving[0].At <= to
		switch {
		case timer && (!move || m.open.deadline <= m.moving[0].At):
			m.cut(m.open.deadline, result.CutTimer)
		case move:
			m.step(m.moving.Pop().Value)
		default:
			return
		}
	}
}

// step takes a transaction on from the mark that it has reached.
func (m *model) step(t *transaction) {
	reached, at := t.next, t.at[t.next]
	switch {
	case reached == t.last:
		m.ended(t)
	case reached == arrived:
		m.move(t, endorsed, m.endorse.serve(at, 1))
	case reached == endorsed:
		m.move(t, acknowledged, m.order.serve(at, 1))
	default:
		m.collect(t, at)
	}
}

func (m *model) move(t *transaction, next mark, at time.Duration) {
	t.next, t.at[next] = next, at
	m.moving.Push(heap.Item[*transaction]{At: at, Order: t.number, Value: t})
}

// collect puts an acknowledged transaction into a block.
func (m *model) collect(t *transaction, at time.Duration) {
	batch := m.config.Batch
	if m.open != nil && batch.Bytes > 0 && m.open.bytes+t.size > batch.Bytes {
		m.cut(at, result.CutBytes)
	}
	if m.open == nil {
		m.open = &block{cut: make(chan struct{}), deadline: at + batch.Timeout}
	}
	t.block = m.open
	m.open.transactions = append(m.open.transactions, t)
	m.open.bytes += t.size
	switch {
	case len(m.open.transactions) >= batch.Messages:
		m.cut(at, result.CutCount)
	case batch.Bytes > 0 && t.size > batch.Bytes:
		m.cut(at, result.CutBytes)
	}
}

// cut ends the open block. Its commit is known at once, as blocks are committed in the order of their cuts.
func (m *model) cut(at time.Duration, why result.CutReason) {
	b := m.open
	m.open = nil
	m.blocks++
	b.number = m.blocks
	services := len(b.transactions)
	if m.config.Commit.perBlock() {
		services = 1
	}
	done := m.commit.serve(at, services)
	for _, t := range b.transactions {
		t.at[ordered], t.at[committed], t.next = at, done, committed
		m.ended(t)
	}
	close(b.cut)
	if m.wasCut != nil {
		m.wasCut(b, at, why)
	}
}

// queue serves in the order of arrival with a number of equal servers. A nil queue takes no time.
type queue struct {
	free    heap.Heap[struct{}] // when each server is free again
	service Distribution
	rng     *rand.Rand
}

func newQueue(s *Stage, seed uint64, service random.Purpose) *queue {
	if s == nil {
		return nil
	}
	return &queue{free: make(heap.Heap[struct{}], s.Servers), service: s.Service, rng: random.Stream{Seed: seed, Purpose: service}.Rand()}
}

// serve returns when work is done that arrives at an instant, in order, and takes so many service times.
//
// It starts at the larger of the arrival and the earliest instant at which a server is free: the recursion of
// Lindley (The theory of queues with a single server, 1952), for more servers that of Kiefer and Wolfowitz
// (On the theory of queues with many servers, 1955).
func (q *queue) serve(at time.Duration, services int) time.Duration {
	if q == nil {
		return at
	}
	done := max(at, q.free[0].At)
	for range services {
		done += q.service.Draw(q.rng)
	}
	q.free[0].At = done
	q.free.Fix()
	return done
}

// Draw returns one service time, to the nanosecond.
//
// A lognormal exp(mu + sigma Z) has the mean exp(mu + sigma²/2) and the CV sqrt(exp(sigma²) - 1).
func (d Distribution) Draw(rng *rand.Rand) time.Duration {
	mean := float64(d.Mean)
	switch d.Kind {
	case Exponential:
		mean *= rng.ExpFloat64()
	case Lognormal:
		variance := math.Log1p(d.CV * d.CV)
		mean *= math.Exp(math.Sqrt(variance)*rng.NormFloat64() - variance/2)
	}
	return time.Duration(math.Round(mean))
}

// clock converts between the time since the ledger's start and the ledger's own time, which stands still
// during a stall, so that only the clock knows of stalls. Reading it costs a step per stall.
type clock []Stall

// ledger returns the ledger's time at a time since the start.
func (c clock) ledger(since time.Duration) time.Duration {
	stood := time.Duration(0)
	for _, s := range c {
		if since <= s.At {
			break
		}
		stood += min(since-s.At, s.For)
	}
	return since - stood
}

// since is the inverse of ledger. At the instant of a stall it returns the end of the stall: what is due then
// happens when the ledger goes on.
func (c clock) since(ledger time.Duration) time.Duration {
	for _, s := range c {
		if ledger < s.At {
			break
		}
		ledger += s.For
	}
	return ledger
}
