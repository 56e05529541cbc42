package network

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/topology"
	"meterbench/network/fabric/daemons"
)

func TestCheckRelease(t *testing.T) {
	for _, tt := range []struct {
		name, asks string
		consensus  topology.Consensus
		version    string
		want       string
	}{
		{"any", "", topology.Raft, "v2.5.9", ""},
		{"the same", "2.5.9", topology.Raft, "v2.5.9", ""},
		{"without a v", "2.4.9", topology.Raft, "2.4.9", ""},
		{"another", "2.5.9", topology.Raft, "v3.1.1",
			"topology mine asks for Fabric 2.5.9, but the daemons are of release 3.1.1; leave fabric out, or give daemons of 2.5.9"},
		{"without its consensus", "", topology.BFT, "v2.5.9", "topology mine: orderers.consensus: Fabric 2.5.9 has no bft consensus"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asking := topology.Topology{Name: "mine", Fabric: tt.asks, Orderers: topology.Orderers{Consensus: tt.consensus, Count: 4}}
			err := CheckRelease(asking, tt.version)
			if got := strings.TrimPrefix(fmt.Sprint(err), "<nil>"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// The table that topologies are checked with has every release, and the consensus types of each.
func TestReleases(t *testing.T) {
	got := map[string]string{}
	for _, r := range Releases() {
		got[r.Name] = fmt.Sprint(r.Consensus)
	}
	for release, want := range map[string]string{"3.1.1": "[raft bft]", "3.1.0": "[raft bft]", "2.5.9": "[raft]"} {
		if got[release] != want {
			t.Errorf("%s has %s, want %s", release, got[release], want)
		}
	}
	if len(got) != len(daemons.Releases()) {
		t.Errorf("%d releases, want %d", len(got), len(daemons.Releases()))
	}
}

// A release of no line that is known says so, and runs as far as it can: here all the way, as it is another one in truth.
func TestUnknownRelease(t *testing.T) {
	needsNetwork(t)
	real, err := daemons.Ensure(t.Context(), daemons.Config{Progress: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, program := range map[string]string{"peer": real.Peer, "orderer": real.Orderer} {
		script := "#!/bin/sh\n[ \"$1\" = version ] && echo ' Version: v4.0.0' && exit\nexec '" + program + "' \"$@\"\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	binaries, err := daemons.FromDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var progress strings.Builder
	n := up(t, shape("minimal", 1, 1, "ptb"), Config{Binaries: binaries, Progress: &progress})
	if want := "Fabric 4.0.0 is of no line of releases that is known here: it is set up, and its logs and metrics are read, as those of 3.1"; !strings.Contains(progress.String(), want) {
		t.Errorf("got %s\nwant %s", progress.String(), want)
	}
	checkBlocks(t, n)
}
