package proc

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

func TestSmallestQuota(t *testing.T) {
	const v2, v1 = "cgroup2", "cgroup"
	type mount struct{ folder, root, kind, controller string }
	for _, c := range []struct {
		name   string
		mounts []mount
		groups []procfs.Cgroup
		files  map[string]string
		cores  float64
		usage  string
	}{
		{
			"none", []mount{{"all", "/", v2, ""}}, []procfs.Cgroup{{HierarchyID: 0, Path: "/user/shell"}},
			map[string]string{"all/user/cpu.max": "max 100000\n", "all/user/shell/cpu.max": "max 100000\n"}, math.Inf(1), "",
		},
		{
			"a container of version 2, seen from within", []mount{{"all", "/", v2, ""}}, []procfs.Cgroup{{HierarchyID: 0, Path: "/"}},
			map[string]string{"all/cpu.max": "200000 100000\n"}, 2, "all/cpu.stat",
		},
		{
			"the smallest of nested groups", []mount{{"all", "/", v2, ""}}, []procfs.Cgroup{{HierarchyID: 0, Path: "/a/b/c"}},
			map[string]string{"all/a/cpu.max": "150000 100000\n", "all/a/b/cpu.max": "max 100000\n", "all/a/b/c/cpu.max": "80000 20000\n"}, 1.5, "all/a/cpu.stat",
		},
		{
			"version 1, CPU time in a tree of its own",
			[]mount{{"cpu", "/", v1, "cpu"}, {"acct", "/", v1, "cpuacct"}, {"pids", "/", v1, "pids"}},
			[]procfs.Cgroup{{HierarchyID: 3, Controllers: []string{"cpu"}, Path: "/job"}, {HierarchyID: 4, Controllers: []string{"cpuacct"}, Path: "/job"}},
			map[string]string{
				"cpu/job/cpu.cfs_quota_us": "50000\n", "cpu/job/cpu.cfs_period_us": "100000\n",
				"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n", "acct/job/cpuacct.usage": "123\n",
			}, 0.5, "acct/job/cpuacct.usage",
		},
		{
			"a container of version 1, under the name that it has outside",
			[]mount{{"cpu", "/docker/77", v1, "cpu"}}, []procfs.Cgroup{{HierarchyID: 3, Controllers: []string{"cpu"}, Path: "/docker/77"}},
			map[string]string{"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3, "",
		},
		{
			"a path that is not mounted", []mount{{"all", "/elsewhere", v2, ""}}, []procfs.Cgroup{{HierarchyID: 0, Path: "/../outside"}},
			map[string]string{"all/cpu.max": "100000 100000\n"}, 1, "all/cpu.stat",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := t.TempDir()
			var mounts []*procfs.MountInfo
			for _, m := range c.mounts {
				folder := filepath.Join(top, m.folder)
				if err := os.MkdirAll(folder, 0o700); err != nil {
					t.Fatal(err)
				}
				mounts = append(mounts, &procfs.MountInfo{MountPoint: folder, Root: m.root, FSType: m.kind, SuperOptions: map[string]string{m.controller: ""}})
			}
			for name, text := range c.files {
				file := filepath.Join(top, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cores, usage := smallestQuota(mounts, c.groups)
			if c.usage != "" {
				c.usage = filepath.Join(top, c.usage)
			}
			if cores != c.cores || usage != c.usage {
				t.Errorf("%v cores, counted in %q; want %v, %q", cores, usage, c.cores, c.usage)
			}
		})
	}
}

// Busy time is counted of what is offered, and not of the host.
func TestOfferedTimes(t *testing.T) {
	for name, text := range map[string]string{"version 2": "usage_usec 2500000\nuser_usec 1\n", "version 1": "2500000000\n"} {
		file := filepath.Join(t.TempDir(), "usage")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := offer{group: file}.times()
		if err != nil || got != (Times{Busy: 2.5}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	whole, err := offer{}.times()
	if err != nil {
		t.Fatal(err)
	}
	one, err := offer{processors: []int{0}}.times()
	if err != nil || one.Busy <= 0 || runtime.NumCPU() > 1 && one.Busy >= whole.Busy {
		t.Errorf("one processor was busy for %v s, all for %v s, %v", one.Busy, whole.Busy, err)
	}
	if _, err := (offer{group: "/nowhere"}).times(); err != nil {
		t.Errorf("a group that cannot be read: %v", err)
	}
}

// A process that may use one of several processors is offered no more.
func TestAffinity(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("this machine has one processor")
	}
	runtime.LockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	for id := range 1024 {
		if before.IsSet(id) {
			one.Set(id)
			break
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Skip(err)
	}
	o := offered()
	if err := unix.SchedSetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	runtime.UnlockOSThread()
	if len(o.processors) != 1 || !one.IsSet(o.processors[0]) {
		t.Errorf("offered %v", fmt.Sprint(o.processors))
	}
}

func TestOffered(t *testing.T) {
	for _, c := range []struct {
		host Host
		want float64
	}{{Host{Cores: 4}, 4}, {Host{Cores: 64, Quota: 1.5}, 1.5}, {Host{Cores: 2, Quota: 8}, 2}} {
		if got := c.host.Offered(); got != c.want {
			t.Errorf("%+v offers %v cores, want %v", c.host, got, c.want)
		}
	}
}
