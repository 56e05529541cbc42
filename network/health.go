package network

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// The times of the watch over health. What is measured is this process's own running time: that of a pause of all processes,
// as of a suspended laptop, does not count.
const (
	healthPeriod  = 250 * time.Millisecond // between looks at a node, and the longest that counts for one
	probePeriod   = time.Second            // between two questions
	hangAfter     = 5 * time.Second        // of silence
	stoppedAfter  = time.Second            // that the kernel says so
	hungShare     = 0.02                   // of a core; a node that uses more while it is silent is busy
	healthTimeout = time.Minute            // of one question
)

// A Hang is a node that runs and does not work, from an instant on, or until one.
type Hang struct {
	Node   string
	Role   result.Role
	Notice result.Notice
	Since  time.Time
	Until  time.Time // zero: it hangs still
}

// WatchHealth watches over every node until ctx ends, and reports those that hang, and when they answer again. A node hangs
// that the kernel says is stopped, or that is silent and uses no processor.
func (r *Record) WatchHealth(ctx context.Context, hangs chan<- Hang) {
	for _, node := range r.Nodes {
		go WatchProcess(ctx, r.health(node), hangs)
	}
}

// health returns a node as WatchProcess takes it.
func (r *Record) health(node Node) Watched {
	ask, err := r.question(node)
	if err != nil {
		ask = nil // the kernel is asked all the same
	}
	return Watched{node.Name, node.Role, node.PID, ask}
}

// WatchHealth watches over every node until ctx ends, as Record's does, whichever process is the node's at a time. A node to
// which something was done on purpose is left alone until that is taken back.
func (n *Network) WatchHealth(ctx context.Context, hangs chan<- Hang) {
	children := n.all()
	for _, node := range n.Nodes {
		of := n.health(node)
		if i := slices.IndexFunc(children, func(c *child) bool { return c.Name == node.Name }); i >= 0 {
			go children[i].watchHealth(ctx, of, hangs)
		} else {
			go WatchProcess(ctx, of, hangs)
		}
	}
}

// watchHealth watches over a node.
func (c *child) watchHealth(ctx context.Context, of Watched, hangs chan<- Hang) {
	for ctx.Err() == nil {
		pid, changed := c.healthy()
		watching, stop := context.WithCancel(ctx)
		if pid != 0 {
			go func() {
				select {
				case <-changed:
				case <-watching.Done():
				}
				stop()
			}()
			of.PID = pid
			WatchProcess(watching, of, hangs)
		}
		stop()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// Watched is a process whose health is watched.
type Watched struct {
	Name string
	Role result.Role
	PID  int
	Ask  func(context.Context) error // returns once it answers anything, or that it refuses; nil: it cannot be asked
}

// WatchProcess reports to hangs when a process hangs, and when it works again, until ctx or the process ends.
func WatchProcess(ctx context.Context, of Watched, hangs chan<- Hang) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := watch{Watched: of, answers: make(chan struct{}, 1), answer: time.Now()}
	if of.Ask != nil {
		go w.askOn(ctx)
	}
	ticker := time.NewTicker(healthPeriod)
	defer ticker.Stop()
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-w.answers:
			w.silent, w.answer = 0, time.Now()
			continue
		case <-ticker.C:
		}
		now := time.Now()
		usage, err := proc.Process(of.PID)
		if errors.Is(err, proc.ErrEnded) {
			return
		}
		if hang, changed := w.look(now, min(now.Sub(last), 2*healthPeriod), usage, err == nil); changed {
			select {
			case hangs <- hang:
			case <-ctx.Done():
				return
			}
		}
		last = now
	}
}

// A watch is what is known of a process that is watched.
type watch struct {
	Watched
	answers chan struct{}

	answer  time.Time     // the last one, at most a probePeriod before it fell silent
	silent  time.Duration // since the last answer, of our own running time
	cpu     float64       // of the process at the last answer
	stopped time.Duration // for which the kernel has said so
	halted  time.Time     // when that began
	hang    *Hang         // under way
}

// askOn asks again and again. Only one question is open at a time.
func (w *watch) askOn(ctx context.Context) {
	for ctx.Err() == nil {
		asking, cancel := context.WithTimeout(ctx, healthTimeout)
		err := w.Ask(asking)
		cancel()
		if err == nil || !timedOut(err) {
			select {
			case w.answers <- struct{}{}:
			default:
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(probePeriod):
		}
	}
}

// timedOut reports whether an error is that of silence. A refusal is an answer: the end of a process is noticed elsewhere.
func timedOut(err error) bool {
	if failed, ok := errors.AsType[net.Error](err); ok && failed.Timeout() {
		return true
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// look takes what is seen of the process after a tick, and returns what has changed.
func (w *watch) look(now time.Time, tick time.Duration, usage proc.Usage, known bool) (Hang, bool) {
	if w.Ask != nil {
		w.silent += tick
	}
	if w.silent <= tick { // it has just answered
		w.cpu = usage.CPU
	}
	switch {
	case !known || !usage.Stopped:
		w.stopped = 0
	case w.stopped == 0:
		w.halted = now
		fallthrough
	default:
		w.stopped += tick
	}
	busy := known && usage.CPU-w.cpu > hungShare*w.silent.Seconds()
	h := Hang{Node: w.Name, Role: w.Role}
	switch {
	case w.stopped >= stoppedAfter:
		h.Notice, h.Since = result.NoticeState, w.halted
	case w.silent >= hangAfter && !busy:
		h.Notice, h.Since = result.NoticeHealth, w.answer
	case w.hang != nil && w.stopped == 0 && (w.silent < hangAfter || busy):
		h = *w.hang
		h.Until, w.hang = now, nil
		return h, true
	default:
		return h, false
	}
	if w.hang != nil {
		return h, false
	}
	w.hang = &h
	return h, true
}

// question returns what is asked of a node again and again: its health endpoint, or where it has none, a TLS handshake.
func (r *Record) question(node Node) (func(context.Context) error, error) {
	ca, credential, err := fabric.ReadKeys(organisationDir(r.Dir, node.Organisation), fabric.AdminsTLS)
	if err != nil {
		return nil, err
	}
	if node.Operations == "" {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(ca)
		config := &tls.Config{RootCAs: roots, ServerName: node.Name, MinVersion: tls.VersionTLS12}
		address, dial := r.reached(node, node.Address)
		return func(ctx context.Context) error { return handshake(ctx, dial, address, config) }, nil
	}
	address, dial := r.reached(node, node.Operations)
	client, err := fabric.AdminClient(ca, credential, dial)
	if err != nil {
		return nil, err
	}
	if transport, ok := client.Transport.(*http.Transport); ok {
		transport.DisableKeepAlives = false // a handshake per second costs more than the answer
	}
	client.Timeout = 0 // the context's counts
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/healthz", nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection is used again
		return errors.Join(err, response.Body.Close())
	}, nil
}

// handshake makes a connection with TLS and closes it.
func handshake(ctx context.Context, dial client.Dialer, address string, config *tls.Config) error {
	conn, err := dial.Dial(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close() // nothing was sent
	return tls.Client(conn, config).HandshakeContext(ctx)
}
