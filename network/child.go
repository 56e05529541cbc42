package network

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/cgroup"
	"meterbench/internal/proc"
	"meterbench/internal/process"
	"meterbench/internal/tmpfs"
)

// roomSize is how large the data of a node may become that has a file system of its own in memory, in bytes.
const roomSize = 2 << 30

// A child is a node of a network: its processes, one after the other, and what it takes to start them.
type child struct {
	nodePlan
	group *cgroup.Group           // nil: it is neither capped nor to be slowed
	room  *tmpfs.Mount            // of its data; nil: it is not to be filled
	abort context.CancelCauseFunc // learns why it ends, if it does so unasked

	mu      sync.Mutex
	process *process.Process // the last one; nil: none has been started
	before  float64          // seconds of CPU that those before it have used
	harms   []result.EventKind
	marred  bool          // it was filled, and may end for that later, too: databases do not forget that a write failed
	changed chan struct{} // closed when process or harms change
}

// newChild makes what a node needs before it starts.
func newChild(of nodePlan, abort context.CancelCauseFunc, logs string, cfg Config) (*child, error) {
	c := &child{nodePlan: of, abort: abort, changed: make(chan struct{})}
	c.spec.Name, c.spec.LogPath = of.Name, filepath.Join(logs, of.Name+".log")
	limits := of.cap
	if slices.Contains(cfg.Slowed, of.Name) && limits.CPUs == 0 {
		limits.CPUs = 1 // any that has the group made; it is not enforced
	}
	var err error
	if limits != (topology.Cap{}) {
		if c.group, err = newGroup(of.Name, limits); err != nil {
			return nil, err
		}
		c.spec.Env = append(c.spec.Env, of.cap.Env()...)
		c.spec.Started, c.spec.Explain = c.group.Add, c.group.Explain
	}
	if slices.Contains(cfg.Filled, of.Name) {
		store := storeOf(of.Role, c.spec.Dir)
		if store == nil {
			return nil, errors.Join(errors.New("it keeps no data that could fill a disk"), c.close())
		}
		if c.room, err = tmpfs.New(store.Root, roomSize); err != nil {
			return nil, errors.Join(err, c.close())
		}
		enter := c.spec.Enter
		c.spec.Enter = func() error {
			if enter != nil {
				if err := enter(); err != nil {
					return err
				}
			}
			return c.room.Enter()
		}
	}
	return c, nil
}

// all returns the nodes that have been started.
func (n *Network) all() []*child {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.children)
}

// run starts a process of a node and watches over it.
func (n *Network) run(c *child) (*process.Process, error) {
	p, err := process.Start(c.spec)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	if c.process != nil {
		c.before += c.process.Used()
	}
	c.process = p
	c.change()
	c.mu.Unlock()
	n.watchers.Go(func() {
		<-p.Done()
		if err := p.Err(); err != nil {
			n.ended(c, err)
		}
	})
	return p, nil
}

// ended reports that a node has ended without having been killed.
func (n *Network) ended(c *child, err error) {
	logsStay, by := n.config.Logs != "" || n.config.Dir != "", c.harm()
	cause := describe(err, n.Dir, n.Logs, logsStay)
	if by != "" {
		cause = withoutLog(err, logsStay) // it is known why
	}
	n.report(&NodeEnd{Node: c.Name, Role: c.Role, At: time.Now(), Cause: cause, Own: c.blame(err), By: by})
	c.abort(c.explain(err))
}

// enforce has the CPU quota of the node's cap come into force.
func (c *child) enforce() error {
	if c.cap.CPUs == 0 {
		return nil
	}
	return c.group.Enforce()
}

// stop ends the node's process, in whatever state it is.
func (c *child) stop() {
	if p := c.current(); p != nil {
		p.Stop(stopGrace)
	}
}

// close removes what newChild has made.
func (c *child) close() (err error) {
	if c.group != nil {
		err = c.group.Close()
	}
	if c.room != nil {
		err = errors.Join(err, c.room.Close())
	}
	return err
}

// current returns the node's last process, nil if none was started.
func (c *child) current() *process.Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.process
}

// runs reports whether the node's process has not ended.
func (c *child) runs() bool {
	select {
	case <-c.current().Done():
		return false
	default:
		return true
	}
}

// life tells a proc.Sampler which process is the node's now. One that ended without having been harmed is still the node's:
// its end is an error.
func (c *child) life() proc.Life {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.harms) > 0 {
		select {
		case <-c.process.Done():
			return proc.Life{Before: c.before + c.process.Used()}
		default:
		}
	}
	return proc.Life{PID: c.process.PID(), Before: c.before}
}

// watched adds to the node that a proc.Sampler takes what only its parent knows.
func (c *child) watched(node *proc.Node) {
	node.Life = c.life
	if c.group != nil && c.group.Cap().CPUs > 0 {
		node.Throttle = c.group.Throttle
	}
	if c.room != nil {
		node.Store.Root = c.room.Path()
	}
}

// harm returns what was done to the node last and is not taken back, empty if nothing is.
func (c *child) harm() result.EventKind {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.harms != nil:
		return c.harms[len(c.harms)-1]
	case c.marred:
		return result.EventFill
	}
	return ""
}

// fallen reports whether the node has ended because it was filled, and could run.
func (c *child) fallen() bool {
	return !c.runs() && c.harm() == result.EventFill && !c.suffers(result.EventFill)
}

// suffers reports whether something was done to the node and is not taken back.
func (c *child) suffers(kind result.EventKind) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.harms, kind)
}

// harmed notes what was done to the node, or that it was taken back.
func (c *child) harmed(kind result.EventKind, harmed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.harms = slices.DeleteFunc(c.harms, func(k result.EventKind) bool { return k == kind })
	if harmed {
		c.harms = append(c.harms, kind)
		c.marred = c.marred || kind == result.EventFill
	}
	if len(c.harms) == 0 {
		c.harms = nil
	}
	c.change()
}

// change tells those who watch that something has changed. The caller holds the lock.
func (c *child) change() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// healthy returns the process whose health is worth watching, 0 if there is none, as long as nothing was done to the node on
// purpose, and what is closed when that changes.
func (c *child) healthy() (pid int, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.harms == nil {
		pid = c.process.PID()
	}
	return pid, c.changed
}
