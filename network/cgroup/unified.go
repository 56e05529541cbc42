package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup2"
	"golang.org/x/sys/unix"
)

// unified is a group of version 2.
type unified struct {
	*cgroup2.Manager
	limits Limits
}

func newUnified(mount, path string, limits Limits) (*unified, error) {
	offered, err := os.ReadFile(filepath.Join(mount, "cgroup.controllers"))
	if err != nil {
		return nil, err
	}
	err = limits.lacks(func(controller string) bool { return slices.Contains(strings.Fields(string(offered)), controller) })
	if err != nil {
		return nil, err
	}
	if err := mayMove(mount, path); err != nil {
		return nil, err
	}
	resources := &cgroup2.Resources{}
	if limits.CPUs > 0 {
		resources.CPU = &cgroup2.CPU{}
	}
	if limits.Memory > 0 {
		bytes := int64(limits.Memory)
		resources.Memory = &cgroup2.Memory{Max: &bytes}
	}
	m, err := cgroup2.NewManager(mount, path, resources)
	if err != nil {
		return nil, fmt.Errorf("%w; the groups above it have to hand its controllers down, which the top of a container's tree does only once its processes are in groups below", err)
	}
	return &unified{m, limits}, nil
}

// mayMove tells whether this process may put its children into a group: into
// one that it may write to, if it may also write to the innermost group that
// comprises both itself and that one. See the kernel's documentation of version
// 2, section "Delegation Containment".
func mayMove(mount, path string) error {
	_, own, err := cgroups.ParseCgroupFileUnified("/proc/self/cgroup")
	if err != nil {
		return err
	}
	common := "/"
	of := strings.Split(path, "/")
	for i, part := range strings.Split(own, "/") {
		if i >= len(of) || part != of[i] {
			break
		}
		common = filepath.Join(common, part)
	}
	procs := filepath.Join(mount, common, "cgroup.procs")
	if err := unix.Access(procs, unix.W_OK); err != nil {
		return fmt.Errorf("move processes: %w", &os.PathError{Op: "write", Path: procs, Err: err})
	}
	return nil
}

func (g *unified) add(pid int) error { return g.AddProc(uint64(pid)) }

func (g *unified) quota(perPeriod time.Duration) error {
	quota, period := perPeriod.Microseconds(), uint64(Period.Microseconds())
	return g.Update(&cgroup2.Resources{CPU: &cgroup2.CPU{Max: cgroup2.NewCPUMax(&quota, &period)}})
}

func (g *unified) throttle() (Throttle, error) {
	m, err := g.StatFiltered(cgroup2.StatCPU)
	if err != nil {
		return Throttle{}, err
	}
	c := m.GetCPU()
	held := time.Duration(c.GetThrottledUsec()) * time.Microsecond
	return Throttle{c.GetNrPeriods(), c.GetNrThrottled(), held.Seconds()}, nil
}

func (g *unified) oomKills() (uint64, error) {
	m, err := g.StatFiltered(cgroup2.StatMemoryEvents)
	return m.GetMemoryEvents().GetOomKill(), err
}

func (g *unified) remove() error { return g.Delete() }
