package cgroup

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/internal/proc"

	"github.com/google/go-cmp/cmp"
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
		io.Copy(io.Discard, os.Stdin) // its end counts
	case "eat": // as much memory as the input says
		var bytes int
		fmt.Scan(&bytes) // the test writes a number
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
	cmd.Env = append([]string{part + "=" + role}, g.cap.Env()...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() // ended already, as a rule
		cmd.Wait()         // as above
	})
	if err := g.Add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	return cmd, in
}

// group makes a group on this machine, or skips the test where it may not.
func group(t *testing.T, limits Cap) *Group {
	t.Helper()
	name := strings.ReplaceAll(t.Name(), "/", ".")
	g, err := Create(fmt.Sprintf("%s.%d", name, os.Getpid()), limits)
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

// A process that never rests gets its quota, and no more. That is held to over
// several spans, for a busy machine may give less for a while, and one that
// stalls, as virtual ones do, charges a process for it.
func TestQuotaOnThisMachine(t *testing.T) {
	for _, cpus := range []float64{0.1, 0.25, 0.5} {
		t.Run(fmt.Sprint(cpus), func(t *testing.T) {
			t.Parallel()
			g := group(t, Cap{CPUs: cpus})
			cmd, _ := child(t, "spin", g)
			throttle := func() proc.Throttle {
				u, err := g.Throttle()
				if err != nil {
					t.Fatal(err)
				}
				return u
			}
			if diff := cmp.Diff(proc.Throttle{}, throttle()); diff != "" {
				t.Errorf("before the quota came into force (-want +got):\n%s", diff)
			}
			if err := g.Enforce(); err != nil {
				t.Fatal(err)
			}
			wrong := 0
			const spans, periods = 6, 20
			for range spans {
				begin, before, first := time.Now(), cpuTime(t, cmd.Process.Pid), throttle()
				time.Sleep(periods * Period)
				cores := (cpuTime(t, cmd.Process.Pid) - before).Seconds() / time.Since(begin).Seconds()
				last := throttle()
				t.Logf("%.3f cores; periods, throttled, time: %v, then %v", cores, first, last)
				full := last.Throttled - first.Throttled
				counted := full > 0 && full <= last.Periods-first.Periods && last.Time > first.Time
				switch {
				case cores < cpus-0.03:
				case cores < cpus+0.03 && counted:
					return
				default:
					wrong++
				}
			}
			if wrong > spans/2 {
				t.Fatalf("in %d of %d spans it used more than %v cores, or that was not counted", wrong, spans, cpus)
			}
			t.Skip("others leave this machine less than the quota")
		})
	}
}

// A quota can be narrowed while a process runs, and be taken back: a process that never rests then uses what there is.
func TestLimitOnThisMachine(t *testing.T) {
	g := group(t, Cap{CPUs: 1})
	cmd, _ := child(t, "spin", g)
	cores := func(cpus float64) float64 {
		if err := g.Limit(cpus); err != nil {
			t.Fatal(err)
		}
		begin, before := time.Now(), cpuTime(t, cmd.Process.Pid)
		time.Sleep(5 * Period)
		return (cpuTime(t, cmd.Process.Pid) - before).Seconds() / time.Since(begin).Seconds()
	}
	used := 1.
	for tries := 0; tries < 6 && used > 0.15; tries++ { // a machine that stalls, as virtual ones do, charges a process for it
		used = cores(0.05)
	}
	if used > 0.15 {
		t.Errorf("%v cores of 0.05", used)
	}
	cores(0)
	before, err1 := g.Throttle()
	cores(0)
	after, err2 := g.Throttle()
	if err := errors.Join(err1, err2); err != nil || after.Throttled > before.Throttled {
		t.Errorf("throttled %d times, and %d after the limit was taken back, %v", before.Throttled, after.Throttled, err)
	}
}

// cpuTime returns the processor time that a process has used, by the clock that
// clock_getcpuclockid(3) names.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Nano())
}

func TestMemoryOnThisMachine(t *testing.T) {
	if swaps, err := os.ReadFile("/proc/swaps"); err != nil || strings.Count(string(swaps), "\n") > 1 {
		t.Skip("the kernel would swap")
	}
	g := group(t, Cap{Memory: 32 << 20})
	for _, test := range []struct {
		bytes  int
		killed bool
	}{{4 << 20, false}, {64 << 20, true}} {
		cmd, in := child(t, "eat", g)
		fmt.Fprintln(in, test.bytes)
		in.Close()
		cmd.Wait() // the group tells
		want := "ended"
		if test.killed {
			want = "ended, by the kernel: it needed more memory than its cap of 32 MiB"
		}
		if got := g.Explain("ended"); got != want {
			t.Errorf("%d bytes: %s, want %s", test.bytes, got, want)
		}
	}
	u, err := g.Throttle()
	if diff := cmp.Diff(proc.Throttle{}, u); diff != "" || err != nil {
		t.Errorf("throttling without a quota: error %v (-want +got):\n%s", err, diff)
	}
	if err := g.Enforce(); err != nil {
		t.Error(err)
	}
}

func TestAddOfOneThatEnded(t *testing.T) {
	g := group(t, Cap{CPUs: 1})
	cmd, in := child(t, "eat", g)
	in.Close()
	cmd.Wait() // its end counts
	if err := g.Add(cmd.Process.Pid); err != nil {
		t.Error(err)
	}
}

func TestSweepOnThisMachine(t *testing.T) {
	g := group(t, Cap{CPUs: 1, Memory: 64 << 20})
	other, err := Create(g.name+".other", g.cap)
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

// Who removes the last group removes the folder of all, which others may be
// about to use.
func TestManyAtOnce(t *testing.T) {
	if g, err := Create(fmt.Sprintf("%s.%d", t.Name(), os.Getpid()), Cap{CPUs: 1}); err != nil {
		t.Skip(err)
	} else if err := g.Close(); err != nil {
		t.Error(err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 20 {
				g, err := Create(fmt.Sprintf("%s.%d.%d.%d", t.Name(), os.Getpid(), i, n), Cap{CPUs: 1, Memory: 64 << 20})
				if err != nil {
					t.Error(err)
					continue
				}
				if err := g.Enforce(); err != nil {
					t.Error(err)
				}
				if err := g.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestEnv(t *testing.T) {
	for _, test := range []struct {
		limits Cap
		want   []string
	}{
		{Cap{}, nil},
		{Cap{CPUs: 0.1}, []string{"GOMAXPROCS=1"}},
		{Cap{CPUs: 1}, []string{"GOMAXPROCS=1"}},
		{Cap{CPUs: 1.5, Memory: 100}, []string{"GOMAXPROCS=2", "GOMEMLIMIT=90"}},
	} {
		if diff := cmp.Diff(test.want, test.limits.Env()); diff != "" {
			t.Errorf("%g cores, %d bytes (-want +got):\n%s", test.limits.CPUs, test.limits.Memory, diff)
		}
	}
}

// Without the rights the error says what to do, be it to make groups or, in
// version 2, to move processes into them.
func TestRights(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("gives rights away")
	}
	closed := fake(t, "cpu memory\n")
	for _, dir := range []string{closed.mount, filepath.Dir(closed.mount)} {
		if err := os.Chmod(dir, 0o755); err != nil { // it may be read
			t.Fatal(err)
		}
	}
	const what = "permission denied; run as root, or have root hand the folder meterbench over (see docs/capacity.md)"
	for _, test := range []struct {
		tree  tree
		cause string
	}{{machine(), ""}, {closed, "move processes by " + closed.mount}} {
		var err error
		done := make(chan bool)
		go func() {
			defer close(done)
			runtime.LockOSThread() // never unlocked: the thread ends with its lack of rights
			unix.SetfsuidRetUid(65534)
			_, err = test.tree.create("nobody", Cap{CPUs: 1})
		}()
		<-done
		if err == nil || !strings.HasPrefix(err.Error(), "make a control group: "+test.cause) || !strings.HasSuffix(err.Error(), what) {
			t.Errorf("got %v, want %s... %s", err, test.cause, what)
		}
	}
}
