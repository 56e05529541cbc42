package page

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"meterbench/bench/live"
)

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
	to := &stream{buffer: bufio.NewWriter(w), control: http.NewResponseController(w), patience: s.patience.write}
	to.line("retry: 2000\n\n")
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for to.flush() {
		now, changed := s.now()
		if now.feed != nil && !s.pump(to, r, now.feed, changed, beat.C) {
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

// pump sends what a study has to say until it ends, or there is another one, and reports whether the stream goes on.
func (s *Server) pump(to *stream, r *http.Request, feed *live.Feed, changed <-chan struct{}, beat <-chan time.Time) bool {
	messages, cancel := feed.Subscribe()
	defer cancel()
	for {
		if len(messages) == 0 && !to.flush() {
			return false
		}
		select {
		case m, ok := <-messages:
			if !ok { // the end, or too slow: then the browser connects again
				return feed.State().End != nil
			}
			to.message(m)
		case <-beat:
			to.line(":\n\n")
		case <-changed:
			if len(messages) == 0 {
				return true
			}
		case <-s.closing:
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
	buffer   *bufio.Writer
	control  *http.ResponseController
	patience time.Duration
	err      error
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
	if err := to.control.SetWriteDeadline(time.Now().Add(to.patience)); err != nil {
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
