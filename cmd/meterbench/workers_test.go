package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/internal/process"
	"meterbench/internal/race"
	"meterbench/network/lab"
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
	dir := runFolder(t, out, "*")
	stored, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, rank := range ranks {
		if _, err := os.Stat(filepath.Join(dir, fmt.Sprintf("transactions-%d.parquet", rank))); err != nil {
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
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
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

// Programs that no revision tells apart do not work together unless they are the same.
func TestProgramVersion(t *testing.T) {
	id := buildID()
	if lab.Versions()["revision"] == "" && (len(id) < 16 || !strings.HasSuffix(programVersion(), " build "+id)) {
		t.Errorf("%q, of build %q", programVersion(), id)
	}
}

// unusedPorts returns the first of n consecutive ports of loopback at which nobody listens, and which the kernel gives to nobody by itself.
func unusedPorts(t *testing.T, n int) int {
	t.Helper()
	for range 100 {
		first := 10_000 + rand.IntN(22_000)
		if _, err := process.PortsFrom(first, n); err == nil {
			return first
		}
	}
	t.Fatal("all ports are in use")
	return 0
}

// unusedAddress returns an address with such a port.
func unusedAddress(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", unusedPorts(t, 1))
}

// Others start the workers: before the coordinator listens, and by whatever gives them a rank.
func TestWorkersJoin(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
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
