package page

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

const token = "correct-horse-battery"

// policies are the headers that every answer has.
func checkHeaders(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	h := w.Result().Header
	csp := h.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe-eval") {
		t.Errorf("content security policy %q", csp)
	}
	for key, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": "",
	} {
		if got := h.Get(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

// Each rule of who may ask what, with what it answers.
func TestGuard(t *testing.T) {
	open := serve(t, Config{Mode: ModeRun, Ledger: new(chain)}, newStudy("quickstart"))
	named := serve(t, Config{Mode: ModeRun, Address: "localhost:0"}, newStudy("quickstart"))
	named.name = "bench.example"
	locked := serve(t, Config{Mode: ModeRun, Token: token}, newStudy("quickstart"))
	kept := serve(t, Config{Mode: ModeFolder, Folder: stored(t)}, nil)
	port := open.host()[strings.LastIndex(open.host(), ":"):]
	cookie := func(value string) asking {
		return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: locked.cookie, Value: value}) }
	}
	for _, c := range []struct {
		name         string
		at           *Server
		method, path string
		change       []asking
		want         int
	}{
		{"the page", open, "GET", "/", nil, 200},
		{"the head of the page", open, "HEAD", "/", nil, 200},
		{"an asset", open, "GET", "/assets/page.css", nil, 200},
		{"the state", open, "GET", "/api/state", nil, 200},

		{"to localhost", open, "GET", "/", []asking{toHost("localhost" + port)}, 200},
		{"through a tunnel", open, "GET", "/", []asking{toHost("LocalHost:9000")}, 200},
		{"to loopback without a port", open, "GET", "/", []asking{toHost("127.0.0.1")}, 200},
		{"to loopback by IPv6", open, "GET", "/", []asking{toHost("[::1]:80")}, 200},
		{"to the address of the connection", open, "GET", "/", []asking{toHost("192.0.2.7:80")}, 200},
		{"to another address", open, "GET", "/", []asking{toHost("192.0.2.8:80")}, 403},
		{"rebinding", open, "GET", "/", []asking{toHost("evil.example" + port)}, 403},
		{"rebinding of a name like ours", open, "GET", "/", []asking{toHost("localhost.evil.example" + port)}, 403},
		{"rebinding of a name like an address", open, "GET", "/", []asking{toHost("127.0.0.1.evil.example")}, 403},
		{"rebinding for an asset", open, "GET", "/assets/page.css", []asking{toHost("evil.example")}, 403},
		{"without a host", open, "GET", "/", []asking{toHost("")}, 403},
		{"a host with a user", open, "GET", "/", []asking{toHost("localhost@evil.example")}, 403},
		{"to the name given", named, "GET", "/", []asking{toHost("Bench.example:80")}, 200},
		{"to a name not given", named, "GET", "/", []asking{toHost("bench.example.evil:80")}, 403},

		{"from our page", open, "GET", "/api/state", []asking{header("Origin", "http://"+open.host())}, 200},
		{"from our page behind TLS", open, "GET", "/api/state", []asking{header("Origin", "https://"+open.host())}, 200},
		{"from another page", open, "GET", "/api/state", []asking{header("Origin", "http://evil.example")}, 403},
		{"from another port", open, "GET", "/api/state", []asking{header("Origin", "http://127.0.0.1:1")}, 403},
		{"from no origin", open, "GET", "/events", []asking{header("Origin", "null")}, 403},
		{"from two origins", open, "GET", "/api/state", []asking{header("Origin", "http://"+open.host()), header("Origin", "http://evil.example")}, 403},
		{"of an image elsewhere", open, "GET", "/api/ledger", []asking{header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Mode", "no-cors")}, 403},
		{"of a page at another port", open, "GET", "/api/ledger", []asking{header("Sec-Fetch-Site", "same-site"), header("Sec-Fetch-Mode", "no-cors")}, 403},
		{"by a link elsewhere", open, "GET", "/", []asking{header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Mode", "navigate")}, 200},
		{"by a link elsewhere, past the page", open, "GET", "/api/ledger", []asking{header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Mode", "navigate")}, 403},
		{"of our own", open, "GET", "/api/ledger", []asking{header("Sec-Fetch-Site", "same-origin"), header("Sec-Fetch-Mode", "cors")}, 200},

		{"without the token", locked, "GET", "/", nil, 403},
		{"an asset without the token", locked, "GET", "/assets/page.css", nil, 403},
		{"from loopback without the token", locked, "GET", "/api/state", []asking{from("127.0.0.1:1")}, 403},
		{"with a wrong token", locked, "GET", "/?token=wrong-horse-battery", nil, 403},
		{"with an empty token", locked, "GET", "/?token=", nil, 403},
		{"with the token in the URL of something else", locked, "GET", "/api/state?token=" + token, nil, 403},
		{"with the token", locked, "GET", "/?token=" + token, nil, 200},
		{"as a bearer", locked, "GET", "/api/state", []asking{header("Authorization", "Bearer "+token)}, 200},
		{"as a wrong bearer", locked, "GET", "/api/state", []asking{header("Authorization", "Bearer "+token+"x")}, 403},
		{"as an empty bearer", locked, "GET", "/api/state", []asking{header("Authorization", "Bearer ")}, 403},
		{"with the cookie", locked, "GET", "/api/state", []asking{cookie(locked.session)}, 200},
		{"with the token as the cookie", locked, "GET", "/api/state", []asking{cookie(token)}, 403},
		{"with an empty cookie", locked, "GET", "/api/state", []asking{cookie("")}, 403},

		{"to post to the page", open, "POST", "/", nil, 405},
		{"to delete the state", open, "DELETE", "/api/state", nil, 405},
		{"to ask for options", open, "OPTIONS", "/api/stop", nil, 405},
		{"to get the stop", open, "GET", "/api/stop", nil, 405},
		{"to get by a method in small letters", open, "get", "/", nil, 405},
		{"to trace", open, "TRACE", "/", nil, 405},

		{"the page by its file", open, "GET", "/assets/index.html", nil, 404},
		{"nothing", open, "GET", "/nothing", nil, 404},
		{"a folder", open, "GET", "/assets/", nil, 404},
		{"up", open, "GET", "/assets/../page.go", nil, 404},
		{"up, encoded", open, "GET", "/assets/%2e%2e/page.go", nil, 404},
		{"up, with the slash encoded", open, "GET", "/assets/..%2fpage.go", nil, 404},
		{"up, encoded twice", open, "GET", "/assets/%252e%252e%252fpage.go", nil, 404},
		{"up by backslashes", open, "GET", `/assets/..\page.go`, nil, 404},
		{"up by encoded backslashes", open, "GET", "/assets/..%5cpage.go", nil, 404},
		{"a path in a path", open, "GET", "/assets//etc/passwd", nil, 404},
		{"an absolute path", open, "GET", "//etc/passwd", nil, 404},
		{"with an encoded zero", open, "GET", "/assets/page.css%00.js", nil, 404},
		{"metrics that are off", open, "GET", "/metrics", nil, 404},
		{"a report of no folder", open, "GET", "/report/report.html", nil, 404},

		{"the report", kept, "GET", "/report/report.html", nil, 200},
		{"a figure", kept, "GET", "/report/figures/a.svg", nil, 200},
		{"a figure as an image", kept, "GET", "/report/figures/a.png", nil, 200},
		{"a table", kept, "GET", "/report/csv/t.csv", nil, 200},
		{"no study", kept, "GET", "/api/state", nil, 404},
		{"no stream", kept, "GET", "/events", nil, 404},
		{"nothing to stop", kept, "POST", "/api/stop", nil, 404},
		{"another file", kept, "GET", "/report/run.json", nil, 404},
		{"another file up", kept, "GET", "/report/figures/../run.json", nil, 404},
		{"another file up, encoded", kept, "GET", "/report/figures%2f..%2frun.json", nil, 404},
		{"another file up, encoded in the name", kept, "GET", "/report/csv/..%2frun.json", nil, 404},
		{"another file up, as a table", kept, "GET", "/report/csv/..%2f..%2fsecret.csv", nil, 404},
		{"another kind in a folder", kept, "GET", "/report/csv/secret.txt", nil, 404},
		{"another folder", kept, "GET", "/report/logs/peer.log", nil, 404},
		{"a hidden file", kept, "GET", "/report/figures/.svg", nil, 404},
		{"a link out", kept, "GET", "/report/csv/link.csv", nil, 404},
		{"a link inside", kept, "GET", "/report/csv/inside.csv", nil, 404},
		{"a link to a device of another", kept, "GET", "/report/figures/absolute.svg", nil, 404},
		{"through a link to a folder", kept, "GET", "/report/figures/deep%2fb.svg", nil, 404},
		{"a file that is missing", kept, "GET", "/report/figures/b.svg", nil, 404},
		{"the folder itself", kept, "GET", "/report/", nil, 404},
		{"a figure as a report", kept, "GET", "/report/a.svg", nil, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := c.at.ask(c.method, c.path, "", c.change...)
			if w.Code != c.want {
				t.Errorf("%d, want %d: %s", w.Code, c.want, w.Body)
			}
			checkHeaders(t, w)
			if c.want >= 400 {
				wrong(t, w)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("tells %q", w.Body)
			}
		})
	}
}

// What is served of a run's folder may be a stranger's: it can neither ask nor send anything.
func TestReportIsApart(t *testing.T) {
	s := serve(t, Config{Mode: ModeFolder, Folder: stored(t)}, nil)
	for path, kind := range map[string]string{
		"report.html": "text/html; charset=utf-8", "figures/a.svg": "image/svg+xml", "figures/a.png": "image/png", "csv/t.csv": "text/csv; charset=utf-8",
	} {
		w := s.ask("GET", "/report/"+path, "")
		csp := w.Header().Get("Content-Security-Policy")
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || !strings.HasPrefix(csp, "sandbox") {
			t.Errorf("%s: %d, %q", path, w.Code, w.Header())
		}
		for _, word := range []string{"allow-same-origin", "connect-src", "'self'", "allow-top-navigation", "http"} {
			if strings.Contains(csp, word) {
				t.Errorf("%s: %s in %s", path, word, csp)
			}
		}
	}
	if csp := s.ask("GET", "/", "").Header().Get("Content-Security-Policy"); csp != policy || strings.Contains(csp, "unsafe") {
		t.Errorf("the page has %s", csp)
	}
}

// Who opens the page with the token gets a cookie that scripts and other sites do not have, that is not the token, and that opens
// the page from then on.
func TestToken(t *testing.T) {
	s := serve(t, Config{Mode: ModeRun, Token: token}, nil)
	w := s.ask("GET", "/?token="+token, "")
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies", len(cookies))
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Value == token || len(c.Value) < LeastToken || !strings.HasSuffix(s.host(), c.Name[len("meterbench-"):]) {
		t.Errorf("%+v", c)
	}
	if got := w.Header().Get("Refresh"); got != "0; url=/" {
		t.Errorf("goes on to %q", got)
	}
	if w := s.ask("GET", "/", "", func(r *http.Request) { r.AddCookie(c) }); w.Code != 200 {
		t.Errorf("%d with the cookie", w.Code)
	}
	if strings.Contains(wrong(t, s.ask("GET", "/", "")), token) || strings.Contains(s.URL(), token) {
		t.Error("tells the token")
	}
}

// Stopping takes a request from this machine, by the page itself.
func TestStop(t *testing.T) {
	var stopped []What
	s, idle := serve(t, Config{Mode: ModeRun}, nil), serve(t, Config{Mode: ModeRun}, nil)
	s.Watch(newStudy("quickstart"), func(what What) bool {
		stopped = append(stopped, what)
		return len(stopped) == 1
	})
	ours, stopToken := header("Origin", "http://"+s.host()), header("X-Meterbench-Token", s.stopToken)
	for _, c := range []struct {
		name   string
		at     *Server
		body   string
		change []asking
		code   int
		want   []What
	}{
		{"the level", s, `{"what":"level"}`, []asking{ours, stopToken}, 202, []What{StopLevel}},
		{"the run", s, `{"what":"run"}`, []asking{ours, stopToken}, 202, []What{StopRun}},
		{"from loopback by IPv6", s, `{"what":"run"}`, []asking{ours, stopToken, from("[::1]:1")}, 202, []What{StopRun}},
		{"from loopback on both", s, `{"what":"run"}`, []asking{ours, stopToken, from("[::ffff:127.0.0.1]:1")}, 202, []What{StopRun}},
		{"twice", s, `{"what":"run"}`, []asking{ours, stopToken}, 404, []What{StopRun, StopRun}},
		{"from elsewhere", s, `{"what":"run"}`, []asking{ours, stopToken, from("192.0.2.1:1")}, 403, nil},
		{"through a proxy", s, `{"what":"run"}`, []asking{ours, stopToken, header("X-Forwarded-For", "192.0.2.1")}, 403, nil},
		{"through a proxy of another kind", s, `{"what":"run"}`, []asking{ours, stopToken, header("Forwarded", "for=192.0.2.1")}, 403, nil},
		{"from nowhere", s, `{"what":"run"}`, []asking{ours, stopToken, from("")}, 403, nil},
		{"without an origin", s, `{"what":"run"}`, []asking{stopToken}, 403, nil},
		{"from another origin", s, `{"what":"run"}`, []asking{header("Origin", "http://evil.example"), stopToken}, 403, nil},
		{"without the token", s, `{"what":"run"}`, []asking{ours}, 403, nil},
		{"with a wrong token", s, `{"what":"run"}`, []asking{ours, header("X-Meterbench-Token", "x")}, 403, nil},
		{"something else", s, `{"what":"machine"}`, []asking{ours, stopToken}, 400, nil},
		{"nothing", s, `{}`, []asking{ours, stopToken}, 400, nil},
		{"with more", s, `{"what":"run","now":true}`, []asking{ours, stopToken}, 400, nil},
		{"no JSON", s, `run`, []asking{ours, stopToken}, 400, nil},
		{"empty", s, ``, []asking{ours, stopToken}, 400, nil},
		{"large", s, `{"what":"run"` + strings.Repeat(" ", mostBody) + `}`, []asking{ours, stopToken}, 413, nil},
		{"large, of unknown size", s, `{"what":"run"` + strings.Repeat(" ", mostBody) + `}`,
			[]asking{ours, stopToken, func(r *http.Request) { r.ContentLength = -1 }}, 413, nil},
		{"when nothing runs", idle, `{"what":"run"}`, []asking{header("Origin", "http://"+idle.host()), header("X-Meterbench-Token", idle.stopToken)}, 404, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			stopped = nil
			if c.name == "twice" {
				s.watched.stop(StopRun)
			}
			w := c.at.ask("POST", "/api/stop", c.body, c.change...)
			if w.Code != c.code || !slices.Equal(stopped, c.want) {
				t.Errorf("%d, stopped %q, want %d, %q: %s", w.Code, stopped, c.code, c.want, w.Body)
			}
			checkHeaders(t, w)
		})
	}
}

// Only who is on this machine gets the token that stops a run with the page.
func TestStopToken(t *testing.T) {
	s := serve(t, Config{Mode: ModeRun}, nil)
	s.Watch(newStudy("quickstart"), func(What) bool { return true })
	for remote, has := range map[string]bool{"127.0.0.1:1": true, "[::1]:1": true, "192.0.2.7:1": false, "": false} {
		text := s.ask("GET", "/", "", from(remote)).Body.String()
		if strings.Contains(text, `<meta name="token" content="`+s.stopToken+`">`) != has || strings.Contains(text, s.stopToken) != has {
			t.Errorf("from %q: not %t", remote, has)
		}
		if about := s.ask("GET", "/api/about", "", from(remote)).Body.String(); strings.Contains(about, `"stop":true`) != has {
			t.Errorf("from %q: %s", remote, about)
		}
	}
}
