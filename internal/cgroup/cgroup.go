// Package cgroup limits processes to a share of the machine by Linux control groups of either version.
//
// Data flow: Create makes a group with a memory limit; Add puts a process into it, with all that this starts later;
// Enforce sets the CPU quota; Throttle returns how the quota was used; Close removes the group. All lie in a folder
// meterbench at the top of each tree, where Sweep finds those of a killed owner.
//
// That takes root, or a folder that root hands over. Version 1:
//
//	mkdir /sys/fs/cgroup/{cpu,memory}/meterbench
//	chown USER /sys/fs/cgroup/{cpu,memory}/meterbench
//
// In version 1 systemd takes processes back when a unit beside theirs gets a controller, unless theirs delegates:
//
//	systemd-run --scope --uid=USER -p Delegate=yes bash
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
	"time"

	"meterbench/internal/proc"

	"golang.org/x/sys/unix"
)

// Period is the period of every CPU quota: the kernel's default.
const Period = 100 * time.Millisecond

// Cap limits what the processes of a group may use together; 0 is no limit.
type Cap struct {
	CPUs   float64 `yaml:"cpus" json:"cpus,omitempty"`                // processors, at least 0.01
	Memory uint64  `yaml:"memory,size" json:"memory_bytes,omitempty"` // bytes, without what the kernel swaps
}

// Env returns the environment in which a Go program fits its cap: as many threads run Go code as there are
// processors, rounded up, and the garbage collector works harder from nine tenths of the memory on, rather
// than have the kernel kill the program.
func (c Cap) Env() []string {
	var env []string
	if c.CPUs > 0 {
		env = append(env, fmt.Sprintf("GOMAXPROCS=%d", int(math.Ceil(c.CPUs))))
	}
	if c.Memory > 0 {
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", c.Memory/10*9))
	}
	return env
}

// Group is a control group.
type Group struct {
	tree tree
	name string
	cap  Cap
	control
}

// control is a group in one version of the kernel's interface.
type control interface {
	add(pid int) error
	quota(perPeriod time.Duration) error // 0: none
	// stat also returns how many processes the kernel killed for lack of memory.
	stat() (t proc.Throttle, killed uint64, err error)
}

// Create makes a group whose memory limit is in force. The name must be new, and should name its owner, so
// that Sweep can judge it. The error says what is missing on this machine, and what to do.
func Create(name string, cap Cap) (*Group, error) {
	return machine().create(name, cap)
}

func (t tree) create(name string, cap Cap) (*Group, error) {
	var c control
	var err error
	for range 3 {
		if c, err = t.open(name, cap); err == nil {
			return &Group{t, name, cap, c}, nil
		}
		t.remove(name) // the first error counts
		// Another process may have removed the folder of all groups at that moment.
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	err = fmt.Errorf("make a control group: %w", err)
	var what string
	switch {
	case errors.Is(err, fs.ErrPermission):
		what = "run as root, or have root hand the folder " + parent + " over (see docs/capacity.md)"
	case errors.Is(err, unix.EROFS):
		what = "have the container that this runs in started with control groups that it may write to"
	case errors.Is(err, fs.ErrNotExist):
		what = "have root hand its controllers down (see docs/capacity.md), in a container after moving the processes at the top into a group"
	default:
		return nil, err
	}
	return nil, fmt.Errorf("%w; %s", err, what)
}

// Add puts a process into the group. One that has ended is no error: the caller that waits for it learns why.
func (g *Group) Add(pid int) error {
	if err := g.add(pid); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("put process %d into its control group: %w", pid, err)
	}
	return nil
}

// Enforce sets the CPU quota of the cap, if there is one.
func (g *Group) Enforce() error {
	if g.cap.CPUs == 0 {
		return nil
	}
	return g.Limit(g.cap.CPUs)
}

// Limit sets another CPU quota from now on, in processors; 0: none. The group must have been made with a cap on them.
func (g *Group) Limit(cpus float64) error {
	if err := g.quota(time.Duration(cpus * float64(Period))); err != nil {
		return fmt.Errorf("set the CPU quota of control group %s: %w", g.name, err)
	}
	return nil
}

// Cap returns the cap that the group was made with.
func (g *Group) Cap() Cap { return g.cap }

// Throttle returns what the CPU quota has done since Enforce.
func (g *Group) Throttle() (proc.Throttle, error) {
	t, _, err := g.stat()
	if err != nil {
		return proc.Throttle{}, fmt.Errorf("read the throttling of control group %s: %w", g.name, err)
	}
	return t, nil
}

// Explain adds to an ended process's status that the kernel killed it for lack of memory, if it killed one.
func (g *Group) Explain(status string) string {
	if _, killed, err := g.stat(); err != nil || killed == 0 {
		return status // where the kernel does not count them the cause is unknown
	}
	return fmt.Sprintf("%s, by the kernel: it needed more memory than its cap of %d MiB", status, g.cap.Memory>>20)
}

// Close removes the group, whose processes have ended. The kernel may need a moment to see that.
func (g *Group) Close() error {
	var err error
	for wait := time.Millisecond; wait < 2*time.Second; wait *= 2 {
		if err = g.tree.remove(g.name); err == nil {
			return nil
		}
		time.Sleep(wait)
	}
	return fmt.Errorf("remove control group %s: %w", g.name, err)
}

// Sweep removes abandoned groups. Those that still hold processes, or belong to another user, stay.
func Sweep(abandoned func(name string) bool) error {
	if err := machine().sweep(abandoned); err != nil {
		return fmt.Errorf("sweep abandoned control groups: %w", err)
	}
	return nil
}
