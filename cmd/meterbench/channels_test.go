package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"meterbench/bench/result"
)

// twoChannels is a topology whose channels have no peer in common, so that
// commits are seen at another one for each, and a scenario for it.
const (
	twoChannels = `name: two-channels
organisations: [{name: ptb, peers: 1}, {name: cmi, peers: 1}]
orderers: {consensus: raft, count: 1}
channels:
  - {name: metrology, members: [ptb], batch: {timeout: 200ms, messages: 100}, chaincodes: [{name: readings}]}
  - {name: metrology-2, members: [cmi], batch: {timeout: 200ms, messages: 100}, chaincodes: [{name: readings}]}
`
	spread = `name: spread
topology: two-channels.yaml
warmup: 500ms
workload: {kind: plain, meters: 5}
load: {kind: closed, clients: [16], hold: 3s}
`
)

// Meters are spread over two channels: all that was sent is on their ledgers
// once, and every transaction's latency is split by the block of its channel.
func TestRunOverTwoChannels(t *testing.T) {
	needsNetwork(t)
	temp, work := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{"two-channels.yaml": twoChannels, "spread.yaml": spread} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(work, "out")
	if p, code := command(t, temp, "run", filepath.Join(work, "spread.yaml"), "--out", out); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	nothingLeft(t, temp)
	stored, err := result.Open(runFolder(t, out, "spread"))
	if err != nil {
		t.Fatal(err)
	}
	summary := stored.Summary
	checkSums(t, summary)
	p, audit := summary.Points[0], audited(t, summary)
	equal(t, "problem of the ledger", audit.Problem(), "")
	equal(t, "readings stored by the contract", audit.Stored, audit.Found)

	type block struct {
		channel uint16
		number  uint64
	}
	blocks := map[block]bool{} // of the window's commits
	transactions := map[uint16]int{}
	var whole time.Duration // from acknowledgement to commit, of the window's transactions
	var n uint64
	from, to := 500*time.Millisecond, 3*time.Second
	for row, err := range stored.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		if row.Outcome != result.Valid {
			continue
		}
		if row.Committed >= from && row.Committed < to {
			blocks[block{row.Channel, row.Block}] = true
		}
		if row.Intended >= from && row.Intended < to {
			transactions[row.Channel]++
			whole += row.Committed - row.Submitted
			n++
		}
	}
	if len(transactions) != 2 || transactions[0] < 5 || transactions[1] < 5 {
		t.Errorf("transactions by channel: %v", transactions)
	}
	equal(t, "channels", p.Conditions.Channels, 2)
	equal(t, "blocks", p.Blocks, uint64(len(blocks)))
	if len(blocks) < 4 {
		t.Errorf("only %d blocks", len(blocks))
	}
	var parts float64
	for _, phase := range result.BlockParts() {
		q := p.Latency[phase.String()]
		if q.N != n {
			t.Errorf("%v is known of %d transactions of %d", phase, q.N, n)
		}
		parts += q.Mean
	}
	if mean := whole.Seconds() / float64(n); math.Abs(parts-mean) > 1e-9 {
		t.Errorf("the parts of %v s in a block sum to %v s; %q", mean, parts, p.Warnings)
	}
	for _, peer := range []string{"peer0.ptb", "peer0.cmi"} {
		if p.BlockTimes[peer].Blocks == 0 {
			t.Errorf("%s committed no block", peer)
		}
	}
	if cut := p.BlockCut.Timer + p.BlockCut.Count; cut < 4 {
		t.Errorf("only %d blocks were cut by timer or count", cut)
	}
}
