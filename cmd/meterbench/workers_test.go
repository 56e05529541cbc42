package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/result"
)

// shared is a short run of a simulated ledger that workers can make together.
const shared = `name: shared
target: {kind: reference, endorse: {servers: 4, service: {kind: constant, mean: 5ms}}}
warmup: 200ms
series:
  - {name: open, workload: {kind: plain, meters: 9}, load: {kind: open, rate: 60/s, hold: %[1]s}}
  - {name: closed, workload: {kind: plain, meters: 9}, load: {kind: closed, clients: [4], hold: %[1]s}}
`

// sharedFile writes that scenario.
func sharedFile(t *testing.T, hold string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "shared.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, shared, hold), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// sharedRun opens the only run below out, and makes sure that ranks made its load and that the audit is exact.
func sharedRun(t *testing.T, out string, ranks ...int) *result.Folder {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(out, "*", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	stored, err := result.Open(found[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, rank := range ranks {
		if _, err := os.Stat(filepath.Join(found[0], fmt.Sprintf("transactions-%d.parquet", rank))); err != nil {
			t.Error(err)
		}
	}
	if a := stored.Summary.Audit; a == nil || a.Problem() != "" {
		t.Errorf("audit: %+v", a)
	}
	for _, p := range stored.Summary.Points {
		if len(p.Workers) != len(ranks) {
			t.Errorf("%s at %v: %d workers", p.Series, p.Load, len(p.Workers))
		}
	}
	checkSums(t, stored.Summary)
	return stored
}

func TestWorkersHere(t *testing.T) {
	temp, out := t.TempDir(), t.TempDir()
	p, code := command(t, temp, "run", sharedFile(t, "1s"), "--workers", "local:2", "--out", out)
	if code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &p.stderr)
	}
	sharedRun(t, out, 0, 1)
	if left := leftovers(t, temp, fmt.Sprintf(".pid%d.start", p.cmd.Process.Pid)); len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
}

// unusedAddress returns one on loopback at which nobody listens.
func unusedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Others start the workers: before the coordinator listens, and by whatever gives them a rank.
func TestWorkersJoin(t *testing.T) {
	temp, out, address := t.TempDir(), t.TempDir(), unusedAddress(t)
	credentials := filepath.Join(t.TempDir(), "workers.pem")
	if p, code := command(t, temp, "worker", "--new-credentials", credentials); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &p.stderr)
	}
	t.Setenv("METERBENCH_CREDENTIALS_FILE", credentials)
	first := start(t, temp, "worker", "--join", address, "--rank", "1", "--size", "3")
	first.says(t, &first.stderr, "join the coordinator")
	run := start(t, temp, "run", sharedFile(t, "1s"), "--workers", "join:3,listen="+address, "--out", out)
	t.Setenv("JOB_COMPLETION_INDEX", "2")
	t.Setenv("METERBENCH_SIZE", "3")
	second := start(t, temp, "worker", "--join", address)
	for _, p := range []*program{run, first, second} {
		if code := p.exit(t); code != exitOK {
			t.Errorf("%s: exit code %d\n%s", p.cmd.Args, code, &p.stderr)
		}
	}
	sharedRun(t, out, 1, 2)
}

// However a run with workers is ended, its workers and their files are gone, and what it measured says what it is.
func TestWorkersEnd(t *testing.T) {
	const worker = "meterbench\x00worker\x00"
	for name, one := range map[string]struct {
		strike func(t *testing.T, p *program)
		codes  []int
		says   string
	}{
		"the run is interrupted": {func(t *testing.T, p *program) { p.signal(t, syscall.SIGINT) }, []int{exitInterrupted}, "interrupted"},
		"the run is killed":      {func(t *testing.T, p *program) { p.signal(t, syscall.SIGKILL) }, []int{-1}, ""},
		"a worker is killed": {func(t *testing.T, p *program) { strike(t, p, worker, syscall.SIGKILL) }, []int{exitFailed},
			"1 of 2 workers are there, fewer than 2"},
		"a worker is stopped": {func(t *testing.T, p *program) { strike(t, p, worker, syscall.SIGSTOP) }, []int{exitFailed},
			"it hangs, is stopped, or cannot be reached any more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temp, out := t.TempDir(), t.TempDir()
			p := start(t, temp, "run", sharedFile(t, "10m"), "--workers", "local:2", "--out", out)
			p.says(t, &p.stderr, "run 2 load levels")
			time.Sleep(2 * time.Second) // so that there is something to keep
			one.strike(t, p)
			code := p.exit(t)
			if len(one.codes) != 1 || code != one.codes[0] || !strings.Contains(p.stderr.String(), one.says) {
				t.Errorf("exit code %d, want %v and %q\n%s", code, one.codes, one.says, &p.stderr)
			}
			eventually(t, "nothing is left", func() bool {
				return len(leftovers(t, temp, fmt.Sprintf(".pid%d.start", p.cmd.Process.Pid))) == 0
			})
			if code < 0 {
				return
			}
			found, err := filepath.Glob(filepath.Join(out, "*", "*"))
			if err != nil || len(found) != 1 {
				t.Fatalf("%v, %v", found, err)
			}
			r, code := command(t, temp, "report", found[0])
			if code != exitOK || !strings.Contains(r.stdout.String(), "PARTIAL") {
				t.Errorf("exit code %d\n%s%s", code, &r.stdout, &r.stderr)
			}
		})
	}
}

// strike sends a signal to a child of a run whose command line begins with something.
func strike(t *testing.T, p *program, begins string, s syscall.Signal) {
	t.Helper()
	if pid := child(p.cmd.Process.Pid, begins); pid == 0 || syscall.Kill(pid, s) != nil {
		t.Errorf("there is no %q to strike", begins)
	}
}
