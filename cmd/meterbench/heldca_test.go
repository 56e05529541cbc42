package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/result"
)

// besideHeld is a scenario with a certification authority beside the ledger.
const besideHeld = `name: beside
warmup: 500ms
series:
  - name: readings
    workload: {kind: plain, length: 4, meters: 4}
    load: {kind: closed, clients: 1, hold: 3s}
  - name: ca-enrol
    workload: {kind: ca, issuer: in-process, operation: enrol}
    load: {kind: closed, clients: 1, hold: 3s}
`

// A certification authority stands beside a network that is held as beside one of the run's own, puts nothing on its ledger,
// and goes with the run.
func TestAuthorityBesideHeldNetwork(t *testing.T) {
	needsNetwork(t)
	temp, out, work := t.TempDir(), t.TempDir(), t.TempDir()
	file := filepath.Join(work, "beside.yaml")
	if err := os.WriteFile(file, []byte(besideHeld), 0o600); err != nil {
		t.Fatal(err)
	}
	held := up(t, temp, "minimal", "--dir", filepath.Join(work, "net"))
	if p, code := command(t, temp, "run", file, "--on", "minimal", "--out", out); code != 0 {
		t.Fatalf("run: exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	s := readJSON[result.Summary](t, filepath.Join(runFolder(t, out, "beside"), "summary.json"))
	checkSums(t, s)
	equal(t, "target", s.Target, result.TargetHeld)
	if audit := audited(t, s); audit.Found != audit.Expected || audit.Others != 0 {
		t.Errorf("audit: %+v", audit)
	}
	for i, want := range []result.Outcome{result.Valid, result.Answered} {
		p := s.Points[i]
		if n := p.Outcomes[want.String()]; n == 0 || len(p.Outcomes) != 1 {
			t.Errorf("%s: outcomes %v; want only %v", p.Series, p.Outcomes, want)
		}
	}
	equal(t, "issuer", s.Points[1].Conditions.Issuer, result.IssuerInProcess)
	if p, code := command(t, temp, "network", "status", "minimal"); code != 0 || strings.Count(p.stdout.String(), "running") != 3 {
		t.Errorf("the network is not as it was: exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	down(t, temp, held)
}
