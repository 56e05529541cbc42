package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"meterbench/bench/topology"
	"meterbench/network/wan"
)

// A chaincode that runs already cannot be reached from sites that are apart, which is said before anything starts, at its
// place. At distance 0 it can.
func TestUnreachable(t *testing.T) {
	if err := wan.Check(); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	top := write("apart.yaml", `name: apart
sites: [{name: ptb}, {name: cmi}]
links: [{between: [ptb, cmi], round_trip: 10ms}]
organisations: [{name: ptb}, {name: cmi}]
orderers: {owners: [ptb]}
channels:
  - name: c
    chaincodes:
      - {name: basic, address: "127.0.0.1:9999", plaintext: true}
`)
	load := "workload: {kind: invoke, contract: basic, function: Read, args: [a]}\nload: {kind: closed, clients: [1], hold: 5s}\n"
	scenario := write("a.yaml", "name: a\ntopology: apart.yaml\n"+load)
	const cannot = "cannot be reached from the sites, which are apart; give source or command in its place, or distance: 0"
	for _, test := range []struct {
		name string
		read func() error
		want string
	}{
		{"of a run", func() error { _, err := Read(t.Context(), scenario, nil); return err },
			top + ":9:32: channels[0].chaincodes[0].address: " + cannot},
		{"of a run at distance 0", func() error { _, err := Read(t.Context(), scenario, []string{"distance=0"}); return err }, "<nil>"},
		{"of a run of that distance too", func() error { _, err := Read(t.Context(), scenario, []string{"vary.distance=[0, 1]"}); return err },
			top + ":9:32: channels[0].chaincodes[0].address: " + cannot},
		{"of a network", func() error {
			of, err := topology.Load(top)
			if err != nil {
				return err
			}
			return CheckSites(top, of)
		}, top + ":9:32: channels[0].chaincodes[0].address: " + cannot},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.read(); fmt.Sprint(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// Only networks of a plan's own whose sites are apart, or whose links events change, need rights.
func TestSeparates(t *testing.T) {
	for name, want := range map[string]bool{
		"topology=inter-nmi": true, "topology=minimal": false, "distance=0": false, "vary.distance=[0, 0.1]": true,
	} {
		p, err := Read(t.Context(), "quickstart", []string{"topology=inter-nmi", name})
		if err != nil {
			t.Skip(err) // of the machine
		}
		if p.Separates() != want {
			t.Errorf("%s: %t, want %t", name, p.Separates(), want)
		}
	}
}
