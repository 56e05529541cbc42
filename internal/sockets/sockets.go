// Package sockets counts what processes of this host send each other over TCP, as the kernel counts it (sock_diag(7)). It
// changes nothing in their way and needs no privileges.
//
// Data flow: a Watch asks the kernel for all sockets when it is read, and hears of those that end as they do, so that also
// connections between two readings count. Whose socket it is follows from the address at which a process serves, or else from
// the process's open files. Both ends of a connection are one count.
package sockets

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"meterbench/internal/thread"
)

// A Process is one whose connections count.
type Process struct {
	Name   string
	PID    int              // 0: of another host, or not known; only connections to it count whose caller was seen
	Serves []netip.AddrPort // where it listens
	Aside  []netip.AddrPort // likewise, for what does not count, as questions for metrics
	// Network is the network namespace in which it serves, open until Close of the Watch; nil: that of this process. Whose
	// addresses are of different namespaces must not share one.
	Network *os.File
}

// A Way is a direction between two processes, by their names.
type Way struct{ From, To string }

// Count is what went one way.
type Count struct {
	Bytes    uint64 // of payload, which TLS has encrypted; without headers of TCP and IP, and each once however often it was sent
	Segments uint64 // with payload
}

// Totals are what has been counted since before the Watch began: only differences of two mean something.
type Totals struct {
	Ways map[Way]Count
	// Partial says that connections may be missing that were opened and closed between two readings: the kernel does not
	// report ends, or reported more than could be read.
	Partial bool
}

// A Watch counts. It may be used by several goroutines. Close ends it.
type Watch struct {
	processes []Process // the first is the one that calls the others
	served    map[netip.AddrPort]int
	aside     map[netip.AddrPort]bool
	networks  []*network
	hearing   sync.WaitGroup

	reading sync.Mutex // one at a time
	mu      sync.Mutex
	open    map[link]*connection
	ended   map[Way]Count   // of connections whose ends are both gone
	during  map[uint64]bool // cookies of sockets that end while those of their network are being read; else nil
	partial bool
}

// A network is a network namespace with what the kernel is asked there.
type network struct {
	file *os.File      // as in Process
	dump *netlink.Conn // all sockets
	ends *netlink.Conn // those that end; nil where the kernel does not report them
}

// received is the memory for reports of ends that are not read yet, in bytes; the kernel may allow less.
const received = 4 << 20

// Open begins to count the connections between processes. A connection whose caller has gone before it could be looked at
// counts as one of the first process, if who served is known by its PID.
func Open(processes []Process) (*Watch, error) {
	w := &Watch{
		processes: processes, served: map[netip.AddrPort]int{}, aside: map[netip.AddrPort]bool{},
		open: map[link]*connection{}, ended: map[Way]Count{},
	}
	for i, p := range processes {
		w.serve(i, p.Serves, p.Aside)
	}
	for _, p := range append([]Process{{}}, processes...) { // this process's own network first
		if err := w.look(p.Network); err != nil {
			w.Close() // the first error counts
			return nil, err
		}
	}
	if _, err := w.Read(); err != nil {
		w.Close() // the first error counts
		return nil, err
	}
	return w, nil
}

// look begins to ask in a network namespace, once.
func (w *Watch) look(file *os.File) (err error) {
	if slices.ContainsFunc(w.networks, func(n *network) bool { return n.file == file }) {
		return nil
	}
	n := &network{file: file}
	if n.dump, err = n.dial(); err != nil {
		return fmt.Errorf("ask the kernel for sockets: %w", err)
	}
	w.networks = append(w.networks, n)
	if n.ends, err = n.listen(); err != nil {
		w.partial = true
	} else {
		w.hearing.Go(func() { w.hear(n.ends) })
	}
	return nil
}

// dial asks in the network on a thread that ends there: in a user namespace none may go back to the host's network.
func (n *network) dial() (conn *netlink.Conn, err error) {
	if n.file == nil {
		return netlink.Dial(unix.NETLINK_SOCK_DIAG, nil)
	}
	done := make(chan struct{})
	thread.Go(func() {
		defer close(done)
		if err = unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err == nil {
			conn, err = netlink.Dial(unix.NETLINK_SOCK_DIAG, nil)
		}
	})
	<-done
	return conn, err
}

// listen asks the kernel to report the ends of TCP sockets.
func (n *network) listen() (*netlink.Conn, error) {
	conn, err := n.dial()
	if err != nil {
		return nil, err
	}
	for _, group := range []uint32{groupTCP4, groupTCP6} {
		if err == nil {
			err = conn.JoinGroup(group)
		}
	}
	if err != nil {
		conn.Close() // the first error counts
		return nil, err
	}
	conn.SetReadBuffer(received) // less will do
	return conn, nil
}

// hear takes in the sockets that end, until the Watch is closed.
func (w *Watch) hear(ends *netlink.Conn) {
	for {
		messages, err := ends.Receive()
		lost := errors.Is(err, unix.ENOBUFS)
		if err != nil && !lost {
			return
		}
		w.mu.Lock()
		w.partial = w.partial || lost
		for _, m := range messages {
			if s, ok := parse(m.Data); ok {
				w.note(s, true)
				if w.during != nil {
					w.during[s.cookie] = true
				}
			}
		}
		w.mu.Unlock()
	}
}

// Follow has another process take the place of one, at the same addresses; 0: none runs at present.
func (w *Watch) Follow(name string, pid int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.processes {
		if w.processes[i].Name == name {
			w.processes[i].PID = pid
		}
	}
}

// Join has one more process count under a name that another one has, as its part.
func (w *Watch) Join(name string, pid int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.processes = append(w.processes, Process{Name: name, PID: pid})
}

// Serve has a process count that did not serve at any address until now.
func (w *Watch) Serve(name string, serves, aside []netip.AddrPort) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.processes {
		if w.processes[i].Name == name {
			w.serve(i, serves, aside)
		}
	}
}

// serve notes where a process serves. The caller holds the lock, or has not begun.
func (w *Watch) serve(process int, serves, aside []netip.AddrPort) {
	for _, at := range serves {
		w.served[at] = process
	}
	for _, at := range aside {
		w.served[at], w.aside[at] = process, true
	}
}

// Read returns what has been counted until now.
func (w *Watch) Read() (Totals, error) {
	w.reading.Lock()
	defer w.reading.Unlock()
	var unknown []socket
	for _, n := range w.networks {
		more, err := w.read(n)
		if err != nil {
			return Totals{}, err
		}
		unknown = append(unknown, more...)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(unknown) > 0 {
		w.resolve(unknown)
	}
	return w.totals(), nil
}

// read takes in the sockets of a network and returns those whose owner is not known.
func (w *Watch) read(n *network) (unknown []socket, err error) {
	w.mu.Lock()
	w.during = map[uint64]bool{}
	w.mu.Unlock()
	all, err := n.ask()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range all {
		if !w.during[s.cookie] && w.note(s, false) == ownerUnknown && s.inode != 0 {
			unknown = append(unknown, s)
		}
	}
	w.during = nil
	return unknown, err
}

// ask returns all sockets of the network that may have carried payload.
func (n *network) ask() (all []socket, err error) {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		messages, err := n.dump.Execute(request(family))
		if err != nil {
			return nil, fmt.Errorf("ask the kernel for sockets: %w", err)
		}
		for _, m := range messages {
			if s, ok := parse(m.Data); ok {
				all = append(all, s)
			}
		}
	}
	return all, nil
}

// Close ends the Watch.
func (w *Watch) Close() error {
	var err error
	for _, n := range w.networks {
		err = errors.Join(err, n.dump.Close())
		if n.ends != nil {
			err = errors.Join(err, n.ends.Close())
		}
	}
	w.hearing.Wait()
	return err
}
