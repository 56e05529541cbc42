package page

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"meterbench/bench/live"
)

// Feed is a study that can be watched, as live.Feed.
type Feed interface {
	// State returns all that is known of it.
	State() live.State
	// Subscribe returns what is sent from now on, the whole state first. The channel is closed after the end of the study, or
	// where messages are not taken fast enough. Cancel must be called.
	Subscribe() (messages <-chan live.Message, cancel func())
}

// events streams messages as server-sent events, of one study after the other: each begins with its state.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, strconv.Itoa(mostStreams)+" pages watch already; close one")
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	to := &stream{buffer: bufio.NewWriter(w), control: http.NewResponseController(w)}
	to.line("retry: 2000\n\n")
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for to.flush() {
		now, changed := s.now()
		if now.feed != nil && !s.pump(to, r, now.feed, beat.C) {
			return
		}
		select {
		case <-changed:
		case <-beat.C:
			to.line(":\n\n")
		case <-s.closing:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// pump sends what a study has to say until it ends, and reports whether to go on.
func (s *Server) pump(to *stream, r *http.Request, feed Feed, beat <-chan time.Time) bool {
	messages, cancel := feed.Subscribe()
	defer cancel()
	closing := s.closing
	for {
		if len(messages) == 0 && !to.flush() {
			return false
		}
		select {
		case m, ok := <-messages:
			if !ok { // too slow: the browser connects again
				return false
			}
			to.message(m)
			if m.Kind == live.KindEnd {
				return to.flush()
			}
			continue
		case <-beat:
			to.line(":\n\n")
		case <-closing:
			if len(messages) == 0 {
				return false
			}
		case <-r.Context().Done():
			return false
		}
	}
}

// stream writes to a reader who is given a bounded time for each write.
type stream struct {
	buffer  *bufio.Writer
	control *http.ResponseController
	err     error
}

func (to *stream) message(m live.Message) {
	to.line(fmt.Sprintf("event: %s\ndata: %s\n\n", m.Kind, m.Data))
}

func (to *stream) line(text string) {
	to.deadline()
	if _, err := to.buffer.WriteString(text); err != nil {
		to.err = err
	}
}

func (to *stream) deadline() {
	if err := to.control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		to.err = err
	}
}

// flush reports whether the reader is still there.
func (to *stream) flush() bool {
	to.deadline()
	if err := to.buffer.Flush(); err != nil {
		to.err = err
	}
	if err := to.control.Flush(); err != nil {
		to.err = err
	}
	return to.err == nil
}
