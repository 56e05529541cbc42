package lab

import (
	"os"
	"path/filepath"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/network/fabric/daemons"
)

const joinsText = `name: joins
topology: two-peer
warmup: 500ms
series:
  - name: blocks
    workload: {kind: plain}
    load: {kind: open, rate: 20/s, hold: 5s}
    events: [{at: 1s, join: {organisation: nim, from: blocks}}]
  - name: snapshot
    workload: {kind: plain}
    load: {kind: open, rate: 20/s, hold: 5s}
    events: [{at: 1s, join: {organisation: nim, from: snapshot}}]
`

// An organisation joins during a level: what it puts on the ledger is none of the run's transactions, and the point says what
// the join took, and what the others got.
func TestJoins(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	file := filepath.Join(t.TempDir(), "joins.yaml")
	if err := os.WriteFile(file, []byte(joinsText), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Read(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	binaries, err := daemons.Ensure(t.Context(), daemons.Config{})
	if err != nil {
		t.Fatal(err)
	}
	lab, err := New(p, dir, Programs{Daemons: func(string) (daemons.Binaries, error) { return binaries, nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := study.Run(t.Context(), study.Config{Scenario: p.Scenario, Lab: lab, Dir: dir, ID: "1", Observer: silent{}}); err != nil {
		t.Error(err)
	}
	stored, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	judge(t, stored)
	for _, p := range stored.Summary.Points {
		for _, name := range []string{"peer0.nim", "chaincode.peer0.nim"} { // from when it joined
			if _, has := p.CPU[name]; !has || p.RSS[name] == 0 || p.Roles[name] == "" || p.Roles[name] == result.RolePeer && p.CPU[name] == 0 {
				t.Errorf("%s: %s as %q with %g cores, %g bytes of memory", p.Series, name, p.Roles[name], p.CPU[name], p.RSS[name])
			}
		}
		if len(p.Events) != 1 || p.Events[0].Steps == nil || p.Events[0].Around == nil || p.Events[0].Around.After.N == 0 {
			t.Errorf("%s: %+v", p.Series, p.Events)
		}
	}
}
