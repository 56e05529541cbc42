package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/internal/proc"
)

// fake makes what the kernel would show of version 2, with a group peer0.
func fake(t *testing.T, controllers string) tree {
	t.Helper()
	mount := t.TempDir()
	for name, text := range map[string]string{
		"cgroup.controllers": controllers, "cgroup.procs": "", "cgroup.subtree_control": "",
		"meterbench/cgroup.procs": "", "meterbench/cgroup.subtree_control": "", // the test may itself be in a group there
		"meterbench/peer0/cpu.max": "", "meterbench/peer0/memory.max": "", "meterbench/peer0/cgroup.procs": "",
		"meterbench/peer0/cpu.stat":      "usage_usec 9000000\nnr_periods 20\nnr_throttled 15\nthrottled_usec 2500000\n",
		"meterbench/peer0/memory.events": "low 0\nhigh 0\nmax 40\noom 2\noom_kill 1\n",
	} {
		path := filepath.Join(mount, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return tree{mount, true}
}

func TestUnified(t *testing.T) {
	tr := fake(t, "cpuset cpu io memory\n")
	g, err := tr.create("peer0", Cap{CPUs: 0.25, Memory: 128 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Add(4711); err != nil {
		t.Fatal(err)
	}
	if err := g.Enforce(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"cgroup.subtree_control": "+cpu +memory", "meterbench/cgroup.subtree_control": "+cpu +memory",
		"meterbench/peer0/memory.max": strconv.Itoa(128 << 20), "meterbench/peer0/cpu.max": "25000 100000", "meterbench/peer0/cgroup.procs": "4711",
	} {
		if got, err := os.ReadFile(filepath.Join(tr.mount, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	for cpus, want := range map[float64]string{0.1: "10000 100000", 0: "max"} {
		if err := g.Limit(cpus); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(tr.mount, "meterbench/peer0/cpu.max")); err != nil || !strings.HasPrefix(string(got), want) {
			t.Errorf("a limit of %v: %q, %v, want %q", cpus, got, err, want)
		}
	}
	u, err := g.Throttle()
	if diff := cmp.Diff(proc.Throttle{Periods: 20, Throttled: 15, Time: 2.5}, u); diff != "" || err != nil {
		t.Errorf("throttling: error %v (-want +got):\n%s", err, diff)
	}
	if got := g.Explain("killed"); got != "killed, by the kernel: it needed more memory than its cap of 128 MiB" {
		t.Error(got)
	}
}

// Beside trees of version 1 there may be one of version 2 without controllers.
func TestUnifiedOnThisMachine(t *testing.T) {
	tr := tree{"/sys/fs/cgroup/unified", true}
	g, err := tr.create(fmt.Sprintf("%s.%d", t.Name(), os.Getpid()), Cap{})
	if err != nil {
		t.Skip(err)
	}
	cmd, in := child(t, "spin", g)
	if of, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", cmd.Process.Pid)); err != nil || !strings.Contains(string(of), "0::/meterbench/"+g.name+"\n") {
		t.Errorf("the child is in %s, %v", of, err)
	}
	if err := tr.sweep(func(name string) bool { return name == g.name }); err != nil {
		t.Error(err)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(tr.mount, parent, g.name)); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
}

// What cannot be is told with the reason and the way out.
func TestWhatIsMissing(t *testing.T) {
	both := Cap{CPUs: 1, Memory: 1 << 20}
	nothing := tree{t.TempDir(), false}
	one := fake(t, "cpu\n")
	// The groups above hand no controllers down.
	none := fake(t, "cpu memory\n")
	if err := os.Remove(filepath.Join(none.mount, "meterbench/cgroup.subtree_control")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		tree tree
		want string
	}{
		{nothing, "make a control group: " + nothing.mount + " has no controller of cpu and memory; enable it in the kernel and mount it"},
		{one, "make a control group: " + one.mount + " has no controller of memory; enable it in the kernel and mount it"},
		{none, "make a control group: open " + none.mount + "/meterbench/cgroup.subtree_control: no such file or directory; have root hand its controllers down (see docs/capacity.md), in a container after moving the processes at the top into a group"},
	} {
		if _, err := test.tree.create("a", both); err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	g, err := one.create("a", Cap{CPUs: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Explain("ended"); got != "ended" {
		t.Error(got)
	}
}

// A folder that somebody was given stays when its last group goes.
func TestFolderOfAllGroups(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("gives a folder away")
	}
	for _, test := range []struct {
		owner int
		stays bool
	}{{0, false}, {65534, true}} {
		tr := tree{t.TempDir(), false}
		for _, dir := range tr.parents() {
			if err := os.MkdirAll(filepath.Join(dir, "a"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(dir, test.owner, -1); err != nil {
				t.Fatal(err)
			}
		}
		if err := tr.remove("a"); err != nil {
			t.Error(err)
		}
		for _, dir := range tr.parents() {
			if _, err := os.Stat(dir); (err == nil) != test.stays {
				t.Errorf("owner %d: %v", test.owner, err)
			}
		}
	}
}
