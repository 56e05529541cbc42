package proc

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// An offer is what the host offers a run: the processors that its processes may use, and how busy they are. The zero
// offer is the whole host.
type offer struct {
	processors []int   // the only ones that this process may use; nil: all
	quota      float64 // cores that the quota of a control group leaves it; 0: there is none, or it is no limit
	group      string  // file that counts the CPU time of the group with that quota; empty where there is none
}

// offered returns what this process, and what it starts, may use: after its affinity, which control groups restrict
// too, and the smallest CPU quota of the groups that it is in, as those of containers.
func offered() offer {
	var o offer
	procs, err := procfs.NewDefaultFS()
	if err != nil {
		return o
	}
	var set unix.CPUSet
	if stat, err := procs.Stat(); err == nil && unix.SchedGetaffinity(0, &set) == nil && set.Count() < len(stat.CPU) {
		for id := range stat.CPU {
			if set.IsSet(int(id)) {
				o.processors = append(o.processors, int(id))
			}
		}
	}
	self, err := procs.Self()
	if err != nil {
		return o
	}
	mounts, err := self.MountInfo()
	if err != nil {
		return o
	}
	groups, err := self.Cgroups()
	if err != nil {
		return o
	}
	if cores, usage := smallestQuota(mounts, groups); cores < float64(runtime.NumCPU()) {
		o.quota, o.group = cores, usage
	}
	return o
}

// smallestQuota returns the smallest CPU quota of the groups, in cores, with the file that counts what its group used;
// +Inf where there is none.
func smallestQuota(mounts []*procfs.MountInfo, groups []procfs.Cgroup) (cores float64, usage string) {
	cores = math.Inf(1)
	for _, m := range mounts {
		folder, ok := groupOf(m, groups, "cpu")
		if !ok {
			continue
		}
		for {
			if here := quotaOf(folder); here < cores {
				cores, usage = here, usageOf(folder, m, mounts, groups)
			}
			if folder == m.MountPoint {
				break
			}
			folder = filepath.Dir(folder)
		}
	}
	return cores, usage
}

// groupOf returns the folder of the group that a process is in, in a tree of version 2 or one of version 1 with
// the controller. A container may see its own group at the top, under the name that it has outside.
func groupOf(m *procfs.MountInfo, groups []procfs.Cgroup, controller string) (folder string, ok bool) {
	_, controls := m.SuperOptions[controller]
	if m.FSType != "cgroup2" && !(m.FSType == "cgroup" && controls) {
		return "", false
	}
	at := slices.IndexFunc(groups, func(g procfs.Cgroup) bool {
		if m.FSType == "cgroup2" {
			return g.HierarchyID == 0
		}
		return slices.Contains(g.Controllers, controller)
	})
	if at < 0 {
		return "", false
	}
	folder = filepath.Join(m.MountPoint, strings.TrimPrefix(groups[at].Path, strings.TrimSuffix(m.Root, "/")))
	if _, err := os.Stat(folder); err != nil || !strings.HasPrefix(folder+"/", m.MountPoint+"/") {
		folder = m.MountPoint
	}
	return folder, true
}

// quotaOf returns the quota of a group of either version, in cores, +Inf where it has none.
func quotaOf(folder string) float64 {
	fields := strings.Fields(read(folder, "cpu.max"))
	if len(fields) != 2 {
		fields = []string{strings.TrimSpace(read(folder, "cpu.cfs_quota_us")), strings.TrimSpace(read(folder, "cpu.cfs_period_us"))}
	}
	quota, err := strconv.ParseFloat(fields[0], 64) // "max" or -1: none
	period, errPeriod := strconv.ParseFloat(fields[1], 64)
	if errors.Join(err, errPeriod) != nil || quota <= 0 || period <= 0 {
		return math.Inf(1)
	}
	return quota / period
}

// usageOf returns the file that counts the CPU time of a group, empty where there is none: in version 1 it may be
// in another tree, in the group of the same place there.
func usageOf(folder string, m *procfs.MountInfo, mounts []*procfs.MountInfo, groups []procfs.Cgroup) string {
	if m.FSType == "cgroup2" {
		return filepath.Join(folder, "cpu.stat")
	}
	within := strings.TrimPrefix(folder, m.MountPoint)
	for _, other := range mounts {
		if _, ok := groupOf(other, groups, "cpuacct"); !ok || other.FSType != m.FSType {
			continue
		}
		if file := filepath.Join(other.MountPoint, within, "cpuacct.usage"); read(filepath.Split(file)) != "" {
			return file
		}
	}
	return ""
}

func read(folder, name string) string {
	text, _ := os.ReadFile(filepath.Join(folder, name))
	return string(text)
}

// times returns the CPU time of what is offered: of the group with the quota, or of the processors. What a hypervisor
// took from the host's processors is not what a quota leaves of them.
func (o offer) times() (Times, error) {
	if o.group != "" {
		if busy, ok := groupTime(read(filepath.Split(o.group))); ok {
			return Times{Busy: busy}, nil
		}
	}
	stat, err := hostStat()
	if err != nil || o.processors == nil {
		return times(stat.CPUTotal), err
	}
	var sum Times
	for _, id := range o.processors {
		one := times(stat.CPU[int64(id)])
		sum.Busy, sum.Steal = sum.Busy+one.Busy, sum.Steal+one.Steal
	}
	return sum, nil
}

// groupTime reads seconds from cpu.stat of version 2 or cpuacct.usage of version 1.
func groupTime(text string) (seconds float64, ok bool) {
	for line := range strings.Lines(text) {
		if usec, found := strings.CutPrefix(line, "usage_usec "); found {
			n, err := strconv.ParseInt(strings.TrimSpace(usec), 10, 64)
			return (time.Duration(n) * time.Microsecond).Seconds(), err == nil
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return time.Duration(n).Seconds(), err == nil
}
