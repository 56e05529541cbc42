package page

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// mutated returns a request that is nearly right: one of a template in which some bytes, lines or values are others.
func mutated(rng *rand.Rand, s *Server) []byte {
	of := func(all ...string) string { return all[rng.IntN(len(all))] }
	long := strings.Repeat(of("a", "../", "%00", "ä", "\u202e", "0-0,"), 1+rng.IntN(600))
	target := of("/", "/assets/app.js", "/assets/"+long, "/api/about", "/api/state", "/events", "/api/stop", "/api/ledger", "/api/ledger/ch/blocks?n=5&before=7",
		"/api/ledger/ch/blocks/12?from=1", "/api/ledger/ch/transactions/00ff", "/api/ledger/"+long+"/meters/m?after=9", "/report/report.html", "/report/figures/a.svg",
		"/report/csv/..%2f..%2f..%2fetc%2fpasswd", "/report/%2e%2e/run.json", "/metrics", "*", "http://"+s.host()+"/", "http://evil.example/", s.host(), "//evil.example/x",
		"/?token="+token, "/?token="+long, "/api/ledger?a;b;c", "/%", "/\x00", "/api/ledger/ch/blocks?n="+long)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/%s\r\n", of("GET", "GET", "GET", "POST", "HEAD", "PUT", "CONNECT", "OPTIONS", "PRI", "get", "PROPFIND", long), target,
		of("1.1", "1.1", "1.1", "1.0", "2.0", "0.9", "1.2"))
	for range 1 + rng.IntN(2) {
		fmt.Fprintf(&b, "Host: %s\r\n", of(s.host(), s.host(), s.host(), "evil.example", "127.0.0.1", "[::1", "localhost:", "127.1", "2130706433", "localhost.", "127.0.0.1@evil.example", "", long))
	}
	for range rng.IntN(5) {
		b.WriteString(of(
			"Origin: http://"+s.host(), "Origin: null", "Origin: file://", "Origin: http://localhost.evil.example", "X-Meterbench-Token: "+of(s.stopToken, long, ""),
			"Cookie: "+s.cookie+"="+of(s.session, long, "", token), "Authorization: Bearer "+of(token, long), "Authorization: bearer "+token, "Referer: http://evil.example/",
			"Sec-Fetch-Site: "+of("cross-site", "same-site", "none", long), "Sec-Fetch-Mode: "+of("navigate", "cors", "websocket"), "Upgrade: "+of("websocket", "h2c", "TLS/1.0"),
			"Connection: "+of("Upgrade", "close", "keep-alive", "Upgrade, HTTP2-Settings", "host"), "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Expect: "+of("100-continue", "200-ok"), "Range: bytes="+of("0-", "-1", "5-2", long+"0-0", "99999999999999999999-"),
			"Transfer-Encoding: "+of("chunked", "gzip, chunked", "identity", "chunked, chunked", " chunked"), "Content-Length: "+of("0", "5", "15", "-1", "+5", "99999999999", "5, 5", "0x5"),
			"If-None-Match: "+of("*", `W/"x"`, long), "If-Modified-Since: "+long, "Accept-Encoding: "+of("gzip", long), "Trailer: Host", "X: "+long, " folded: line", "no colon", ": empty", "Host : "+s.host(),
			"X-Http-Method-Override: POST", "X-Forwarded-Host: evil.example", "X-Original-URL: /api/stop") + of("\r\n", "\r\n", "\r\n", "\n"))
	}
	b.WriteString("\r\n")
	b.WriteString(of("", "", `{"what":"run"}`, "5\r\nhello\r\n0\r\nHost: x\r\n\r\n", "ffffffffffffffffff\r\n", "\x00\x00\x00", long, "GET / HTTP/1.1\r\nHost: "+s.host()+"\r\n\r\n"))
	text := []byte(b.String())
	switch rng.IntN(12) {
	case 0: // another protocol
		return []byte(of("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", "SSH-2.0-x\r\n", "\x05\x01\x00", "EHLO x\r\n\r\n", ""))
	case 1:
		return text[:rng.IntN(len(text)+1)]
	case 2:
		for range 1 + rng.IntN(4) {
			text[rng.IntN(len(text))] = byte(rng.IntN(256))
		}
	case 3:
		return bytes.Repeat(text, 1+rng.IntN(4)) // one after the other, without a wait
	}
	return text
}

// leaks fails a test after which goroutines or files of before are more.
func leaks(t *testing.T, work func()) {
	t.Helper()
	files := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("needs /proc: ", err)
		}
		return len(all)
	}
	goroutines, opened := runtime.NumGoroutine(), files()
	work()
	eventually(t, "goroutines and files are as many as before", func() bool { return runtime.NumGoroutine() <= goroutines && files() <= opened })
}

// Of requests that are nearly right none is answered by a failure, none stops anything without its token, the terminal is told
// nothing of them, and nothing of them stays.
func TestMutatedRequests(t *testing.T) {
	many := 12_000
	if testing.Short() {
		many = 2000
	}
	rng := rand.New(rand.NewPCG(16, 3))
	for name, config := range map[string]Config{
		"a run": {Mode: ModeRun, Ledger: new(chain)}, "with a token": {Mode: ModeRun, Ledger: new(chain), Token: token}, "a folder": {Mode: ModeFolder, Ledger: new(chain), Folder: stored(t)},
		"metrics": {Mode: ModeMetrics, Metrics: http.NotFoundHandler()},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, config, newStudy("mutated"))
			codes := map[int]int{}
			leaks(t, func() {
				for i := range many / 4 {
					text := mutated(rng, s)
					all := exchange(t, s, text)
					for answer, body := range answersTo(text, all) {
						codes[answer.StatusCode]++
						if answer.StatusCode >= 500 && answer.StatusCode != 501 && answer.StatusCode != 505 || answer.StatusCode == http.StatusSwitchingProtocols {
							t.Errorf("request %d: %s: %q", i, answer.Status, text)
						}
						if bytes.Contains(body, []byte("secret")) || config.Token != "" && (bytes.Contains(body, []byte(s.session)) || bytes.Contains(body, []byte(config.Token))) {
							t.Errorf("request %d: %q tells %q", i, text, body)
						}
					}
				}
			})
			t.Log(codes)
		})
	}
}

// answersTo yields the answers to a request, or to several, with as much of their bodies as there is.
func answersTo(text, all []byte) iter.Seq2[*http.Response, []byte] {
	method := "GET"
	if bytes.HasPrefix(text, []byte("HEAD ")) {
		method = "HEAD"
	}
	return func(yield func(*http.Response, []byte) bool) {
		for answers := bufio.NewReader(bytes.NewReader(all)); ; {
			answer, err := http.ReadResponse(answers, &http.Request{Method: method})
			if err != nil {
				return
			}
			body, err := io.ReadAll(answer.Body)
			if !yield(answer, body) || err != nil {
				return
			}
		}
	}
}

// exchange sends bytes and returns what comes back, until the server ends it.
func exchange(t *testing.T, s *Server, text []byte) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", s.host())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = conn.Write(text) // it may be refused before its end
	_ = conn.(*net.TCPConn).CloseWrite()
	all, err := io.ReadAll(conn)
	if netErr := net.Error(nil); errors.As(err, &netErr) && netErr.Timeout() {
		t.Fatalf("never answered: %q", text)
	}
	return all
}
