package page

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"meterbench/internal/printable"
)

// A route is what is answered at a path, in the form of http.ServeMux's patterns.
type route struct {
	path   string
	method string // that it takes; HEAD comes with GET
	in     []Mode // nil: in all that are of a page
	answer func(*Server, http.ResponseWriter, *http.Request)
}

// routes returns the table of all that is answered.
func routes() []route {
	get, running := http.MethodGet, []Mode{ModeRun}
	return []route{
		{"/{$}", get, nil, (*Server).index},
		{"/assets/{name}", get, nil, (*Server).asset},
		{"/api/about", get, nil, (*Server).about},
		{"/api/state", get, running, (*Server).state},
		{"/events", get, running, (*Server).events},
		{"/api/stop", http.MethodPost, running, (*Server).stop},
		{"/api/ledger", get, nil, (*Server).overview},
		{"/api/ledger/{channel}/blocks", get, nil, (*Server).blocks},
		{"/api/ledger/{channel}/blocks/{number}", get, nil, (*Server).block},
		{"/api/ledger/{channel}/transactions/{id}", get, nil, (*Server).transaction},
		{"/api/ledger/{channel}/meters/{meter}", get, nil, (*Server).meter},
		{"/report/{file}", get, []Mode{ModeFolder}, (*Server).report},
		{"/report/{folder}/{file}", get, []Mode{ModeFolder}, (*Server).report},
		{"/metrics", get, []Mode{ModeRun, ModeNetwork, ModeMetrics}, (*Server).metrics},
	}
}

// router returns what answers by the table of routes.
func (s *Server) router() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "there is no such page") })
	for _, one := range routes() {
		if one.in == nil && s.config.Mode == ModeMetrics || one.in != nil && !slices.Contains(one.in, s.config.Mode) {
			continue
		}
		mux.HandleFunc(one.path, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != one.method && !(one.method == http.MethodGet && r.Method == http.MethodHead) {
				w.Header().Set("Allow", one.method)
				refuse(w, http.StatusMethodNotAllowed, "this takes the method "+one.method)
				return
			}
			one.answer(s, w, r)
		})
	}
	return mux
}

// about says what the page is about.
type about struct {
	Mode    Mode   `json:"mode"`
	Title   string `json:"title"`
	Stop    bool   `json:"stop"` // by who asks
	Ledger  bool   `json:"ledger"`
	Metrics bool   `json:"metrics"`
	Report  string `json:"report"` // its name below /report; empty: none
}

func (s *Server) about(w http.ResponseWriter, r *http.Request) {
	now, _ := s.now()
	a := about{s.config.Mode, s.config.Title, now.stop != nil && fromHere(r), s.config.Ledger != nil, s.config.Metrics != nil, ""}
	if s.folder != nil {
		if _, err := s.folder.Lstat(reportFile); err == nil {
			a.Report = reportFile
		}
	}
	answer(w, a)
}

func (s *Server) state(w http.ResponseWriter, _ *http.Request) {
	now, _ := s.now()
	if now.feed == nil {
		refuse(w, http.StatusNotFound, "no study has begun yet")
		return
	}
	answer(w, now.feed.State())
}

func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	if s.config.Metrics == nil {
		refuse(w, http.StatusNotFound, "metrics are off")
		return
	}
	s.config.Metrics.ServeHTTP(w, r)
}

// What can be stopped.
type What string

// The things that can be stopped.
const (
	StopLevel What = "level"
	StopRun   What = "run"
)

// stop ends the level or the run. It takes more than other requests: to come from this machine, and from the page itself, whose
// token others cannot read.
func (s *Server) stop(w http.ResponseWriter, r *http.Request) {
	now, _ := s.now()
	var order struct {
		What What `json:"what"`
	}
	switch {
	case !fromHere(r):
		refuse(w, http.StatusForbidden, "only a page on the machine that measures can stop it")
		return
	case r.Header.Get("Origin") == "" || !equal(r.Header.Get("X-Meterbench-Token"), s.stopToken):
		refuse(w, http.StatusForbidden, "only the page itself can stop it; load it again")
		return
	case now.stop == nil:
		refuse(w, http.StatusNotFound, "nothing is running that could be stopped")
		return
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&order)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		refuse(w, http.StatusRequestEntityTooLarge, "a request has at most "+strconv.Itoa(mostBody)+" bytes")
		return
	}
	if err != nil || order.What != StopLevel && order.What != StopRun {
		refuse(w, http.StatusBadRequest, `want {"what":"level"} or {"what":"run"}`)
		return
	}
	if !now.stop(order.What) {
		refuse(w, http.StatusNotFound, "no "+string(order.What)+" is under way")
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// answer sends a value as JSON.
func answer(w http.ResponseWriter, v any) {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		refuse(w, http.StatusBadGateway, sentence(err))
		return
	}
	send(w, http.StatusOK, b.Bytes())
}

// refuse sends an error.
func refuse(w http.ResponseWriter, code int, why string) {
	text, err := json.Marshal(map[string]string{"error": why})
	if err != nil {
		panic(err) // a text always marshals
	}
	send(w, code, append(text, '\n'))
}

func send(w http.ResponseWriter, code int, text []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(code)
	_, _ = w.Write(text) // who does not wait for it is gone
}

// sentence returns an error as one line of bounded length.
func sentence(err error) string {
	const most = 300
	text := []rune(printable.Line(printable.Plain(strings.ReplaceAll(err.Error(), "\n", "; "))))
	if len(text) > most {
		text = append(text[:most], '…')
	}
	return string(text)
}
