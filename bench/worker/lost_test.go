package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/race"
)

// The ways in which a worker ceases to do its part.
type way string

const (
	dies  way = "dies"  // its connection ends
	hangs way = "hangs" // it says nothing any more
	fails way = "fails" // it says that it cannot
)

// noticed is within what a lost peer is noticed in tests, on a machine that is full.
const noticed = 30 * time.Second

// A puppet is a worker that makes no transactions and leaves off at an order, in one of the ways.
type puppet struct {
	rank Rank
	at   string // the order's name, see name; empty: before its hello
	way  way

	ahead time.Duration // of what has passed of a level it says that it has
}

// name returns what an order asks for, empty where it is a sign of life or a piece.
func (o *order) name() string {
	for name, is := range map[string]bool{
		"welcome": o.Welcome, "refused": o.Refused != "", "open": o.Open, "prepare": o.Prepare != nil, "level": o.Level != nil, "start": o.Start != nil,
		"over": o.Over, "stop": o.Stop, "entries": o.Entries, "close": o.Close, "bye": o.Bye,
	} {
		if is {
			return name
		}
	}
	return ""
}

// join joins a coordinator and returns the puppet's end of the stream, which ends with the test.
func join(t *testing.T, addr string) (grpc.BidiStreamingClient[report, order], *grpc.ClientConn) {
	secured, err := keys().worker.client()
	if err != nil {
		t.Fatal(err)
	}
	coded, err := newCodec()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(credentials.NewTLS(secured)),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(coded)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	stream, err := conn.NewStream(context.Background(), &described().Streams[0], joinMethod)
	if err != nil {
		t.Fatal(err)
	}
	return &grpc.GenericClientStream[report, order]{ClientStream: stream}, conn
}

func (p puppet) serve(t *testing.T, addr string) {
	stream, conn := join(t, addr)
	var mu sync.Mutex
	hung := false
	send := func(r *report) {
		mu.Lock()
		defer mu.Unlock()
		if !hung {
			stream.Send(r) // an error is the end of the stream
		}
	}
	leave := func(r *report) {
		switch p.way {
		case dies:
			conn.Close()
		case fails:
			send(r)
		}
		mu.Lock()
		defer mu.Unlock()
		hung = true
	}
	if p.at == "" {
		return
	}
	send(&report{Hello: greeting(p.rank, "v1")})
	var epoch time.Time
	go func() {
		for range time.Tick(200 * time.Millisecond) {
			mu.Lock()
			at := epoch
			mu.Unlock()
			if at.IsZero() {
				send(&report{})
			} else {
				send(&report{Live: &live{Elapsed: p.ahead + time.Since(at)}})
			}
		}
	}()
	for {
		o, err := stream.Recv()
		if err != nil {
			return
		}
		name := o.name()
		answers := map[string]*report{
			"open": {Done: &done{}}, "prepare": {Done: &done{}}, "entries": {Done: &done{}}, "close": {Done: &done{}},
			"level": {Ready: &ready{Half: time.Millisecond}}, "start": {Held: true}, "over": {Results: &results{Failed: "its target has gone"}},
			"stop": {Results: &results{Failed: "it was stopped"}},
		}
		if name == p.at {
			refusal := &report{Done: &done{Failed: "its disk is full"}}
			if name == "level" || name == "over" {
				refusal = &report{Results: &results{Failed: "its disk is full"}}
			}
			leave(refusal)
		}
		if name == "start" {
			mu.Lock()
			epoch = time.Now()
			mu.Unlock()
		}
		if a := answers[name]; a != nil {
			send(a)
		}
	}
}

// withPuppet returns a crew of a worker and a puppet.
func withPuppet(t *testing.T, min int, p puppet) *crew {
	return gather(t, 2, setting{min: min, puppet: &p})
}

// A worker that dies, hangs or fails before a level ends the run, in words that name it and say why; where it is lost and enough are left
// the others make all of the load.
func TestLostBeforeLevel(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"open", "prepare", "level"} {
		for _, how := range []way{dies, hangs, fails} {
			for _, min := range []int{0, 1} {
				t.Run(fmt.Sprintf("%s %s min=%d", at, how, min), func(t *testing.T) {
					if testing.Short() && how == hangs && at != "prepare" {
						t.Skip("it takes a while until silence is noticed")
					}
					t.Parallel()
					c := withPuppet(t, min, puppet{rank: Rank{1, 2}, at: at, way: how})
					key, plan := open(100, time.Second)
					to := &sink{}
					begun := time.Now()
					s, err := c.start(t)
					var results []bench.Result
					if err == nil {
						results, _, err = s.RunTogether(t.Context(), level(key, plan, to, nil), bench.Watch{})
					}
					if took := time.Since(begun); took > noticed {
						t.Errorf("noticed after %v", took)
					}
					why := map[way]string{dies: "its connection broke", hangs: "has not answered for 2.5s", fails: "its disk is full"}[how]
					if min == 1 && how != fails {
						if all := s.Facts().Warnings; len(all) != 1 || all[0].Code != result.FewerWorkers || !strings.Contains(all[0].Text, why) {
							t.Errorf("warnings: %v", all)
						}
						if err != nil || results[0].Partial || len(to.all) < 50 {
							t.Errorf("%v, %+v, %d records", err, results, len(to.all))
						}
						return
					}
					if err == nil || !strings.Contains(err.Error(), "worker 1 on ") || !strings.Contains(err.Error(), why) || len(to.all) > 0 {
						t.Errorf("%v, %d records", err, len(to.all))
					}
					if lost, is := errors.AsType[*LostError](err); is != (how != fails) || is && !strings.Contains(lost.Error(), "with min=1") {
						t.Errorf("%T: %v", err, err)
					}
				})
			}
		}
	}
}

// A worker that is lost in a level ends it. What was measured until its last word stays, what it did not tell is counted as lost, and
// the next level runs with the others or not at all.
func TestLostInLevel(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	for _, at := range []string{"start", "over"} {
		for _, how := range []way{dies, hangs, fails} {
			if at == "start" && how == fails {
				continue // there is nothing to say then
			}
			for _, min := range []int{0, 1} {
				t.Run(fmt.Sprintf("%s %s min=%d", at, how, min), func(t *testing.T) {
					if testing.Short() && how == hangs && min == 0 {
						t.Skip("it takes a while until silence is noticed")
					}
					t.Parallel()
					c := withPuppet(t, min, puppet{rank: Rank{1, 2}, at: at, way: how})
					s, err := c.start(t)
					if err != nil {
						t.Fatal(err)
					}
					hold := time.Second
					if at == "start" {
						hold = 20 * time.Second
					}
					key, plan := open(100, hold)
					begun := time.Now()
					results, workers, err := s.RunTogether(t.Context(), level(key, plan, &sink{}, nil), bench.Watch{})
					if results == nil {
						t.Fatal(err)
					}
					if took := time.Since(begun); took > hold+noticed {
						t.Errorf("noticed after %v", took)
					}
					if lost := err != nil; lost != (min == 0 && how != fails) {
						t.Errorf("error %v", err)
					}
					r, loss := results[0], workers[1].Lost
					if !r.Partial || r.Held > plan.Hold || at == "start" && r.Held > time.Second || workers[0].Lost != nil || loss == nil {
						t.Fatalf("%+v, %+v", r, loss)
					}
					if strings.Contains(loss.Why, "worker 1 on ") || loss.Received != 0 || at == "over" && (loss.Scheduled < 20 || loss.Scheduled > 80) {
						t.Errorf("%+v", loss)
					}
					if r.Next < plan.First+loss.Scheduled {
						t.Errorf("numbers go on with %d, though %d were sent", r.Next, loss.Scheduled)
					}
					if how == fails {
						return
					}
					plan.First, plan.Hold = r.Next, time.Second
					results, workers, err = s.RunTogether(t.Context(), level(key, plan, &sink{}, nil), bench.Watch{})
					if min == 0 {
						if _, is := errors.AsType[*LostError](err); !is || results != nil {
							t.Errorf("%v, %+v", err, results)
						}
						return
					}
					if err != nil || results[0].Partial || results[0].Counts[result.Valid] < 50 || len(workers) != 1 {
						t.Errorf("%v, %+v", err, results)
					}
				})
			}
		}
	}
}

// A level ends also with a worker that was lost far beyond it, by what it said.
func TestLostInTheFuture(t *testing.T) {
	t.Parallel()
	c := withPuppet(t, 1, puppet{rank: Rank{1, 2}, at: "over", way: dies, ahead: 1 << 61})
	s, err := c.start(t)
	if err != nil {
		t.Fatal(err)
	}
	key, plan := open(100, 2*time.Second)
	results, workers, err := s.RunTogether(t.Context(), level(key, plan, &sink{}, nil), bench.Watch{})
	if err != nil || workers[1].Lost == nil || !results[0].Partial || results[0].Held > plan.Hold || results[0].Next > 10_000 {
		t.Errorf("%v, %+v, %+v", err, results, workers)
	}
}

// A worker that cannot be reached any more, and one that a person ends, are lost, and end by themselves.
func TestCutOff(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	for name, cut := range map[string]func(*crew){
		"cut off":     func(c *crew) { c.proxies[1].freeze() },
		"killed":      func(c *crew) { c.proxies[1].kill() },
		"interrupted": func(c *crew) { c.cancel[1]() },
		"reported":    func(c *crew) { c.Ended(1, errors.New("it ended: signal: killed")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := gather(t, 3, setting{min: 2})
			s, err := c.start(t)
			if err != nil {
				t.Fatal(err)
			}
			key, plan := open(300, 30*time.Second)
			to := &sink{}
			begin := func(time.Time) {
				go func() { // once it has sent more than a second of its 100 transactions per second
					for end := time.Now().Add(plan.Hold); to.of(1) < 150 && time.Now().Before(end); {
						time.Sleep(10 * time.Millisecond)
					}
					cut(c)
				}()
			}
			results, workers, err := s.RunTogether(t.Context(), level(key, plan, to, begin), bench.Watch{})
			if err != nil {
				t.Fatal(err)
			}
			r, loss := results[0], workers[1].Lost
			if loss == nil || !r.Partial || r.Held < time.Second || r.Held > plan.Hold/2 || loss.Until != r.Held {
				t.Fatalf("%+v, %+v", r, loss)
			}
			// What it had not sent is less than two seconds of them, four where the machine stalls.
			if missing := int(loss.Scheduled) - int(loss.Received); missing < 0 || missing > 450 || loss.Received < 150 {
				t.Errorf("%+v", loss)
			}
			if r.Counts.Total()+r.RunOut.Total() != uint64(len(to.all)) {
				t.Errorf("%d records, %d counted", len(to.all), r.Counts.Total())
			}
			switch err := c.ended(t, 1); {
			case name == "interrupted" && !errors.Is(err, context.Canceled), name != "interrupted" && !errors.Is(err, ErrGone):
				t.Errorf("the worker ended with %v", err)
			}
			if words := map[string]string{
				"cut off": "has not answered", "killed": "its connection broke", "interrupted": "it was ended: interrupted", "reported": "signal: killed",
			}[name]; !strings.Contains(loss.Why, words) {
				t.Errorf("%q, want %q", loss.Why, words)
			}
			// Its simulated ledger is gone with it.
			if _, _, err := s.Stored(t.Context()); err == nil || !strings.Contains(err.Error(), "ledger of worker 1") {
				t.Errorf("stored: %v", err)
			}
		})
	}
}

// Numbers go on beyond all that a lost worker took, of which it may have told nothing, and that it takes until it notices.
func TestNumbersGoOnBeyondLost(t *testing.T) {
	t.Parallel()
	const ms, hold = time.Millisecond, 30 * time.Second
	arrivals, plan := open(300, hold)
	oneRow := plan // of numbers, for hold and run-out
	oneRow.Spare = 0
	clients, closed := closed(6, hold)
	for _, tt := range []struct {
		name  string
		key   result.LevelKey
		plan  bench.Plan
		cut   func(*proxy)
		after time.Duration
		ahead bool // the others are slower
	}{
		{"arrivals, killed at once", arrivals, plan, (*proxy).kill, 50 * ms, false},
		{"arrivals, killed", arrivals, plan, (*proxy).kill, 2500 * ms, false},
		{"arrivals, cut off", arrivals, plan, (*proxy).freeze, 800 * ms, false},
		{"arrivals in one row, killed", arrivals, oneRow, (*proxy).kill, 800 * ms, false},
		{"clients, killed at once", clients, closed, (*proxy).kill, 50 * ms, true},
		{"clients, killed before their first word", clients, closed, (*proxy).kill, 800 * ms, true},
		{"clients, killed", clients, closed, (*proxy).kill, 2500 * ms, true},
		{"clients, cut off", clients, closed, (*proxy).freeze, 800 * ms, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var last atomic.Uint64
			c := gather(t, 3, setting{min: 2, open: func(s *station) {
				if tt.ahead && s.opening.Rank != 1 {
					s.target = slowed{s.target}
				}
				s.took = func(seq uint64) {
					for before := last.Load(); seq > before && !last.CompareAndSwap(before, seq); before = last.Load() {
					}
				}
			}})
			s, err := c.start(t)
			if err != nil {
				t.Fatal(err)
			}
			begin := func(at time.Time) { time.AfterFunc(time.Until(at)+tt.after, func() { tt.cut(c.proxies[1]) }) }
			results, workers, err := s.RunTogether(t.Context(), level(tt.key, tt.plan, &sink{}, begin), bench.Watch{})
			if err != nil || workers[1].Lost == nil {
				t.Fatalf("%v, %+v", err, workers)
			}
			c.ended(t, 1)
			// Who is killed at once may have taken none yet.
			if next := results[0].Next; tt.after > 2*time.Second && last.Load() == 0 || next <= last.Load() || next > 100*last.Load()+10_000 {
				t.Errorf("numbers go on with %d; %d was the last one", next, last.Load())
			}
		})
	}
}

// slowed is a target that takes four times as long.
type slowed struct{ bench.Target }

func (s slowed) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	time.Sleep(15 * time.Millisecond)
	return s.Target.Submit(ctx, tx)
}

// The ledger of a network is read however few workers are left; that of a simulated one is gone with its worker, and is said to be, unless
// that was lost before it made any load.
func TestLedgerOfLost(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		keep, early bool // stations have ledgers; worker 1 is lost before the only level
		ended       int  // workers that are lost after it
		want        string
	}{
		"of a network, all lost":            {false, false, 2, ""},
		"simulated, all lost":               {true, false, 2, "the simulated ledger of worker 0 on "},
		"simulated, one lost before levels": {true, true, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := gather(t, 2, setting{min: 1, as: func(_ int, cfg *ServeConfig) {
				if open := cfg.Open; !tt.keep {
					cfg.Open = func(ctx context.Context, o Opening) (Station, error) {
						s, err := open(ctx, o)
						return struct{ Station }{s}, err
					}
				}
			}})
			s, err := c.start(t)
			if err != nil {
				t.Fatal(err)
			}
			killed := errors.New("it ended: signal: killed")
			if tt.early {
				c.Ended(1, killed)
			}
			key, plan := closed(2, 300*time.Millisecond)
			if _, _, err := s.RunTogether(t.Context(), level(key, plan, &sink{}, nil), bench.Watch{}); err != nil {
				t.Fatal(err)
			}
			for rank := range tt.ended {
				c.Ended(rank, killed)
			}
			stored, _, read := s.Stored(t.Context())
			for _, err := range s.Ledger(t.Context(), func(*result.BlockRow) {}) {
				read = errors.Join(read, err)
			}
			if (tt.want != "") != (read != nil) || read != nil && !strings.Contains(read.Error(), tt.want) {
				t.Errorf("%v, want %q", read, tt.want)
			}
			if some := tt.keep && read == nil; some != (stored > 0) {
				t.Errorf("%d are stored", stored)
			}
		})
	}
}

// A worker whose coordinator goes, or hangs, ends by itself, whatever it is at.
func TestCoordinatorGone(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]func(*crew){
		"killed": func(c *crew) { c.server.Stop() },
		"hangs": func(c *crew) {
			for _, p := range c.proxies {
				p.freeze()
			}
		},
	} {
		for _, at := range []string{"idle", "preparing", "level"} {
			t.Run(name+" "+at, func(t *testing.T) {
				t.Parallel()
				preparing := make(chan bool, 2)
				c := gather(t, 2, setting{open: func(s *station) {
					if at == "preparing" {
						s.series = func(ctx context.Context) error {
							preparing <- true
							<-ctx.Done()
							return ctx.Err()
						}
					}
				}})
				var running sync.WaitGroup
				running.Go(func() {
					if at == "idle" {
						return
					}
					s, err := c.start(t)
					if err != nil {
						return
					}
					key, plan := open(100, time.Minute)
					s.RunTogether(t.Context(), level(key, plan, &sink{}, func(time.Time) { preparing <- true }), bench.Watch{})
				})
				if at != "idle" {
					<-preparing
				}
				gone(c)
				begun := time.Now()
				for rank := range 2 {
					if err := c.ended(t, rank); !errors.Is(err, ErrGone) {
						t.Errorf("worker %d: %v", rank, err)
					}
				}
				if took := time.Since(begun); took > noticed {
					t.Errorf("ended after %v", took)
				}
				running.Wait()
			})
		}
	}
}

// A person ends the run while workers prepare: they stop.
func TestInterruptedPreparing(t *testing.T) {
	t.Parallel()
	preparing, stopped := make(chan bool, 2), make(chan bool, 2)
	c := gather(t, 2, setting{open: func(s *station) {
		s.series = func(ctx context.Context) error {
			preparing <- true
			<-ctx.Done()
			stopped <- true
			return ctx.Err()
		}
	}})
	started, err := c.Lab(&host{}, "scenario", nil).Start(t.Context(), sessionOne, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	c.site = started
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-preparing
		<-preparing
		cancel(errors.New("a person"))
	}()
	if _, _, err := started.Series(ctx, seriesPlain, needNothing, func(string) {}); err == nil || err.Error() != "a person" {
		t.Error(err)
	}
	<-stopped
	<-stopped
}

// A connection on which one message takes longer than a peer may be silent loses nobody, whichever way the message goes.
func TestSlowConnection(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	const pace = 150_000                 // bytes per second
	const long = pace * (silent + 3) / 2 // bytes that take three beats longer than that
	c := gather(t, 1, setting{open: func(s *station) { s.target = instant{} }})
	c.proxies[0].pace.Store(pace)
	started, err := c.Lab(&host{}, "scenario", []File{{Name: "trace", Data: make([]byte, long)}}).Start(t.Context(), sessionOne, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	c.site = started
	if _, _, err := started.Series(t.Context(), seriesPlain, needNothing, func(string) {}); err != nil {
		t.Fatal(err)
	}
	to := &sink{}
	key, plan := open(float64(long/60), time.Second) // a record takes some 60 bytes
	results, workers, err := started.(*site).RunTogether(t.Context(), level(key, plan, to, nil), bench.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	if w := workers[0]; w.Lost != nil || results[0].Partial || results[0].Counts.Total()+results[0].RunOut.Total() != uint64(len(to.all)) {
		t.Errorf("lost %+v, partial %v, %d records", w.Lost, results[0].Partial, len(to.all))
	}
}

// A coordinator that is slow to take records makes workers wait, which they count; nobody is lost.
func TestSlowReader(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	c := gather(t, 1, setting{})
	s, err := c.start(t)
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add((silent + 3) * testBeat)
	to := &sink{block: func() { time.Sleep(time.Until(until)) }}
	key, plan := closed(64, 6*time.Second)
	key.Load.Think = 0
	c.mu.Lock()
	c.stations[0].target = instant{}
	c.mu.Unlock()
	results, workers, err := s.RunTogether(t.Context(), level(key, plan, to, nil), bench.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	if w := workers[0]; w.Lost != nil || w.Stalls[0] == 0 || results[0].Counts.Total()+results[0].RunOut.Total() != uint64(len(to.all)) {
		t.Errorf("%d stalls, lost %v, %d records", w.Stalls[0], w.Lost, len(to.all))
	}
}

// instant is a target that takes no time.
type instant struct{}

func (instant) Submit(context.Context, bench.Transaction) (bench.Receipt, error) {
	now := time.Now()
	return bench.Receipt{TxID: [32]byte{1}, Endorsed: now, Submitted: now, Committed: now, Outcome: result.Valid}, nil
}

// What a worker cannot open is named with the worker, once, and is a mistake of the user's where it is one at the worker.
func TestCannotOpen(t *testing.T) {
	t.Parallel()
	host := greeting(Rank{}, "").Host
	for name, tt := range map[string]struct {
		failed  error
		want    string
		mistake bool
	}{
		"a mistake": {InputErrorf("worker 1 on %s does not reach the peer", host), "worker 1 on " + host + " does not reach the peer", true},
		"a failure": {errors.New("no memory"), "worker 1 on " + host + ": no memory", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := gather(t, 2, setting{as: func(rank int, cfg *ServeConfig) {
				open := cfg.Open
				cfg.Open = func(ctx context.Context, o Opening) (Station, error) {
					if rank == 1 {
						return nil, tt.failed
					}
					return open(ctx, o)
				}
			}})
			_, err := c.start(t)
			if err == nil || err.Error() != tt.want || mistaken(err) != tt.mistake {
				t.Errorf("%v is a mistake: %v, want %q, %v", err, mistaken(err), tt.want, tt.mistake)
			}
		})
	}
}

// A notingHost notes when it starts.
type notingHost struct {
	host
	started time.Time
}

func (h *notingHost) Start(context.Context, study.Session, func(string)) (study.Site, error) {
	h.started = time.Now()
	return h, nil
}

// The set-up of what comes after a level that lost a worker waits until that worker surely sends nothing any more, as the next level does.
func TestSetUpWaitsForLost(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	c := withPuppet(t, 1, puppet{rank: Rank{1, 2}, at: "start", way: dies})
	s, err := c.start(t)
	if err != nil {
		t.Fatal(err)
	}
	key, plan := open(100, 20*time.Second)
	begun := time.Now()
	_, workers, err := s.RunTogether(t.Context(), level(key, plan, &sink{}, nil), bench.Watch{})
	if err != nil || workers[1].Lost == nil {
		t.Fatalf("%v, %+v", err, workers)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var said []string
	next := &notingHost{}
	c.site, err = c.Lab(next, "scenario", nil).Start(t.Context(), study.Session{Number: 2}, func(text string) { said = append(said, text) })
	if err != nil {
		t.Fatal(err)
	}
	if waited, least := next.started.Sub(begun), lasting*testBeat+drained; waited < least {
		t.Errorf("the set-up began %v after the level, which lost a worker: want %v at least", waited, least)
	}
	if len(said) == 0 || !strings.HasPrefix(said[0], "wait ") {
		t.Errorf("said: %q", said)
	}
}

// Nothing is set up for a session for which too few workers are left.
func TestNoSetUpWithoutWorkers(t *testing.T) {
	t.Parallel()
	c := gather(t, 2, setting{})
	c.Ended(1, errors.New("it ended: signal: killed"))
	c.Coordinator.mu.Lock()
	gone := c.members[1].gone
	c.Coordinator.mu.Unlock()
	<-gone
	next := &notingHost{}
	_, err := c.Lab(next, "scenario", nil).Start(t.Context(), sessionOne, func(string) {})
	if _, lost := errors.AsType[*LostError](err); !lost || !next.started.IsZero() {
		t.Errorf("%v, set up at %v", err, next.started)
	}
}
