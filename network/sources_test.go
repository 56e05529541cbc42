package network

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/fabric"
	"meterbench/network/fabric/daemons"
)

// The lines are from real logs.
const (
	source31    = "2026-11-22T10:40:26.152852Z INFO [peer.blocksprovider] BlockReceiver starting channel=metrology orderer-address=127.0.0.1:41001"
	sourceBFT   = "2026-11-22T10:40:26.152852Z INFO [BlockReceiver] BlockReceiver starting orderer-address=127.0.0.1:41002"
	source25    = "2026-11-22T10:40:26.152852Z INFO [peer.blocksprovider] Pulling next blocks from ordering service channel=metrology orderer-address=127.0.0.1:41001 nextBlock=1"
	refreshed31 = "2026-11-22T10:40:26.152852Z INFO [peer.blocksprovider] Ordering endpoints have been refreshed, disconnecting from deliver to reconnect using" +
		" updated endpoints channel=metrology orderer-address=127.0.0.1:41001"
)

func TestParseSource(t *testing.T) {
	for _, c := range []struct{ name, version, line, channel, orderer string }{
		{"3.1", "v3.1.1", source31, "metrology", "127.0.0.1:41001"},
		{"3.1.0", "v3.1.0", source31, "metrology", "127.0.0.1:41001"},
		{"BFT", "v3.1.1", sourceBFT, "", "127.0.0.1:41002"},
		{"2.5", "v2.5.9", source25, "metrology", "127.0.0.1:41001"},
		{"other line of the release", "v3.1.1", refreshed31, "", ""},
		{"line of another release", "v3.1.1", source25, "", ""},
		{"line of a block", "v3.1.1", receivedLine, "", ""},
		{"quoted", "v3.1.1", `2026-11-22T10:40:26Z WARN [x] said "` + source31 + `"`, "", ""},
		{"more behind it", "v3.1.1", source31 + " again", "", ""},
		{"empty", "v3.1.1", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			line, _ := fabric.LineOf(c.version)
			channel, orderer, ok := parseSource(line.Sources, c.line)
			if channel != c.channel || orderer != c.orderer || ok != (c.orderer != "") {
				t.Errorf("read %t: channel %q, orderer %q; want %q, %q", ok, channel, orderer, c.channel, c.orderer)
			}
		})
	}
}

// The last line of a log counts, once it is complete; where lines name no channel, only of a peer on a single one.
func TestBlockSources(t *testing.T) {
	dir := t.TempDir()
	logs := map[string]string{
		"peer0.ptb": source31 + "\n" + source31[:len(source31)-1] + "2\n", // then of orderer1
		"peer0.cmi": sourceBFT + "\n",
		"peer1.cmi": sourceBFT + "\n",
		"peer2.cmi": "nothing of the kind\n",
		"peer3.cmi": source31[:len(source31)-5] + "49999\n", // of none that is known
	}
	n := &observed{Record: Record{
		Fabric: "v" + daemons.Default(), Topology: topology.Topology{Orderers: topology.Orderers{Consensus: topology.Raft, Count: 2}},
		Nodes: []Node{
			{Name: "orderer0", Role: result.RoleOrderer, Address: "127.0.0.1:41001"}, {Name: "orderer1", Role: result.RoleOrderer, Address: "127.0.0.1:41002"},
		},
		Channels: []Channel{{Name: "metrology", Peers: []string{"peer0.ptb", "peer0.cmi", "peer1.cmi", "peer2.cmi", "peer3.cmi"}},
			{Name: "second", Peers: []string{"peer1.cmi"}}},
	}}
	for name, text := range logs {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n.Nodes = append(n.Nodes, Node{Name: name, Role: result.RolePeer, Log: path})
	}
	check := func(want ...result.BlockSource) {
		t.Helper()
		got, err := n.BlockSources()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("sources (-want +got):\n%s", diff)
		}
	}
	ptb := result.BlockSource{Channel: "metrology", Peer: "peer0.ptb", Orderer: "orderer1"}
	cmi := result.BlockSource{Channel: "metrology", Peer: "peer0.cmi", Orderer: "orderer1"}
	check(ptb, cmi)
	f, err := os.OpenFile(filepath.Join(dir, "peer0.ptb"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write := func(text string) {
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	write(source31)
	check(ptb, cmi)
	write("\n")
	ptb.Orderer = "orderer0"
	check(ptb, cmi)
	os.Remove(filepath.Join(dir, "peer0.cmi"))
	if got, err := n.BlockSources(); err == nil || len(got) != 2 {
		t.Errorf("without a log: %v, %v", got, err)
	}
}

// Whatever a log says, what is read of it is in it.
func FuzzParseSource(f *testing.F) {
	for _, line := range []string{source31, sourceBFT, source25, receivedLine, "", " [peer.blocksprovider] ", " [] x"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, version := range []string{"v3.1.1", "v2.5.9"} {
			of, _ := fabric.LineOf(version)
			if channel, orderer, ok := parseSource(of.Sources, line); ok && (orderer == "" || len(channel)+len(orderer) > len(line)) {
				t.Errorf("channel %q, orderer %q", channel, orderer)
			}
		}
	})
}
