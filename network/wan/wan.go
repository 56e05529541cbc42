// Package wan emulates the distances between the sites of a network on one machine, packet by packet. It is Linux only.
//
// Data flow: Start starts a process that makes a network namespace for each site, with one interface over which it takes
// every packet to another site, keeps it as long as the link takes, and hands it on. Nodes are started in the namespace of
// their site (Enter), sockets made there (Dial, Listen, Do). Nothing of it is visible in, or left in, the network of the host.
package wan

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// Link is what lies between two sites, the same in both directions.
type Link struct {
	RoundTrip time.Duration // there and back
	Jitter    time.Duration // standard deviation of the round trip
	Loss      float64       // probability that a packet is lost on its way, in each direction
	Bandwidth float64       // in each direction, bit/s of IP packets; 0: no bound
}

// Config says what to emulate.
type Config struct {
	Sites      []string // their names
	Links      [][]Link // by index of sites; symmetric, and zero between a site and itself
	Executable string   // this program, whose main calls Dispatch; empty: os.Executable
	LogPath    string   // of the process
	Seed       uint64   // of losses and jitter
}

// RoundTrip is how long packets took between two sites and back.
type RoundTrip struct {
	Between  [2]string
	Asked    time.Duration // RoundTrip of the link as it is in force
	P50, P99 time.Duration // of the packets that came back
	Sent     int
	Lost     int
}

// Emulation is a running emulation.
type Emulation struct{}

// EndedError reports that Reexec has executed this program again, and how that ended.
type EndedError struct{ Code int }

// Error implements error.
func (e *EndedError) Error() string { return "executed again in a user namespace" }

var errNotYet = errors.New("emulation of distances: not available yet")

// Check returns what an emulation lacks on this machine for this user, and what to do. It leaves nothing behind.
func Check() error { return errNotYet }

// Reexec returns nil where this process may make an emulation. Else it executes the whole program once more in a user
// namespace, where it may, waits for it, and returns an *EndedError with its exit code; or what Check does.
func Reexec() error { return nil }

// Start starts an emulation. All links are without delay, loss and bound until Enforce.
func Start(ctx context.Context, cfg Config) (*Emulation, error) { return nil, errNotYet }

// Dispatch is the emulation if Start has started this program for that. args is the whole argument list. network.Dispatch
// calls it.
func Dispatch(args []string) (code int, handled bool) { return 0, false }

// IsChild reports whether this program was started as an emulation. args is the whole argument list.
func IsChild(args []string) bool { return false }

// Enforce puts the configured links into force.
func (e *Emulation) Enforce() error { return errNotYet }

// Address returns the IP address of a site.
func (e *Emulation) Address(site string) string { return "" }

// Enter returns a function for process.Spec.Enter: it moves the calling thread, which must be locked and never be given
// back, into the site.
func (e *Emulation) Enter(site string) func() error { return func() error { return errNotYet } }

// Do calls do on a thread that stands at a site for as long as the call lasts: sockets that it makes belong there. do must not
// start goroutines that make sockets.
func (e *Emulation) Do(site string, do func() error) error { return errNotYet }

// Dial connects from a site to a TCP address IP:port.
func (e *Emulation) Dial(ctx context.Context, site, address string) (net.Conn, error) {
	return nil, errNotYet
}

// Listen listens at a site on a TCP address IP:port.
func (e *Emulation) Listen(site, address string) (net.Listener, error) { return nil, errNotYet }

// Namespace returns the network namespace of a site, which Close closes.
func (e *Emulation) Namespace(site string) *os.File { return nil }

// Cut drops every packet between two sites from now on, or between a site and all others where b is empty. What is under
// way arrives.
func (e *Emulation) Cut(a, b string) error { return errNotYet }

// Heal takes back Cut and Slow.
func (e *Emulation) Heal(a, b string) error { return errNotYet }

// Slow makes a link worse by another from now on, or all of a site where b is empty: round trip and loss are added, of the
// bandwidths the lower one counts.
func (e *Emulation) Slow(a, b string, more Link) error { return errNotYet }

// Measure sends 100 UDP packets between each two sites and back, from both ends in turn. It takes 1.5 s and the longest
// round trip.
func (e *Emulation) Measure(ctx context.Context) ([]RoundTrip, error) { return nil, errNotYet }

// PID returns the id of the process.
func (e *Emulation) PID() int { return 0 }

// Died returns a channel on which the reason comes if the process ends before Close.
func (e *Emulation) Died() <-chan error { return nil }

// Close ends the emulation. Nodes at its sites must have ended before.
func (e *Emulation) Close() error { return nil }
