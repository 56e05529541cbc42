package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network"
)

// With a tenth of a processor each, the peer limits clients that send plain
// readings and the device those that have theirs encrypted, and the run says so
// with the figures. The device makes bills too, the ciphertexts of groups and what
// a trace reports, and the ledger holds what it should.
func TestCaps(t *testing.T) {
	needsNetwork(t)
	tenth := topology.Cap{CPUs: 0.1}
	if err := network.CheckCaps(topology.Topology{Caps: topology.Caps{Peer: tenth, Device: tenth}}); err != nil {
		t.Skip(err)
	}
	temp, out, file := t.TempDir(), filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "capped.yaml")
	text := `name: capped
topology: minimal
warmup: 1s
caps: {peer: {cpus: 0.1}, device: {cpus: 0.1}}
batch: {timeout: 200ms, messages: 10}
series:
  - name: plain
    workload: {kind: plain, length: 24, meters: 64}
    load: {kind: closed, clients: [64], hold: 5s}
  - name: encrypted
    workload: {kind: encrypted, scheme: ddh, bits: 1024, length: 24, meters: 8}
    load: {kind: closed, clients: [8], hold: 5s}
  - name: bills
    workload: {kind: billing, scheme: ddh, bits: 1024, length: 24, meters: 4, readings: 3}
    load: {kind: closed, clients: [2], hold: 5s}
  - name: groups
    workload: {kind: encrypted, scheme: dmcfe, length: 2, meters: 4}
    load: {kind: closed, clients: [4], hold: 3s}
  - name: trace
    workload: {kind: encrypted, scheme: ecddh, reveal: true}
    load: {kind: open, arrivals: {trace: trace.csv}}
`
	trace := "time,meter,value\n0,a,5\n1.5,b,7\n2,a,9\n2.5,b,11\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "trace.csv"), []byte(trace), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, code := command(t, temp, "run", file, "--out", out)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	nothingLeft(t, temp)
	dir := runFolder(t, out, "capped")
	if _, err := os.Stat(filepath.Join(dir, "logs", "device.log")); err != nil {
		t.Error(err)
	}
	summary := readJSON[result.Summary](t, filepath.Join(dir, "summary.json"))
	if len(summary.Points) != 5 {
		t.Fatalf("%d points", len(summary.Points))
	}
	for i, point := range summary.Points[1:] {
		encrypt, used := point.Latency[result.PartEncrypt.String()], point.CPU["device"]
		working := i >= 2 || used > 0 // groups and the trace take less than CPU time is counted in
		if valid := point.Outcomes[result.Valid.String()]; valid == 0 || valid != point.Scheduled {
			t.Errorf("%s: %d of %d transactions are valid", point.Series, valid, point.Scheduled)
		}
		if encrypt.Mean <= 0 || !working {
			t.Errorf("%s: encryption took %g s, with %.3f cores of the device", point.Series, encrypt.Mean, used)
		}
	}
	audit := audited(t, summary)
	equal(t, "problem of the ledger", audit.Problem(), "")
	if audit.Evaluated == 0 {
		t.Error("no ciphertext of the ledger was evaluated")
	}
	for i, node := range []string{"peer0.ptb", "device"} {
		point := summary.Points[i]
		equal(t, "caps in force", point.Conditions.Caps, topology.Caps{Peer: tenth, Device: tenth})
		if used := point.CPU[node]; used > 0.2 { // a machine that stalls, as virtual ones do, charges a process for it
			t.Errorf("%s used %.3f cores", node, used)
		}
		equal(t, "capped processes", len(point.Throttled), 2)
		if held := point.Throttled[node]; held.Throttled == 0 || held.Throttled > held.Periods {
			t.Errorf("%s was throttled in %d of %d periods", node, held.Throttled, held.Periods)
		}
		// Where others keep the host busy, as other tests may, that is what limits first.
		full := strings.HasPrefix(point.LimitedBy, "host CPU") && point.CPU[proc.Other]+point.CPU[proc.Steal] > 0.5
		if point.LimitedBy != "CPU cap of "+node && !full {
			t.Errorf("%s limited by %s: %s", point.Series, point.LimitedBy, point.LimitedBecause)
		}
	}
}
