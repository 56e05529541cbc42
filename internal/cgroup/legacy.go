package cgroup

import (
	"os"
	"path/filepath"
	"time"

	"meterbench/internal/proc"

	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// legacy is a group of version 1: one in each controller's tree that is needed, under the same
// name.
type legacy struct{ cgroup1.Cgroup }

func newLegacy(mount, path string, cap Cap) (legacy, error) {
	err := cap.lacks(mount, func(controller string) bool {
		_, err := os.Stat(filepath.Join(mount, controller))
		return err == nil
	})
	if err != nil {
		return legacy{}, err
	}
	var controllers []cgroup1.Subsystem
	resources := &specs.LinuxResources{}
	if cap.CPUs > 0 {
		controllers = append(controllers, cgroup1.NewCpu(mount))
	}
	if cap.Memory > 0 {
		// Some kernels lack these.
		controllers = append(controllers, cgroup1.NewMemory(mount, cgroup1.IgnoreModules("memsw", "kmem", "kmem.tcp")))
		bytes := int64(cap.Memory)
		resources.Memory = &specs.LinuxMemory{Limit: &bytes}
	}
	g, err := cgroup1.New(cgroup1.StaticPath(path), resources, cgroup1.WithHierarchy(func() ([]cgroup1.Subsystem, error) { return controllers, nil }))
	return legacy{g}, err
}

func (g legacy) add(pid int) error { return g.AddProc(uint64(pid)) }

func (g legacy) quota(perPeriod time.Duration) error {
	quota, period := perPeriod.Microseconds(), uint64(Period.Microseconds())
	return g.Update(&specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: &quota, Period: &period}})
}

func (g legacy) stat() (proc.Throttle, uint64, error) {
	m, err := g.Stat()
	t := m.GetCPU().GetThrottling()
	held := time.Duration(t.GetThrottledTime())
	return proc.Throttle{Periods: t.GetPeriods(), Throttled: t.GetThrottledPeriods(), Time: held.Seconds()}, m.GetMemoryOomControl().GetOomKill(), err
}
