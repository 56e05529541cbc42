package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

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
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() }) // ended already, as a rule
	go func() { p.ended <- p.cmd.Wait() }()
	return p
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

// nothingLeft fails the test if a process or folder of a network is there.
func nothingLeft(t *testing.T, temp string) {
	t.Helper()
	if left := processes(t, temp); len(left) > 0 {
		t.Errorf("processes left:\n%s", strings.Join(left, "\n"))
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) > 0 {
		t.Errorf("left among the temporary files: %v", entries)
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
