package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// caliperPackages are what is installed: Caliper, and what its bind command adds for the gateway service.
var caliperPackages = []string{"@hyperledger/caliper-cli@0.6.0", "@hyperledger/fabric-gateway@1.5.0", "@grpc/grpc-js@1.10.3"}

// caliper returns a folder where Caliper is installed, which takes a minute once on a machine: it stays in the user's cache.
func caliper(t *testing.T) string {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is missing")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	dir := filepath.Join(cache, "meterbench", "caliper-0.6.0")
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "caliper-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh) // by then it is moved, or incomplete
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, npm, append([]string{
		"install", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--prefix", fresh,
	}, caliperPackages...)...)
	install.WaitDelay = time.Second
	if out, err := install.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install Caliper: %v\n%s", err, out)
	}
	if err := os.Rename(fresh, dir); err != nil {
		if _, there := os.Stat(dir); there != nil { // by another test program
			t.Fatal(err)
		}
	}
	return dir
}

// The files of a Caliper workspace that stores readings. The connection profile stays as network up has written it.
const (
	caliperNetwork = `name: meterbench
version: "2.0.0"
caliper: {blockchain: fabric}
channels:
- channelName: %s
  contracts: [{id: %s}]
organizations:
- mspid: %s
  identities:
    certificates:
    - name: user
      clientPrivateKey: {path: %q}
      clientSignedCert: {path: %q}
  connectionProfile: {path: %q, discover: true}
`
	caliperRound = `test:
  name: readings
  workers: {number: 1}
  rounds:
  - label: store
    txNumber: 100
    rateControl: {type: fixed-rate, opts: {tps: 50}}
    workload: {module: workload.js, arguments: {file: readings.txt}}
`
	caliperWorkload = `'use strict';
const fs = require('fs');
const { WorkloadModuleBase } = require('@hyperledger/caliper-core');

class Store extends WorkloadModuleBase {
    async initializeWorkloadModule(...given) {
        await super.initializeWorkloadModule(...given);
        this.readings = fs.readFileSync(this.roundArguments.file, 'utf8').trim().split('\n');
    }

    async submitTransaction() {
        await this.sutAdapter.sendRequests({
            contractId: 'readings', contractFunction: 'PutReading', contractArguments: [this.readings.pop()], readOnly: false,
        });
    }
}

module.exports.createWorkloadModule = () => new Store();
`
)

// Caliper runs against the connection profile that network up prints, as it is, and stores what it is told to.
func TestCaliper(t *testing.T) {
	needsNetwork(t)
	installed := caliper(t)
	temp, work := t.TempDir(), t.TempDir()
	held, n := upAsJSON(t, temp, "minimal", "--one-way-tls")
	made, code := command(t, temp, "reading", "make", n.Dir, "--count", "100", "--set", "workload.meters=10")
	if code != 0 {
		t.Fatalf("reading make: exit code %d\n%s", code, &made.stderr)
	}
	org, contract := n.Organisations[0], n.Contracts[0]
	for name, text := range map[string]string{
		"network.yaml": fmt.Sprintf(caliperNetwork, contract.Channel, contract.Name, org.MSP, org.User.Key, org.User.Cert, n.Profile),
		"round.yaml":   caliperRound, "workload.js": caliperWorkload, "readings.txt": made.stdout.String(),
	} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.ReadFile(n.Profile)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, filepath.Join(installed, "node_modules", ".bin", "caliper"), "launch", "manager", "--caliper-workspace", work,
		"--caliper-networkconfig", "network.yaml", "--caliper-benchconfig", "round.yaml", "--caliper-flow-only-test", "--caliper-report-path", "report.html")
	run.Dir, run.WaitDelay = work, time.Second
	run.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(installed, "node_modules"))
	out, err := run.CombinedOutput()
	if row := regexp.MustCompile(`\| store +\| 100 +\| 0 +\|`); err != nil || !row.Match(out) {
		t.Errorf("Caliper: %v\n%s", err, out)
	}
	if after, err := os.ReadFile(n.Profile); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the profile is another one: %v", err)
	}
	stored, _ := shell(t, temp, fmt.Sprintf(`eval "$(meterbench network status --env %s)"
peer chaincode query -C %s -n %s -c '{"Args":["CountStored","",""]}'`, n.Dir, contract.Channel, contract.Name))
	equal(t, "readings on the ledger", strings.TrimSpace(stored), "100")
	// What Caliper is given, attach check reads, too.
	p, code := command(t, temp, "attach", "check", filepath.Join(work, "network.yaml"))
	if code != 0 || !strings.Contains(p.stdout.String(), "may read and write") {
		t.Errorf("attach check: exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	down(t, temp, held)
}
