package network

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/proc"
	"meterbench/internal/process"
)

// A Guest is a network that another process holds, while this one measures it. Close leaves the network as it runs.
type Guest struct {
	observed
	copies string            // folder for what the nodes log meanwhile
	starts map[string]uint64 // of the nodes' processes, as in proc.Usage
	lock   *os.File          // one process at a time measures a network
	died   chan error
	closed chan struct{} // ends the watch
}

// guestFile lies in the run folder of a network that is, or was, measured by another process than its holder.
const guestFile = "measured.lock"

// watchInterval is how often a Guest looks whether the nodes still run.
const watchInterval = 200 * time.Millisecond

// Measure makes ready to measure a network that another process holds; one process at a time may. What the nodes log
// until Close then goes to a folder of logs.
func (r *Record) Measure(logs string) (*Guest, error) {
	g := &Guest{
		observed: observed{Record: *r, from: map[string]int64{}}, copies: logs, starts: map[string]uint64{},
		died: make(chan error, 1), closed: make(chan struct{}),
	}
	if err := g.begin(); err != nil {
		if g.lock != nil {
			g.lock.Close() // the first error counts
		}
		if g.sites != nil {
			g.sites.Close() // likewise
		}
		return nil, fmt.Errorf("measure network %s in %s: %w", r.Topology.Name, r.Dir, err)
	}
	go g.watch()
	return g, nil
}

func (g *Guest) begin() (err error) {
	if g.lock, err = os.OpenFile(filepath.Join(g.Dir, guestFile), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600); err != nil {
		return err
	}
	if err := unix.Flock(int(g.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return errors.New("another process measures it; wait for its end, or bring up a network of your own")
		}
		return err
	}
	if err := os.MkdirAll(g.copies, 0o755); err != nil {
		return err
	}
	if g.Topology.Apart() {
		g.sites, _ = g.enter() // who may not reaches the nodes all the same
	}
	for _, n := range g.Nodes {
		usage, err := proc.Process(n.PID)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		info, err := os.Stat(n.Log)
		if err != nil {
			return fmt.Errorf("log of %s: %w", n.Name, err)
		}
		g.starts[n.Name], g.from[n.Name] = usage.Started, info.Size()
	}
	return nil
}

// watch reports the first node that ends.
func (g *Guest) watch() {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		for _, n := range g.Nodes {
			usage, err := proc.Process(n.PID)
			if errors.Is(err, proc.ErrEnded) || err == nil && usage.Started != g.starts[n.Name] {
				g.died <- &NodeEnd{Node: n.Name, Role: n.Role, At: time.Now(), Cause: &process.ExitError{
					Name: n.Name, Status: "exit status unknown: another process holds the network in " + g.Dir, Code: -1,
					LogPath: n.Log, Tail: process.Tail(n.Log),
				}}
				return
			}
		}
		select {
		case <-g.closed:
			return
		case <-tick.C:
		}
	}
}

// Died delivers a *NodeEnd when the first node ends.
func (g *Guest) Died() <-chan error { return g.died }

// Watched returns the network's nodes as a proc.Sampler takes them, in the order of Nodes. What quotas do to them is
// known to the holder alone.
func (g *Guest) Watched() []proc.Node {
	var nodes []proc.Node
	for _, n := range g.Nodes {
		nodes = append(nodes, g.watched(n))
	}
	return nodes
}

// Close copies what the nodes have logged since Measure, and lets another process measure the network.
func (g *Guest) Close() error {
	close(g.closed)
	var err error
	for _, n := range g.Nodes {
		if failed := copyFrom(n.Log, g.from[n.Name], filepath.Join(g.copies, n.Name+".log")); !errors.Is(failed, os.ErrNotExist) {
			err = errors.Join(err, failed) // with its network, the log may have gone
		}
	}
	if g.sites != nil {
		err = errors.Join(err, g.sites.Close())
	}
	if err = errors.Join(err, g.lock.Close()); err != nil {
		return fmt.Errorf("end the measurement of network %s: %w", g.Topology.Name, err)
	}
	return nil
}

// copyFrom copies a file from an offset on.
func copyFrom(path string, offset int64, to string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	if _, err := from.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	return errors.Join(err, out.Close())
}
