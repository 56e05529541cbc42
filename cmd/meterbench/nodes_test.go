package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/result"
)

// twoPeers is a network that can do without an orderer and a peer.
const twoPeers = `name: spare
organisations: [{name: ptb, peers: 2}]
orderers: {consensus: raft, count: 3}
channels:
  - name: metrology
    batch: {timeout: 200ms, messages: 100, preferred_bytes: 2MiB, absolute_bytes: 10MiB}
    chaincodes: [{name: readings, endorsement: majority}]
`

// fourBFT is a network whose orderers can do without one of them, whatever it does.
const fourBFT = `name: bft
organisations: [{name: ptb}]
orderers: {consensus: bft, count: 4}
channels:
  - name: metrology
    batch: {timeout: 200ms, messages: 100, preferred_bytes: 2MiB, absolute_bytes: 10MiB}
    chaincodes: [{name: readings, endorsement: majority}]
`

// disturbed runs a scenario, whose processes a function treats badly, and returns what it left and where. The run must end well.
func disturbed(t *testing.T, text string, treat func(p *program, temp string)) (sum result.Summary, dir string) {
	t.Helper()
	needsNetwork(t)
	temp, out, scenarios := t.TempDir(), t.TempDir(), t.TempDir()
	for name, content := range map[string]string{"disturbed.yaml": text, "spare.yaml": twoPeers, "bft.yaml": fourBFT} {
		if err := os.WriteFile(filepath.Join(scenarios, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, temp, "run", filepath.Join(scenarios, "disturbed.yaml"), "--out", out)
	treat(p, temp)
	if code := p.exit(t); code != exitOK {
		t.Errorf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	nothingLeft(t, temp)
	stored, err := result.Open(runFolder(t, out, "disturbed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range stored.Summary.Incidents {
		if !strings.Contains(p.stdout.String(), in.Subject()) {
			t.Errorf("the report does not name %s:\n%s", in.Subject(), &p.stdout)
		}
	}
	return stored.Summary, stored.Dir
}

// signalNode sends a signal to a node of the only network in temp.
func signalNode(t *testing.T, temp, node string, s syscall.Signal) {
	t.Helper()
	for _, r := range records(t, temp) {
		for _, n := range r.Nodes {
			if n.Name == node {
				if err := syscall.Kill(n.PID, s); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	}
	t.Fatalf("no node %s in %s", node, temp)
}

// An orderer is stopped for some seconds of a level: that level is not valid and says why, and the next one is valid again.
func TestStoppedOrderer(t *testing.T) {
	sum, _ := disturbed(t, `name: disturbed
topology: minimal
warmup: 500ms
workload: {kind: plain, length: 4, meters: 10}
load: {kind: closed, clients: [4, 5], hold: 6s}
`, func(p *program, temp string) {
		p.says(t, &p.stderr, "run 2 load levels")
		time.Sleep(2 * time.Second)
		signalNode(t, temp, "orderer0", syscall.SIGSTOP)
		time.Sleep(5 * time.Second)
		signalNode(t, temp, "orderer0", syscall.SIGCONT)
	})
	equal(t, "points", len(sum.Points), 2)
	first, second := sum.Points[0], sum.Points[1]
	if first.Valid || !strings.Contains(strings.Join(first.Reasons, "\n"), "orderer0 hung: the kernel says that it is stopped") {
		t.Errorf("the first level is valid: %v, %q", first.Valid, first.Reasons)
	}
	equal(t, "disruptions of the second level", len(second.Disruptions), 0)
	equal(t, "incidents", len(sum.Incidents), 1)
	if in := sum.Incidents[0]; in.Until.Sub(in.Since) < 4*time.Second || in.Until.Sub(in.Since) > 10*time.Second || in.Role != result.RoleOrderer {
		t.Errorf("it hung from %v to %v, role %s", in.Since, in.Until, in.Role)
	}
	audited(t, sum)
}

// Of a network with spare nodes an orderer and then the peer at which commits are seen are killed: the run goes on without them,
// and says in each point what that means for it.
func TestRunGoesOn(t *testing.T) {
	sum, dir := disturbed(t, `name: disturbed
topology: spare.yaml
warmup: 500ms
on_node_exit: continue
workload: {kind: plain, length: 4, meters: 10}
load: {kind: closed, clients: [4, 5, 6], hold: 6s}
`, func(p *program, temp string) {
		p.says(t, &p.stderr, "run 3 load levels")
		time.Sleep(2 * time.Second)
		signalNode(t, temp, "orderer1", syscall.SIGKILL)
		p.says(t, &p.stderr, "4 clients")
		p.says(t, &p.stderr, "valid/s   commit")
		time.Sleep(3 * time.Second)
		signalNode(t, temp, "peer0.ptb", syscall.SIGKILL)
	})
	equal(t, "complete", sum.Complete, true)
	equal(t, "points", len(sum.Points), 3)
	for i, want := range []struct {
		nodes []string // that are known to have ended
		valid int      // -1: it may be or not
	}{{[]string{"orderer1"}, 0}, {[]string{"orderer1", "peer0.ptb"}, 0}, {[]string{"orderer1", "peer0.ptb"}, -1}} {
		p := sum.Points[i]
		var nodes []string
		for _, d := range p.Disruptions {
			nodes = append(nodes, d.Name)
		}
		if !slices.Equal(nodes, want.nodes) || want.valid == 0 && p.Valid {
			t.Errorf("point %d: disrupted by %v, valid: %v, %q", i, nodes, p.Valid, p.Reasons)
		}
		t.Logf("point %d: %.1f tx/s, valid: %v, %q; outcomes %v; warnings %s", i, p.Throughput, p.Valid, p.Reasons, p.Outcomes, strings.Join(p.Warnings, "\n"))
	}
	last := sum.Points[2]
	if valid := last.Outcomes[result.Valid.String()]; valid != last.Scheduled || valid == 0 {
		t.Errorf("without orderer1 and peer0, %d of %d transactions are valid: %v", valid, last.Scheduled, last.Outcomes)
	}
	audit := audited(t, sum)
	equal(t, "problem of the ledger", audit.Problem(), "")
	for _, in := range sum.Incidents {
		if _, err := os.Stat(filepath.Join(dir, in.Log)); err != nil || !in.Continued {
			t.Errorf("incident %+v: %v", in, err)
		}
	}
}

// The orderer that leads is killed: the three that are left agree on another one, whose view the next point has, and the run
// goes on.
func TestRunGoesOnInTheNextView(t *testing.T) {
	sum, _ := disturbed(t, `name: disturbed
topology: bft.yaml
warmup: 500ms
on_node_exit: continue
workload: {kind: plain, length: 4, meters: 10}
load: {kind: closed, clients: [4, 5], hold: 6s}
`, func(p *program, temp string) {
		p.says(t, &p.stderr, "run 2 load levels")
		time.Sleep(2 * time.Second)
		signalNode(t, temp, "orderer0", syscall.SIGKILL)
	})
	equal(t, "complete", sum.Complete, true)
	equal(t, "points", len(sum.Points), 2)
	last := sum.Points[1]
	for _, p := range sum.Points {
		t.Logf("%.1f tx/s, valid: %v, %q; outcomes %v; leaders %v; blocks %+v", p.Throughput, p.Valid, p.Reasons, p.Outcomes, p.Leaders, p.BlockCut)
	}
	if sum.Points[0].Valid || len(last.Leaders) != 1 || last.Leaders[0].Orderer == "" || last.Leaders[0].Orderer == "orderer0" ||
		last.Leaders[0].View == nil || *last.Leaders[0].View == 0 {
		t.Errorf("the first point is valid: %v, in the end led %v", sum.Points[0].Valid, last.Leaders)
	}
	if valid := last.Outcomes[result.Valid.String()]; valid != last.Scheduled || valid == 0 {
		t.Errorf("without orderer0 %d of %d transactions are valid: %v", valid, last.Scheduled, last.Outcomes)
	}
	equal(t, "problem of the ledger", audited(t, sum).Problem(), "")
}
