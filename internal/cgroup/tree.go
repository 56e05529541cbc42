package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"meterbench/internal/proc"
)

// tree is the folder in which the kernel shows its control groups.
type tree struct {
	mount   string // the one tree of version 2, or the folder of those of version 1
	unified bool   // version 2
}

// machine returns the tree that controls processors and memory: not that of version 2 beside version 1.
func machine() tree {
	return tree{"/sys/fs/cgroup", cgroups.Mode() == cgroups.Unified}
}

// parent is the folder of all groups.
const parent = "meterbench"

// The controllers.
const (
	cpu    = "cpu"
	memory = "memory"
)

// open makes a group. It may leave folders if it fails.
func (t tree) open(name string, cap Cap) (control, error) {
	path := filepath.Join("/", parent, name)
	if t.unified {
		return newUnified(t.mount, path, cap)
	}
	return newLegacy(t.mount, path, cap)
}

// lacks returns an error that names the controllers that the cap needs and a tree does not have.
func (c Cap) lacks(mount string, has func(controller string) bool) error {
	var missing []string
	if c.CPUs > 0 && !has(cpu) {
		missing = append(missing, cpu)
	}
	if c.Memory > 0 && !has(memory) {
		missing = append(missing, memory)
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("%s has no controller of %s; enable it in the kernel and mount it, or leave that cap out", mount, strings.Join(missing, " and "))
}

// parents are the folders that hold groups.
func (t tree) parents() []string {
	if t.unified {
		return []string{filepath.Join(t.mount, parent)}
	}
	return []string{filepath.Join(t.mount, cpu, parent), filepath.Join(t.mount, memory, parent)}
}

// remove removes a group, and the folder of all groups if that was the last. A missing one is no error.
func (t tree) remove(name string) error {
	var failed []error
	for _, dir := range t.parents() {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
		removeOwn(dir)
	}
	return errors.Join(failed...)
}

// removeOwn removes a folder of groups if none is left in it and it belongs to this user.
func removeOwn(dir string) {
	var at unix.Stat_t
	if err := unix.Stat(dir, &at); err == nil && int(at.Uid) == os.Geteuid() {
		os.Remove(dir) // fails while another group is in it
	}
}

func (t tree) sweep(abandoned func(name string) bool) error {
	var failed []error
	for _, dir := range t.parents() {
		groups, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
		for _, g := range groups {
			if !g.IsDir() || !abandoned(g.Name()) {
				continue
			}
			switch err := os.Remove(filepath.Join(dir, g.Name())); {
			case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EBUSY):
			default:
				failed = append(failed, err)
			}
		}
		removeOwn(dir)
	}
	return errors.Join(failed...)
}

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

// mayMove returns an error unless this process may put its children into groups of its own: it must be
// allowed to write to the innermost group that holds both, which is the folder of all groups if this process
// is in a group there, else the top. See "Delegation Containment" in the kernel's documentation of version 2.
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

// legacy is a group of version 1: one in each controller's tree that is needed, under the same name.
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
