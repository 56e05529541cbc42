package page

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/bench/ledger"
	"meterbench/bench/live"
	"meterbench/bench/scenario"
)

// serve serves a page for the length of a test, of a study or nil.
func serve(t *testing.T, config Config, feed *live.Feed) *Server {
	t.Helper()
	if config.Failed == nil {
		config.Failed = func(err error) { t.Errorf("the server failed: %v", err) }
	}
	s, err := Serve(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if feed != nil {
		s.Watch(feed, nil)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// host returns HOST:PORT of a page.
func (s *Server) host() string { return strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), "/") }

// asking is a request as a test changes it.
type asking func(*http.Request)

func header(key, value string) asking { return func(r *http.Request) { r.Header.Add(key, value) } }
func from(remote string) asking       { return func(r *http.Request) { r.RemoteAddr = remote } }
func toHost(name string) asking       { return func(r *http.Request) { r.Host = name } }

// ask returns the answer to a request from loopback that a browser on the page would send.
func (s *Server) ask(method, path, body string, change ...asking) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = s.host(), "127.0.0.1:40000"
	local := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.7:80"))
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
	for _, do := range change {
		do(r)
	}
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, r)
	return w
}

// askWithin is ask for a request of a context.
func (s *Server) askWithin(ctx context.Context, path string) *httptest.ResponseRecorder {
	return s.ask("GET", path, "", func(r *http.Request) { *r = *r.WithContext(ctx) })
}

// wrong returns the sentence of an answer that refuses.
func wrong(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var is struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &is); err != nil || is.Error == "" || strings.Contains(is.Error, "\n") {
		t.Errorf("%d: %v: no sentence in %q", w.Code, err, w.Body)
	}
	return is.Error
}

// newStudy returns the feed of a study that has begun.
func newStudy(name string) *live.Feed { return live.New(scenario.Scenario{Name: name}, "1") }

// eventually waits for a condition.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// connect opens a connection to a page and sends text.
func (s *Server) connect(t *testing.T, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.host())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// watch opens a stream and returns its lines, after checking that it is one.
func (s *Server) watch(t *testing.T) (*bufio.Reader, net.Conn) {
	t.Helper()
	c := s.connect(t, "GET /events HTTP/1.1\r\nHost: "+s.host()+"\r\n\r\n")
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.Header.Get("Content-Type"); answer.StatusCode != 200 || got != "text/event-stream" {
		t.Fatalf("%d, %s", answer.StatusCode, got)
	}
	return bufio.NewReader(answer.Body), c
}

// next returns the next message of a stream, its kind and data; empty at its end.
func next(t *testing.T, r *bufio.Reader) (kind, data string) {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err == io.EOF {
			return "", ""
		}
		if err != nil {
			t.Fatal(err)
		}
		line = strings.TrimSuffix(line, "\n")
		if value, ok := strings.CutPrefix(line, "event: "); ok {
			kind = value
		}
		if value, ok := strings.CutPrefix(line, "data: "); ok {
			data = value
		}
		if line == "" && kind != "" {
			return kind, data
		}
	}
}

// chain is a ledger.Reader of a test.
type chain struct {
	ledger.Reader
	overview    func(context.Context) (ledger.Overview, error)
	transaction ledger.Transaction
	err         error
	mu          sync.Mutex
	asked       []any
}

func (c *chain) note(all ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = all
}

func (c *chain) Overview(ctx context.Context) (ledger.Overview, error) {
	if c.overview != nil {
		return c.overview(ctx)
	}
	return ledger.Overview{Name: "minimal"}, c.err
}

func (c *chain) Blocks(_ context.Context, channel string, before uint64, n int) ([]ledger.Block, error) {
	c.note("blocks", channel, before, n)
	return nil, c.err
}

func (c *chain) Block(_ context.Context, channel string, number uint64, from, n int) (ledger.BlockPage, error) {
	c.note("block", channel, number, from, n)
	return ledger.BlockPage{}, c.err
}

func (c *chain) Transaction(_ context.Context, channel, id string) (ledger.Transaction, error) {
	c.note("transaction", channel, id)
	return c.transaction, c.err
}

func (c *chain) Meter(_ context.Context, channel, meter string, after uint64) (ledger.Found, error) {
	c.note("meter", channel, meter, after)
	return ledger.Found{}, c.err
}

// stored makes a folder as a run leaves it, and one beside it with a secret that links in it lead to.
func stored(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	for name, text := range map[string]string{
		"run/report.html": "<p>report</p>", "run/figures/a.svg": "<svg/>", "run/figures/a.png": "png", "run/csv/t.csv": "a,b\n",
		"run/run.json": "{}", "run/csv/secret.txt": "secret", "run/logs/peer.log": "secret", "secret.csv": "secret", "other/b.svg": "secret",
		"run/figures/.svg": "secret",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"csv/link.csv": "../../secret.csv", "csv/inside.csv": "../run.json", "figures/deep": "../../other", "figures/absolute.svg": "/etc/passwd",
	} {
		if err := os.Symlink(to, filepath.Join(run, link)); err != nil {
			t.Fatal(err)
		}
	}
	return run
}
