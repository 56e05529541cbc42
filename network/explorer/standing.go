package explorer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"meterbench/bench/ledger"
)

// A standing question is put to a node time and again, beside those who look: they take what is known by then, so that who is silent
// keeps nobody waiting. The zero value has not been put.
type standing[T any] struct {
	mu     sync.Mutex
	done   chan struct{} // closed by the answer to the last one; nil: there was none
	last   reply[T]
	known  bool // last is one, maybe of a question before the one under way
	asking bool
}

// A reply is an answer, or why there is none.
type reply[T any] struct {
	answer T
	err    error
}

// put puts the question, unless that is under way, and returns what is closed once it is answered. A fault of the question is an error
// of its answer, as it reads what strangers wrote.
func (s *standing[T]) put(question func() (T, error)) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asking {
		return s.done
	}
	done := make(chan struct{})
	s.asking, s.done = true, done
	go func() {
		var now reply[T]
		defer func() {
			if fault := recover(); fault != nil {
				now.err = fmt.Errorf("its answer cannot be read, by a fault of meterbench: %v", fault)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.last, s.known, s.asking = now, true, false
			close(done)
		}()
		now.answer, now.err = question()
	}()
	return done
}

// now returns the last reply, whether there is one, and whether a question is under way.
func (s *standing[T]) now() (last reply[T], known, asking bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, s.known, s.asking
}

// hear puts a question to all peers of a channel at once, and returns when all have answered, or hearing after the first that could; who
// has not by then is asked after the others. Where nobody answers it waits for all, but for those that were silent before no longer than
// again. The questions go on when ctx ends.
func (e *Explorer) hear(ctx context.Context, c *channel, question func(context.Context, *endpoint) (uint64, error)) {
	answered := make(chan bool, len(c.peers))
	silent := true
	for i, p := range c.peers {
		s := &c.heights[i]
		last, known, _ := s.now()
		silent = silent && known && last.err != nil
		done := s.put(func() (uint64, error) { return ask(e.life, &channel{name: c.name, peers: []*endpoint{p}}, question) })
		go func() {
			<-done
			last, _, _ := s.now()
			answered <- last.err == nil
		}()
	}
	var patience <-chan time.Time
	if silent {
		patience = time.After(again)
	}
	heard := false
	for range c.peers {
		select {
		case well := <-answered:
			if well && !heard {
				heard, patience = true, time.After(hearing)
			}
		case <-patience:
			for i, p := range c.peers {
				if _, _, asking := c.heights[i].now(); asking && heard {
					p.hesitates()
				}
			}
			return
		case <-ctx.Done():
			return
		}
	}
}

// answerOf says what a peer's last reply says of it: also a refusal is an answer.
func answerOf(last reply[uint64], known bool) ledger.Answer {
	if !known {
		return ledger.AnswerAwaited
	}
	if _, silent := errors.AsType[*ledger.UnreachableError](last.err); silent {
		return ledger.AnswerNone
	}
	return ledger.AnswerGiven
}
