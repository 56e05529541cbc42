package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/bench/result"
)

// onLedger is a scenario on a simulated ledger, which takes no time to start.
const onLedger = `name: long
target:
  kind: reference
  endorse: {servers: 8, service: {kind: exponential, mean: 2ms}}
  order: {servers: 1, service: {kind: constant, mean: 1ms}}
  batch: {timeout: 50ms, messages: 10, bytes: 4KiB}
  commit: {servers: 2, service: {kind: constant, mean: 2ms}, per: block}
workload: {kind: plain}
load: {kind: open, rate: %s/s, hold: %s}
warmup: 200ms
`

// ledgerRun returns a command that runs levels of the rates on a simulated ledger, with its results in out.
func ledgerRun(t *testing.T, out, rates, hold string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "long.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, onLedger, rates, hold), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "run", file, "--out", out, "--metrics", "0")
	cmd.Args[0] = "meterbench"
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir())
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// startCommand starts a command with its outputs collected.
func startCommand(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{cmd: cmd, ended: make(chan error, 1)}
	cmd.Stdout, cmd.Stderr = &p.stdout, &p.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) // ended already, as a rule
	go func() { p.ended <- cmd.Wait() }()
	return p
}

// measures waits until a run with metrics has something to keep: ten transactions within the window of a level.
func (p *program) measures(t *testing.T) {
	t.Helper()
	url := p.metricsURL(t)
	counted := regexp.MustCompile(`(?m)^meterbench_latency_seconds_count\{during="window",outcome="valid",part="commit",[^}]*\} \d\d`)
	eventually(t, "transactions within the window", func() bool {
		answer, err := http.Get(url)
		if err != nil {
			t.Fatalf("%v\n%s", err, &p.stderr)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		return err == nil && counted.Match(text)
	})
}

// Every signal by which a user ends a program leaves a partial result with its report. A terminal that closes sends SIGHUP
// several times, and must not end the audit and the report that the first one has begun.
func TestEndedBySignal(t *testing.T) {
	for name, signals := range map[string][]syscall.Signal{
		"INT": {syscall.SIGINT}, "TERM": {syscall.SIGTERM}, "HUP": {syscall.SIGHUP}, "HUP thrice": {syscall.SIGHUP, syscall.SIGHUP, syscall.SIGHUP},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			p := startCommand(t, ledgerRun(t, out, "100", "10m"))
			p.measures(t)
			for i, s := range signals {
				if i > 0 {
					time.Sleep(10 * time.Millisecond)
				}
				if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
					t.Fatal(err)
				}
			}
			if code := p.exit(t); code != exitInterrupted {
				t.Errorf("exit code %d\n%s", code, &p.stderr)
			}
			audited(t, partial(t, out))
		})
	}
}

// Under nohup a run outlives its terminal.
func TestHangUpIgnored(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	run := ledgerRun(t, out, "100", "10m")
	cmd := exec.Command("/bin/sh", append([]string{"-c", `trap "" HUP; program=$1; shift; exec "$program" "$@"`, "sh", run.Path}, run.Args[1:]...)...)
	link := filepath.Join(t.TempDir(), "meterbench") // the shell passes on the path as the program's name
	if err := os.Symlink(run.Path, link); err != nil {
		t.Fatal(err)
	}
	cmd.Args[4], cmd.Env, cmd.WaitDelay = link, run.Env, run.WaitDelay
	p := startCommand(t, cmd)
	p.measures(t)
	p.signal(t, syscall.SIGHUP)
	time.Sleep(time.Second)
	if len(p.ended) > 0 {
		t.Fatalf("ended by SIGHUP\n%s", &p.stderr)
	}
	p.signal(t, syscall.SIGTERM)
	if code := p.exit(t); code != exitInterrupted {
		t.Errorf("exit code %d\n%s", code, &p.stderr)
	}
	partial(t, out)
}

// Nobody reads what is printed, as behind "| head": the run goes on to its end.
func TestOutputsWithoutReader(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	defer write.Close()
	cmd := ledgerRun(t, out, "100", "1s")
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Run(); err != nil {
		t.Errorf("run: %v", err)
	}
	stored, err := result.Open(runFolder(t, out, "long"))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "complete", stored.Summary.Complete, true)
	again := exec.Command(cmd.Path, "report", stored.Dir)
	again.Args[0], again.Env, again.Stdout = "meterbench", cmd.Env, write
	var complaints strings.Builder
	again.Stderr = &complaints
	if err := again.Run(); err != nil || complaints.Len() > 0 {
		t.Errorf("report: %v\n%s", err, &complaints)
	}
}

// A terminal closes under a run: it sends SIGHUP, and takes no more output.
func TestTerminalCloses(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer terminal.Close()
	number, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Skip(err)
	}
	screen, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	cmd := ledgerRun(t, out, "100", "10m")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) // ended already, as a rule
	screen.Close()
	seen := ""
	for buffer := make([]byte, 4096); !strings.Contains(seen, " offered "); { // the status of a level, so that there is something to keep
		n, err := terminal.Read(buffer)
		if seen += string(buffer[:n]); err != nil {
			t.Fatalf("%v\n%s", err, seen)
		}
	}
	terminal.Close()
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitInterrupted {
		t.Errorf("got %v, want exit code %d", err, exitInterrupted)
	}
	audited(t, partial(t, out))
}
