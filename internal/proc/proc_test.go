package proc

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"meterbench/internal/sockets"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/procfs"
)

const sleep = "METERBENCH_TEST_SLEEP"

// TestMain lets a child of the tests, started with sleep set, say that it
// runs and live until its standard input is closed.
func TestMain(m *testing.M) {
	if os.Getenv(sleep) == "" {
		os.Exit(m.Run())
	}
	fmt.Println("running")
	io.Copy(io.Discard, os.Stdin)
}

// sleeper starts such a child; closing the Closer ends it.
func sleeper(t *testing.T) (*exec.Cmd, io.Closer) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), sleep+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd, in
}

func TestProcess(t *testing.T) {
	cmd, in := sleeper(t)
	pid := cmd.Process.Pid
	u, err := Process(pid)
	if err != nil || u.RSS == 0 || u.CPU < 0 {
		t.Fatalf("a live child uses %v s of CPU and %d bytes, %v", u.CPU, u.RSS, err)
	}
	in.Close()
	// Until Wait the child is a zombie: its entry is still there.
	deadline := time.Now().Add(10 * time.Second)
	for !errors.Is(err, ErrEnded) {
		if time.Now().After(deadline) {
			t.Fatalf("a zombie is not reported as ended: %v", err)
		}
		_, err = Process(pid)
	}
	cmd.Wait()
	if _, err := Process(pid); !errors.Is(err, ErrEnded) {
		t.Fatalf("a reaped child: %v", err)
	}
}

func TestSelfCountsCPU(t *testing.T) {
	before, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	if before.RSS < 1<<20 {
		t.Errorf("RSS of a Go program is %d bytes", before.RSS)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		after, err := Self()
		if err != nil {
			t.Fatal(err)
		}
		if after.CPU >= before.CPU+0.02 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("CPU did not grow while spinning")
		}
	}
}

func TestHost(t *testing.T) {
	h, err := offer{}.times()
	if err != nil {
		t.Fatal(err)
	}
	if h.Busy <= 0 || h.Steal < 0 {
		t.Errorf("the host was busy for %v s, %v s were stolen", h.Busy, h.Steal)
	}
	got := times(procfs.CPUStat{User: 1, Nice: 2, System: 3, Idle: 4, Iowait: 5, IRQ: 6, SoftIRQ: 7, Steal: 8, Guest: 1, GuestNice: 1})
	if diff := cmp.Diff(Times{Busy: 19, Steal: 8}, got); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}

func TestDescribe(t *testing.T) {
	h := Describe()
	for what, text := range map[string]string{"operating system": h.OS, "kernel": h.Kernel, "CPU": h.CPU} {
		if text == "" {
			t.Errorf("the %s has no name", what)
		}
	}
	if h.Cores < 1 || h.Memory < 1<<20 {
		t.Errorf("%d cores, %d bytes of memory", h.Cores, h.Memory)
	}
}

func TestSampler(t *testing.T) {
	cmd, in := sleeper(t)
	var held uint64
	throttle := func() (Throttle, error) {
		if held++; held > 1 {
			return Throttle{}, errors.New("no quota")
		}
		return Throttle{Periods: 7, Throttled: 3, Time: 0.5}, nil
	}
	s, err := NewSampler([]Node{{Name: "peer0", PID: cmd.Process.Pid, Throttle: throttle}})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := s.Sample()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]Throttle{"peer0": {Periods: 7, Throttled: 3, Time: 0.5}}, snap.Throttle); diff != "" {
		t.Errorf("throttle (-want +got):\n%s", diff)
	}
	for what, used := range map[string]float64{
		"memory of the node": float64(snap.RSS["peer0"]), "memory of the client": float64(snap.RSS[Client]),
		"CPU of the client": snap.CPU[Client], "CPU of the host": snap.Host.Busy,
	} {
		if used == 0 {
			t.Errorf("the %s is 0", what)
		}
	}
	snap, err = s.Sample()
	if err == nil || !strings.Contains(err.Error(), `"peer0": no quota`) {
		t.Errorf("a quota that cannot be read: %v", err)
	}
	if snap.RSS["peer0"] == 0 || len(snap.Throttle) > 0 {
		t.Errorf("without its quota: %d bytes, throttle %v", snap.RSS["peer0"], snap.Throttle)
	}
	in.Close()
	cmd.Wait()
	snap, err = s.Sample()
	if !errors.Is(err, ErrEnded) || !strings.Contains(err.Error(), `"peer0"`) {
		t.Errorf("a node that ended: %v", err)
	}
	if _, ok := snap.RSS["peer0"]; ok || snap.RSS[Client] == 0 {
		t.Errorf("memory after a node ended: %v", snap.RSS)
	}
	// A process that has the pid of a node but started at another time.
	reused := &Sampler{nodes: []Node{{Name: "peer0", PID: os.Getpid(), started: 1}}}
	if _, err := reused.Sample(); !errors.Is(err, ErrEnded) {
		t.Errorf("a pid that went to another process: %v", err)
	}
	for _, nodes := range [][]Node{
		{{Name: "peer0", PID: cmd.Process.Pid}},
		{{Name: "a", PID: os.Getpid()}, {Name: "a", PID: os.Getpid()}},
		{{Name: Other, PID: os.Getpid()}},
	} {
		if _, err := NewSampler(nodes); err == nil {
			t.Errorf("NewSampler(%v) accepted", nodes)
		}
	}
}

// A node whose process is replaced keeps the CPU time of all its processes, and its memory is that of the one that runs.
func TestSamplerFollows(t *testing.T) {
	first, _ := sleeper(t)
	life := Life{PID: first.Process.Pid, Before: 3}
	s, err := NewSampler([]Node{{Name: "peer0", PID: first.Process.Pid, Life: func() Life { return life }}})
	if err != nil {
		t.Fatal(err)
	}
	sample := func(what string, least float64, runs bool) {
		t.Helper()
		snap, err := s.Sample()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if cpu := snap.CPU["peer0"]; cpu < least || cpu > least+1 {
			t.Errorf("%s: %v s of CPU, want %v", what, cpu, least)
		}
		if (snap.RSS["peer0"] > 0) != runs {
			t.Errorf("%s: %d bytes", what, snap.RSS["peer0"])
		}
	}
	sample("at first", 3, true)
	first.Process.Kill()
	first.Wait()
	if _, err := s.Sample(); !errors.Is(err, ErrEnded) {
		t.Errorf("an end that nobody asked for: %v", err)
	}
	life = Life{Before: 5}
	sample("while none runs", 5, false)
	second, _ := sleeper(t)
	life.PID = second.Process.Pid
	sample("the second", 5, true)
}

// A node that joins is there from the start, with nothing until it runs, and then with all that it used.
func TestSamplerAwaits(t *testing.T) {
	var life Life
	s, err := NewSampler([]Node{{Name: "orderer", Serves: Addresses("127.0.0.1:1")}, {Name: "peer", Life: func() Life { return life }}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before, err := s.Sample()
	if err != nil {
		t.Fatal(err)
	}
	if cpu, ok := before.CPU["peer"]; cpu != 0 || !ok || before.RSS["peer"] != 0 {
		t.Errorf("before it joins: %v s of CPU, %d bytes", cpu, before.RSS["peer"])
	}
	child, _ := sleeper(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	life = Life{PID: child.Process.Pid, Serves: Addresses(listener.Addr().String())}
	after, err := s.Sample()
	if err != nil || after.RSS["peer"] == 0 {
		t.Errorf("%d bytes, %v", after.RSS["peer"], err)
	}
	if _, ok := before.Cores(after)["peer"]; !ok {
		t.Error("it has no row")
	}
	if _, err := s.Traffic(); err != nil { // the kernel tells nothing of sockets
		t.Skip(err)
	}
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if totals, err := s.Traffic(); err != nil || totals.Ways[sockets.Way{From: Client, To: "peer"}].Bytes != 100 {
		t.Errorf("traffic %v, %v", totals, err)
	}
}

func TestCores(t *testing.T) {
	t0 := time.Unix(1000, 0)
	a := Snapshot{At: t0, CPU: map[string]float64{"p": 1, "q": 5, Client: 2}, Host: Times{Busy: 20, Steal: 1}}
	tests := []struct {
		name string
		to   Snapshot
		want map[string]float64
	}{
		{"all", Snapshot{At: t0.Add(2 * time.Second), CPU: map[string]float64{"p": 2, "q": 5.5, Client: 3}, Host: Times{Busy: 23, Steal: 2}},
			map[string]float64{"p": 0.5, "q": 0.25, Client: 0.5, Other: 0.25, Steal: 0.5}},
		{"one ended", Snapshot{At: t0.Add(2 * time.Second), CPU: map[string]float64{"p": 2, Client: 3}, Host: Times{Busy: 23, Steal: 1}},
			map[string]float64{"p": 0.5, Client: 0.5, Other: 0.5, Steal: 0}},
		{"host counted less", Snapshot{At: t0.Add(time.Second), CPU: map[string]float64{"p": 2, "q": 5, Client: 2}, Host: Times{Busy: 20.9, Steal: 1}},
			map[string]float64{"p": 1, "q": 0, Client: 0, Other: 0, Steal: 0}},
		{"no time passed", a, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, a.Cores(tt.to), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Errorf("cores (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBetween(t *testing.T) {
	t0 := time.Unix(1000, 0)
	var s Series
	for i := range 5 {
		s = append(s, Snapshot{
			At:  t0.Add(time.Duration(i) * time.Second),
			CPU: map[string]float64{"p": float64(i * i)},
			RSS: map[string]uint64{"p": []uint64{9, 1, 3, 2, 8}[i]},
		})
	}
	cores, rss, ok := s.Between(t0.Add(500*time.Millisecond), t0.Add(3*time.Second))
	if !ok || cores["p"] != 4 || rss["p"] != 3 {
		t.Errorf("cores %v, rss %v, %v; want 4 cores, 3 bytes", cores, rss, ok)
	}
	if s[1].RSS["p"] != 1 {
		t.Error("Between changed the series")
	}
	if _, _, ok := s.Between(t0, t0.Add(500*time.Millisecond)); ok {
		t.Error("one snapshot is no interval")
	}
}

func TestThrottled(t *testing.T) {
	t0 := time.Unix(1000, 0)
	at := func(seconds int, throttle map[string]Throttle) Snapshot {
		return Snapshot{At: t0.Add(time.Duration(seconds) * time.Second), Throttle: throttle}
	}
	s := Series{
		at(0, map[string]Throttle{"p": {1, 1, 0.5}, "ends": {5, 0, 0}}),
		at(1, map[string]Throttle{"p": {10, 4, 1}, "ends": {6, 0, 0}}),
		at(2, nil),
		at(3, map[string]Throttle{"p": {30, 14, 3.5}, "begins": {1, 1, 1}}),
		at(4, map[string]Throttle{"p": {40, 14, 3.5}}),
	}
	got := s.Throttled(t0.Add(time.Second), t0.Add(3*time.Second))
	if diff := cmp.Diff(map[string]Throttle{"p": {20, 10, 2.5}}, got); diff != "" {
		t.Errorf("throttled (-want +got):\n%s", diff)
	}
	for _, to := range []int{0, 2} { // one snapshot; one that tells of nothing
		if got := s.Throttled(t0, t0.Add(time.Duration(to)*time.Second)); got != nil {
			t.Errorf("until %d s: %v", to, got)
		}
	}
}

// A process tells when it started.
func TestSince(t *testing.T) {
	before := time.Now()
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	u, err := Process(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	const resolution = 20 * time.Millisecond
	if since := u.Since(); since.Before(before.Add(-resolution)) || since.After(time.Now().Add(resolution)) {
		t.Errorf("started %v, which was after %v", since, before)
	}
	if since := (Usage{}).Since(); !since.IsZero() {
		t.Errorf("of none: %v", since)
	}
}
