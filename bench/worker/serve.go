package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"meterbench/bench"
	"meterbench/internal/alarm"
	"meterbench/internal/printable"
	"meterbench/internal/proc"
)

// ServeConfig holds the arguments of Serve.
type ServeConfig struct {
	Address     string // HOST:PORT of the coordinator
	Rank        Rank
	Credentials Credentials
	Version     string // of the program, which must be the coordinator's
	Open        Open
	Working     func(text string) // called with what is going on, by one goroutine at a time; nil for nobody
	// Patience is how long the coordinator may take to listen. 0 stands for DefaultPatience.
	Patience time.Duration

	skew time.Duration // of the wall clock, see clock
	beat time.Duration // 0: usualBeat
}

// DefaultPatience is how long a worker waits for the coordinator to listen: launchers start both at about the same time.
const DefaultPatience = time.Minute

// ErrGone is why Serve ended that lost its coordinator.
var ErrGone = errors.New("the coordinator has gone")

// Serve joins a coordinator and makes the load that it asks for, until it says that the run is over, which is no error. With ctx it
// leaves. Whatever ends it, nothing is left running: its station is closed.
func Serve(ctx context.Context, cfg ServeConfig) error {
	if err := cfg.Rank.Check(); err != nil {
		return InputError{err}
	}
	cfg.beat = cmp.Or(cfg.beat, usualBeat)
	secured, err := cfg.Credentials.client()
	if err != nil {
		return err
	}
	if err := cfg.reach(ctx); err != nil {
		return err
	}
	coded, err := newCodec()
	if err != nil {
		return err
	}
	patient := grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: greeted * cfg.beat}
	secure := &handshakes{TransportCredentials: credentials.NewTLS(secured)}
	heard := new(hearing)
	conn, err := grpc.NewClient("passthrough:///"+cfg.Address,
		grpc.WithTransportCredentials(secure), grpc.WithNoProxy(), grpc.WithConnectParams(patient), grpc.WithContextDialer(heard.dial),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(coded), grpc.MaxCallRecvMsgSize(mostMessage), grpc.MaxCallSendMsgSize(mostMessage)))
	if err != nil {
		return fmt.Errorf("coordinator at %s: %w", cfg.Address, err)
	}
	defer conn.Close()
	alarmed, err := alarm.New()
	if err != nil {
		return err
	}
	defer alarmed.Close()
	// The stream outlives ctx by the time that it takes to say so.
	connected, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	interrupted := context.AfterFunc(ctx, hangUp)
	opened, err := conn.NewStream(connected, &described().Streams[0], joinMethod)
	switch {
	case !interrupted():
		return context.Cause(ctx)
	case err != nil:
		return cfg.explain(err, secure.failed.Load())
	}
	s := &server{
		ServeConfig: cfg, clock: clock{time.Now(), cfg.skew}, alarm: alarmed, orders: make(chan task, room),
		workloads: map[string]bench.Workload{}, stop: func() {},
		ask: func(ctx context.Context) (r clockReading, err error) {
			return r, conn.Invoke(ctx, clockMethod, &clockRequest{}, &r)
		},
	}
	s.line = newLine(&grpc.GenericClientStream[report, order]{ClientStream: opened}, cfg.beat, heard, func() *report { return new(report) })
	return s.serve(ctx)
}

// A server is a worker that has a stream to its coordinator.
type server struct {
	ServeConfig
	clock  clock
	alarm  alarm.Clock
	ask    func(context.Context) (clockReading, error)
	line   *line[report, order]
	orders chan task // to be carried out one after the other

	connected context.Context // until the line has ended
	hangUp    context.CancelFunc

	mu      sync.Mutex
	stop    context.CancelFunc // ends the newest order
	level   *others            // of the newest order, if that is a level
	welcome bool
	pieces  []byte // of the whole that the next order needs

	// What follows belongs to the goroutine that carries out orders.
	station   Station
	workloads map[string]bench.Workload
}

// A task is an order with what it needs.
type task struct {
	*order
	ctx    context.Context
	end    context.CancelFunc // of ctx
	whole  []byte
	others *others // of a level
}

// The ends of a worker's line that are none of its coordinator's.
var (
	errBye     = errors.New("the run is over")
	errRefused = errors.New("the coordinator does not take this worker")
)

func (s *server) serve(ctx context.Context) error {
	ending := context.AfterFunc(ctx, func() {
		s.line.last(&report{Leaving: printable.Line(context.Cause(ctx).Error())})
		s.line.end(context.Cause(ctx))
	})
	defer ending()
	working, stop := context.WithCancel(ctx)
	s.connected, s.hangUp = context.WithCancel(context.WithoutCancel(ctx))
	var carrying sync.WaitGroup
	carrying.Go(func() { s.carryOut(working) })
	s.line.post(&report{Hello: greeting(s.Rank, s.Version)})
	s.line.run(func(o *order) error { return s.receive(working, o) })
	stop()
	s.hangUp()
	carrying.Wait()
	var closing error
	if s.station != nil {
		closing = s.station.Close()
	}
	_, silence := errors.AsType[silentError](s.line.why)
	switch why := s.line.why; {
	case errors.Is(why, errBye):
		return closing
	case errors.Is(why, errRefused), ctx.Err() != nil:
		return errors.Join(why, closing)
	case silence:
		return errors.Join(fmt.Errorf("%w: %s: %w", ErrGone, s.Address, why), closing)
	case !s.welcome:
		return s.explain(why, nil)
	default:
		return errors.Join(fmt.Errorf("%w: %s: %s", ErrGone, s.Address, printable.Line(status.Convert(why).Message())), closing)
	}
}

// greeting says who this process is.
func greeting(rank Rank, version string) *hello {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &hello{Rank: rank, Version: version, Host: host, PID: os.Getpid(), Boot: bootID(), Machine: proc.Describe()}
}

// bootID tells this machine from others, whatever they are called. It is empty where the kernel does not say.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

// receive takes one order. What concerns the one before is done at once, all else in turn, as long as ctx has not ended.
func (s *server) receive(ctx context.Context, o *order) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case o.Welcome:
		s.welcome = true
	case o.Refused != "":
		refused := fmt.Errorf("%w: %s", errRefused, printable.Line(o.Refused))
		if o.Late {
			return refused
		}
		return InputError{refused}
	case o.Bye:
		return errBye
	case o.Stop:
		s.stop()
	case o.Alive != 0 && s.level != nil:
		s.level.lease.renew(o.Alive)
	case o.Start != nil && s.level != nil:
		s.level.begin(o.Start.At)
	case o.Over && s.level != nil:
		s.level.over()
	case o.Piece != nil:
		if s.pieces = append(s.pieces, o.Piece...); len(s.pieces) > mostPieces {
			return fmt.Errorf("the coordinator sends more than %d MB at once", mostPieces>>20)
		}
	case o.Open, o.Prepare != nil, o.Level != nil, o.Entries, o.Account, o.Close:
		t := task{order: o, whole: s.pieces}
		t.ctx, t.end = context.WithCancel(ctx)
		s.stop, s.pieces, s.level = t.end, nil, nil
		if o.Level != nil {
			t.others = newOthers(s)
			s.level = t.others
		}
		select {
		case s.orders <- t:
		default:
			return errors.New("the coordinator gives orders faster than they can be carried out")
		}
	}
	return nil
}

// carryOut carries out orders, one after the other, until ctx ends.
func (s *server) carryOut(ctx context.Context) {
	for {
		var o task
		select {
		case o = <-s.orders:
		case <-ctx.Done():
			return
		}
		if o.Level != nil {
			s.line.post(&report{Results: s.run(o)})
			o.end()
			continue
		}
		var d done
		if err := s.carry(o, &d); err != nil {
			_, mistake := errors.AsType[InputError](err)
			d = done{Failed: shortened(err.Error()), Input: mistake}
		}
		s.line.post(&report{Done: &d})
		o.end()
	}
}

// shortened returns a text that fits into a message.
func shortened(text string) string { return strings.ToValidUTF8(text[:min(len(text), mostText)], "") }

// carry carries out an order other than a level. What is to be said in the end it puts into d.
func (s *server) carry(o task, d *done) (err error) {
	working := func(text string) {
		s.line.post(&report{Working: shortened(text)})
		if s.Working != nil {
			s.Working(text)
		}
	}
	switch {
	case o.Open:
		coded, err := newCodec()
		if err != nil {
			return err
		}
		var opening Opening
		if err := coded.decode.Unmarshal(o.whole, &opening); err != nil {
			return fmt.Errorf("the coordinator's opening: %w", err)
		}
		if s.station != nil {
			return errors.New("the station before is open still")
		}
		s.station, err = s.Open(o.ctx, opening)
		_, d.Keeper = s.station.(Keeper)
		s.workloads = map[string]bench.Workload{}
		return err
	case s.station == nil && o.Close:
		return nil // it did not open
	case s.station == nil:
		return errors.New("no station is open")
	case o.Prepare != nil:
		var workload bench.Workload
		if workload, d.Prepared, err = s.station.Series(o.ctx, o.Prepare.Series, o.Prepare.Need, o.whole, working); err == nil {
			s.workloads[o.Prepare.Series] = workload
		}
		return err
	case o.Entries:
		return s.sendEntries(o.ctx)
	case o.Account:
		if accountant, ok := s.station.(Accountant); ok {
			d.Account, err = accountant.Account()
		}
		return err
	case o.Close:
		station := s.station
		s.station = nil
		return station.Close()
	}
	return nil
}

// sendEntries sends what is on the ledger of the station, if it has one.
func (s *server) sendEntries(ctx context.Context) error {
	keeper, ok := s.station.(Keeper)
	if !ok {
		return nil
	}
	var some []bench.Entry
	for e, err := range keeper.Entries(ctx) {
		if err != nil {
			return err
		}
		if some = append(some, e); len(some) == mostEntries {
			if !s.line.post(&report{Entries: some}) {
				return s.line.why
			}
			some = nil
		}
	}
	if some != nil {
		s.line.post(&report{Entries: some})
	}
	return nil
}
