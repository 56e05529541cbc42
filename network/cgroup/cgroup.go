// Package cgroup holds processes to a share of the machine by Linux control
// groups, version 1 or 2, whichever the machine has.
//
// Data flow: Create makes a group with a memory limit; Add puts a process into
// it, with all that this starts later; Enforce lets the CPU quota come into
// force; Throttle tells what the quota did; Close removes the group. All groups
// lie in one folder, meterbench, at the top of each tree, where Sweep finds
// those whose owner was killed.
//
// That takes root, or a folder that root hands over. Version 1:
//
//	mkdir /sys/fs/cgroup/{cpu,memory}/meterbench
//	chown USER /sys/fs/cgroup/{cpu,memory}/meterbench
//
// Version 2, where a process can only be moved within what was handed over:
//
//	echo +cpu +memory > /sys/fs/cgroup/cgroup.subtree_control
//	mkdir -p /sys/fs/cgroup/meterbench/shell
//	echo +cpu +memory > /sys/fs/cgroup/meterbench/cgroup.subtree_control
//	chown -R USER /sys/fs/cgroup/meterbench
//	echo PID-OF-THE-SHELL > /sys/fs/cgroup/meterbench/shell/cgroup.procs
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/cgroups/v3"
	"golang.org/x/sys/unix"
)

// Period is that of every CPU quota: the kernel's default.
const Period = 100 * time.Millisecond

// Limits are what the processes of a group may use together at most; 0 is no limit.
type Limits struct {
	CPUs   float64 // processors, at least 0.01
	Memory uint64  // bytes
}

// Env is the environment in which a Go program fits its limits: as many threads
// run Go code as there are processors, rounded up, and the garbage collector
// works harder from nine tenths of the memory on, rather than have the kernel
// kill the program.
func (l Limits) Env() []string {
	var env []string
	if l.CPUs > 0 {
		env = append(env, fmt.Sprintf("GOMAXPROCS=%d", int(math.Ceil(l.CPUs))))
	}
	if l.Memory > 0 {
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", l.Memory/10*9))
	}
	return env
}

// A Throttle is what a group's CPU quota has done since Enforce. The kernel
// counts only periods in which a process of the group wanted to run.
type Throttle struct {
	Periods   uint64  // of the quota
	Throttled uint64  // of those, in which the quota was used up
	Time      float64 // seconds that threads were held back, summed over processors
}

// A Group is a control group.
type Group struct {
	tree    tree
	name    string
	limits  Limits
	control control
}

// A control is a group in one version of the kernel's interface.
type control interface {
	add(pid int) error
	quota(perPeriod time.Duration) error
	throttle() (Throttle, error)
	oomKills() (uint64, error)
	remove() error
}

// parent is the folder of all groups.
const parent = "meterbench"

// A tree is where the kernel shows its control groups.
type tree struct {
	mount   string // the one tree of version 2, or the folder of those of version 1
	unified bool   // version 2
}

// machine returns the tree that processors and memory are controlled by.
func machine() (tree, error) {
	const mount = "/sys/fs/cgroup"
	switch cgroups.Mode() {
	case cgroups.Unavailable:
		return tree{}, fmt.Errorf("this machine shows no control groups in %s; mount them, or leave caps out", mount)
	case cgroups.Unified:
		return tree{mount, true}, nil
	}
	return tree{mount, false}, nil
}

// Create makes a group whose memory limit is in force. The name must be new; one
// that tells its owner allows Sweep to judge it. The error says what is missing
// on this machine, and what to do.
func Create(name string, limits Limits) (*Group, error) {
	t, err := machine()
	if err != nil {
		return nil, err
	}
	return t.create(name, limits)
}

func (t tree) create(name string, limits Limits) (*Group, error) {
	g := &Group{tree: t, name: name, limits: limits}
	var err error
	for range 3 {
		if t.unified {
			g.control, err = newUnified(t.mount, filepath.Join("/", parent, name), limits)
		} else {
			g.control, err = newLegacy(t.mount, filepath.Join("/", parent, name), limits)
		}
		// Another process may have removed the empty parent at that moment.
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	switch {
	case err == nil:
		return g, nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
		return nil, fmt.Errorf("a control group cannot be made: %w; run as root, or have root hand the folder %s over (see the README), or leave caps out", err, parent)
	}
	return nil, fmt.Errorf("make control group %s: %w", name, err)
}

// Add puts a process into the group. One that has ended is no error: whoever
// waits for it knows why.
func (g *Group) Add(pid int) error {
	if err := g.control.add(pid); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("put process %d into its control group: %w", pid, err)
	}
	return nil
}

// Enforce lets the CPU quota come into force, if there is one.
func (g *Group) Enforce() error {
	if g.limits.CPUs == 0 {
		return nil
	}
	if err := g.control.quota(time.Duration(g.limits.CPUs * float64(Period))); err != nil {
		return fmt.Errorf("set the CPU quota of control group %s: %w", g.name, err)
	}
	return nil
}

// Limits returns what the group was made for.
func (g *Group) Limits() Limits { return g.limits }

// Throttle tells what the CPU quota has done so far.
func (g *Group) Throttle() (Throttle, error) {
	t, err := g.control.throttle()
	if err != nil {
		return t, fmt.Errorf("read the throttling of control group %s: %w", g.name, err)
	}
	return t, nil
}

// Explain adds to the status of a process of the group that has ended that the
// kernel has killed it for want of memory, if it has killed one.
func (g *Group) Explain(status string) string {
	if n, err := g.control.oomKills(); err != nil || n == 0 {
		return status // a kernel that does not tell leaves the cause open
	}
	return fmt.Sprintf("%s, by the kernel: it needed more memory than its cap of %d MiB", status, g.limits.Memory>>20)
}

// Close removes the group, whose processes have ended. The kernel may need a
// moment to see that.
func (g *Group) Close() error {
	var err error
	for wait := time.Millisecond; wait < 2*time.Second; wait *= 2 {
		if err = g.control.remove(); err == nil {
			break
		}
		time.Sleep(wait)
	}
	g.tree.removeParent()
	if err != nil {
		return fmt.Errorf("remove control group %s: %w", g.name, err)
	}
	return nil
}

// Sweep removes the groups that the caller says are abandoned. Those that still
// hold processes, or belong to another user, stay.
func Sweep(abandoned func(name string) bool) error {
	t, err := machine()
	if err != nil {
		return nil // nothing can be left where there never was anything
	}
	return t.sweep(abandoned)
}

func (t tree) sweep(abandoned func(name string) bool) error {
	var failed []error
	for _, dir := range t.parents() {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, fmt.Errorf("look for abandoned control groups: %w", err))
		}
		for _, e := range entries {
			if !e.IsDir() || !abandoned(e.Name()) {
				continue
			}
			switch err := os.Remove(filepath.Join(dir, e.Name())); {
			case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EBUSY):
			default:
				failed = append(failed, fmt.Errorf("remove an abandoned control group: %w", err))
			}
		}
	}
	t.removeParent()
	return errors.Join(failed...)
}

// parents are the folders that hold groups.
func (t tree) parents() []string {
	if t.unified {
		return []string{filepath.Join(t.mount, parent)}
	}
	var dirs []string
	for _, controller := range []string{cpu, memory} {
		dirs = append(dirs, filepath.Join(t.mount, controller, parent))
	}
	return dirs
}

// removeParent removes the folder of the groups if this process may and no
// group is left in it.
func (t tree) removeParent() {
	for _, dir := range t.parents() {
		os.Remove(dir) //nolint:errcheck // as a rule another group is in it
	}
}

// The controllers.
const (
	cpu    = "cpu"
	memory = "memory"
)

// lacks names the controllers that the limits need and the kernel does not offer.
func (l Limits) lacks(offered func(controller string) bool) error {
	var missing []string
	if l.CPUs > 0 && !offered(cpu) {
		missing = append(missing, cpu)
	}
	if l.Memory > 0 && !offered(memory) {
		missing = append(missing, memory)
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("the kernel offers no control of %s; enable it, or leave that cap out", strings.Join(missing, " and "))
}
