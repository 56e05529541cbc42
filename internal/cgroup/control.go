package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/proc"
)

// set writes to a file that the kernel has put into a group's folder.
func set(dir, file, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// counters reads a file of lines of a name and a number. One that is not there, as without its controller, has none.
func counters(dir, file string) (map[string]uint64, error) {
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	all := map[string]uint64{}
	for line := range strings.Lines(string(text)) {
		name, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		if all[name], err = strconv.ParseUint(number, 10, 64); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, file), err)
		}
	}
	return all, nil
}

// unified is the folder of a group of version 2.
type unified string

func newUnified(mount, path string, cap Cap) (unified, error) {
	controllers, err := os.ReadFile(filepath.Join(mount, "cgroup.controllers"))
	if err != nil {
		return "", err
	}
	err = cap.lacks(mount, func(controller string) bool { return slices.Contains(strings.Fields(string(controllers)), controller) })
	if err == nil {
		err = mayMove(mount)
	}
	dir := filepath.Join(mount, path)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = handDown(mount, cap)
	}
	if err == nil && cap.Memory > 0 {
		err = set(dir, "memory.max", strconv.FormatUint(cap.Memory, 10))
	}
	return unified(dir), err
}

// handDown has the groups above those of ours give them the controllers of a cap. That of the top, which may not be ours
// to change, matters only by what reaches the folder of all groups.
func handDown(mount string, cap Cap) (err error) {
	var controllers []string
	if cap.CPUs > 0 {
		controllers = append(controllers, "+"+cpu)
	}
	if cap.Memory > 0 {
		controllers = append(controllers, "+"+memory)
	}
	for _, dir := range []string{mount, filepath.Join(mount, parent)} {
		err = set(dir, "cgroup.subtree_control", strings.Join(controllers, " "))
	}
	return err
}

// mayMove returns an error unless this process may put its children into groups of its own: it must be
// allowed to write to the innermost group that holds both, which is the folder of all groups if this process
// is in a group there, else the top. See "Delegation Containment" in the kernel's documentation of version 2.
func mayMove(mount string) error {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return err
	}
	common := mount
	for line := range strings.Lines(string(own)) {
		if strings.HasPrefix(strings.TrimSpace(line)+"/", "0::/"+parent+"/") {
			common = filepath.Join(mount, parent)
		}
	}
	procs := filepath.Join(common, procsFile)
	if err := unix.Faccessat(unix.AT_FDCWD, procs, unix.W_OK, unix.AT_EACCESS); err != nil {
		return &os.PathError{Op: "move processes by", Path: procs, Err: err}
	}
	return nil
}

// procsFile takes the pid of a process that joins the group, in either version.
const procsFile = "cgroup.procs"

func (g unified) add(pid int) error { return set(string(g), procsFile, strconv.Itoa(pid)) }

func (g unified) quota(perPeriod time.Duration) error {
	if perPeriod == 0 {
		return set(string(g), "cpu.max", "max")
	}
	return set(string(g), "cpu.max", fmt.Sprintf("%d %d", perPeriod.Microseconds(), Period.Microseconds()))
}

func (g unified) stat() (proc.Throttle, uint64, error) {
	c, err1 := counters(string(g), "cpu.stat")
	m, err2 := counters(string(g), "memory.events")
	held := time.Duration(c["throttled_usec"]) * time.Microsecond
	return proc.Throttle{Periods: c["nr_periods"], Throttled: c["nr_throttled"], Time: held.Seconds()}, m["oom_kill"], errors.Join(err1, err2)
}

// legacy is a group of version 1: a folder in each controller's tree that is needed, under the same name.
type legacy map[string]string

func newLegacy(mount, path string, cap Cap) (legacy, error) {
	err := cap.lacks(mount, func(controller string) bool {
		_, err := os.Stat(filepath.Join(mount, controller))
		return err == nil
	})
	g := legacy{}
	if cap.CPUs > 0 {
		g[cpu] = filepath.Join(mount, cpu, path)
	}
	if cap.Memory > 0 {
		g[memory] = filepath.Join(mount, memory, path)
	}
	for _, dir := range g {
		if err == nil {
			err = os.MkdirAll(dir, 0o755)
		}
	}
	if err == nil && cap.Memory > 0 {
		err = set(g[memory], "memory.limit_in_bytes", strconv.FormatUint(cap.Memory, 10))
	}
	return g, err
}

func (g legacy) add(pid int) (err error) {
	for _, dir := range g {
		err = errors.Join(err, set(dir, procsFile, strconv.Itoa(pid)))
	}
	return err
}

func (g legacy) quota(perPeriod time.Duration) error {
	if perPeriod == 0 {
		return set(g[cpu], "cpu.cfs_quota_us", "-1")
	}
	err := set(g[cpu], "cpu.cfs_period_us", strconv.FormatInt(Period.Microseconds(), 10))
	return errors.Join(err, set(g[cpu], "cpu.cfs_quota_us", strconv.FormatInt(perPeriod.Microseconds(), 10)))
}

func (g legacy) stat() (t proc.Throttle, killed uint64, err error) {
	if dir, ok := g[cpu]; ok {
		c, err := counters(dir, "cpu.stat")
		if err != nil {
			return t, 0, err
		}
		t = proc.Throttle{Periods: c["nr_periods"], Throttled: c["nr_throttled"], Time: time.Duration(c["throttled_time"]).Seconds()}
	}
	if dir, ok := g[memory]; ok {
		m, err := counters(dir, "memory.oom_control")
		return t, m["oom_kill"], err
	}
	return t, 0, nil
}
