package cgroup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"meterbench/internal/proc"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup2"
	"golang.org/x/sys/unix"
)

// unified is a group of version 2.
type unified struct{ *cgroup2.Manager }

func newUnified(mount, path string, cap Cap) (unified, error) {
	controllers, err := os.ReadFile(filepath.Join(mount, "cgroup.controllers"))
	if err != nil {
		return unified{}, err
	}
	err = cap.lacks(mount, func(controller string) bool { return slices.Contains(strings.Fields(string(controllers)), controller) })
	if err == nil {
		err = mayMove(mount)
	}
	if err != nil {
		return unified{}, err
	}
	resources := &cgroup2.Resources{}
	if cap.CPUs > 0 {
		resources.CPU = &cgroup2.CPU{}
	}
	if cap.Memory > 0 {
		bytes := int64(cap.Memory)
		resources.Memory = &cgroup2.Memory{Max: &bytes}
	}
	m, err := cgroup2.NewManager(mount, path, resources)
	if file := (*fs.PathError)(nil); errors.As(err, &file) {
		err = file // the library names the file twice
	}
	return unified{m}, err
}

// mayMove returns an error unless this process may put its children into groups of its own: it must
// be allowed to write to the innermost group that holds both, which is the folder of all groups if
// this process is in a group there, else the top. See the kernel's documentation of version 2,
// section "Delegation Containment".
func mayMove(mount string) error {
	_, own, err := cgroups.ParseCgroupFileUnified("/proc/self/cgroup")
	if err != nil {
		return err
	}
	common := mount
	if strings.HasPrefix(own+"/", "/"+parent+"/") {
		common = filepath.Join(mount, parent)
	}
	procs := filepath.Join(common, "cgroup.procs")
	if err := unix.Faccessat(unix.AT_FDCWD, procs, unix.W_OK, unix.AT_EACCESS); err != nil {
		return &os.PathError{Op: "move processes by", Path: procs, Err: err}
	}
	return nil
}

func (g unified) add(pid int) error { return g.AddProc(uint64(pid)) }

func (g unified) quota(perPeriod time.Duration) error {
	quota, period := perPeriod.Microseconds(), uint64(Period.Microseconds())
	return g.Update(&cgroup2.Resources{CPU: &cgroup2.CPU{Max: cgroup2.NewCPUMax(&quota, &period)}})
}

func (g unified) stat() (proc.Throttle, uint64, error) {
	m, err := g.StatFiltered(cgroup2.StatCPU | cgroup2.StatMemoryEvents)
	c := m.GetCPU()
	held := time.Duration(c.GetThrottledUsec()) * time.Microsecond
	return proc.Throttle{Periods: c.GetNrPeriods(), Throttled: c.GetNrThrottled(), Time: held.Seconds()}, m.GetMemoryEvents().GetOomKill(), err
}
