package network

import (
	"os"
	"path/filepath"
	"testing"

	"meterbench/bench/topology"
	"meterbench/network/client"
)

// Whether log files tell of blocks is known once one was committed: a path alone says nothing.
func TestTold(t *testing.T) {
	const (
		committed = "2026-03-01T12:00:00.4Z INFO [kvledger] [metrology] Committed block [7] with 2 transaction(s) in 16ms (state_validation=6ms block_and_pvtdata_commit=7ms state_commit=2ms) commitHash=[]\n"
		cut       = "2026-03-01T12:00:00.1Z INFO [orderer.consensus.etcdraft] Created block [7], there are 0 blocks in flight channel=metrology node=1\n"
	)
	for _, c := range []struct {
		name            string
		peer, orderer   string // what they log after Attach
		toldOf, toldCut bool
	}{
		{"both", committed, cut, true, true},
		{"an orderer that does not debug", committed, "", true, false},
		{"another file", "root:x:0:0:root:/root:/bin/bash\n", "", false, false},
		{"one in the other's place", cut, committed, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			a := &Attached{Attachment: Attachment{Channel: "metrology", Gateways: []client.Gateway{{Name: "peer0"}}, Logs: map[string]string{}}}
			a.Agreed.Orderers.Consensus = topology.Raft
			write := func(node, text string) {
				path := filepath.Join(dir, node)
				f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
				if err == nil {
					_, err = f.WriteString(text)
					f.Close()
				}
				if err != nil {
					t.Fatal(err)
				}
				a.Logs[node] = path
			}
			write("peer0", "before\n")
			write("orderer0", "before\n")
			if err := a.openLogs(); err != nil {
				t.Fatal(err)
			}
			write("peer0", c.peer)
			write("orderer0", c.orderer)
			if of, cut := a.Told(8); of != c.toldOf || cut != c.toldCut {
				t.Errorf("committed %v, cut %v; want %v, %v", of, cut, c.toldOf, c.toldCut)
			}
		})
	}
}
