package main

import (
	"os"
	"path/filepath"
	"testing"

	"meterbench/bench/result"
	"meterbench/network"
	"meterbench/network/topology"
)

// A peer that is held to a tenth of a processor is what limits 64 clients, and
// the run says so with the figures.
func TestCappedPeer(t *testing.T) {
	needsNetwork(t)
	if err := network.CheckCaps(topology.Topology{Caps: topology.Caps{Peer: topology.Cap{CPUs: 0.1}}}); err != nil {
		t.Skip(err)
	}
	temp, out, file := t.TempDir(), filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "capped.yaml")
	text := `name: capped
topology: minimal
warmup: 1s
caps: {peer: {cpus: 0.1}}
batch: {timeout: 200ms, messages: 10}
series:
  - name: plain
    workload: {kind: plain, length: 24, meters: 64}
    load: {kind: closed, clients: [64], hold: 5s}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, code := command(t, temp, "run", file, "--out", out)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	nothingLeft(t, temp)
	summary := readJSON[result.Summary](t, filepath.Join(runFolder(t, out, "capped"), "summary.json"))
	point := summary.Points[0]
	if want := (result.Caps{Peer: result.Cap{CPUs: 0.1}}); point.Conditions.Caps != want {
		t.Errorf("caps in force: %+v, want %+v", point.Conditions.Caps, want)
	}
	if used := point.CPU["peer0.ptb"]; used > 0.13 {
		t.Errorf("the peer used %.3f cores", used)
	}
	if held := point.Throttled["peer0.ptb"]; len(point.Throttled) != 1 || held.Throttled == 0 || held.Throttled > held.Periods {
		t.Errorf("throttling: %+v", point.Throttled)
	}
	if point.LimitedBy != "CPU cap of peer0.ptb" {
		t.Errorf("limited by %s: %s", point.LimitedBy, point.LimitedBecause)
	}
}
