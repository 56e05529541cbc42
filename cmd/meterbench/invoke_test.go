package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"meterbench/bench/result"
)

// conflicting has transactions that get into each other's way in every way, and queries among them.
const conflicting = `name: conflicting
topology: minimal
chaincodes:
  - {name: keyvalue, collections: [{name: secrets}]}
warmup: 1s
series:
  - name: conflicts
    workload: {kind: invoke, contract: keyvalue, function: Update, args: [{uniform: {prefix: k, keys: 40}}, {text: {size: 100B}}]}
    load: {kind: closed, clients: [24], hold: 6s}
  - name: others
    workloads:
      - {kind: invoke, contract: keyvalue, function: Put, args: [{sequence: {prefix: p}}, a], weight: 4}
      - {kind: invoke, contract: keyvalue, function: Count, args: [p, q, {sequence: {prefix: n}}], weight: 2}
      - {kind: invoke, contract: keyvalue, function: Restrict, args: [{uniform: {prefix: r, keys: 4}}], weight: 2}
      - {kind: invoke, contract: keyvalue, function: Put, args: [{uniform: {prefix: r, keys: 4}}, b], weight: 2}
      - {kind: invoke, contract: keyvalue, function: PutPrivate, args: [secrets, {sequence: {prefix: s}}], transient: {value: nobody-may-read-this}, weight: 2}
      - {kind: invoke, contract: keyvalue, function: Get, args: [{uniform: {prefix: k, keys: 40}}], query: true, weight: 4}
    load: {kind: closed, clients: [24], hold: 5s}
`

// Each class of what Fabric's validation refuses is real, what queries and writes take is told apart, the audit is
// exact, and the conflicts are about as many as the birthday estimate says.
func TestInvokeOutcomes(t *testing.T) {
	needsNetwork(t)
	temp, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
	file := filepath.Join(t.TempDir(), "conflicting.yaml")
	if err := os.WriteFile(file, []byte(conflicting), 0o600); err != nil {
		t.Fatal(err)
	}
	p, code := command(t, temp, "run", file, "--out", out)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	nothingLeft(t, temp)
	summary := readJSON[result.Summary](t, filepath.Join(runFolder(t, out, "conflicting"), "summary.json"))
	if a := summary.Audit; a == nil || a.Judge() != result.AuditPass || !a.Uncounted || a.Found != a.Expected {
		t.Errorf("audit %+v", a)
	}
	for _, p := range summary.Points {
		switch p.Series {
		case "conflicts":
			if c := p.Conflicts; c == nil || c.Keys != 40 || c.Share < 0.05 || math.Abs(c.Share/c.Expected-1) > 0.35 {
				t.Errorf("conflicts %+v, outcomes %v", c, p.Outcomes)
			}
		case "others":
			for _, o := range []result.Outcome{result.Valid, result.Answered, result.PhantomRead, result.EndorsementPolicy} {
				if p.Outcomes[o.String()] == 0 {
					t.Errorf("nothing is %v: %v", o, p.Outcomes)
				}
			}
			reads, writes := p.Latency[result.PartAnswer.String()].P50, p.Latency[result.PartCommit.String()].P50
			if !p.Mixed() || reads == nil || writes == nil || *reads >= *writes {
				t.Errorf("reads take %v, writes %v, of %v/s answers", reads, writes, p.Answered)
			}
		}
	}
}
