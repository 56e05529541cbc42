package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
)

const deployingRun = `name: deploying
target:
  kind: fabric
  profile: %s
  channel: mychannel
  contracts: {readings: meters}
  identities: [{mspid: Org1MSP, msp: org1.example.com/users/User1@org1.example.com/msp}]
  deploy:
    address: %s
    admins:
      - {mspid: Org1MSP, msp: org1.example.com/users/Admin@org1.example.com/msp}
      - {mspid: Org2MSP, msp: org2.example.com/users/Admin@org2.example.com/msp}
warmup: 500ms
workload: {kind: plain, length: 4, meters: 10}
load: {kind: closed, clients: 4, hold: %s}
`

// The administrators of two organisations have readings deployed on their network, measured, and measured again with
// a service made anew. Whatever ends the run, nothing serves the contract any more.
func TestDeployOnRequest(t *testing.T) {
	needsNetwork(t)
	temp, out := t.TempDir(), t.TempDir()
	work := t.TempDir()
	held, dir := samples(t, temp, work, "2.5.9")
	address := unusedAddress(t)
	file := filepath.Join(dir, "deploying.yaml")
	write := func(hold string) {
		t.Helper()
		if err := os.WriteFile(file, fmt.Appendf(nil, deployingRun, filepath.Join(work, "net", "connection-org1.json"), address, hold), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ended := func() {
		t.Helper()
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			t.Errorf("%s is still served", address)
		}
	}
	// Where a device can be capped, runs attach several times, each of which deploys and sets up.
	mayCap := network.CheckCaps(topology.Topology{Caps: topology.Caps{Device: topology.Cap{CPUs: 0.5}}}) == nil
	for sessions, of := range map[int]string{2: "first", 4: "second"} {
		write("1s")
		results := filepath.Join(out, of)
		args := []string{"run", file, "--out", results}
		left := "which is installed on 2 peers and no longer served, 1 x readings.RegisterMeters"
		if mayCap {
			args = append(args, "--set", "vary={caps: [{}, {device: {cpus: 0.5}}]}", "--set", fmt.Sprintf("repeat=%d", sessions/2))
			left = fmt.Sprintf("which is installed %d times on 2 peers and no longer served, %[1]d x readings.RegisterMeters", sessions)
		}
		p, code := command(t, temp, args...)
		if code != 0 {
			t.Fatalf("%s run: exit code %d\n%s%s", of, code, &p.stdout, &p.stderr)
		}
		s := runSummary(t, results, "deploying")
		equal(t, of+" audit", audited(t, s).Verdict, result.AuditPass)
		if text := strings.Join(strings.Fields(p.stdout.String()), " "); strings.Count(text, "put on the ledger") != 1 || !strings.Contains(text, left) {
			t.Errorf("the report of the %s run says\n%s", of, text)
		}
		ended()
	}
	write("5m")
	p := start(t, temp, "run", file, "--out", filepath.Join(out, "interrupted"))
	p.says(t, &p.stderr, "run 1 load level")
	p.signal(t, syscall.SIGINT)
	equal(t, "exit code of an interrupted run", p.exit(t), exitInterrupted)
	ended()
	down(t, temp, held)
}
