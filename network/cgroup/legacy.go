package cgroup

import (
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// legacy is a group of version 1: one in each controller's tree that is needed,
// under the same name.
type legacy struct {
	cpu, memory cgroup1.Cgroup // nil where there is no such limit
}

func newLegacy(mount, path string, limits Limits) (*legacy, error) {
	err := limits.lacks(func(controller string) bool {
		_, err := os.Stat(filepath.Join(mount, controller))
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	make := func(s cgroup1.Subsystem, resources *specs.LinuxResources) (cgroup1.Cgroup, error) {
		return cgroup1.New(cgroup1.StaticPath(path), resources, cgroup1.WithHierarchy(func() ([]cgroup1.Subsystem, error) {
			return []cgroup1.Subsystem{s}, nil
		}))
	}
	g := &legacy{}
	if limits.CPUs > 0 {
		if g.cpu, err = make(cgroup1.NewCpu(mount), &specs.LinuxResources{}); err != nil {
			return nil, err
		}
	}
	if limits.Memory > 0 {
		// What kernels may lack is not asked for.
		controller := cgroup1.NewMemory(mount, cgroup1.IgnoreModules("memsw", "kmem", "kmem.tcp"))
		bytes := int64(limits.Memory)
		if g.memory, err = make(controller, &specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: &bytes}}); err != nil {
			g.remove() //nolint:errcheck // the first error counts
			os.Remove(filepath.Join(mount, memory, path))
			return nil, err
		}
	}
	return g, nil
}

func (g *legacy) add(pid int) error {
	for _, part := range []cgroup1.Cgroup{g.cpu, g.memory} {
		if part == nil {
			continue
		}
		if err := part.Add(cgroup1.Process{Pid: pid}); err != nil {
			return err
		}
	}
	return nil
}

func (g *legacy) quota(perPeriod time.Duration) error {
	quota, period := perPeriod.Microseconds(), uint64(Period.Microseconds())
	return g.cpu.Update(&specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: &quota, Period: &period}})
}

func (g *legacy) throttle() (Throttle, error) {
	if g.cpu == nil {
		return Throttle{}, nil
	}
	m, err := g.cpu.Stat()
	if err != nil {
		return Throttle{}, err
	}
	t := m.GetCPU().GetThrottling()
	return Throttle{t.GetPeriods(), t.GetThrottledPeriods(), time.Duration(t.GetThrottledTime()).Seconds()}, nil
}

func (g *legacy) oomKills() (uint64, error) {
	if g.memory == nil {
		return 0, nil
	}
	m, err := g.memory.Stat()
	return m.GetMemoryOomControl().GetOomKill(), err
}

func (g *legacy) remove() error {
	for _, part := range []cgroup1.Cgroup{g.cpu, g.memory} {
		if part == nil {
			continue
		}
		if err := part.Delete(); err != nil {
			return err
		}
	}
	return nil
}
