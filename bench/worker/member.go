package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/status"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/printable"
)

// A member is a worker, as the coordinator sees it.
type member struct {
	*hello
	mark bench.Mark // of its transactions, in this run alone
	line *line[order, report]
	gone chan struct{} // closed once it is lost
	why  error         // set before gone is closed
	once sync.Once

	busy  sync.Mutex // held while an order other than a level is under way
	done  chan *done
	usage atomic.Pointer[usage]                  // the newest of the level under way, or nil
	calls atomic.Pointer[map[result.Call]uint64] // the newest of the session, or nil

	mu      sync.Mutex
	working func(string)        // of the order under way; nil while there is none
	entries func([]bench.Entry) // likewise
	part    *part               // of the level under way; nil while there is none
	decoder recordDecoder
}

func newMember(h *hello, on *line[order, report]) *member {
	m := &member{hello: h, line: on, gone: make(chan struct{}), done: make(chan *done, 1)}
	rand.Read(m.mark[:]) // never fails
	return m
}

// here reports whether the worker runs on the machine of this process.
func (m *member) here() bool { return m.Boot != "" && m.Boot == bootID() }

// lost returns why the worker is lost, nil where it is there.
func (m *member) lost() error {
	select {
	case <-m.gone:
		return m.why
	default:
		return nil
	}
}

// end notes that the worker is lost.
func (m *member) end(why error) {
	m.once.Do(func() {
		m.why = departure(why)
		close(m.gone)
		m.mu.Lock()
		part := m.part
		m.mu.Unlock()
		if part != nil {
			part.run.events <- event{part, nil}
		}
	})
}

// departure returns in words why a stream has ended.
func departure(why error) error {
	if _, ok := status.FromError(why); !ok {
		return why
	}
	if text := status.Convert(why).Message(); text != "" && text != "context canceled" {
		return fmt.Errorf("its connection broke: %s", printable.Line(printable.Plain(text)))
	}
	return errors.New("its connection broke: the process has ended, or its machine cannot be reached any more")
}

// receive takes a report. An error ends the line.
func (m *member) receive(r *report) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case r.Leaving != "":
		return fmt.Errorf("it was ended: %s", printable.Cut(printable.Plain(r.Leaving), mostText))
	case r.Hello != nil:
		return errors.New("it says twice who it is")
	case r.Working != "":
		if m.working != nil {
			m.working(printable.Cut(r.Working, mostText))
		}
	case r.Entries != nil:
		if m.entries == nil {
			return errors.New("it sent a ledger that nobody asked for")
		}
		m.entries(r.Entries)
	case r.Done != nil:
		select {
		case m.done <- r.Done:
		default:
			return errors.New("it ended an order that it was not given")
		}
	case m.part != nil:
		return m.part.receive(r, &m.decoder)
	}
	return nil
}

// failed returns the error of an order that the worker could not carry out, which names the worker once.
func (m *member) failed(d *done) error {
	text := printable.Cut(d.Failed, mostText)
	if !strings.HasPrefix(text, m.String()) {
		text = fmt.Sprintf("%s: %s", m, text)
	}
	if d.Input {
		return InputErrorf("%s", text)
	}
	return errors.New(text)
}

// patience is how long a worker has to stop what it does once it is told to: its transactions under way have two seconds.
const patience = 10 * time.Second

// do has the worker carry out an order, after a whole that it needs, and waits until that is done. With ctx the worker stops. The error
// names the worker.
func (m *member) do(ctx context.Context, whole []byte, o *order, working func(string), entries func([]bench.Entry)) error {
	_, err := m.ask(ctx, whole, o, working, entries)
	return err
}

// ask is do, and returns what the worker said in the end.
func (m *member) ask(ctx context.Context, whole []byte, o *order, working func(string), entries func([]bench.Entry)) (*done, error) {
	if len(whole) > mostPieces {
		return nil, InputErrorf("workers would be handed over %d MB at once, and %d MB are sent at most: ask for smaller fleets, or fewer workloads in a series",
			len(whole)>>20, mostPieces>>20)
	}
	m.busy.Lock()
	defer m.busy.Unlock()
	m.mu.Lock()
	m.working, m.entries = working, entries
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		m.working, m.entries = nil, nil
		m.mu.Unlock()
	}()
	for len(whole) > 0 {
		n := min(len(whole), mostPiece)
		if !m.line.post(&order{Piece: whole[:n]}) {
			break
		}
		whole = whole[n:]
	}
	m.line.post(o)
	stop, ends := ctx.Done(), (<-chan time.Time)(nil)
	for {
		select {
		case d := <-m.done:
			switch {
			case ctx.Err() != nil:
				return nil, context.Cause(ctx)
			case d.Failed != "":
				return nil, m.failed(d)
			}
			return d, nil
		case <-m.gone:
			return nil, fmt.Errorf("%s: %w", m, m.why)
		case <-stop:
			m.line.post(&order{Stop: true})
			stop, ends = nil, time.After(patience)
		case <-ends:
			m.line.end(fmt.Errorf("it did not stop within %v", patience))
		}
	}
}
