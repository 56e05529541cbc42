package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"meterbench/bench/scenario"
	"meterbench/bench/topology"
)

const overriding = `name: study
topology: minimal
batch: {timeout: 1s, messages: 9}
caps: {peer: {cpus: 0.5, memory: 512MiB}}
series:
  - name: one
    workload: {kind: plain}
    load: {kind: closed, clients: 1, hold: 3s}
  - name: two
    batch: {messages: 10}
    limits: {gateway: 700}
    policy: any
    caps: {peer: {cpus: 0.25}, orderer: {cpus: 1}}
    channels: 2
    workload: {kind: plain}
    load: {kind: closed, clients: 1, hold: 3s}
`

// A series changes the scenario's network, each setting by itself, and series
// on equal networks share one.
func TestSeriesOverrides(t *testing.T) {
	parsed := func(sets ...string) scenario.Scenario {
		t.Helper()
		s, err := parse(overriding, sets...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	general := scenario.Network{Topology: "minimal", Batch: topology.Batch{Timeout: time.Second, Messages: 9}, Caps: topology.Caps{Peer: topology.Cap{CPUs: 0.5, Memory: 512 << 20}}}
	want := []scenario.Network{general, {
		Topology: "minimal", Policy: "any", Batch: topology.Batch{Timeout: time.Second, Messages: 10}, Limits: topology.Limits{Gateway: 700}, Channels: 2,
		Caps: topology.Caps{Peer: topology.Cap{CPUs: 0.25, Memory: 512 << 20}, Orderer: topology.Cap{CPUs: 1}},
	}}
	equal(t, "networks", parsed().Networks(), want)
	if got, want := want[1].String(), "minimal/policy=any/batch=1s,10/limits=gateway:700/caps=peer:0.25:512MiB,orderer:1/channels=2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	same := parsed("series[1].batch=null", "series[1].limits=null", "series[1].policy=null", "series[1].channels=null", "series[1].caps={peer: {cpus: 0.5}}")
	equal(t, "networks without overrides", same.Networks(), []scenario.Network{general})
}

// A series has factors of its own beside those of all series, in one order.
func TestSeriesFactors(t *testing.T) {
	s, err := parse(overriding, "series[0].vary={caps: [{peer: {cpus: 0.1}}, {device: {memory: 65MiB, cpus: 2}}, {}], length: [1, 2]}", "vary.channels=[1, 3]", "vary.wait=[commit]")
	if err != nil {
		t.Fatal(err)
	}
	want := `s1 one/caps=peer:0.1/channels=1/length=1/wait=commit||0s|minimal/batch=1s,9/caps=peer:0.1:512MiB/channels=1
s2 one/caps=peer:0.1/channels=1/length=2/wait=commit||0s|minimal/batch=1s,9/caps=peer:0.1:512MiB/channels=1
s3 one/caps=peer:0.1/channels=3/length=1/wait=commit||0s|minimal/batch=1s,9/caps=peer:0.1:512MiB/channels=3
s4 one/caps=peer:0.1/channels=3/length=2/wait=commit||0s|minimal/batch=1s,9/caps=peer:0.1:512MiB/channels=3
s5 one/caps=device:2:65MiB/channels=1/length=1/wait=commit||0s|minimal/batch=1s,9/caps=peer:0.5:512MiB,device:2:65MiB/channels=1
s6 one/caps=device:2:65MiB/channels=1/length=2/wait=commit||0s|minimal/batch=1s,9/caps=peer:0.5:512MiB,device:2:65MiB/channels=1`
	if got := places(s); len(got) != 14 || strings.Join(got[:6], "\n") != want {
		t.Errorf("%d series\n%s", len(got), strings.Join(got, "\n"))
	}
	if got := places(s)[13]; got != "s14 two/channels=3/wait=commit||0s|minimal/policy=any/batch=1s,10/limits=gateway:700/caps=peer:0.25:512MiB,orderer:1/channels=3" {
		t.Error(got)
	}
}

func TestSeriesFactorErrors(t *testing.T) {
	tests := []struct{ set, more, want string }{
		{"vary.batch=[{}]", "series[0].vary.batch=[{messages: 1}]", "--set series[0].vary.batch: series[0].vary.batch: all series vary batch already; leave one of them out"},
		{"series[1].vary.bits=[1024]", "seed=1", "--set series[1].vary.bits: series[1].vary.bits: does not apply to this series"},
		{"series[1].vary.form=[plain]", "seed=1", "--set series[1].vary.form: series[1].vary.form: does not apply to this series"},
		{"series[1].vary.length=[]", "seed=1", "--set series[1].vary.length: series[1].vary.length: at least one level is needed"},
		{"series[1].vary.lenght=[1]", "seed=1", "--set series[1].vary.lenght: unknown key series[1].vary.lenght; did you mean length?"},
		{"series[1].vary.channels=[1, 65]", "seed=1", "--set series[1].vary.channels: series[1].vary.channels[1]: must be 1 to 64, got 65"},
		{"vary.caps=[{peer: {cpus: 2}}, {peer: {cpus: 2}}]", "seed=1", "--set vary.caps: vary.caps[1]: peer:2 is given twice"},
		{"vary.caps=[{peer: {cpus: 0}}]", "seed=1", "--set vary.caps: vary.caps[0].peer.cpus: must be 0.01 to 1024 processors; leave it out for no limit"},
		{"series[1].caps.peer.memory=1MiB", "seed=1", "--set series[1].caps.peer.memory: series[1].caps.peer.memory: must be at least 64MiB; leave it out for no limit"},
		{"series[1].caps.peers.cpus=1", "seed=1", "--set series[1].caps.peers.cpus: unknown key series[1].caps.peers; did you mean peer?"},
		{"policy=''", "seed=1", "--set policy: policy: want a text, got an empty one; give one, or leave the key out"},
		{"series[1].policy=''", "seed=1", "--set series[1].policy: series[1].policy: want a text, got an empty one; give one, or leave the key out"},
		{"channels=0", "seed=1", "--set channels: channels: must be 1 to 64, got 0"},
		{"series[1].channels=65", "seed=1", "--set series[1].channels: series[1].channels: must be 1 to 64, got 65"},
		{"series[1].batch={messages: 0}", "seed=1", "--set series[1].batch: series[1].batch.messages: must be above 0, got 0; leave it out to keep the topology's"},
		{"series[1].topology=minimal", "seed=1", "--set series[1].topology: unknown key series[1].topology; known are name, workload, workloads, load, objective, phases, fabric, policy, batch, limits, caps, distance, leader, channels, events, expect, vary"},
		{"vary.encryption=[inline, ahead]", "series[0].workload.kind=encrypted", "a.yaml:7:15: series[0].workload.encryption: how many ciphertexts a closed load takes is not known beforehand (in series one/encryption=ahead); use {bank: K}"},
		{"vary.encryption=[{bank: 0}]", "series[0].workload.kind=encrypted", "--set vary.encryption: vary.encryption[0].bank: must be 1 to 10000000, got 0"},
	}
	for _, test := range tests {
		t.Run(test.set, func(t *testing.T) {
			_, err := parse(overriding, test.set, test.more)
			if fmt.Sprint(err) != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", test.set, err, test.want)
			}
		})
	}
}

func TestTargetWithNetworkKeys(t *testing.T) {
	src := strings.Replace(overriding, "topology: minimal\nbatch: {timeout: 1s, messages: 9}\ncaps: {peer: {cpus: 0.5, memory: 512MiB}}\n", "target: {kind: reference}\n", 1)
	refused := ": belongs to a network; this scenario's target is a simulated ledger; leave one of them out"
	for _, test := range []struct{ set, want string }{
		{"series[1]={name: two, caps: {peer: {cpus: 1}}}", "--set series[1]: series[1].caps" + refused},
		{"series[1]={name: two, channels: 1}", "--set series[1]: series[1].channels" + refused},
		{"series[1]={name: two, vary: {channels: [1]}}", "--set series[1]: series[1].vary.channels" + refused},
		{"caps.peer.cpus=1", "--set caps.peer.cpus: caps" + refused},
		{"channels=2", "--set channels: channels" + refused},
		{"vary.caps=[{}]", "--set vary.caps: vary.caps" + refused},
	} {
		t.Run(test.set, func(t *testing.T) {
			if _, err := parse(src, test.set); fmt.Sprint(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// Channels are copies of the topology's first, and what is changed is changed
// on all.
func TestLoadNetwork(t *testing.T) {
	dir := t.TempDir()
	own := "name: own\norganisations: [{name: ptb}]\nchannels: [{name: c, chaincodes: [{name: readings}]}, {name: d}]\ncaps: {peer: {cpus: 2, memory: 1GiB}}\n"
	if err := os.WriteFile(filepath.Join(dir, "own.yaml"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	s := scenario.Scenario{Path: filepath.Join(dir, "a.yaml")}
	top, err := s.LoadNetwork(scenario.Network{Topology: "own.yaml", Fabric: "2.5.9", Policy: "any", Batch: topology.Batch{Messages: 7}, Channels: 3, Caps: topology.Caps{Peer: topology.Cap{CPUs: 0.5}}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range top.Channels {
		names = append(names, c.Name)
		equal(t, "messages", c.Batch.Messages, uint32(7))
		equal(t, "endorsement", c.Chaincodes[0].Endorsement, "any")
	}
	equal(t, "release", top.Fabric, "2.5.9")
	equal(t, "channels", names, []string{"c", "c-2", "c-3"})
	equal(t, "cap of the peer", top.Caps.Peer, topology.Cap{CPUs: 0.5, Memory: 1 << 30})
	top.Channels[1].Chaincodes[0].Name, top.Channels[1].Members[0] = "other", "x"
	if c := top.Channels[0]; c.Chaincodes[0].Name != "readings" || c.Members[0] != "ptb" {
		t.Errorf("channels share what they hold: contract %s, member %s", c.Chaincodes[0].Name, c.Members[0])
	}
	if top, err = s.LoadNetwork(scenario.Network{Topology: "own.yaml"}); err != nil || len(top.Channels) != 2 {
		t.Errorf("%d channels, %v", len(top.Channels), err)
	}
	if top, err = s.LoadNetwork(scenario.Network{Topology: "own.yaml", Channels: 1}); err != nil || len(top.Channels) != 1 {
		t.Errorf("%d channels, %v", len(top.Channels), err)
	}
}

// What the topology cannot have is shown where it stands.
func TestNetworkPlaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(file, []byte(overriding), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ set, want string }{
		{"series[1].policy=all of us", `--set series[1].policy: series[1].policy: not with topology minimal: unknown endorsement "all of us"; known are any, majority, all, "N of [organisation, …]"`},
		{"policy=some", `--set policy: policy: not with topology minimal: unknown endorsement "some"; known are any, majority, all, "N of [organisation, …]"`},
		{"series[0].vary.policy=[any, none]", `--set series[0].vary.policy: series[0].vary.policy[1]: not with topology minimal: unknown endorsement "none"; known are any, majority, all, "N of [organisation, …]"`},
		{"series[0].vary.topology=[minimal, maximal]", `--set series[0].vary.topology: series[0].vary.topology[1]: there is neither a shipped topology "maximal" nor a file ` + filepath.Join(filepath.Dir(file), "maximal") + "; did you mean minimal?"},
	} {
		t.Run(test.set, func(t *testing.T) {
			if _, err := read(file, test.set); fmt.Sprint(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// Chaincodes of a scenario are those of every channel, with paths relative to its file.
func TestChaincodes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yaml")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "basic"), 0o700); err != nil {
		t.Fatal(err)
	}
	write("basic/main.go", "package main\n")
	write("a.yaml", overriding)
	s, err := read(file, "chaincodes=[{name: readings}, {name: basic, source: basic, collections: [{name: c}]}]")
	if err != nil {
		t.Fatal(err)
	}
	top, err := s.LoadNetwork(scenario.Network{Topology: "four-peer", Channels: 2, Policy: "any"})
	if err != nil {
		t.Fatal(err)
	}
	members := []string{"ptb", "inmetro"}
	want := []topology.Chaincode{
		{Name: "readings", Operator: "ptb", Endorsement: "any"},
		{Name: "basic", Operator: "ptb", Endorsement: "any", Source: "basic", Dir: dir, Collections: []topology.Collection{{Name: "c", Members: members, Maximum: 3}}},
	}
	for _, c := range top.Channels {
		equal(t, "chaincodes of "+c.Name, c.Chaincodes, want)
	}
	for _, test := range []struct{ set, want string }{
		{"chaincodes=[{name: basic, source: bsic}]", "--set chaincodes: chaincodes[0].source: there is no folder " + dir + "/bsic"},
		{"chaincodes=[]", "--set chaincodes: chaincodes: at least one chaincode is needed"},
		{"chaincodes=[{name: a, source: basic, address: x}]", "--set chaincodes: chaincodes[0].address: a chaincode has either source, command or address; leave one of them out"},
		{"chaincodes=[{name: a, endorsement: most}]", "--set chaincodes: chaincodes[0].endorsement: not with topology minimal: " +
			`unknown endorsement "most"; known are any, majority, all, "N of [organisation, …]"`},
		{"chaincodes=[{name: a, collections: [{name: c, members: x}]}]", "--set chaincodes: chaincodes[0].collections[0].members[0]: not with topology minimal: " +
			"x is no member of channel metrology; known are ptb"},
	} {
		t.Run(test.set, func(t *testing.T) {
			if _, err := read(file, test.set); fmt.Sprint(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// Every channel has a meter, and groups of dmcfe are whole on each.
func TestMeters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	grouped := strings.Replace(single, "kind: encrypted", "kind: encrypted, scheme: dmcfe, length: 8", 1)
	for _, test := range []struct{ text, set, want string }{
		{single, "channels=64", "<nil>"},
		{single, "vary={channels: [1, 64], length: [1]}", "<nil>"},
		{strings.Replace(single, "encrypted", "encrypted, meters: 3", 1), "channels=4", "a.yaml:3:37: workload.meters: 3 meters on 4 channels leave some without; give at least 4"},
		{mixed, "vary.channels=[101]", "--set vary.channels: vary.channels[0]: must be 1 to 64, got 101"},
		{strings.Replace(mixed, "length: 24", "length: 24, meters: 1", 1), "channels=2", "a.yaml:4:50: workloads[0].meters: 1 meters on 2 channels leave some without; give at least 2"},
		{grouped, "seed=1", "a.yaml:3:11: workload.meters: meters (100) must be a multiple of length x channels (8 x 1); for example meters: 96"},
		{grouped, "workload.meters=96", "<nil>"},
		{grouped, "workload={kind: padded, scheme: dmcfe, length: 24, meters: 9}", "--set workload: workload.meters: meters (9) must be a multiple of length x channels (24 x 1); for example meters: 24"},
		{strings.Replace(grouped, "length: 8", "length: 8, meters: 96", 1), "channels=5", "a.yaml:3:63: workload.meters: meters (96) must be a multiple of length x channels (8 x 5); for example meters: 80"},
	} {
		t.Run(test.set, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := read(file, test.set)
			if got := strings.Replace(fmt.Sprint(err), file, "a.yaml", 1); got != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", test.set, got, test.want)
			}
		})
	}
}
