package proc

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

// The names under which snapshots hold what is not a node.
const (
	Client = "client" // this process
	Other  = "other"  // busy on the host, but neither a node nor this process
	Steal  = "steal"  // taken by the hypervisor
)

// A Node is a process to watch.
type Node struct {
	Name string // unique, and none of Client, Other, Steal
	PID  int
	// Throttle reads what the node's CPU quota has done to it so far; nil for a
	// node without one.
	Throttle func() (Throttle, error)
}

// A Sampler takes snapshots of the same nodes. It may be used by one
// goroutine at a time.
type Sampler struct {
	nodes []watched
}

type watched struct {
	Node
	started uint64 // clock ticks after boot
}

// NewSampler returns a Sampler of the nodes, of this process and of the host.
// The error names a node that does not run.
func NewSampler(nodes []Node) (*Sampler, error) {
	s := &Sampler{}
	taken := map[string]bool{Client: true, Other: true, Steal: true}
	for _, n := range nodes {
		if taken[n.Name] {
			return nil, fmt.Errorf("watch node %q: the name is taken", n.Name)
		}
		taken[n.Name] = true
		_, started, err := usage(n.PID)
		if err != nil {
			return nil, fmt.Errorf("watch node %q: %w", n.Name, err)
		}
		s.nodes = append(s.nodes, watched{n, started})
	}
	return s, nil
}

// A Snapshot is what everything had used at one instant.
type Snapshot struct {
	At       time.Time
	CPU      map[string]float64  // cumulative seconds by node, and Client
	RSS      map[string]uint64   // bytes by node, and Client
	Throttle map[string]Throttle // since its quota came into force, by node that has one
	Host     Times
}

// Sample takes a Snapshot. A node that has ended is left out and the error
// names it (ErrEnded); the snapshot of the others is right nevertheless.
func (s *Sampler) Sample() (Snapshot, error) {
	snap := Snapshot{At: time.Now(), CPU: make(map[string]float64), RSS: make(map[string]uint64), Throttle: make(map[string]Throttle)}
	var failed []error
	for _, n := range s.nodes {
		u, started, err := usage(n.PID)
		if err == nil && started != n.started {
			err = fmt.Errorf("process %d: %w", n.PID, ErrEnded) // the pid went to another process
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("node %q: %w", n.Name, err))
			continue
		}
		snap.CPU[n.Name], snap.RSS[n.Name] = u.CPU, u.RSS
		if n.Throttle == nil {
			continue
		}
		if snap.Throttle[n.Name], err = n.Throttle(); err != nil {
			delete(snap.Throttle, n.Name)
			failed = append(failed, fmt.Errorf("node %q: %w", n.Name, err))
		}
	}
	self, err := Self()
	if err != nil {
		failed = append(failed, err)
	} else {
		snap.CPU[Client], snap.RSS[Client] = self.CPU, self.RSS
	}
	if snap.Host, err = HostTimes(); err != nil {
		failed = append(failed, err)
	}
	return snap, errors.Join(failed...)
}

// Cores returns the mean number of cores used from one snapshot to a later
// one: by each node that is in both, by Client, by Other, and by Steal. Other
// is the host's busy time less all named processes' and never negative: the
// kernel may count the host by ticks and processes exactly, so that small
// differences have either sign. It is nil where no time passed.
func (from Snapshot) Cores(to Snapshot) map[string]float64 {
	span := to.At.Sub(from.At).Seconds()
	if span <= 0 {
		return nil
	}
	cores := make(map[string]float64)
	other := to.Host.Busy - from.Host.Busy
	for name, end := range to.CPU {
		if begin, ok := from.CPU[name]; ok {
			cores[name] = (end - begin) / span
			other -= end - begin
		}
	}
	cores[Other] = max(0, other/span)
	cores[Steal] = max(0, (to.Host.Steal-from.Host.Steal)/span)
	return cores
}

// A Series is snapshots in the order in which they were taken.
type Series []Snapshot

// Between returns the mean number of cores used (see Snapshot.Cores) and the
// largest memory seen, by name, over the snapshots taken from one instant to
// another, both included. It returns false where that is fewer than two.
func (s Series) Between(from, to time.Time) (cores map[string]float64, rss map[string]uint64, ok bool) {
	within := s.within(from, to)
	if len(within) < 2 {
		return nil, nil, false
	}
	rss = maps.Clone(within[0].RSS)
	for _, snap := range within[1:] {
		for name, bytes := range snap.RSS {
			rss[name] = max(rss[name], bytes)
		}
	}
	return within[0].Cores(within[len(within)-1]), rss, true
}

// within returns the snapshots taken from one instant to another, both included.
func (s Series) within(from, to time.Time) Series {
	var within Series
	for _, snap := range s {
		if !snap.At.Before(from) && !snap.At.After(to) {
			within = append(within, snap)
		}
	}
	return within
}
