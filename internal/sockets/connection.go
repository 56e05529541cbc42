package sockets

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A link is the addresses of a connection's ends, the lower one first.
type link [2]netip.AddrPort

// A connection is the ends that were seen of it, as its link has them.
type connection [2]end

// An end is a socket as it was last seen; the zero value was not.
type end struct {
	cookie  uint64 // the kernel's, of no other socket
	owner   int    // index in processes, or one of those below
	looked  int    // how often its owner was looked for
	gone    bool
	sent    Count
	arrived Count
}

// The owners that are none of the processes. A socket is in no process's files for a moment after it was accepted: only the
// second look says that it is a stranger's.
const (
	ownerUnknown = -1 - iota
	ownerStranger
	looks = 2
)

// linkOf returns the addresses of a socket's connection, and which of them is its own.
func linkOf(s socket) (l link, side int) {
	if s.local.Compare(s.remote) <= 0 {
		return link{s.local, s.remote}, 0
	}
	return link{s.remote, s.local}, 1
}

// note takes in a socket and returns its owner. One at neither of whose ends a process serves is a stranger's. The caller
// holds the lock.
func (w *Watch) note(s socket, gone bool) (owner int) {
	l, side := linkOf(s)
	if w.ownerOf(l[0]) == ownerUnknown && w.ownerOf(l[1]) == ownerUnknown {
		return ownerStranger
	}
	c := w.open[l]
	if c != nil && c[side].cookie != 0 && c[side].cookie != s.cookie { // the addresses are used again
		w.fold(l, c)
		c = nil
	}
	if c == nil {
		c = &connection{{owner: w.ownerOf(l[0])}, {owner: w.ownerOf(l[1])}}
		w.open[l] = c
	}
	e := &c[side]
	e.cookie, e.gone, e.sent, e.arrived = s.cookie, gone, s.sent, s.received
	if c[0].gone && c[1].gone {
		w.fold(l, c)
	}
	return e.owner
}

// ownerOf returns who serves at an address.
func (w *Watch) ownerOf(at netip.AddrPort) int {
	if i, ok := w.served[at]; ok {
		return i
	}
	return ownerUnknown
}

// fold adds up a connection that has ended.
func (w *Watch) fold(l link, c *connection) {
	delete(w.open, l)
	w.add(w.ended, l, c)
}

// add adds a connection between two of the processes to sums.
func (w *Watch) add(sums map[Way]Count, l link, c *connection) {
	if w.aside[l[0]] || w.aside[l[1]] {
		return
	}
	owners := [2]int{c[0].owner, c[1].owner}
	for side, owner := range owners {
		if other := owners[1-side]; owner == ownerUnknown && c[side].gone && other >= 0 && w.processes[other].PID != 0 {
			owners[side] = 0
		}
	}
	if owners[0] < 0 || owners[1] < 0 {
		return
	}
	for side, from := range owners {
		n := c[side].sent
		if c[side].cookie == 0 { // only the other end is of this host, or seen
			n = c[1-side].arrived
		}
		if n != (Count{}) {
			way := Way{w.processes[from].Name, w.processes[owners[1-side]].Name}
			sums[way] = Count{sums[way].Bytes + n.Bytes, sums[way].Segments + n.Segments}
		}
	}
}

// totals adds up everything.
func (w *Watch) totals() Totals {
	t := Totals{Ways: map[Way]Count{}, Partial: w.partial}
	for way, n := range w.ended {
		t.Ways[way] = n
	}
	for l, c := range w.open {
		w.add(t.Ways, l, c)
	}
	return t
}

// resolve looks for the owners of sockets among the open files of the processes.
func (w *Watch) resolve(unknown []socket) {
	owners := map[uint32]int{}
	for i, p := range w.processes {
		if p.PID != 0 {
			for _, inode := range socketsOf(p.PID) {
				owners[inode] = i
			}
		}
	}
	for _, s := range unknown {
		l, side := linkOf(s)
		c := w.open[l]
		if c == nil { // it has ended since it was noted
			continue
		}
		e := &c[side]
		if owner, ok := owners[s.inode]; ok {
			e.owner = owner
		} else if e.looked++; e.looked == looks {
			e.owner = ownerStranger
		}
	}
}

// socketsOf returns the inodes of a process's sockets, as far as they can be read.
func socketsOf(pid int) (inodes []uint32) {
	folder := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	f, err := os.Open(folder)
	if err != nil {
		return nil
	}
	defer f.Close()
	names, _ := f.Readdirnames(-1) // what can be read will do
	for _, name := range names {
		target, err := os.Readlink(filepath.Join(folder, name))
		if err != nil {
			continue // it was closed meanwhile
		}
		number, ok := strings.CutPrefix(target, "socket:[")
		if inode, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 32); ok && err == nil {
			inodes = append(inodes, uint32(inode))
		}
	}
	return inodes
}
