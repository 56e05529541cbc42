package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"meterbench/bench/scenario"
	"meterbench/network"
)

// What is wrong with a user's own chaincode has its place in the topology, or in the scenario that names it.
func TestLocateChaincode(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("basic/main.go", "package main\n")
	own := write("own.yaml", "name: own\norganisations: [{name: ptb}]\nchannels:\n  - {name: a, chaincodes: [{name: readings}]}\n"+
		"  - {name: b, chaincodes: [{name: readings}, {name: basic, source: ./basic}]}\n")
	const load = "workload: {kind: plain}\nload: {kind: closed, clients: 1, hold: 3s}\n"
	ownNetwork := write("network.yaml", "name: a\ntopology: own.yaml\n"+load)
	named := write("named.yaml", "name: a\ntopology: minimal\nchaincodes:\n  - {name: readings, command: [sh, a.sh]}\n"+load)

	wrong := fmt.Errorf("start network own: %w", &network.ChaincodeError{Channel: "b", Chaincode: "basic", Key: "source", Msg: "does not build: main.go:1:1", Hint: "mend it"})
	if got, want := fmt.Sprint(LocateChaincode(own, wrong)), own+":5:68: channels[1].chaincodes[1].source: does not build: main.go:1:1; mend it"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	other := errors.New("no disk")
	if got := LocateChaincode(own, other); got != other {
		t.Errorf("got %v", got)
	}
	for _, test := range []struct {
		file string
		err  *network.ChaincodeError
		want string
	}{
		{ownNetwork, &network.ChaincodeError{Channel: "b", Chaincode: "basic", Key: "source", Msg: "ended"}, own + ":5:68: channels[1].chaincodes[1].source: ended"},
		{named, &network.ChaincodeError{Channel: "metrology-2", Chaincode: "readings", Key: "command", Msg: "ended"}, named + ":4:31: chaincodes[0].command: ended"},
	} {
		t.Run(filepath.Base(test.file), func(t *testing.T) {
			s, err := scenario.Read(t.Context(), test.file, nil, Catalog())
			if err != nil {
				t.Fatal(err)
			}
			p := Plan{Scenario: s}
			if got := fmt.Sprint(p.locateChaincode(s.Networks()[0], test.err)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
