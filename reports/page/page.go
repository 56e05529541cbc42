// Package page serves one page over HTTP: a study under way as it goes on, the ledgers of a network, the report of a finished
// run. Nothing is fetched from elsewhere.
//
// Data flow: Serve listens, and a guard lets through who may ask (guard.go); the rows of routes answer, from what the page is
// about at that moment: a live.Feed, a ledger.Reader, a folder. Whatever fails here is told by Config.Failed and stops nothing
// else.
package page

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"meterbench/bench/ledger"
	"meterbench/bench/live"
	"meterbench/internal/listen"
	"meterbench/internal/regular"
)

// Mode says what a page is opened for.
type Mode string

// The modes.
const (
	ModeRun     Mode = "run"     // a study under way, or several in turn
	ModeNetwork Mode = "network" // a network that is held
	ModeFolder  Mode = "folder"  // the folder of a finished run
	ModeMetrics Mode = "metrics" // no page: only metrics, for programs
)

// Config holds the arguments of Serve.
type Config struct {
	// Address is HOST:PORT, where port 0 is any that is free; a port alone is on loopback, and empty a free port there.
	Address string
	// Token is what every request must show, at least LeastToken characters; empty: none. Beyond loopback it may not be empty.
	Token   string
	Title   string
	Mode    Mode
	Ledger  ledger.Reader // nil: none
	Metrics http.Handler  // nil: no /metrics
	Folder  string        // of a finished run, whose report is shown; empty: none
	Failed  func(error)   // told, seldom, of what went wrong in the server; it may be nil
}

// Limits that keep strangers from wearing the server, and the machine that measures, out.
const (
	mostStreams     = 64  // streams of /events at once
	mostConnections = 512 // further ones wait in the kernel
	mostQueries     = 4   // of ledgers at once: they ask the network that may be measured
	mostHeader      = 16 << 10
	mostBody        = 4 << 10
	mostReceived    = 16 << 10 // bytes that the kernel keeps for us of what a client sends, and doubles
	mostUnread      = 64 << 10 // likewise of what one does not read
	heartbeat       = 15 * time.Second
	queryTime       = 15 * time.Second
	closeTime       = 5 * time.Second // longer than a machine stalls, so that streams have their end
)

// patience is how long a client is waited for. Who takes longer is dropped.
type patience struct {
	header time.Duration // for the header of a request, and for its body
	idle   time.Duration // for the next request
	answer time.Duration // for an answer to be read
	report time.Duration // likewise for a file of a report
	write  time.Duration // for a message of a stream to be read
}

var usualPatience = patience{header: 5 * time.Second, idle: time.Minute, answer: 30 * time.Second, report: 5 * time.Minute, write: 5 * time.Second}

// Server serves a page until Close. Its methods may be called by several goroutines at once.
type Server struct {
	config    Config
	patience  patience
	name      string // by which the user named the address, in lower case; empty where by number
	url       string
	cookie    string // name of the cookie
	session   string // its value, from the Token
	stopToken string // from the page of who is on this machine
	assets    map[string]asset
	folder    *os.Root // nil: none
	http      *http.Server
	served    chan struct{} // closed when http has ended
	closing   chan struct{}
	closeOnce sync.Once
	streams   chan struct{} // semaphores
	queries   chan struct{}

	mu      sync.Mutex
	watched watched
	changed chan struct{} // closed when watched changes
}

// watched is the study that is shown.
type watched struct {
	feed *live.Feed
	stop func(What) bool
}

// Serve begins to serve a page. What is wrong with the address or token is an *AddressError, or ErrNoToken or ErrShortToken, and
// then nothing is served. The context is that of looking up a name.
func Serve(ctx context.Context, config Config) (*Server, error) {
	return serveWith(ctx, config, usualPatience)
}

func serveWith(ctx context.Context, config Config, patience patience) (*Server, error) {
	at, err := resolve(ctx, config.Address)
	if err == nil {
		err = checkToken(at, config.Token)
	}
	if err != nil {
		return nil, err
	}
	s := &Server{
		config: config, patience: patience, name: at.name, stopToken: rand.Text(), session: rand.Text(),
		served: make(chan struct{}), closing: make(chan struct{}),
		streams: make(chan struct{}, mostStreams), queries: make(chan struct{}, mostQueries), changed: make(chan struct{}),
	}
	if s.assets, err = readAssets(); err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	if config.Folder != "" {
		if s.folder, err = regular.Folder(config.Folder); err != nil {
			return nil, err
		}
	}
	listener, err := at.listen()
	if err != nil {
		return nil, errors.Join(err, s.closeFolder())
	}
	port := listener.Addr().(*net.TCPAddr).Port
	s.url = (&url.URL{Scheme: "http", Host: net.JoinHostPort(at.shown(), fmt.Sprint(port)), Path: "/"}).String()
	s.cookie = fmt.Sprintf("meterbench-%d", port) // cookies don't tell ports apart
	s.http = &http.Server{
		Handler: s.guard(s.router()), ReadHeaderTimeout: patience.header, WriteTimeout: patience.answer, IdleTimeout: patience.idle,
		MaxHeaderBytes: mostHeader, DisableGeneralOptionsHandler: true, ErrorLog: log.New(&complaints{tell: config.Failed}, "", 0),
	}
	go func() {
		defer close(s.served)
		if err := s.http.Serve(netutil.LimitListener(listener, mostConnections)); !errors.Is(err, http.ErrServerClosed) {
			s.failed(fmt.Errorf("nobody can open it any more: %s", listen.Cause(err)))
		}
	}()
	return s, nil
}

// URL returns where the page is.
func (s *Server) URL() string { return s.url }

// Watch has the page show a study. Streams of the one before go on with it. Stop ends its level or all of it, and is false where
// there is none; it may be nil.
func (s *Server) Watch(feed *live.Feed, stop func(What) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched = watched{feed, stop}
	close(s.changed)
	s.changed = make(chan struct{})
}

// now returns the study that is shown, and a channel that is closed when there is another.
func (s *Server) now() (watched, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watched, s.changed
}

// Close ends the server: streams get what their study has sent, other requests a moment to end.
func (s *Server) Close() error {
	var err error
	s.closeOnce.Do(func() {
		close(s.closing)
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		if err = s.http.Shutdown(ctx); err != nil {
			err = s.http.Close()
		}
		<-s.served
		err = errors.Join(err, s.closeFolder())
	})
	return err
}

func (s *Server) closeFolder() error {
	if s.folder == nil {
		return nil
	}
	return s.folder.Close()
}

func (s *Server) failed(err error) {
	if s.config.Failed != nil {
		s.config.Failed(err)
	}
}

// complaints takes what net/http logs, such as connections that cannot be accepted, and tells one line of it a minute.
type complaints struct {
	tell func(error)
	mu   sync.Mutex
	last time.Time
}

// Write implements io.Writer.
func (c *complaints) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tell != nil && time.Since(c.last) >= time.Minute {
		c.last = time.Now()
		line, _, _ := strings.Cut(strings.TrimPrefix(string(text), "http: "), "\n")
		c.tell(errors.New(cmp.Or(line, "unknown failure")))
	}
	return len(text), nil
}
