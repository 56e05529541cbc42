package study

import (
	"context"
	"encoding/binary"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/proc"
)

// A site is Lab and Site in one: a target in this process that serves one
// transaction after the other, and its own ledger. It runs in virtual time.
// Off multiples of any load's interval, so that no two events coincide.
type site struct {
	service time.Duration // per transaction, one at a time
	latency time.Duration // on top, for all of them at once
	block   time.Duration // commits within such a span share a block

	feErr, startErr, seriesErr, ledgerErr, storedErr, closeErr error

	// fault, where set, may change what becomes of a transaction, by its
	// number in the order of arrival.
	fault func(n int, tx *fate)
	// sample, where set, changes a made-up snapshot.
	sample func(*proc.Snapshot)
	died   chan error // made by Start: in the bubble of virtual time

	mu       sync.Mutex
	started  time.Time
	free     time.Time // when the server has served all it has taken
	taken    int
	ledger   []Entry
	stored   uint64
	sent     map[string][]uint64 // sequence numbers by series
	planned  map[string]int
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
		sent: map[string][]uint64{}, planned: map[string]int{},
	}
}

func (s *site) FE(_ context.Context, spec scenario.FE, working func(string)) ([]result.FECost, error) {
	working("a cell")
	return []result.FECost{{Scheme: spec.Schemes[0], Bits: 2048, Length: 1}}, s.feErr
}

func (s *site) Start(_ context.Context, working func(string)) (Site, error) {
	working("a node")
	if s.startErr != nil {
		return nil, s.startErr
	}
	s.started, s.died = time.Now(), make(chan error, 2)
	s.ledger = []Entry{{TxID: id(1 << 40), Valid: true, SetUp: true}}
	return s, nil
}

func (s *site) Facts() Facts {
	return Facts{
		Target: "reference", Topology: "fake", TopologyJSON: []byte(`{"name": "fake"}`), Fabric: "0.0.1",
		BatchTimeout: s.block, Messages: 7, Bringup: &result.Bringup{Ready: 1, FirstCommit: 2},
		Versions: map[string]string{"fake": "v0.0.1"}, Notes: []string{"this is no network"},
	}
}

func (s *site) Target() bench.Target { return s }

func (s *site) Series(_ context.Context, series scenario.Series, planned int, working func(string)) (bench.Workload, result.Preparation, error) {
	working("a ciphertext")
	s.planned[series.Name] = planned
	made := result.Preparation{Ciphertexts: series.Workload.Encryption.Bank}
	return &workload{site: s, series: series.Name}, made, s.seriesErr
}

type workload struct {
	site   *site
	series string
}

func (w *workload) Transaction(_ context.Context, seq uint64) (bench.Transaction, error) {
	w.site.mu.Lock()
	defer w.site.mu.Unlock()
	w.site.sent[w.series] = append(w.site.sent[w.series], seq)
	return bench.Transaction{Function: "store"}, nil
}

// Submit implements bench.Target. The instants of a transaction are computed
// when it arrives.
func (s *site) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	s.mu.Lock()
	s.taken++
	n := s.taken
	now := time.Now()
	s.free = later(s.free, now).Add(s.service)
	done := s.free.Add(s.latency)
	f := fate{told: result.Valid, copies: 1, stored: 1}
	if tx.Wait == bench.WaitEndorse {
		f = fate{told: result.Answered}
	}
	if s.fault != nil {
		s.fault(n, &f)
	}
	s.mu.Unlock()

	r := bench.Receipt{TxID: id(n), Endorsed: now, Bytes: 4000}
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
	if f.told == result.Valid {
		r.Submitted, r.Committed = done, done
		r.Block = uint64(done.Sub(s.started) / s.block)
	}
	return r, f.err
}

func (s *site) commit(n int, f fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range f.copies {
		s.ledger = append(s.ledger, Entry{TxID: id(n), Valid: true})
	}
	for i := range f.foreign {
		s.ledger = append(s.ledger, Entry{TxID: id(n + (i+1)<<20), Valid: true})
	}
	// As a transaction that the peers found invalid: of no concern.
	s.ledger = append(s.ledger, Entry{TxID: id(n + 1<<30)})
	s.stored += f.stored
}

func id(n int) (id [32]byte) {
	binary.BigEndian.PutUint64(id[24:], uint64(n))
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
		Host: proc.Times{Busy: 0.8 * t, Cores: 2},
	}
	if s.sample != nil {
		s.sample(&snap)
	}
	s.samples++
	return snap, nil
}

func (s *site) Ledger(context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, e := range s.ledger {
			if !yield(e, nil) {
				return
			}
		}
		if s.ledgerErr != nil {
			yield(Entry{}, s.ledgerErr)
		}
	}
}

func (s *site) Stored(context.Context) (uint64, error) { return s.stored, s.storedErr }
func (s *site) Died() <-chan error                     { return s.died }
func (s *site) Close() error                           { s.isClosed = true; return s.closeErr }

// A watcher is an Observer that keeps everything. It has no lock: the race
// detector finds calls from two goroutines at a time.
type watcher struct {
	steps, working []string
	lives          []Live
	points         []result.Point
}

func (w *watcher) Step(text string)     { w.steps = append(w.steps, text) }
func (w *watcher) Working(text string)  { w.working = append(w.working, text) }
func (w *watcher) Live(l Live)          { w.lives = append(w.lives, l) }
func (w *watcher) Point(p result.Point) { w.points = append(w.points, p) }

// A study under test and what it left.
type outcome struct {
	err     error
	dir     string
	watcher *watcher
	run     result.Run
	summary result.Summary
	rows    []result.Row
}

// conduct runs a study in virtual time and reads its folder. after, where not
// nil, is called once the network is up and may arrange for events to come.
func conduct(t *testing.T, s scenario.Scenario, at *site, arrange func(interrupt context.CancelFunc)) (o outcome) {
	t.Helper()
	o = outcome{dir: filepath.Join(t.TempDir(), "r1"), watcher: &watcher{}}
	if err := os.Mkdir(o.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if arrange != nil {
			arrange(cancel)
		}
		cfg := Config{Scenario: s, Lab: at, Dir: o.dir, ID: "r1", Versions: map[string]string{"meterbench": "test"}, Observer: o.watcher}
		o.err = run(ctx, cfg, func() (result.Host, error) { return result.Host{Cores: 2, Sign: 25e-6, Verify: 60e-6}, nil })
	})
	if _, err := os.Stat(o.dir); os.IsNotExist(err) {
		return o
	}
	stored, err := result.Open(o.dir)
	if err != nil {
		t.Fatalf("after %v: %v", o.err, err)
	}
	o.run, o.summary = stored.Run, stored.Summary
	for row, err := range stored.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		o.rows = append(o.rows, row)
	}
	if !at.isClosed {
		t.Error("the site was left open")
	}
	for _, p := range o.summary.Points {
		var sum uint64
		for _, n := range p.Outcomes {
			sum += n
		}
		if sum != p.Scheduled || sum == 0 {
			t.Errorf("%s: %d scheduled, outcomes %v", p.Series, p.Scheduled, p.Outcomes)
		}
	}
	return o
}

// closed and open return series of a plain workload.
func closed(name string, hold time.Duration, clients ...int) scenario.Series {
	return scenario.Series{Name: name, Workload: plain, Load: scenario.Load{Kind: "closed", Clients: clients, Hold: hold, Wait: "commit"}}
}

func open(name string, hold time.Duration, rates ...float64) scenario.Series {
	return scenario.Series{Name: name, Workload: plain, Load: scenario.Load{Kind: "open", Rate: rates, Slots: 100, Hold: hold, Wait: "commit"}}
}

var plain = scenario.Workload{Kind: "plain", Length: 1, Meters: 3, Verify: true}

func series(s ...scenario.Series) scenario.Scenario {
	return scenario.Scenario{Name: "test", Series: s, Warmup: time.Second, Repeat: 1, Seed: 5, Source: "name: test\n"}
}

// has reports whether a warning of the run reads so.
func (o outcome) has(warning string) bool { return slices.Contains(o.summary.Warnings, warning) }
