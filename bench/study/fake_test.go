package study

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/internal/heartbeat"
	"meterbench/internal/proc"
)

// A site is Lab and Site in one: a target in this process that serves one
// transaction after the other, and its own ledger. It runs in virtual time.
// Off multiples of any load's interval, so that no two events coincide.
type site struct {
	service time.Duration // per transaction, one at a time
	latency time.Duration // on top, for all of them at once
	block   time.Duration // commits within such a span share a block

	channels int // 0 is one

	ledgerRead func() // called when it is about to be read

	as func(*site) Site // where set, what Start returns

	feErr, startErr, seriesErr, ledgerErr, storedErr, closeErr error

	feBegun bool // feErr comes with what was measured until then

	// fault, where set, may change what becomes of a transaction, by its
	// number in the order of arrival.
	fault func(n int, tx *fate)
	// pace, where set, is the time of a signature; else it is 25 us.
	pace func() float64
	// halted, where set, says when the load generator did not run, since the start of a level.
	halted []halt
	// watched counts the levels in which somebody wanted to know.
	watched int
	// sample, where set, changes a made-up snapshot.
	sample  func(*proc.Snapshot)
	most    int                  // transactions that workloads have, 0 for any number
	invalid bool                 // no point can be valid
	mixed   bool                 // some are, some are not
	queue   *queueSite           // what as returned last, see queues
	events  chan result.Incident // made by Start: in the bubble of virtual time

	follower Follower // besides the watcher
	stopper  *Stopper // the Config's
	// records, where set, is the Config's.
	records func(series string, from, to time.Duration) func(*result.Record)

	underway atomic.Int32 // transactions

	mu       sync.Mutex
	started  time.Time
	free     time.Time // when the server has served all it has taken
	taken    int
	ledger   []bench.Entry
	stored   uint64
	sent     map[string][]uint64 // sequence numbers by series
	needs    map[string][]Need   // by series
	sessions []Session
	samples  int
	isClosed bool
}

// A fate is what becomes of a transaction.
type fate struct {
	told    result.Outcome // to the client
	err     error
	lost    bool // the client is told nothing until it gives up
	copies  int  // on the ledger
	foreign int  // others' transactions right behind it
	stored  uint64
}

// newSite returns a target of 100 transactions per second, 23.7 ms each.
func newSite() *site {
	return &site{
		service: 10 * time.Millisecond, latency: 13700 * time.Microsecond, block: 100 * time.Millisecond,
		sent: map[string][]uint64{}, needs: map[string][]Need{},
	}
}

func (s *site) FE(_ context.Context, spec scenario.FE, working func(string)) ([]result.FECost, error) {
	working("a cell")
	if s.feErr != nil && !s.feBegun {
		return nil, s.feErr
	}
	return []result.FECost{{Scheme: spec.Schemes[0], Bits: 2048, Length: 1}}, s.feErr
}

func (s *site) Start(_ context.Context, session Session, working func(string)) (Site, error) {
	working("a node")
	if err := s.told(&s.startErr); err != nil {
		return nil, err
	}
	s.sessions = append(s.sessions, session)
	s.started, s.events, s.isClosed = time.Now(), make(chan result.Incident, 2), false
	s.ledger, s.stored = nil, 0
	if s.as != nil {
		return s.as(s), nil
	}
	return s, nil
}

// told returns one of the errors, which a test may set meanwhile.
func (s *site) told(err *error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *err
}

func (s *site) Facts() Facts {
	return Facts{
		Target: "reference", TopologyJSON: []byte(`{"name": "fake"}`),
		Conditions: result.Conditions{
			Topology: "fake", Fabric: "0.0.1", BatchTimeout: s.block.Seconds(), BatchMessages: 7, Channels: s.channels, Policy: "any",
			Limits: topology.Limits{Gateway: 5, Endorser: 6, Deliver: 7},
		},
		Bringup:   &result.Bringup{Ready: 1, FirstCommit: 2},
		Processes: []result.Process{{Role: result.RolePeer, Name: "peer0"}, {Role: result.RoleOrderer, Name: "idle"}},
		Versions:  map[string]string{"fake": "v0.0.1"}, Warnings: []result.Warning{{Code: result.TargetNote, Text: "this is no network"}},
	}
}

func (s *site) Target() bench.Target { return s }

func (s *site) Series(_ context.Context, series scenario.Series, need Need, working func(string)) (bench.Workload, result.Preparation, error) {
	working("a ciphertext")
	s.needs[series.Name] = append(s.needs[series.Name], need)
	made := result.Preparation{Ciphertexts: series.Workload.Traits().Bank}
	return &workload{site: s, series: series.Name}, made, s.told(&s.seriesErr)
}

type workload struct {
	site   *site
	series string
}

func (w *workload) Transaction(_ context.Context, seq uint64) (bench.Transaction, error) {
	w.site.mu.Lock()
	defer w.site.mu.Unlock()
	if w.site.most > 0 && len(w.site.sent[w.series]) >= w.site.most {
		return bench.Transaction{}, &bench.ExhaustedError{What: "no meter is left", Remedy: "give more meters"}
	}
	w.site.sent[w.series] = append(w.site.sent[w.series], seq)
	return bench.Transaction{Function: "store", Channel: int(seq % uint64(max(1, w.site.channels)))}, nil
}

// Reading implements Reporter.
func (w *workload) Reading(seq uint64) (string, uint64) {
	return fmt.Sprintf("%s-%d", w.series, seq%3), seq
}

// Recorded implements Reporter: the meters of series that are named so follow a trace.
func (w *workload) Recorded(seq uint64) string {
	if !strings.HasPrefix(w.series, "traced") {
		return ""
	}
	return fmt.Sprintf("DE%d", seq%3)
}

// Submit implements bench.Target. The instants of a transaction are computed
// when it arrives.
func (s *site) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	s.underway.Add(1)
	defer s.underway.Add(-1)
	s.mu.Lock()
	s.taken++
	n := s.taken
	now := time.Now()
	s.free = later(s.free, now).Add(s.service)
	done := s.free.Add(s.latency)
	f := fate{told: result.Valid, copies: 1, stored: 1}
	if tx.Wait == result.WaitEndorse {
		f = fate{told: result.Answered}
	}
	if s.fault != nil {
		s.fault(n, &f)
	}
	s.mu.Unlock()

	r := bench.Receipt{TxID: id(n), Endorsed: now, Bytes: 4000}
	if s.invalid { // a target whose clock runs backwards
		r.Endorsed = now.Add(-time.Second)
	}
	select {
	case <-time.After(time.Until(done)):
	case <-ctx.Done():
		return r, ctx.Err()
	}
	s.commit(n, f)
	if f.lost {
		<-ctx.Done()
		return r, ctx.Err()
	}
	r.Outcome = f.told
	switch f.told {
	case result.Answered:
		r.Endorsed = done
	case result.Valid:
		r.Submitted, r.Committed = done, done
		r.Block = uint64(done.Sub(s.started) / s.block)
	}
	return r, f.err
}

func (s *site) commit(n int, f fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range f.copies {
		s.ledger = append(s.ledger, bench.Entry{TxID: id(n), Outcome: result.Valid})
	}
	for i := range f.foreign {
		s.ledger = append(s.ledger, bench.Entry{TxID: id(n + (i+1)<<20), Outcome: result.Valid})
	}
	// As a transaction that the peers found invalid: of no concern.
	s.ledger = append(s.ledger, bench.Entry{TxID: id(n + 1<<30)})
	s.stored += f.stored
}

func id(n int) (id [32]byte) {
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Sample implements Site: peer0 uses half a core, the client a fifth, others a
// tenth; peer0's memory grows by a byte per second.
func (s *site) Sample() (proc.Snapshot, error) {
	t := time.Since(s.started).Seconds()
	snap := proc.Snapshot{
		At:   time.Now(),
		CPU:  map[string]float64{"peer0": 0.5 * t, proc.Client: 0.2 * t},
		RSS:  map[string]uint64{"peer0": uint64(t), proc.Client: 7},
		Host: proc.Times{Busy: 0.8 * t},
	}
	if s.sample != nil {
		s.sample(&snap)
	}
	s.samples++
	return snap, nil
}

// A halt of the load generator, from its begin in monotonic time on.
type halt struct {
	at, length, halted time.Duration
	suspended          bool // so that no monotonic time passes
}

// watchHalts is called at the start of a level.
func (s *site) watchHalts() func() []heartbeat.Gap {
	s.watched++
	start := time.Now()
	return func() (all []heartbeat.Gap) {
		for _, h := range s.halted {
			g := heartbeat.Gap{Start: start.Add(h.at), End: start.Add(h.at + h.length), Length: h.length, Halted: h.halted}
			if h.suspended {
				g.End, g.Suspended = g.Start, h.halted
			}
			all = append(all, g)
		}
		return all
	}
}

// paced is called at the start of a level: on this machine a signature takes 30 us while one runs.
func (s *site) paced() func() paces {
	begun := time.Now()
	return func() (p paces) {
		for at := begun; at.Before(time.Now()); at = at.Add(paceEvery) {
			p.at, p.cpu = append(p.at, at), append(p.cpu, 30*time.Microsecond)
		}
		return p
	}
}

func (s *site) reading() (float64, error) {
	if s.pace == nil {
		return 25e-6, nil
	}
	return s.pace(), nil
}

func (s *site) Ledger(ctx context.Context, _ func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	return func(yield func(bench.Entry, error) bool) {
		if s.ledgerRead != nil {
			s.ledgerRead()
		}
		for _, e := range s.ledger {
			if !yield(e, nil) {
				return
			}
		}
		if err := cmp.Or(s.told(&s.ledgerErr), ctx.Err()); err != nil {
			yield(bench.Entry{}, err)
		}
	}
}

func (s *site) Stored(context.Context) (uint64, bool, error) {
	return s.stored, true, s.told(&s.storedErr)
}
func (s *site) Incidents() <-chan result.Incident { return s.events }

// ended is the incident of a node that ends now.
func ended(node, status string) result.Incident {
	return result.Incident{
		Process: result.Process{Role: result.RolePeer, Name: node}, Kind: result.Ended, Noticed: result.NoticeExit, Since: time.Now(), Status: status,
		Log: "logs/" + node + ".log", Tail: []string{"panic: no space left on device"},
	}
}

func (s *site) Close() error { s.isClosed = true; return s.told(&s.closeErr) }
