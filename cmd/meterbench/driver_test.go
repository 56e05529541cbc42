package main

import (
	"os"
	"path/filepath"
	"testing"

	"meterbench/bench/result"
)

// crowded has some 180 transactions at a time that wait for their block, and far fewer that are endorsed or submitted,
// where a peer's gateway takes 50 calls.
const crowded = `name: crowded
topology: minimal
batch: {timeout: 3s, messages: 500}
limits: {gateway: 50}
warmup: 3s
workload: {kind: plain, length: 1, meters: 2000}
load: {kind: open, rate: 60/s, hold: 6s}
vary: {client: [wire, gateway, direct]}
`

// With commit-status calls clients that wait take up a gateway's limit; with a block stream they do not, nor do those that
// use no gateway. Each way the ledger holds what the client says.
func TestDriversAtTheGatewayLimit(t *testing.T) {
	needsNetwork(t)
	temp, work := t.TempDir(), t.TempDir()
	file, out := filepath.Join(work, "crowded.yaml"), filepath.Join(work, "out")
	if err := os.WriteFile(file, []byte(crowded), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, code := command(t, temp, "run", file, "--out", out); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	nothingLeft(t, temp)
	stored, err := result.Open(runFolder(t, out, "crowded"))
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, stored.Summary)
	audit := audited(t, stored.Summary)
	equal(t, "problem of the ledger", audit.Problem(), "")
	equal(t, "valid transactions that are not on the ledger", audit.Missing, 0)
	for i, driver := range result.Drivers() {
		p := stored.Summary.Points[i]
		equal(t, "driver", p.Conditions.Driver, driver)
		// Of three seconds' transactions 50 are taken, and 130 are not; a peer that has no processor for a second refuses some, too.
		valid, limited := p.Outcomes[result.Valid.String()], p.Outcomes[result.Limited.String()]
		if refused := driver == result.DriverGateway; valid == 0 || (limited > valid) != refused {
			t.Errorf("driver %s: %v", driver, p.Outcomes)
		}
	}
}
