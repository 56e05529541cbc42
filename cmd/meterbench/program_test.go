package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/network"
)

// patience is how long a test waits for what takes seconds on an idle machine.
const patience = 2 * time.Minute

// A program is a meterbench that runs as a process of its own.
type program struct {
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan error
}

// An output collects what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start starts meterbench with temp as its folder for temporary files. The
// daemons are those of the user's cache.
func start(t *testing.T, temp string, args ...string) *program {
	t.Helper()
	p := prepared(t, temp, args...)
	p.begin(t)
	return p
}

// startHeld starts meterbench, and keeps it at the first word that it prints, which of a run is its report, until release is called: what it
// serves at its end stays to be asked for, however slow the machine is.
func startHeld(t *testing.T, temp string, args ...string) (p *program, release func()) {
	t.Helper()
	p = prepared(t, temp, args...)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	size, err := unix.FcntlInt(w.Fd(), unix.F_GETPIPE_SZ, 0)
	if err == nil {
		_, err = w.Write(make([]byte, size)) // now it is full
	}
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout = w
	p.begin(t)
	w.Close() // which the program has
	t.Cleanup(func() { r.Close() })
	return p, func() {
		go func() {
			_, _ = io.CopyN(io.Discard, r, int64(size))
			_, _ = io.Copy(&p.stdout, r)
		}()
	}
}

// prepared returns a program that is about to begin.
func prepared(t *testing.T, temp string, args ...string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{ended: make(chan error, 1)}
	p.cmd = &exec.Cmd{
		Path: self, Args: append([]string{"meterbench"}, args...), Env: append(os.Environ(), "TMPDIR="+temp),
		Stdout: &p.stdout, Stderr: &p.stderr,
		WaitDelay: 10 * time.Second, // should a node outlive it with an output of its
	}
	return p
}

func (p *program) begin(t *testing.T) {
	t.Helper()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() }) // ended already, as a rule
	go func() { p.ended <- p.cmd.Wait() }()
}

// command runs meterbench to its end.
func command(t *testing.T, temp string, args ...string) (p *program, code int) {
	t.Helper()
	p = start(t, temp, args...)
	return p, p.exit(t)
}

func (p *program) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// exit waits for the program's end and returns its exit code, -1 for a signal.
func (p *program) exit(t *testing.T) int {
	t.Helper()
	select {
	case err := <-p.ended:
		if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
			t.Fatal(err)
		}
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("%s does not end\n%s%s", p.cmd.Args, &p.stdout, &p.stderr)
		return 0
	}
}

// says waits until the program has written a text.
func (p *program) says(t *testing.T, from *output, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%q from %s", text, p.cmd.Args), func() bool {
		if strings.Contains(from.String(), text) {
			return true
		}
		if len(p.ended) > 0 {
			t.Fatalf("%s ended without %q\n%s%s", p.cmd.Args, text, &p.stdout, &p.stderr)
		}
		return false
	})
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// reported returns whether a run below a folder has a report, and is over therefore, but for the words about it.
func reported(out string) bool {
	found, _ := filepath.Glob(filepath.Join(out, "*", "*", "report.html"))
	return len(found) > 0
}

// records returns the networks that have their folders in temp.
func records(t *testing.T, temp string) []network.Record {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(temp, "*", "network.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []network.Record
	for _, file := range files {
		all = append(all, readJSON[network.Record](t, file))
	}
	return all
}

// kill ends a node of the only network in temp by SIGKILL.
func kill(t *testing.T, temp, node string) {
	t.Helper()
	for _, r := range records(t, temp) {
		for _, n := range r.Nodes {
			if n.Name == node {
				if err := syscall.Kill(n.PID, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	}
	t.Fatalf("no node %s in %s", node, temp)
}

// processes returns those that work in a folder or know of it.
func processes(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range all {
		// What has ended, or is another user's, has neither.
		environment, _ := os.ReadFile(filepath.Join(p, "environ"))
		folder, _ := os.Readlink(filepath.Join(p, "cwd"))
		if bytes.Contains(environment, []byte(dir)) || strings.HasPrefix(folder, dir) {
			line, _ := os.ReadFile(filepath.Join(p, "cmdline"))
			found = append(found, p+" "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// nothingLeft fails the test if a process or folder of a network is there. What was killed takes a moment to go.
func nothingLeft(t *testing.T, temp string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		left := processes(t, temp)
		entries, err := os.ReadDir(temp)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 && len(entries) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Errorf("left among the temporary files: %v; processes left:\n%s", entries, strings.Join(left, "\n"))
			return
		}
	}
}

func readJSON[T any](t *testing.T, path string) (v T) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// lastLine returns the last line of a text.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return lines[len(lines)-1]
}
