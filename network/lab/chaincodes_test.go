package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"meterbench/bench"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/client"
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

// A workload runs on the channels that have its contract, which must be alike in what its points state; others are idle.
func TestChannelsWithContract(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("a.yaml", "name: a\ntopology: own.yaml\nworkload: {kind: plain, meters: 1}\nload: {kind: closed, clients: 1, hold: 3s}\n")
	const other = "{name: other, command: [sh]}"
	for _, test := range []struct{ name, channels, want string }{
		{"first", "[{name: a, chaincodes: [{name: readings}]}, {name: b, chaincodes: [" + other + "]}]", ""},
		{"second", "[{name: a}, {name: b, batch: {messages: 7}, chaincodes: [" + other + ", {name: readings}]}]", ""},
		{"idle", "[{name: a, batch: {messages: 7}, chaincodes: [" + other + "]}, {name: b, chaincodes: [{name: readings, endorsement: any}]}]", ""},
		{"none", "[{name: a, chaincodes: [" + other + "]}]", file + ":3:11: workload: no channel of topology own has its contract readings; " +
			"give one chaincodes: [{name: readings}], with source, command or address if it is your own"},
		{"meters", "[{name: a, chaincodes: [{name: readings}]}, {name: b, chaincodes: [{name: readings}]}]",
			file + ":3:33: workload.meters: 1 meters on 2 channels leave some without; give at least 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			write("own.yaml", "name: own\norganisations: [{name: ptb}]\nchannels: "+test.channels+"\n")
			_, err := Read(t.Context(), file, nil)
			if got := fmt.Sprint(err); got != test.want && (err != nil || test.want != "") {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	for other, want := range map[string]string{
		"batch: {messages: 7}, chaincodes: [{name: readings}]": "topology own.yaml: channels a and b differ in batch, but both are measured; " +
			"make them alike, or measure one at a time",
		"chaincodes: [{name: readings, endorsement: any}]": "topology own.yaml: channels a and b differ in the endorsement of readings, " +
			"but the load is spread over all channels that have it; make them alike, or take the contract from one of them",
	} {
		t.Run(other, func(t *testing.T) {
			write("own.yaml", "name: own\norganisations: [{name: ptb}]\nchannels: [{name: a, chaincodes: [{name: readings}]}, {name: b, "+other+"}]\n")
			if _, err := Read(t.Context(), file, []string{"workload.meters=2"}); fmt.Sprint(err) != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// A workload numbers the channels that have its contract; among those of the site they have other numbers.
func TestChannelNumbers(t *testing.T) {
	l := ledger{contracts: []map[string]client.Contract{{"other": {}}, {"readings": {}, "other": {}}, {}, {"readings": {}}}}
	w := ledgerWorkload{contract: "readings", channels: l.with("readings")}
	var got []int
	for channel := range w.channels {
		got = append(got, w.place(bench.Transaction{Channel: channel}).Channel)
	}
	if want := []int{1, 3}; !slices.Equal(got, want) {
		t.Errorf("got channels %v, want %v", got, want)
	}
}

// A contract that nobody serves is refused where the user named it: in the topology, or in the scenario.
func TestContractNobodyServes(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const load = "workload: {kind: plain}\nload: {kind: closed, clients: 1, hold: 3s}\n"
	own := write("own.yaml", "name: own\norganisations: [{name: ptb}]\nchannels: [{name: a, chaincodes: [{name: readings}, {name: reading}]}]\n")
	const said = `there is no contract "reading"; give source, command or address if it is your own; did you mean readings?`
	for file, want := range map[string]string{
		write("a.yaml", "name: a\ntopology: own.yaml\n"+load):                               own + ":3:60: channels[0].chaincodes[1].name: " + said,
		write("b.yaml", "name: a\ntopology: minimal\nchaincodes: [{name: reading}]\n"+load): filepath.Join(dir, "b.yaml") + ":3:21: chaincodes[0].name: " + said,
	} {
		if _, err := Read(t.Context(), file, nil); fmt.Sprint(err) != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	top, err := topology.Load(own)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(CheckContracts(own, top)), own+":3:60: channels[0].chaincodes[1].name: "+said; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
