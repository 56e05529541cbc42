package process

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/internal/proc"
)

// The test binary plays its own children: the variable says which part.
const part = "METERBENCH_PROCESS_TEST_PART"

func TestMain(m *testing.M) {
	if code, handled := Reap(os.Args, func() error { return nil }); handled {
		os.Exit(code)
	}
	switch os.Getenv(part) {
	case "":
		os.Exit(m.Run())
	case "sleep":
		fmt.Println("ready")
		time.Sleep(time.Hour)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		time.Sleep(time.Hour)
	case "busy": // in many threads
		runtime.GOMAXPROCS(16)
		for range 15 {
			go spin()
		}
		fmt.Println("ready")
		spin()
	case "fail":
		for i := range 14 {
			fmt.Printf("\x1b[34mline %d\x1b[0m\n", i)
		}
		os.Exit(3)
	case "echo":
		io.Copy(os.Stdout, os.Stdin) // its end counts
		fmt.Fprintln(os.Stderr, "no more")
		os.Exit(4)
	case "finish":
	case "argv0":
		wd, _ := os.Getwd()
		fmt.Println(os.Args[0], os.Args[1], wd)
		time.Sleep(time.Hour)
	case "family": // starts a child in its own group, outside this package
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{part + "=sleep"}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		fmt.Println(cmd.Process.Pid)
		if len(os.Args) > 1 {
			os.Exit(0) // and leave the child behind
		}
		time.Sleep(time.Hour)
	case "harness": // starts a child with this package, in a folder, and tells both
		dir, err := NewDir(os.Args[1], "net")
		if err != nil {
			panic(err)
		}
		p, err := Start(Spec{Name: "grandchild", Path: os.Args[0], Env: []string{part + "=stubborn"}, LogPath: filepath.Join(dir, "log")})
		if err != nil {
			panic(err)
		}
		if len(os.Args) > 2 { // has a reaper, and a child of its own kind that no one ends
			reaper, err := StartReaper(os.Args[0], dir)
			if err != nil {
				panic(err)
			}
			inside := filepath.Join(dir, "nodes")
			orphan := exec.Command(os.Args[0])
			orphan.Env, orphan.Dir, orphan.SysProcAttr = []string{part + "=stubborn"}, inside, &syscall.SysProcAttr{Setsid: true}
			if err := errors.Join(os.MkdirAll(filepath.Join(inside, "keys"), 0o700), os.WriteFile(filepath.Join(inside, "keys", "server.key"), nil, 0o600), orphan.Start()); err != nil {
				panic(err)
			}
			fmt.Println(orphan.Process.Pid, reaper.process.Process.Pid)
		}
		fmt.Println(p.PID(), dir)
		time.Sleep(time.Hour)
	}
	os.Exit(0)
}

func start(t *testing.T, role string, args ...string) *Process {
	t.Helper()
	p, err := Start(Spec{
		Name: "orderer0", Path: os.Args[0], Args: args,
		Env:     []string{part + "=" + role},
		LogPath: filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop(0) })
	return p
}

// eventually fails the test when cond stays false far longer than it may take.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for range 2000 {
		if cond() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("still not: %s", what)
}

func firstLine(t *testing.T, p *Process) string {
	t.Helper()
	eventually(t, "a first line of output", func() bool { return len(Tail(p.LogPath())) > 0 })
	return Tail(p.LogPath())[0]
}

func running(pid int) bool {
	_, err := proc.Process(pid)
	return err == nil
}

func TestStop(t *testing.T) {
	tests := []struct {
		role  string
		grace time.Duration
	}{
		{"sleep", time.Hour},             // ends on SIGTERM
		{"stubborn", time.Millisecond},   // needs SIGKILL
		{"family", time.Hour},            // and its children with it
		{"family", -1 * time.Nanosecond}, // no grace at all
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.role, test.grace), func(t *testing.T) {
			p := start(t, test.role)
			line := firstLine(t, p)
			if err := p.Err(); err != nil {
				t.Errorf("Err of a running process: %v", err)
			}
			p.Stop(test.grace)
			p.Stop(test.grace)
			select {
			case <-p.Done():
			default:
				t.Error("not done after Stop")
			}
			if err := p.Err(); err != nil {
				t.Errorf("Err after Stop: %v", err)
			}
			if running(p.PID()) {
				t.Error("still running after Stop")
			}
			if child, err := strconv.Atoi(line); err == nil {
				eventually(t, "the child of the child ended", func() bool { return !running(child) })
			}
		})
	}
}

func TestExitNamesStatusAndLastLines(t *testing.T) {
	p := start(t, "fail")
	<-p.Done()
	var exit *ExitError
	if err := p.Err(); !errors.As(err, &exit) {
		t.Fatalf("got %v, want an ExitError", err)
	}
	if exit.Code != 3 {
		t.Errorf("code %d, want 3", exit.Code)
	}
	want := "orderer0 ended: exit status 3; log: " + p.LogPath()
	for i := 4; i < 14; i++ {
		want += fmt.Sprintf("\n\tline %d", i)
	}
	if got := exit.Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	p.Stop(time.Hour) // does not wait, and does not hide what happened
	if p.Err() == nil {
		t.Error("Stop after the end hides the exit status")
	}
}

func TestExitByItselfIsAnError(t *testing.T) {
	p := start(t, "finish")
	<-p.Done()
	if got, want := fmt.Sprint(p.Err()), "orderer0 ended: exit status 0; log: "+p.LogPath(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	p = start(t, "sleep")
	firstLine(t, p)
	syscall.Kill(p.PID(), syscall.SIGKILL)
	<-p.Done()
	if got := fmt.Sprint(p.Err()); !strings.Contains(got, "signal: killed") {
		t.Errorf("got %q", got)
	}
}

func TestExitTakesTheGroupAlong(t *testing.T) {
	p := start(t, "family", "leave")
	<-p.Done()
	child, err := strconv.Atoi(firstLine(t, p))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child left behind ended", func() bool { return !running(child) })
}

func TestStartUsesSpec(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(Spec{
		Name: "chaincode", Path: os.Args[0], Argv0: "chaincode.readings", Args: []string{"a b"}, Dir: dir,
		Env: []string{part + "=argv0"}, LogPath: filepath.Join(dir, "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(0)
	if got, want := firstLine(t, p), "chaincode.readings a b "+dir; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		spec Spec
		want string
	}{
		{Spec{Name: "peer0", Path: "/no/such/program", LogPath: filepath.Join(dir, "log")}, "start peer0: fork/exec /no/such/program: no such file or directory"},
		{Spec{Name: "peer0", Path: os.Args[0], LogPath: filepath.Join(dir, "no", "log")}, "start peer0: open its log: open " + filepath.Join(dir, "no", "log") + ": no such file or directory"},
		{Spec{Name: "peer0", Path: os.Args[0]}, "start peer0: no log file given"},
	}
	for _, test := range tests {
		if _, err := Start(test.spec); fmt.Sprint(err) != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

// A harness that is killed leaves no child, and its folder is swept.
func TestKilledHarnessLeavesNothing(t *testing.T) {
	for range 5 {
		parent := t.TempDir()
		harness := exec.Command(os.Args[0], parent)
		harness.Env = []string{part + "=harness"}
		out, err := harness.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := harness.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		var grandchild int
		var dir string
		if _, err := fmt.Sscan(line, &grandchild, &dir); err != nil {
			t.Fatal(err)
		}
		if !running(grandchild) {
			t.Fatal("the grandchild does not run")
		}
		if removed, err := Sweep(parent); len(removed) > 0 || err != nil {
			t.Fatalf("Sweep beside a live owner: removed %v, %v", removed, err)
		}

		harness.Process.Kill()
		eventually(t, "the grandchild ended", func() bool { return !running(grandchild) })
		// The harness is a zombie until Wait: its folder is swept already.
		eventually(t, "the harness ended", func() bool { return !running(harness.Process.Pid) })
		if removed, err := Sweep(parent); len(removed) != 1 || removed[0] != dir || err != nil {
			t.Errorf("Sweep: removed %v, %v; want %s", removed, err, dir)
		}
		harness.Wait()
	}
}

// The reason of a panic stands before many stack frames.
func TestTailBeginsAtThePanic(t *testing.T) {
	log := "starting\npanic: listener failed\n\ngoroutine 1 [running]:\n" + strings.Repeat("main.main()\n", 40)
	path := filepath.Join(t.TempDir(), "node.log")
	if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Tail(path); len(got) != tailLines || got[0] != "panic: listener failed" {
		t.Errorf("got %q", got)
	}
}

// Started sees the child before its first instruction; then it runs free.
func TestStarted(t *testing.T) {
	spec := Spec{Name: "peer0", Path: os.Args[0], Env: []string{part + "=stubborn"}, LogPath: filepath.Join(t.TempDir(), "log")}
	var seen int
	spec.Started = func(pid int) error {
		seen = pid
		if s := status(t, pid); !strings.Contains(s, "State:\tt (tracing stop)") || !strings.Contains(s, "Threads:\t1\n") {
			t.Errorf("it is not held before it begins: %s", s)
		}
		return nil
	}
	p, err := Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	if seen != p.PID() {
		t.Errorf("told of process %d, started %d", seen, p.PID())
	}
	if s := status(t, p.PID()); !strings.Contains(s, "TracerPid:\t0\n") {
		t.Errorf("it is still traced: %s", s)
	}
	p.Stop(0)
	spec.Started = func(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }
	if p, err = Start(spec); err != nil {
		t.Fatal(err)
	}
	if <-p.Done(); p.Err() == nil || !strings.Contains(p.Err().Error(), "signal: killed") {
		t.Errorf("killed before it began: %v", p.Err())
	}
	spec.Started = func(pid int) error { seen = pid; return errors.New("no room") }
	if _, err := Start(spec); fmt.Sprint(err) != "start peer0: no room" {
		t.Errorf("got %v", err)
	}
	if running(seen) {
		t.Error("a child that was not wanted runs on")
	}
}

func TestPipesAndExplanation(t *testing.T) {
	in, toChild, err1 := os.Pipe()
	fromChild, out, err2 := os.Pipe()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	defer fromChild.Close()
	p, err := Start(Spec{
		Name: "device", Path: os.Args[0], Env: []string{part + "=echo"}, LogPath: filepath.Join(t.TempDir(), "log"),
		Stdin: in, Stdout: out, Explain: func(status string) string { return status + ", as it should" },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(0)
	in.Close()
	out.Close()
	fmt.Fprint(toChild, "and back")
	toChild.Close()
	if back, err := io.ReadAll(fromChild); string(back) != "and back" || err != nil {
		t.Errorf("got %q, %v", back, err)
	}
	<-p.Done()
	if got, want := fmt.Sprint(p.Err()), "device ended: exit status 4, as it should; log: "+p.LogPath()+"\n\tno more"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func status(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// spin keeps a processor busy.
func spin() {
	for n := uint64(1); n != 0; n++ { // for centuries
	}
}
