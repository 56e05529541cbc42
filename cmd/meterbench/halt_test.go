package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/race"
)

// A load generator that is stopped for a part of its only level knows for how long, and says that the level is not valid,
// under closed and open load. What it computed and waited for just before and after counts against that, on a full machine for
// more than a short halt; it does not grow with the halt.
func TestHalted(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	const least, most = time.Second, 8 * time.Second
	for name, load := range map[string]string{"closed": "clients: 2", "open": "rate: 50/s"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for stopped := least; ; stopped *= 2 {
				p := halted(t, name, load, stopped)
				reasons := strings.Join(p.Reasons, "; ")
				known := !p.Valid && strings.Contains(reasons, "the load generator did not run for") && p.ClientGap.Halted >= 0.7*stopped.Seconds()
				if !known && stopped < most {
					t.Logf("stopped for %v: valid %t, %s, gap %+v", stopped, p.Valid, reasons, p.ClientGap)
					continue
				}
				if !known {
					t.Errorf("stopped for %v: valid %t, %s, gap %+v", stopped, p.Valid, reasons, p.ClientGap)
				}
				return
			}
		})
	}
}

// halted returns the only point of a run that is stopped for a time within its window.
func halted(t *testing.T, kind, load string, stopped time.Duration) result.Point {
	t.Helper()
	dir, out := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "halted.yaml")
	scenario := fmt.Sprintf(`name: halted
target: {kind: reference, endorse: {servers: 1, service: {kind: constant, mean: 10ms}}}
workload: {kind: plain}
load: {kind: %s, %s, hold: 4s}
`, kind, load)
	if err := os.WriteFile(file, []byte(scenario), 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir, "run", file, "--out", out, "--metrics", "0")
	p.measures(t)
	p.signal(t, syscall.SIGSTOP)
	time.Sleep(stopped)
	p.signal(t, syscall.SIGCONT)
	if code := p.exit(t); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &p.stderr)
	}
	stored, err := result.Open(runFolder(t, out, "halted"))
	if err != nil {
		t.Fatal(err)
	}
	return stored.Summary.Points[0]
}
