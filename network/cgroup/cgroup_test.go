package cgroup

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary plays its own children: the variable says which part.
const part = "METERBENCH_CGROUP_TEST_PART"

func TestMain(m *testing.M) {
	switch os.Getenv(part) {
	case "":
		os.Exit(m.Run())
	case "spin": // until the input is closed
		go func() {
			for n := 0; ; n++ {
			}
		}()
		io.Copy(io.Discard, os.Stdin) //nolint:errcheck // its end counts
	case "eat": // as much memory as the input says
		var bytes int
		fmt.Scan(&bytes) //nolint:errcheck // the test writes a number
		eaten := make([]byte, bytes)
		for i := 0; i < len(eaten); i += 4096 {
			eaten[i] = 1
		}
		fmt.Println(len(eaten))
	}
	os.Exit(0)
}

func child(t *testing.T, role string, g *Group) (*exec.Cmd, io.WriteCloser) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append([]string{part + "=" + role}, g.limits.Env()...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() //nolint:errcheck // ended already, as a rule
		cmd.Wait()         //nolint:errcheck // as above
	})
	if err := g.Add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	return cmd, in
}

// group makes a group on this machine, or skips the test where it may not.
func group(t *testing.T, limits Limits) *Group {
	t.Helper()
	g, err := Create(fmt.Sprintf("%s.%d", t.Name(), os.Getpid()), limits)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		for _, dir := range g.tree.parents() {
			if _, err := os.Stat(filepath.Join(dir, g.name)); !os.IsNotExist(err) {
				t.Errorf("%s is still there: %v", dir, err)
			}
		}
	})
	return g
}

// A machine that is busy can only give a process less than its quota.
func TestQuotaOnThisMachine(t *testing.T) {
	g := group(t, Limits{CPUs: 0.2})
	cmd, in := child(t, "spin", g)
	if u, err := g.Throttle(); err != nil || u != (Throttle{}) {
		t.Errorf("before the quota came into force: %+v, %v", u, err)
	}
	if err := g.Enforce(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	var u Throttle
	for u.Throttled < 5 {
		time.Sleep(20 * time.Millisecond)
		var err error
		if u, err = g.Throttle(); err != nil || time.Since(begin) > 30*time.Second {
			t.Fatalf("a process that never rests was hardly held back: %+v, %v", u, err)
		}
	}
	if u.Periods < u.Throttled || u.Time <= 0 {
		t.Errorf("%+v", u)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	// What the first period gave before the quota was there is over it.
	span, used := time.Since(begin), cmd.ProcessState.SystemTime()+cmd.ProcessState.UserTime()
	t.Logf("%v of CPU in %v: %.3f cores; %+v", used, span, used.Seconds()/span.Seconds(), u)
	if most := span/5 + 2*Period; used > most {
		t.Errorf("used %v of CPU in %v, more than 0.2 cores", used, span)
	}
}

func TestMemoryOnThisMachine(t *testing.T) {
	if swaps, err := os.ReadFile("/proc/swaps"); err != nil || strings.Count(string(swaps), "\n") > 1 {
		t.Skip("the kernel would swap")
	}
	g := group(t, Limits{Memory: 32 << 20})
	for _, test := range []struct {
		bytes  int
		killed bool
	}{{4 << 20, false}, {64 << 20, true}} {
		cmd, in := child(t, "eat", g)
		fmt.Fprintln(in, test.bytes)
		in.Close()
		cmd.Wait() //nolint:errcheck // the group tells
		want := "ended"
		if test.killed {
			want = "ended, by the kernel: it needed more memory than its cap of 32 MiB"
		}
		if got := g.Explain("ended"); got != want {
			t.Errorf("%d bytes: %s, want %s", test.bytes, got, want)
		}
	}
	if u, err := g.Throttle(); err != nil || u != (Throttle{}) {
		t.Errorf("throttling without a quota: %+v, %v", u, err)
	}
	if err := g.Enforce(); err != nil {
		t.Error(err)
	}
}

func TestAddOfOneThatEnded(t *testing.T) {
	g := group(t, Limits{CPUs: 1})
	cmd, in := child(t, "eat", g)
	in.Close()
	cmd.Wait() //nolint:errcheck // its end counts
	if err := g.Add(cmd.Process.Pid); err != nil {
		t.Error(err)
	}
}

func TestSweepOnThisMachine(t *testing.T) {
	g := group(t, Limits{CPUs: 1, Memory: 64 << 20})
	other, err := Create(g.name+".other", g.limits)
	if err != nil {
		t.Fatal(err)
	}
	if err := Sweep(func(name string) bool { return name == other.name }); err != nil {
		t.Fatal(err)
	}
	for _, dir := range g.tree.parents() {
		if _, err := os.Stat(filepath.Join(dir, g.name)); err != nil {
			t.Errorf("a group that is not abandoned has gone: %v", err)
		}
		if _, err := os.Stat(filepath.Join(dir, other.name)); !os.IsNotExist(err) {
			t.Errorf("an abandoned group is there still: %v", err)
		}
	}
	// One that still holds a process stays, and is no error.
	child(t, "spin", g)
	if err := Sweep(func(name string) bool { return name == g.name }); err != nil {
		t.Error(err)
	}
	if _, err := g.Throttle(); err != nil {
		t.Error(err)
	}
}

func TestEnv(t *testing.T) {
	for _, test := range []struct {
		limits Limits
		want   []string
	}{
		{Limits{}, nil},
		{Limits{CPUs: 0.1}, []string{"GOMAXPROCS=1"}},
		{Limits{CPUs: 1}, []string{"GOMAXPROCS=1"}},
		{Limits{CPUs: 1.5, Memory: 100}, []string{"GOMAXPROCS=2", "GOMEMLIMIT=90"}},
	} {
		if got := test.limits.Env(); !slices.Equal(got, test.want) {
			t.Errorf("%+v: %v, want %v", test.limits, got, test.want)
		}
	}
}

// fake makes what the kernel would show of version 2.
func fake(t *testing.T, controllers string) tree {
	t.Helper()
	mount := t.TempDir()
	for name, text := range map[string]string{
		"cgroup.controllers": controllers, "cgroup.procs": "", "cgroup.subtree_control": "",
		"meterbench/cgroup.subtree_control": "",
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
	g, err := tr.create("peer0", Limits{CPUs: 0.25, Memory: 128 << 20})
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
	for name, text := range map[string]string{
		"cpu.stat":      "usage_usec 9000000\nnr_periods 20\nnr_throttled 15\nthrottled_usec 2500000\n",
		"memory.events": "low 0\nhigh 0\nmax 40\noom 2\noom_kill 1\n",
		"cgroup.procs":  "",
	} {
		if err := os.WriteFile(filepath.Join(tr.mount, "meterbench/peer0", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if u, err := g.Throttle(); err != nil || u != (Throttle{20, 15, 2.5}) {
		t.Errorf("%+v, %v", u, err)
	}
	if got := g.Explain("killed"); got != "killed, by the kernel: it needed more memory than its cap of 128 MiB" {
		t.Error(got)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

// Beside trees of version 1 there may be one of version 2 without controllers.
func TestUnifiedOnThisMachine(t *testing.T) {
	tr := tree{"/sys/fs/cgroup/unified", true}
	g, err := tr.create(fmt.Sprintf("%s.%d", t.Name(), os.Getpid()), Limits{})
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

func TestWhatIsMissing(t *testing.T) {
	both := Limits{CPUs: 1, Memory: 1 << 20}
	one := fake(t, "cpu\n")
	if _, err := one.create("a", both); err == nil || err.Error() != "make control group a: the kernel offers no control of memory; enable it, or leave that cap out" {
		t.Error(err)
	}
	if g, err := one.create("a", Limits{CPUs: 1}); err != nil {
		t.Error(err)
	} else if got := g.Explain("ended"); got != "ended" {
		t.Error(got)
	}
	if _, err := (tree{t.TempDir(), false}).create("a", both); err == nil || err.Error() != "make control group a: the kernel offers no control of cpu and memory; enable it, or leave that cap out" {
		t.Error(err)
	}
	if _, err := (tree{t.TempDir(), true}).create("a", both); err == nil || !strings.Contains(err.Error(), "cgroup.controllers") {
		t.Error(err)
	}
	// The top of a container's tree, where processes are, hands no controllers down.
	busy := fake(t, "cpu memory\n")
	if err := os.Remove(filepath.Join(busy.mount, "meterbench/cgroup.subtree_control")); err != nil {
		t.Fatal(err)
	}
	if _, err := busy.create("a", both); err == nil || !strings.Contains(err.Error(), "no such file or directory; the groups above it have to hand") {
		t.Error(err)
	}
	// No processes can be moved where the common group cannot be written to.
	closed := fake(t, "cpu memory\n")
	if err := os.Remove(filepath.Join(closed.mount, "cgroup.procs")); err != nil {
		t.Fatal(err)
	}
	if _, err := closed.create("a", both); err == nil || !strings.Contains(err.Error(), "move processes") {
		t.Error(err)
	}
}

// Without the rights the error says what to do.
func TestRights(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("gives rights away")
	}
	var err error
	done := make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with its lack of rights
		unix.SetfsuidRetUid(65534)
		_, err = Create("nobody", Limits{CPUs: 1})
	}()
	<-done
	if err == nil || !strings.Contains(err.Error(), "permission denied; run as root, or have root hand the folder meterbench over") {
		t.Errorf("got %v", err)
	}
}
