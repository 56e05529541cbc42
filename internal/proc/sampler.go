package proc

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"os"
	"slices"
	"time"

	"meterbench/internal/sockets"
	"meterbench/internal/storage"
)

// The names in snapshots of what is not a node.
const (
	Client = "client" // this process
	Other  = "other"  // busy on the host, but neither a node nor this process
	Steal  = "steal"  // taken by the hypervisor
)

// Node is a process to watch.
type Node struct {
	Name string // unique, and none of Client, Other, Steal
	PID  int    // 0: it runs elsewhere, and only its traffic is known
	// Life returns which process is the node's now, where one takes the place of another while it is watched. nil: PID is
	// its only one.
	Life func() Life
	// Throttle reads what the node's CPU quota has done to it so far; nil for a node without one.
	Throttle func() (Throttle, error)
	// Serves are the addresses at which it listens for others of the run, Aside those for what is no part of transactions:
	// metrics, health, administration. See Sampler.Traffic.
	Serves, Aside []netip.AddrPort
	Network       *os.File        // namespace in which it serves, open until Close; nil: this process's
	Store         *storage.Layout // what it keeps on the disk; nil: nothing, or not known

	started uint64  // see Usage
	before  float64 // see Life
}

// A Life is the process that is a node's at an instant.
type Life struct {
	PID    int     // 0: none, as where it was killed on purpose, or is not there yet
	Before float64 // seconds of CPU that those before it have used
	// Serves and Aside are those of a Node which did not know them before it was there.
	Serves, Aside []netip.AddrPort
}

// Throttle counts how the kernel held a process to a CPU quota, over periods in which it wanted to run.
type Throttle struct {
	Periods   uint64  `json:"periods"`   // of the quota
	Throttled uint64  `json:"throttled"` // of those, in which the quota was used up
	Time      float64 `json:"time_s"`    // that its threads were held back, summed over processors
}

// Sampler takes snapshots of the same nodes. It may be used by one goroutine at a time.
type Sampler struct {
	nodes []Node
	offer offer
	last  Snapshot             // the one before
	read  map[string]time.Time // when the threads of a process were read last

	traffic *sockets.Watch // nil: see untold
	untold  error
}

// NewSampler returns a Sampler of the nodes, this process and the host. The error names a node that does not run. A Sampler
// of nodes that serve is to be closed.
func NewSampler(nodes []Node) (*Sampler, error) {
	s := &Sampler{offer: offered()}
	names := map[string]bool{Client: true, Other: true, Steal: true}
	for _, n := range nodes {
		if names[n.Name] {
			return nil, fmt.Errorf("watch node %q: the name is taken", n.Name)
		}
		names[n.Name] = true
		if n.Life != nil {
			n.PID = 0 // until follow
			s.nodes = append(s.nodes, n)
		}
		if n.Life != nil || n.PID == 0 {
			continue
		}
		u, err := Process(n.PID)
		if err != nil {
			return nil, fmt.Errorf("watch node %q: %w", n.Name, err)
		}
		n.started = u.Started
		s.nodes = append(s.nodes, n)
	}
	s.count(nodes)
	s.follow()
	return s, nil
}

// Snapshot is the use of everything at one instant.
type Snapshot struct {
	At  time.Time
	CPU map[string]float64 // cumulative seconds by node, and Client
	RSS map[string]uint64  // bytes by node, and Client
	// Elsewhere is CPU of processes on other hosts, as they tell: cumulative seconds.
	Elsewhere map[string]float64
	Throttle  map[string]Throttle // since its quota came into force, by node that has one
	Threads   map[string]Threads  // by node, and Client, if there was reason to read them
	Host      Times               // of the cores that the host offers
	Disk      *Pressure           // nil where the kernel does not count it
}

// Sample takes a Snapshot. Nodes that have ended are left out and named by the error (ErrEnded), but for those of which no
// process is to run at present.
func (s *Sampler) Sample() (Snapshot, error) {
	snap := Snapshot{At: time.Now(), CPU: map[string]float64{}, RSS: map[string]uint64{}, Throttle: map[string]Throttle{}, Threads: map[string]Threads{}}
	s.follow()
	var failed []error
	for _, n := range s.nodes {
		if err := snap.add(n); err != nil {
			failed = append(failed, fmt.Errorf("node %q: %w", n.Name, err))
		}
	}
	self, err := Self()
	if err != nil {
		failed = append(failed, err)
	} else {
		snap.CPU[Client], snap.RSS[Client] = self.CPU, self.RSS
	}
	if snap.Host, err = s.offer.times(); err != nil {
		failed = append(failed, err)
	}
	if waited, ok := diskPressure(); ok {
		snap.Disk = &waited
	}
	if s.read == nil {
		s.read = map[string]time.Time{}
	}
	s.readThreads(&snap)
	return snap, errors.Join(failed...)
}

// follow takes over which processes are the nodes' now.
func (s *Sampler) follow() {
	for i := range s.nodes {
		n := &s.nodes[i]
		if n.Life == nil {
			continue
		}
		life := n.Life()
		if n.before = life.Before; life.PID == n.PID {
			continue
		}
		n.PID, n.started = life.PID, 0
		if u, err := Process(n.PID); err == nil {
			n.started = u.Started
		}
		if s.traffic == nil {
			continue
		}
		if n.Serves == nil {
			n.Serves, n.Aside = life.Serves, life.Aside
			s.traffic.Serve(n.Name, n.Serves, n.Aside)
		}
		s.traffic.Follow(n.Name, n.PID)
	}
}

func (snap *Snapshot) add(n Node) error {
	var u Usage
	if n.PID != 0 {
		var err error
		if u, err = Process(n.PID); err == nil && u.Started != n.started {
			err = fmt.Errorf("process %d: %w", n.PID, ErrEnded) // the pid went to another process
		}
		if err != nil {
			return err
		}
	}
	snap.CPU[n.Name], snap.RSS[n.Name] = n.before+u.CPU, u.RSS
	if n.Throttle == nil {
		return nil
	}
	t, err := n.Throttle()
	if err == nil {
		snap.Throttle[n.Name] = t
	}
	return err
}

// Cores returns the mean number of cores used from one snapshot to a later one: by each node that is in both,
// by Client, by Other, and by Steal. Other is the host's busy time less that of all named processes and never
// negative: the kernel may count the host by ticks and processes exactly, so that small differences have
// either sign. It is nil where no time passed.
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

// Series is snapshots in the order in which they were taken.
type Series []Snapshot

// Nearest returns when the snapshot next to an instant was taken; the instant where there is none.
func (s Series) Nearest(to time.Time) time.Time {
	nearest, off := to, time.Duration(math.MaxInt64)
	for _, snap := range s {
		if d := snap.At.Sub(to).Abs(); d < off {
			nearest, off = snap.At, d
		}
	}
	return nearest
}

// Between returns the mean number of cores used (see Snapshot.Cores) and the largest memory, by name, over
// the snapshots taken from one instant to another, both included. It returns false for fewer than two.
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

// Elsewhere returns the mean number of cores that processes on other hosts used between the first and the last snapshot
// from one instant to another, both included, by those in both. It is nil without two snapshots, or such a process.
func (s Series) Elsewhere(from, to time.Time) (cores map[string]float64) {
	within := s.within(from, to)
	if len(within) < 2 {
		return nil
	}
	first, last := within[0], within[len(within)-1]
	for name, end := range last.Elsewhere {
		if begin, ok := first.Elsewhere[name]; ok {
			if cores == nil {
				cores = map[string]float64{}
			}
			cores[name] = (end - begin) / last.At.Sub(first.At).Seconds()
		}
	}
	return cores
}

// Throttled returns what happened between the first and the last snapshot from one instant to another, both
// included, by the nodes with a quota in both. It is nil without two snapshots, or such a node.
func (s Series) Throttled(from, to time.Time) map[string]Throttle {
	within := s.within(from, to)
	if len(within) < 2 {
		return nil
	}
	var between map[string]Throttle
	first, last := within[0].Throttle, within[len(within)-1].Throttle
	for name, end := range last {
		if begin, ok := first[name]; ok {
			if between == nil {
				between = make(map[string]Throttle)
			}
			between[name] = Throttle{end.Periods - begin.Periods, end.Throttled - begin.Throttled, end.Time - begin.Time}
		}
	}
	return between
}

// within returns the snapshots taken from one instant to another, both included.
func (s Series) within(from, to time.Time) Series {
	return slices.DeleteFunc(slices.Clone(s), func(snap Snapshot) bool { return snap.At.Before(from) || snap.At.After(to) })
}
