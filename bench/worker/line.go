package worker

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// A line is one end of a worker's stream. What is sent goes out in order, by one goroutine; a peer that says nothing is noticed.
type line[Out, In any] struct {
	stream interface {
		Send(*Out) error
		Recv() (*In, error)
	}
	beat    time.Duration
	alive   func() *Out // returns a sign of life
	heard   *hearing    // of the peer
	out     chan outgoing[Out]
	over    chan struct{} // closed when the line has ended
	once    sync.Once
	why     error        // set before over is closed
	waiting atomic.Int32 // ticks for which nothing came, of the peer that is listened to; negative: it is not
}

// An outgoing is a message, and what is closed once it is sent, if anybody wants to know.
type outgoing[Out any] struct {
	message *Out
	sent    chan struct{}
}

// A silentError is why a line ended whose peer has said nothing for so long.
type silentError time.Duration

func (e silentError) Error() string {
	return fmt.Sprintf("it has not answered for %v: it hangs, is stopped, or cannot be reached any more", time.Duration(e))
}

// room is for messages that wait to be sent. Whoever sends more waits.
const room = 32

func newLine[Out, In any](stream interface {
	Send(*Out) error
	Recv() (*In, error)
}, beat time.Duration, heard *hearing, alive func() *Out) *line[Out, In] {
	l := &line[Out, In]{stream: stream, beat: beat, alive: alive, heard: heard, out: make(chan outgoing[Out], room), over: make(chan struct{})}
	l.waiting.Store(-1)
	return l
}

// run has the line do its work until it ends: receive is called with every message, one at a time, and ends the line by an error.
func (l *line[Out, In]) run(receive func(*In) error) {
	go l.send()
	go l.watch()
	go func() {
		for {
			l.waiting.Store(0)
			message, err := l.stream.Recv()
			l.waiting.Store(-1)
			if err == nil {
				err = receive(message)
			}
			if err != nil {
				l.end(err)
				return
			}
		}
	}()
	<-l.over
}

// end ends the line. The first reason counts.
func (l *line[Out, In]) end(why error) {
	l.once.Do(func() {
		l.why = why
		close(l.over)
	})
}

// post has a message sent, and is false where the line has ended. It waits while the peer does not take what was sent before.
func (l *line[Out, In]) post(message *Out) bool { return l.hand(outgoing[Out]{message, nil}) }

func (l *line[Out, In]) hand(o outgoing[Out]) bool {
	select {
	case <-l.over:
		return false
	default:
	}
	select {
	case l.out <- o:
		return true
	case <-l.over:
		return false
	}
}

// last has a message sent and waits until that is done, at most for a beat, before the line ends.
func (l *line[Out, In]) last(message *Out) {
	o := outgoing[Out]{message, make(chan struct{})}
	if l.hand(o) {
		select {
		case <-o.sent:
		case <-l.over:
		case <-time.After(l.beat):
		}
	}
}

// send sends what is handed over, and signs of life.
func (l *line[Out, In]) send() {
	idle := time.NewTimer(l.beat)
	defer idle.Stop()
	for {
		o := outgoing[Out]{}
		select {
		case o = <-l.out:
		case <-idle.C:
			o.message = l.alive()
		case <-l.over:
			return
		}
		if err := l.stream.Send(o.message); err != nil {
			if !errors.Is(err, io.EOF) { // else why the stream has ended is told to whoever receives
				l.end(err)
			}
			return
		}
		if o.sent != nil {
			close(o.sent)
		}
		idle.Reset(l.beat)
	}
}

// leastHeard is how much of a message has to come within a beat, in bytes. What gRPC itself sends for a program that hangs, answers to
// pings and to what it was sent, is some ten bytes each.
const leastHeard = 1024

// watch ends the line when its peer has said nothing for too long.
func (l *line[Out, In]) watch() {
	tick := time.NewTicker(l.beat)
	defer tick.Stop()
	for before := l.heard.bytes.Load(); ; {
		select {
		case <-tick.C:
		case <-l.over:
			return
		}
		waited, now := l.waiting.Load(), l.heard.bytes.Load()
		switch {
		case waited < 0:
		case now-before >= leastHeard: // a part of a message
			l.waiting.CompareAndSwap(waited, 0)
		case l.waiting.CompareAndSwap(waited, waited+1) && waited >= silent:
			l.end(silentError(silent * l.beat))
		}
		before = now
	}
}

// errLeft is why a line ended that its peer left as it was told to.
var errLeft = errors.New("it has left")
