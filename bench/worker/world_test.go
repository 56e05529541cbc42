package worker

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/internal/alarm"
	"meterbench/internal/proc"
	"meterbench/internal/random"
)

// testBeat makes tests shorter.
const testBeat = 500 * time.Millisecond

// keys are credentials made once for all tests.
var keys = sync.OnceValue(func() (k struct{ coordinator, worker Credentials }) {
	coordinator, worker, _, err := NewCredentials()
	if err != nil {
		panic(err)
	}
	if k.coordinator, err = ParseCredentials(coordinator); err != nil {
		panic(err)
	}
	if k.worker, err = ParseCredentials(worker); err != nil {
		panic(err)
	}
	return k
})

// A host is the coordinator's site of a test. What it has not is not asked for.
type host struct {
	study.Site
	handover error
}

func (h *host) FE(context.Context, scenario.FE, func(string)) ([]result.FECost, error) {
	return nil, nil
}
func (h *host) Start(context.Context, study.Session, func(string)) (study.Site, error) { return h, nil }
func (h *host) Handover(context.Context) ([]byte, error)                               { return make([]byte, 3<<20), h.handover }
func (h *host) HandoverOf(_ context.Context, series string) ([]byte, error) {
	return []byte("of " + series), nil
}
func (h *host) Facts() study.Facts {
	return study.Facts{Target: result.TargetReference, TopologyJSON: []byte("{}")}
}
func (h *host) Incidents() <-chan result.Incident { return nil }
func (h *host) Close() error                      { return nil }
func (h *host) Series(context.Context, scenario.Series, study.Need, func(string)) (bench.Workload, result.Preparation, error) {
	return nil, result.Preparation{}, nil
}
func (h *host) Sample() (proc.Snapshot, error) {
	return proc.Snapshot{CPU: map[string]float64{proc.Client: 7}, RSS: map[string]uint64{proc.Client: 8}}, nil
}
func (h *host) Stored(context.Context) (uint64, bool, error) { return 0, true, nil }
func (h *host) Ledger(context.Context, func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	return func(func(bench.Entry, error) bool) {}
}

// A station is a worker's in a test: a simulated ledger of its own.
type station struct {
	opening Opening
	target  bench.Target
	ledger  *reference.Ledger
	clock   *alarm.Alarm
	series  func(context.Context) error // called by Series
	keeps   bool
	took    func(seq uint64) // called with every number that the load took; nil: nobody is
	handed  []byte           // of the newest series

	mu      sync.Mutex
	entries []bench.Entry
	closed  bool
}

// newStation opens a station with a ledger whose transactions take 5 ms.
func newStation(o Opening) (s *station, err error) {
	s = &station{opening: o, series: func(context.Context) error { return nil }, keeps: true}
	if s.clock, err = alarm.New(); err != nil {
		return nil, err
	}
	stage := reference.Stage{Servers: 100, Service: reference.Distribution{Kind: reference.Exponential, Mean: 5 * time.Millisecond}}
	s.ledger, err = reference.New(reference.Config{Endorse: &stage, Seed: o.Seed}, s.clock, func(x reference.True) {
		if !x.Committed.IsZero() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.entries = append(s.entries, bench.Entry{TxID: x.TxID, Outcome: x.Outcome})
		}
	})
	s.target = s.ledger
	return s, err
}

func (s *station) Target() bench.Target { return s.target }

func (s *station) Series(ctx context.Context, series string, _ study.Need, handover []byte, working func(string)) (bench.Workload, result.Preparation, error) {
	working("make readings")
	s.handed = handover
	if !bytes.HasPrefix(handover, []byte("of "+series)) {
		return nil, result.Preparation{}, errors.New("the handover of another series")
	}
	made := result.Preparation{Ciphertexts: 3, Total: float64(1 + s.opening.Rank), Encrypt: result.Cost{P50: float64(s.opening.Rank)}}
	return workload{s}, made, s.series(ctx)
}

func (s *station) Arrivals(_ string, offered float64) (arrival.Process, error) {
	return arrival.Poisson{PerSecond: offered}, nil
}

func (s *station) Entries(context.Context) iter.Seq2[bench.Entry, error] {
	s.ledger.Close()
	return func(yield func(bench.Entry, error) bool) {
		for _, e := range s.entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (s *station) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return s.clock.Close()
}

type workload struct{ of *station }

func (w workload) Transaction(_ context.Context, seq uint64) (bench.Transaction, error) {
	if w.of.took != nil {
		w.of.took(seq)
	}
	return bench.Transaction{}, nil
}

// A proxy is between a worker and its coordinator.
type proxy struct {
	net.Listener
	to string

	mu     sync.Mutex
	conns  []net.Conn
	pace   atomic.Int64 // bytes per second in each direction; 0: no limit
	frozen chan struct{}
	once   sync.Once
}

func newProxy(t *testing.T, to string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, to: to, frozen: make(chan struct{})}
	t.Cleanup(func() { l.Close(); p.kill() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, in, out)
			p.mu.Unlock()
			go p.copy(in, out)
			go p.copy(out, in)
		}
	}()
	return p
}

func (p *proxy) copy(to, from net.Conn) {
	buf := make([]byte, 8<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-p.frozen: // and what is open stays so
			return
		default:
		}
		if pace := p.pace.Load(); pace > 0 {
			time.Sleep(time.Duration(n) * time.Second / time.Duration(pace))
		}
		if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
			to.Close()
			from.Close()
			return
		}
	}
}

// freeze lets nothing through any more, as a machine that cannot be reached or a process that is stopped.
func (p *proxy) freeze() { p.once.Do(func() { close(p.frozen) }) }

// kill ends the connections, as the end of a process does.
func (p *proxy) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
}

// A crew is a coordinator with workers in this process, each behind a proxy of its own.
type crew struct {
	*Coordinator
	site    study.Site // of a session
	proxies []*proxy   // by rank
	served  []chan error
	cancel  []context.CancelFunc

	mu       sync.Mutex
	stations map[int]*station // the newest, by rank
}

// A setting is how a crew of a test differs from others.
type setting struct {
	min  int
	open func(*station)                   // called with each station before it is used
	as   func(rank int, cfg *ServeConfig) // likewise with each worker's configuration

	puppet *puppet // in place of the worker of its rank
}

// gather returns a crew whose workers have joined. It ends with the test, which fails where anything is left open.
func gather(t *testing.T, size int, with setting) *crew {
	t.Helper()
	o, err := Listen(Config{Address: "127.0.0.1:0", Credentials: keys().coordinator, Size: size, Min: with.min, Version: "v1", beat: testBeat})
	if err != nil {
		t.Fatal(err)
	}
	c := &crew{Coordinator: o, stations: map[int]*station{}}
	for rank := range size {
		p := newProxy(t, o.Addr())
		if with.puppet != nil && with.puppet.rank.Number == rank {
			served := make(chan error, 1)
			go func() {
				with.puppet.serve(t, p.Addr().String())
				served <- nil
			}()
			c.proxies, c.served, c.cancel = append(c.proxies, p), append(c.served, served), append(c.cancel, func() {})
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		cfg := ServeConfig{
			Address: p.Addr().String(), Rank: Rank{rank, size}, Credentials: keys().worker, Version: "v1", beat: testBeat,
			Open: func(_ context.Context, o Opening) (Station, error) {
				s, err := newStation(o)
				if err == nil && with.open != nil {
					with.open(s)
				}
				c.mu.Lock()
				defer c.mu.Unlock()
				c.stations[rank] = s
				return s, err
			},
		}
		if with.as != nil {
			with.as(rank, &cfg)
		}
		served := make(chan error, 1)
		go func() { served <- Serve(ctx, cfg) }()
		c.proxies, c.served, c.cancel = append(c.proxies, p), append(c.served, served), append(c.cancel, cancel)
	}
	t.Cleanup(func() {
		if c.site != nil {
			c.site.Close()
		}
		o.Close()
		for rank := range size {
			c.cancel[rank]()
			c.ended(t, rank)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for rank, s := range c.stations {
			if s.mu.Lock(); !s.closed {
				t.Errorf("the station of worker %d is open still", rank)
			}
			s.mu.Unlock()
		}
	})
	if err := o.Gather(t.Context(), func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	return c
}

// ended waits until a worker has ended and returns why.
func (c *crew) ended(t *testing.T, rank int) error {
	t.Helper()
	select {
	case err := <-c.served[rank]:
		c.served[rank] <- err // for whoever asks next
		return err
	case <-time.After(20 * time.Second):
		t.Fatalf("worker %d has not ended", rank)
		return nil
	}
}

// start opens a session with the series that tests use.
func (c *crew) start(t *testing.T) (*site, error) {
	t.Helper()
	started, err := c.Lab(&host{}, "scenario", nil).Start(t.Context(), sessionOne, func(string) {})
	if err != nil {
		return nil, err
	}
	c.site = started
	_, _, err = started.Series(t.Context(), seriesPlain, needNothing, func(string) {})
	return started.(*site), err
}

var (
	sessionOne  = study.Session{Number: 1, Seed: 5}
	seriesPlain = scenario.Series{Name: "plain"}
	needNothing = study.Need{}
)

// A sink keeps records.
type sink struct {
	mu       sync.Mutex
	all      []result.Record
	attempts []result.Attempt
	block    func() // called by each Record
}

func (s *sink) Record(r result.Record) {
	if s.block != nil {
		s.block()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, r)
}

// of returns how many records there are of a worker.
func (s *sink) of(worker int) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.all {
		if int(r.Worker) == worker {
			n++
		}
	}
	return n
}

func (s *sink) Attempts(all []result.Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, all...)
}

// seed is that of all loads.
const seed = 3

// open returns an open load, and its key.
func open(rate float64, hold time.Duration) (result.LevelKey, bench.Plan) {
	l := result.Load{Kind: result.LoadOpen, Offered: rate, Slots: 2000}
	return result.LevelKey{Series: "plain", Repetition: 1, Load: l}, bench.Plan{
		Hold: hold, Slots: l.Slots, Arrivals: arrival.Poisson{PerSecond: rate}, Random: random.Stream{Seed: seed, Purpose: random.Arrivals}, First: 10, Spare: 1 << 20,
	}
}

// closed returns a closed load, and its key.
func closed(clients int, hold time.Duration) (result.LevelKey, bench.Plan) {
	l := result.Load{Kind: result.LoadClosed, Clients: clients}
	return result.LevelKey{Series: "plain", Repetition: 1, Load: l}, bench.Plan{Hold: hold, Clients: clients, Spread: hold / 10, First: 10}
}

// level returns a level of one load.
func level(key result.LevelKey, plan bench.Plan, to bench.Sink, begin func(time.Time)) study.CrewLevel {
	return study.CrewLevel{Keys: []result.LevelKey{key}, Loads: []bench.Load{{Plan: plan, Sink: to, Begin: begin}}}
}
