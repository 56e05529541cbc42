package lab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"meterbench/bench/topology"
	"meterbench/internal/cgroup"
	"meterbench/network"
)

// up returns the record of a network that is up with a topology, as far as a scenario is held against it.
func up(t *testing.T, name string, change func(*topology.Topology)) *network.Record {
	t.Helper()
	with, err := topology.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&with)
	}
	r := &network.Record{Topology: with, Fabric: "v3.1.1", Dir: t.TempDir()}
	data, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(filepath.Join(r.Dir, topology.RecordFile), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A scenario is measured on a network that is up if that is what it asks for; where not, the place is named.
func TestReadOn(t *testing.T) {
	const head = "name: a\n"
	const tail = "workload: {kind: plain, meters: 4}\nload: {kind: closed, clients: 1, hold: 3s}\n"
	for _, tt := range []struct {
		name   string
		text   string
		up     string
		change func(*topology.Topology)
		says   string // empty: it fits
	}{
		{"no topology", "", "minimal", nil, ""},
		{"no topology, another network", "", "five-org", nil, ""},
		{"the same", "topology: minimal\n", "minimal", nil, ""},
		{"the same by another name", "topology: minimal\n", "minimal", func(t *topology.Topology) { t.Name = "mine" }, ""},
		{"says what is so", "topology: minimal\nbatch: {timeout: 200ms}\n", "minimal", nil, ""},
		{"a factor with what is so", "vary: {batch: [{timeout: 200ms}]}\n", "minimal", nil, ""},
		{"a device of its own", "", "minimal", func(t *topology.Topology) { t.Caps.Device = cgroup.Cap{Memory: 64 << 20} }, ""},
		{"another topology", "topology: two-peer\n", "minimal", nil, "a.yaml:2:11: topology: asks for ptb of 2 peers; the network minimal, which is up in "},
		{"another number of orderers", "topology: minimal\n", "minimal", func(t *topology.Topology) { t.Orderers.Count = 3 },
			"a.yaml:2:11: topology: asks for 1 raft orderers; "},
		{"direct without distances", "vary: {client: [wire, direct]}\n", "minimal", nil, ""},
		{"direct where sites cannot be entered", "vary: {client: [wire, direct]}\n", "inter-nmi", nil,
			"a.yaml:2:16: vary.client: clients would call all nodes of the network inter-nmi without the distances between its sites, as these cannot be entered: "},
		{"the same distance", "distance: 1\n", "inter-nmi", nil, ""},
		{"another distance", "distance: 0\n", "inter-nmi", nil, "a.yaml:2:11: distance: asks for distance 0; the network inter-nmi, which is up in "},
		{"a topology at another distance", "topology: inter-nmi\n", "inter-nmi", func(t *topology.Topology) { t.Distance = 0 },
			"a.yaml:2:11: topology: asks for distance 1; "},
		{"other links", "topology: inter-nmi\n", "inter-nmi",
			func(t *topology.Topology) {
				t.Links = []topology.Link{{Between: [2]string{"ptb", "cmi"}, RoundTrip: time.Second}}
			}, "a.yaml:2:11: topology: asks for other distances between its sites; "},
		{"another leader", "leader: ptb\n", "inter-nmi", nil, "a.yaml:2:9: leader: asks for leader ptb; "},
		{"another batch", "batch: {timeout: 1s}\n", "minimal", nil, "a.yaml:2:8: batch: asks for timeout 1s; the network minimal, which is up in "},
		{"a topology of another batch", "topology: minimal\n", "minimal", func(t *topology.Topology) { t.Channels[0].Batch.Timeout = time.Second },
			"a.yaml:2:11: topology: asks for timeout 200ms; "},
		{"a factor", "vary: {batch: [{timeout: 200ms}, {messages: 7}]}\n", "minimal", nil, "vary.batch: asks for messages 7; "},
		{"another policy", "policy: any\n", "five-org", nil, "a.yaml:2:9: policy: asks for endorsement any; "},
		{"other limits", "limits: {gateway: 7}\n", "minimal", nil, "a.yaml:2:9: limits: asks for gateway 7; "},
		{"caps", "topology: minimal\n", "minimal", func(t *topology.Topology) { t.Caps.Peer.CPUs = 0.5 }, "a.yaml:2:11: topology: asks for peer.cpus 0; "},
		{"channels", "channels: 2\n", "minimal", nil, "a.yaml:2:11: channels: asks for 2 channels; "},
		{"its release", "fabric: 3.1.1\n", "minimal", nil, ""},
		{"another release", "fabric: 2.5.9\n", "minimal", nil, "a.yaml:2:9: fabric: asks for Fabric 2.5.9; the network minimal, which is up in "},
		{"a factor of releases", "vary: {fabric: [3.1.1, 3.1.0]}\n", "minimal", nil, "a.yaml:2:16: vary.fabric: asks for Fabric 3.1.0; "},
		{"fresh networks", "fresh: true\n", "minimal", nil, "a.yaml:2:8: fresh: a network that is up cannot be a fresh one"},
		{"a simulated ledger", "target: {kind: reference, commit: {servers: 1, service: {kind: constant, mean: 2ms}}}\n", "minimal", nil,
			"a.yaml:2:9: target: a simulated ledger needs no network"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("a.yaml", []byte(head+tt.text+tail), 0o600); err != nil {
				t.Fatal(err)
			}
			plan, err := ReadOn(t.Context(), "a.yaml", nil, up(t, tt.up, tt.change))
			switch {
			case tt.says == "" && err != nil:
				t.Error(err)
			case tt.says == "" && plan.held == nil:
				t.Error("it is to be measured on a network of its own")
			case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("%v; want %q", err, tt.says)
			}
		})
	}
}

// Meters of runs that begin at once, at the same height, are others.
func TestPrefix(t *testing.T) {
	a, b := prefix(3, 4), prefix(3, 4)
	if form := regexp.MustCompile(`^b7[a-z2-7]{4}-$`); !form.MatchString(a) || a == b {
		t.Error(a, b)
	}
}
