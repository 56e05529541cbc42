package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/result"
)

// A load generator that is stopped for a part of its only level knows for how long, and says that the level is not valid,
// under closed and open load.
func TestHalted(t *testing.T) {
	program, err := exec.LookPath("meterbench")
	if err != nil {
		t.Fatal(err)
	}
	const stopped = time.Second
	for name, load := range map[string]string{"closed": "clients: 2", "open": "rate: 50/s"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "halted.yaml")
			scenario := fmt.Sprintf(`name: halted
target: {kind: reference, endorse: {servers: 1, service: {kind: constant, mean: 10ms}}}
workload: {kind: plain}
load: {kind: %s, %s, hold: 3s}
`, name, load)
			if err := os.WriteFile(file, []byte(scenario), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(program, "run", file, "--out", dir)
			cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir)
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stderr)
			for lines.Scan() {
				if strings.Contains(lines.Text(), "load levels") {
					time.Sleep(time.Second)
					cmd.Process.Signal(syscall.SIGSTOP)
					time.Sleep(stopped)
					cmd.Process.Signal(syscall.SIGCONT)
				}
			}
			if err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
			runs, err := filepath.Glob(filepath.Join(dir, "halted", "*"))
			if err != nil || len(runs) != 1 {
				t.Fatalf("%q, %v", runs, err)
			}
			stored, err := result.Open(runs[0])
			if err != nil {
				t.Fatal(err)
			}
			p := stored.Summary.Points[0]
			reasons := strings.Join(p.Reasons, "; ")
			if p.Valid || !strings.Contains(reasons, "the load generator did not run for") || p.ClientGap.Halted < 0.7*stopped.Seconds() {
				t.Errorf("valid %t, %s, gap %+v", p.Valid, reasons, p.ClientGap)
			}
		})
	}
}
