package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/cgroup"
	"meterbench/internal/process"
)

var cappedPairs = flag.Int("workers.capped", 0, "how often TestWorkersCapped compares two workers with one; once takes some six minutes and wants the machine for itself")

// cappedRun offers the reference ledger more and more, in steps of 6 %, from so much of what is expected on.
const cappedRun = `name: capped
target: {kind: reference, endorse: {servers: 30000, service: {kind: constant, mean: 1500ms}}, batch: {timeout: 100ms, messages: 10000}}
warmup: 1s
series:
  - {name: open, workload: {kind: plain, meters: 100}, load: {kind: open, rate: [%s], arrivals: constant, slots: 100000, hold: 5s}}
`

// Two workers with half a core each carry 1.8 times what one with half a core does before its schedule lag makes points invalid:
//
//	go test ./cmd/meterbench -run TestWorkersCapped -v -workers.capped 3 -timeout 1h
func TestWorkersCapped(t *testing.T) {
	if *cappedPairs == 0 {
		t.Skip("takes long, and a machine for itself: give -workers.capped 3")
	}
	var ratios []float64
	for i := range *cappedPairs {
		var carried [3]float64 // by number of workers
		for turn := range 2 {
			workers := 1 + (i+turn)%2
			carried[workers] = carriedCapped(t, workers)
		}
		ratios = append(ratios, carried[2]/carried[1])
		t.Logf("one worker with half a core carries %.0f/s, two %.0f/s: %.2f times", carried[1], carried[2], carried[2]/carried[1])
	}
	if median := stats.Median(ratios); median < 1.8 {
		t.Errorf("median of the ratios: %.2f", median)
	}
}

// carriedCapped returns the highest load that some workers with half a core each carried in a valid point.
func carriedCapped(t *testing.T, workers int) float64 {
	t.Helper()
	temp, dir, address := t.TempDir(), t.TempDir(), unusedAddress(t)
	credentials, file := filepath.Join(dir, "workers.pem"), filepath.Join(dir, "capped.yaml")
	if p, code := command(t, temp, "worker", "--new-credentials", credentials); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &p.stderr)
	}
	t.Setenv("METERBENCH_CREDENTIALS_FILE", credentials)
	var rates []string
	for rate := 2000 * float64(workers); len(rates) < 20; rate *= 1.06 {
		rates = append(rates, fmt.Sprintf("%.0f/s", rate))
	}
	if err := os.WriteFile(file, fmt.Appendf(nil, cappedRun, strings.Join(rates, ", ")), 0o600); err != nil {
		t.Fatal(err)
	}
	size := workers + 1
	run := start(t, temp, "run", file, "--workers", fmt.Sprintf("join:%d,listen=%s", size, address), "--out", dir)
	all := []*program{run}
	for rank := 1; rank < size; rank++ {
		w := start(t, temp, "worker", "--join", address, "--rank", strconv.Itoa(rank), "--size", strconv.Itoa(size))
		capCPU(t, w, 0.5)
		all = append(all, w)
	}
	time.Sleep(time.Duration(len(rates)) * 4 * time.Second) // most of the load, which is longer than exit waits
	for _, p := range all {
		if code := p.exit(t); code != exitOK {
			t.Fatalf("%s: exit code %d\n%s", p.cmd.Args, code, &p.stderr)
		}
	}
	summary := readJSON[result.Summary](t, filepath.Join(runFolder(t, dir, "capped"), "summary.json"))
	carried := 0.0
	for _, p := range summary.Points {
		cores := ""
		for _, w := range p.Workers {
			cores += fmt.Sprintf(" %.2f", *w.CPU)
		}
		t.Logf("%d workers, offered %.0f/s: throughput %.0f/s, lag p99 %.1f ms, cores%s, coordinator %.3f: %v",
			workers, p.Load.Offered, p.Throughput, 1e3**p.ScheduleLag.P99, cores, p.CPU["coordinator"], p.Reasons)
		if p.Valid {
			carried = max(carried, p.Load.Offered)
		}
	}
	return carried
}

// capCPU puts a program into a control group, or skips the test where this user may have none.
func capCPU(t *testing.T, p *program, cpus float64) {
	t.Helper()
	name, err := process.Mark(fmt.Sprintf("capped-%d", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	g, err := cgroup.Create(name, cgroup.Cap{CPUs: cpus})
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := g.Add(p.cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := g.Enforce(); err != nil {
		t.Fatal(err)
	}
}
