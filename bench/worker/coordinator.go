package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"meterbench/internal/listen"
	"meterbench/internal/printable"
)

// Config holds the arguments of Listen.
type Config struct {
	Address     string // HOST:PORT to listen on; with port 0 a free one
	Credentials Credentials
	Size        int    // processes that the launcher starts
	First       int    // rank of the first of them that is a worker: 1 where rank 0 is the coordinator, else 0
	Min         int    // workers with which a run goes on, or begins; 0: all
	Version     string // of the program, which must be that of every worker
	// Patience is how long workers may take to join after the first one has. 0 stands for DefaultPatience.
	Patience time.Duration

	beat time.Duration // 0: usualBeat
}

// Check returns an error where the numbers make no sense.
func (c Config) Check() error {
	workers := c.Size - c.First
	switch {
	case workers < 1 || workers > mostWorkers:
		return fmt.Errorf("%s; give 1 to %d", printable.Count(workers, "worker"), mostWorkers)
	case c.Min < 0 || c.Min > workers:
		return fmt.Errorf("min=%d of %s; give 1 to %d", c.Min, printable.Count(workers, "worker"), workers)
	}
	return nil
}

// workers returns how many there are.
func (c Config) workers() int { return c.Size - c.First }

// min returns how many there must be.
func (c Config) min() int { return cmp.Or(c.Min, c.workers()) }

// A Coordinator admits workers and has them make the load of a study.
type Coordinator struct {
	Config
	clock    clock
	listener net.Listener
	server   *grpc.Server
	serving  sync.WaitGroup

	mu      sync.Mutex
	members map[int]*member // by rank, the lost ones among them
	absent  map[int]error   // by rank, why those do not come that will not
	misfits []error         // of those who were refused for how they were started
	closed  bool            // nobody is admitted any more
	changed chan struct{}   // closed and replaced when something of the above changes
	joins   sync.WaitGroup

	quietAt time.Time // of the study's goroutine: no worker that a level has lost sends anything after it
}

// Listen returns a Coordinator that workers can join. Close ends it.
func Listen(c Config) (*Coordinator, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	c.beat = cmp.Or(c.beat, usualBeat)
	secured, err := c.Credentials.server()
	if err != nil {
		return nil, err
	}
	coded, err := newCodec()
	if err != nil {
		return nil, err
	}
	listener, err := listen.TCP(c.Address)
	if err != nil {
		return nil, InputErrorf("the address %s, at which workers join, %w", c.Address, err)
	}
	o := &Coordinator{
		Config: c, clock: clock{origin: time.Now()}, listener: listener, members: map[int]*member{}, absent: map[int]error{},
		changed: make(chan struct{}),
	}
	o.server = grpc.NewServer(
		grpc.Creds(hearingServer{credentials.NewTLS(secured)}), grpc.ForceServerCodecV2(coded), grpc.MaxRecvMsgSize(mostMessage), grpc.MaxSendMsgSize(mostMessage),
		grpc.ConnectionTimeout(greeted*c.beat), grpc.MaxConcurrentStreams(16),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: silent * c.beat, Timeout: silent * c.beat}), // of connections without a stream
	)
	o.server.RegisterService(described(), o)
	o.serving.Go(func() { o.server.Serve(listener) }) // ends with Close
	return o, nil
}

// Addr returns the address at which the Coordinator listens.
func (o *Coordinator) Addr() string { return o.listener.Addr().String() }

// readClock implements service.
func (o *Coordinator) readClock() clockReading {
	return clockReading{At: o.clock.at(), Wall: o.clock.wall()}
}

// change tells whoever waits that something has changed. The caller holds the lock.
func (o *Coordinator) change() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// join implements service.
func (o *Coordinator) join(stream joined) error {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return errors.New("the run is over")
	}
	o.joins.Add(1)
	o.mu.Unlock()
	defer o.joins.Done()
	line := newLine(stream, o.beat, heardOf(stream.Context()), func() *order { return &order{Alive: o.clock.at()} })
	var joined atomic.Pointer[member]
	line.run(func(r *report) error {
		if m := joined.Load(); m != nil {
			return m.receive(r)
		}
		if r.Hello == nil {
			return errors.New("a worker says who it is first")
		}
		m, err := o.admit(r.Hello, line)
		if err != nil {
			_, mistake := errors.AsType[InputError](err)
			line.last(&order{Refused: err.Error(), Late: !mistake})
			return err
		}
		joined.Store(m)
		line.post(&order{Welcome: true})
		select {
		case <-line.over: // meanwhile
			o.leave(m, line.why)
		default:
		}
		return nil
	})
	if m := joined.Load(); m != nil {
		o.leave(m, line.why)
	}
	return nil
}

// admit takes a worker in. The error says why not, for both sides.
func (o *Coordinator) admit(h *hello, on *line[order, report]) (*member, error) {
	for _, text := range []*string{&h.Host, &h.Version, &h.Machine.OS, &h.Machine.Kernel, &h.Machine.CPU, &h.Machine.Virtual} {
		*text = printable.Cut(*text, mostName)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.change()
	if err := o.check(h); err != nil {
		if _, mistake := errors.AsType[InputError](err); mistake && len(o.misfits) < mostNamed {
			o.misfits = append(o.misfits, err)
		}
		return nil, err
	}
	m := newMember(h, on)
	o.members[h.Rank.Number] = m
	return m, nil
}

// check returns why a worker cannot be taken in: an InputError, unless that is what became of the run.
func (o *Coordinator) check(h *hello) error {
	who := fmt.Sprintf("the worker on %s (process %d)", h.Host, h.PID)
	if h.Rank.Size == 0 {
		return InputErrorf("%s has rank %d without a size: start it by a launcher that says both, or with --rank and --size", who, h.Rank.Number)
	}
	if err := h.Rank.Check(); err != nil {
		return InputErrorf("%s has %w", who, err)
	}
	before, taken := o.members[h.Rank.Number]
	late := o.absent[h.Rank.Number]
	switch {
	case h.Rank.Size != o.Size:
		return InputErrorf("%s is one of %d processes, and the coordinator expects %d: start both with one number", who, h.Rank.Size, o.Size)
	case h.Rank.Number < o.First:
		return InputErrorf("%s has rank %d, which is the coordinator's: workers have ranks %d to %d", who, h.Rank.Number, o.First, o.Size-1)
	case h.Version != o.Version:
		return InputErrorf("%s is meterbench %s, and the coordinator is %s: use one program for both", who, h.Version, o.Version)
	case late != nil:
		return fmt.Errorf("%s has rank %d, without which the run goes on: %w", who, h.Rank.Number, late)
	case taken && before.lost() != nil:
		return fmt.Errorf("%s has rank %d, whose worker the run has lost: none comes back within a run", who, h.Rank.Number)
	case taken:
		return InputErrorf("%s has rank %d, as that on %s (process %d): give every worker a rank of its own", who, h.Rank.Number, before.Host, before.PID)
	}
	return nil
}

// leave notes that a worker has left.
func (o *Coordinator) leave(m *member, why error) {
	m.end(why)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.change()
}

// Ended says that the process of a worker has ended, or could not be started, and why, as its launcher knows before the connection tells.
func (o *Coordinator) Ended(rank int, why error) {
	o.mu.Lock()
	m := o.members[rank]
	if m == nil {
		o.absent[rank] = why
	}
	o.change()
	o.mu.Unlock()
	if m != nil {
		m.line.end(why)
	}
}

// Lost returns the ranks of the workers that joined and are lost. Those that Close sends home are, too, after it.
func (o *Coordinator) Lost() (ranks []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for rank, m := range o.members {
		if m.lost() != nil {
			ranks = append(ranks, rank)
		}
	}
	return ranks
}

// Gather waits until all workers have joined, or, once they have had time to, as many as there must be. It says by waiting, called at
// every change, how many have. The error names who was refused, or does not come.
func (o *Coordinator) Gather(ctx context.Context, waiting func(joined, of int)) error {
	var late <-chan time.Time
	for said := -1; ; {
		o.mu.Lock()
		here, gone, changed, misfit := o.present(), o.gone(), o.changed, errors.Join(o.misfits...)
		o.mu.Unlock()
		if misfit != nil {
			return misfit
		}
		if n := len(here); n != said {
			said = n
			waiting(n, o.workers())
			if n > 0 && late == nil {
				late = time.After(o.patience())
			}
		}
		if o.workers()-gone < o.min() || len(here)+gone == o.workers() {
			return o.enough(here)
		}
		select {
		case <-changed:
		case <-late:
			return o.enough(o.goOnWithout())
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (o *Coordinator) patience() time.Duration { return cmp.Or(o.Patience, DefaultPatience) }

// goOnWithout notes that those who have not joined are too late, and returns those who have.
func (o *Coordinator) goOnWithout() []*member {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, rank := range o.missing() {
		if o.members[rank] == nil && o.absent[rank] == nil {
			o.absent[rank] = fmt.Errorf("it did not join within %v of the first one", o.patience())
		}
	}
	return o.present()
}

// gone returns how many workers will not come, or come back. The caller holds the lock.
func (o *Coordinator) gone() (n int) {
	for _, rank := range o.missing() {
		if o.members[rank] != nil || o.absent[rank] != nil {
			n++
		}
	}
	return n
}

// present returns the workers that are there, in order. The caller holds the lock.
func (o *Coordinator) present() (here []*member) {
	for _, m := range o.members {
		if m.lost() == nil {
			here = append(here, m)
		}
	}
	slices.SortFunc(here, func(a, b *member) int { return cmp.Compare(a.Rank.Number, b.Rank.Number) })
	return here
}

// missing returns the ranks of workers that are not there, in order. The caller holds the lock.
func (o *Coordinator) missing() (ranks []int) {
	for rank := o.First; rank < o.Size; rank++ {
		if m := o.members[rank]; m == nil || m.lost() != nil {
			ranks = append(ranks, rank)
		}
	}
	return ranks
}

// crew returns the workers that are there, in order. The error is that they are too few.
func (o *Coordinator) crew() ([]*member, error) {
	o.mu.Lock()
	here := o.present()
	o.mu.Unlock()
	return here, o.enough(here)
}

// mostNamed is the most workers that an error says something about.
const mostNamed = 3

// enough returns an error where fewer workers are there than must be, which says what became of the others.
func (o *Coordinator) enough(here []*member) error {
	if len(here) >= o.min() {
		return nil
	}
	gone := o.departed()
	hint := ""
	if o.Min == 0 && len(here) > 0 {
		hint = fmt.Sprintf("; with min=%d the run would go on", len(here))
	}
	return &LostError{fmt.Sprintf("%d of %d workers are there, fewer than %d: %s%s", len(here), o.workers(), o.min(), strings.Join(gone, "; "), hint)}
}

// departed says of workers that are not there what became of them, of some where they are many.
func (o *Coordinator) departed() (gone []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	missing := o.missing()
	for _, rank := range missing {
		switch m := o.members[rank]; {
		case m != nil:
			gone = append(gone, fmt.Sprintf("%s: %v", m, m.lost()))
		case o.absent[rank] != nil:
			gone = append(gone, fmt.Sprintf("worker %d: %v", rank, o.absent[rank]))
		default:
			gone = append(gone, fmt.Sprintf("worker %d has not joined", rank))
		}
	}
	if len(gone) > mostNamed {
		gone = append(gone[:mostNamed], fmt.Sprintf("and %d more", len(missing)-mostNamed))
	}
	return gone
}

// A LostError is that too few workers are left.
type LostError struct{ text string }

func (e *LostError) Error() string { return e.text }

// Close sends the workers home, waits until they have gone, for a few seconds at most, and leaves nothing open.
func (o *Coordinator) Close() error {
	o.mu.Lock()
	o.closed = true
	here := o.present()
	o.mu.Unlock()
	var leaving sync.WaitGroup
	for _, m := range here {
		leaving.Go(func() {
			m.line.last(&order{Bye: true})
			select { // the worker hangs up
			case <-m.line.over:
			case <-time.After(3 * o.beat):
				m.line.end(errLeft)
			}
		})
	}
	leaving.Wait()
	// Who was refused is told so before the connection ends.
	cut := time.AfterFunc(o.beat, o.server.Stop)
	o.server.GracefulStop()
	cut.Stop()
	o.serving.Wait()
	o.joins.Wait()
	return nil
}
