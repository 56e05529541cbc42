package page

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"meterbench/bench/ledger"
	"meterbench/internal/race"
)

// pieces are what random requests are made of.
var pieces = []string{
	"GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "TRACE", "PRI", "*", "/", "//", "/assets/", "page.css", "app.js", "index.html", "/api/", "state", "about", "stop",
	"ledger", "/events", "/metrics", "/report/", "figures/", "csv/", "report.html", "..", "%2e%2e", "%2f", "%00", "%", "%zz", "\\", "?n=", "&before=", "token=", "-1",
	"99999999999999999999", "ch", "blocks", "transactions", "meters", "0a", "ä", "\xff", "\x00", "\x1b", " ", "\t", "\r", "\n", "\r\n", "\r\n\r\n", ":", ";", "#", "@", "[", "]",
	"Host: ", "Host: localhost", "Host: evil.example", "Origin: ", "Origin: null", "Content-Length: 5", "Content-Length: -1", "Content-Length: 99999999", "Transfer-Encoding: chunked",
	"Connection: close", "Upgrade: h2c", "Expect: 100-continue", "Range: bytes=0-1,2-3,-9", "If-None-Match: *", "Cookie: a=b; meterbench=x", "Authorization: Bearer ",
	"Authorization: Basic x", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", "5\r\nhello\r\n0\r\n\r\n", `{"what":"run"}`, "http://evil.example/", "javascript:",
}

// randomRequest returns bytes that are, more or less, a request. They end what they begin.
func randomRequest(rng *rand.Rand, host string) []byte {
	var b strings.Builder
	piece := func() string {
		if rng.IntN(20) == 0 {
			return strings.Repeat(pieces[rng.IntN(len(pieces))], rng.IntN(200))
		}
		return pieces[rng.IntN(len(pieces))]
	}
	some := func(most int) {
		for range rng.IntN(most + 1) {
			b.WriteString(piece())
		}
	}
	tame := []string{"a", "..", "%2e%2e", "%2f", "/", "%00", "%5c", "blocks", "transactions", "meters", "0a", "9", "page.css", "report.html", "figures", "?n=", "&n=", "x", "99999999999999999999"}
	switch rng.IntN(10) {
	case 0: // nothing of a request
		some(30)
	case 1, 2, 3, 4, 5: // well-formed
		b.WriteString([]string{"GET", "GET", "GET", "GET", "HEAD", "POST", "DELETE"}[rng.IntN(7)] + " /")
		b.WriteString([]string{"", "api/ledger/ch/blocks", "api/ledger/ch/", "api/", "assets/", "report/"}[rng.IntN(6)])
		for range rng.IntN(4) {
			b.WriteString(tame[rng.IntN(len(tame))])
		}
		b.WriteString(" HTTP/1.1\r\nHost: " + host + "\r\n")
	default:
		b.WriteString([]string{"GET", "GET", "GET", "HEAD", "POST", piece()}[rng.IntN(6)] + " /")
		b.WriteString([]string{"", "api/ledger/ch/", "api/", "assets/", "report/"}[rng.IntN(5)])
		some(4)
		b.WriteString(" HTTP/1.1\r\n")
		if rng.IntN(10) > 0 {
			b.WriteString("Host: " + host + "\r\n")
		}
		for range rng.IntN(4) {
			b.WriteString(piece() + piece() + "\r\n")
		}
	}
	b.WriteString("\r\n\r\n")
	some(2)
	return []byte(b.String())
}

// Of 10,000 random requests each is answered, or ended where it is no request, and none with a failure of the server. It goes on
// to answer after them.
func TestRandomRequests(t *testing.T) {
	c := new(chain)
	s := serve(t, Config{Mode: ModeFolder, Folder: stored(t), Ledger: c}, nil)
	rng := rand.New(rand.NewPCG(16, 1))
	codes := map[int]int{}
	requests := 10_000
	if race.Enabled { // which sees the same in some
		requests = 2_000
	}
	for i := range requests {
		text := randomRequest(rng, s.host())
		for answer := range answersTo(text, exchange(t, s, text)) {
			codes[answer.StatusCode]++
			if answer.StatusCode >= 500 && answer.StatusCode != 501 && answer.StatusCode != 505 { // which net/http says of what it does not know
				t.Errorf("request %d: %s: %q", i, answer.Status, text)
			}
		}
	}
	for _, code := range []int{200, 400, 403, 404, 405} {
		if codes[code] < requests/1000 {
			t.Errorf("only %d answers with %d: %v", codes[code], code, codes)
		}
	}
	if w := s.ask("GET", "/", ""); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
	t.Log(codes)
}

// Headers and bodies beyond the limits are refused.
func TestOversized(t *testing.T) {
	s := serve(t, Config{Mode: ModeRun, Ledger: new(chain)}, newStudy("large"))
	for _, c := range []struct{ name, text, want string }{
		{"a header", "GET / HTTP/1.1\r\nHost: " + s.host() + "\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", "431"},
		{"a path", "GET /" + strings.Repeat("x", 64<<10) + " HTTP/1.1\r\nHost: " + s.host() + "\r\n\r\n", "431"},
		{"a token", "GET /?token=" + strings.Repeat("x", 8<<10) + " HTTP/1.1\r\nHost: " + s.host() + "\r\n\r\n", "200"},
		{"a body", "POST /api/stop HTTP/1.1\r\nHost: " + s.host() + "\r\nContent-Length: 10000000\r\n\r\n", "413"},
		{"a body of something else", "GET /events HTTP/1.1\r\nHost: " + s.host() + "\r\nContent-Length: 10000000\r\n\r\n", "413"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := s.connect(t, c.text)
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil || !strings.Contains(line, " "+c.want+" ") {
				t.Errorf("%q, %v, want %s", line, err, c.want)
			}
		})
	}
}

// No request, whatever its bytes, makes the server fail, and every answer has the headers of the policy.
func FuzzRequest(f *testing.F) {
	rng := rand.New(rand.NewPCG(16, 2))
	for range 50 {
		f.Add(randomRequest(rng, "localhost"))
	}
	for _, one := range routes() {
		f.Add(fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n", one.method, strings.NewReplacer("{$}", "", "{", "", "}", "").Replace(one.path)))
	}
	s, err := Serve(f.Context(), Config{Mode: ModeRun, Ledger: &chain{err: ledger.ErrNotFound}, Metrics: http.NotFoundHandler()})
	if err != nil {
		f.Fatal(err)
	}
	s.Watch(newStudy("fuzz"), func(What) bool { return true })
	if err := s.Close(); err != nil { // streams end at once, and the handler answers all the same
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
		if err != nil {
			return
		}
		r.RemoteAddr = "127.0.0.1:1"
		w := httptest.NewRecorder()
		s.http.Handler.ServeHTTP(w, r)
		if w.Code >= 500 || w.Code < 200 {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		checkHeaders(t, w)
	})
}
