package page

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"meterbench/internal/race"
)

// A stream begins with the state, goes on with what the study sends, and with the next study after it.
func TestEvents(t *testing.T) {
	first, second := newStudy("first"), newStudy("second")
	s := serve(t, Config{Mode: ModeRun}, nil)
	lines, _ := s.watch(t) // before anything has begun
	expect := func(kind, part string) {
		t.Helper()
		if gotKind, data := next(t, lines); gotKind != kind || !strings.Contains(data, part) {
			t.Fatalf("%s %s, want %s with %s", gotKind, data, kind, part)
		}
	}
	s.Watch(first, nil)
	expect("state", `"scenario":"first"`)
	first.Step("one")
	first.End(nil, "out/first/report.html")
	expect("step", `"text":"one"`)
	expect("end", `out/first/report.html`)
	s.Watch(second, nil)
	expect("state", `"scenario":"second"`)
	// What was sent before the server ends is received.
	second.Step("two")
	second.End(errors.New("no more"), "")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	expect("step", `"text":"two"`)
	expect("end", `no more`)
	expect("", "")
}

// Who comes after the end of a study gets its state, and the study after it on the same stream.
func TestEventsAfterTheEnd(t *testing.T) {
	feed := newStudy("ended")
	feed.End(nil, "")
	s := serve(t, Config{Mode: ModeRun}, feed)
	lines, _ := s.watch(t)
	if kind, data := next(t, lines); kind != "state" || !strings.Contains(data, `"end":{`) {
		t.Fatal(kind, data)
	}
	if kind, _ := next(t, lines); kind != "end" {
		t.Fatal(kind)
	}
	s.Watch(newStudy("next"), nil)
	if kind, data := next(t, lines); kind != "state" || !strings.Contains(data, `"scenario":"next"`) {
		t.Fatal(kind, data)
	}
}

// A study that is replaced before its end has its stream go on with the next one.
func TestEventsReplaced(t *testing.T) {
	s := serve(t, Config{Mode: ModeRun}, newStudy("first"))
	lines, _ := s.watch(t)
	if kind, data := next(t, lines); kind != "state" {
		t.Fatal(kind, data)
	}
	s.Watch(newStudy("second"), nil)
	if kind, data := next(t, lines); kind != "state" || !strings.Contains(data, "second") {
		t.Fatal(kind, data)
	}
}

// Where nothing is sent for a while, a comment keeps the connection.
func TestHeartbeat(t *testing.T) {
	s := serve(t, Config{Mode: ModeRun}, nil)
	var w recorder
	to := &stream{buffer: bufio.NewWriter(&w), control: http.NewResponseController(&w)}
	beat, done := make(chan time.Time), make(chan bool)
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, "GET", "/events", nil)
	go func() { done <- s.pump(to, r, newStudy("quiet"), nil, beat) }()
	beat <- time.Time{}
	beat <- time.Time{} // the first one is written
	cancel()
	if <-done {
		t.Error("goes on after its reader has gone")
	}
	if got := w.String(); !strings.HasSuffix(got, "}\n\n:\n\n:\n\n") && !strings.HasSuffix(got, "}\n\n:\n\n") {
		t.Errorf("%q", got)
	}
}

// recorder is a connection without a deadline's effect.
type recorder struct {
	http.ResponseWriter
	strings.Builder
}

func (r *recorder) Write(text []byte) (int, error)   { return r.Builder.Write(text) }
func (r *recorder) FlushError() error                { return nil }
func (r *recorder) SetWriteDeadline(time.Time) error { return nil }

// streaming returns how many goroutines of this process stream.
func streaming() int { return running("page.(*Server).events(") }

// running returns how many goroutines of this process run a function.
func running(function string) int {
	var all strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&all, 2); err != nil {
		panic(err)
	}
	return strings.Count(all.String(), function)
}

// Of 200 streams 64 are served, the rest is refused, and all that were let in go on. When they have gone, so have their
// goroutines, and others come in.
func TestManyStreams(t *testing.T) {
	feed := newStudy("many")
	s := serve(t, Config{Mode: ModeRun}, feed)
	var streams []*bufio.Reader
	var open []net.Conn
	refused := 0
	for range 200 {
		c := s.connect(t, "GET /events HTTP/1.1\r\nHost: "+s.host()+"\r\n\r\n")
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		switch answer.StatusCode {
		case 200:
			streams, open = append(streams, bufio.NewReader(answer.Body)), append(open, c)
		case 503:
			text, err := io.ReadAll(answer.Body)
			if err != nil || !strings.Contains(string(text), "close one") || answer.Header.Get("Retry-After") == "" {
				t.Errorf("%q, %v", text, err)
			}
			refused++
		default:
			t.Fatal(answer.Status)
		}
	}
	if len(streams) != mostStreams || refused != 200-mostStreams {
		t.Fatalf("%d streams, %d refused", len(streams), refused)
	}
	for _, lines := range streams {
		if kind, _ := next(t, lines); kind != "state" {
			t.Error(kind)
		}
	}
	feed.Step("go on")
	for _, lines := range streams {
		if kind, data := next(t, lines); kind != "step" || !strings.Contains(data, "go on") {
			t.Error(kind, data)
		}
	}
	if n := streaming(); n != mostStreams {
		t.Errorf("%d goroutines stream", n)
	}
	for _, c := range open {
		c.Close()
	}
	eventually(t, "all have gone", func() bool { return streaming() == 0 })
	if lines, _ := s.watch(t); lines == nil {
		t.Error("no further one is let in")
	}
}

// Who stops reading is dropped, and does not hold up others.
func TestSlowReader(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	feed := newStudy("slow")
	s := serve(t, Config{Mode: ModeRun}, feed)
	quick, _ := s.watch(t)
	if kind, _ := next(t, quick); kind != "state" {
		t.Fatal(kind)
	}
	s.connect(t, "GET /events HTTP/1.1\r\nHost: "+s.host()+"\r\n\r\n") // and never reads
	eventually(t, "both watch", func() bool { return len(s.streams) == 2 })
	large := strings.Repeat("x", 64<<10)
	for i := 0; len(s.streams) == 2; i++ {
		if i == 10_000 {
			t.Fatal("a reader that does not read is never dropped")
		}
		feed.Step(large)
		if kind, data := next(t, quick); kind != "step" || !strings.Contains(data, large) {
			t.Fatalf("the other got %q", kind)
		}
		if i > 200 { // more than lies in buffers on the way
			time.Sleep(10 * time.Millisecond)
		}
	}
	feed.Step("still here")
	for {
		kind, data := next(t, quick)
		if kind != "step" {
			t.Fatalf("the other got %q", kind)
		}
		if strings.Contains(data, "still here") {
			break
		}
	}
}

// Many connections that send a header byte by byte are closed, and others are served meanwhile.
func TestSlowLoris(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	s := serve(t, Config{Mode: ModeRun}, nil)
	const many = 300
	ended := make(chan error, many)
	for i := range many {
		c := s.connect(t, "GET / HTTP/1.1\r\nHost: "+s.host()+"\r\n")
		go func() {
			for n := 0; ; n++ {
				if _, err := fmt.Fprintf(c, "X-%d-%d: y\r\n", i, n); err != nil {
					ended <- nil
					return
				}
				if n > 200 {
					ended <- fmt.Errorf("connection %d is still open", i)
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		}()
	}
	client := &http.Client{Timeout: usualPatience.header} // before they are closed
	for range 20 {
		answer, err := client.Get(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 200 {
			t.Errorf("%d meanwhile", answer.StatusCode)
		}
	}
	for range many {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
}

// A body that does not come holds a connection up for a bounded time.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Mode: ModeRun}, nil)
	s.Watch(newStudy("slow"), func(What) bool { return true })
	for _, head := range []string{
		"POST /api/stop HTTP/1.1\r\nOrigin: http://" + s.host() + "\r\nX-Meterbench-Token: " + s.stopToken, "GET / HTTP/1.1", "GET /events HTTP/1.1",
	} {
		c := s.connect(t, head+"\r\nHost: "+s.host()+"\r\nContent-Length: 4000\r\n\r\n{")
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		t.Run(head[:8], func(t *testing.T) {
			t.Parallel()
			if _, err := io.Copy(io.Discard, c); err != nil {
				t.Error(err)
			}
		})
	}
}
