package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"meterbench/bench/scenario"
	"meterbench/internal/strictyaml"
)

func TestErrors(t *testing.T) {
	tests := []struct{ base, old, new, want string }{
		{single, "name: a", "name: A!", `a.yaml:1:7: name: a name is made of lower-case letters, digits, -, _ and ., and has at most 64 characters; got "A!"`},
		{single, "name: a\n", "", "a.yaml:1:1: name: a name is needed"},
		{single, "topology: minimal\n", "", "a.yaml:1:1: topology: is missing: the name of a shipped topology, or a file"},
		{single, "topology:", "topolgy:", "a.yaml:2:1: unknown key topolgy; did you mean topology?"},
		{single, "load: {kind: closed, clients: [1, 2], hold: 3s}\n", "", "a.yaml:1:1: load: is missing; a scenario has either series, or one workload and load"},
		{single, "workload: {kind: encrypted}\n", "", "a.yaml:1:1: workload: is missing; a scenario has either series, or one workload and load"},
		{single, "\nload:", "\nseries: []\nload:", "a.yaml:3:11: workload: a scenario has either series, or one workload and load; move it into series, or leave series out"},
		{series, "fe:", "load: {kind: closed}\nfe:", "a.yaml:10:7: load: a scenario has either series, or one workload and load; move it into series, or leave series out"},

		{single, "[1, 2]", "[1, 0]", "a.yaml:4:35: load.clients[1]: must be 1 to 65536, got 0"},
		{single, "[1, 2]", "[-1]", "a.yaml:4:32: load.clients[0]: must be 1 to 65536, got -1"},
		{single, "[1, 2]", "[2, 2]", "a.yaml:4:35: load.clients[1]: 2 is given twice"},
		{single, "[1, 2]", "[]", "a.yaml:4:31: load.clients: a closed load needs its numbers of clients; for example clients: [1, 2, 4]"},
		{single, "[1, 2]", "many", `a.yaml:4:31: load.clients: want a whole number, got "many"`},
		{single, "closed", "close", `a.yaml:4:14: load.kind: there is no "close"; did you mean closed?`},
		{single, "kind: closed, ", "", "a.yaml:4:7: load.kind: is missing: one of closed, open"},
		{single, "kind: closed", "kind: open", "a.yaml:4:29: load.clients: an open load has no clients; use kind: closed"},
		{single, "hold: 3s", "hold: 0s", "a.yaml:4:45: load.hold: how long each level lasts must be above 0; for example hold: 20s"},
		{single, ", hold: 3s", "", "a.yaml:4:7: load.hold: how long each level lasts must be above 0; for example hold: 20s"},
		{single, "\nload:", "\nwarmup: 3s\nload:", "a.yaml:5:45: load.hold: must be longer than the warm-up of 3s, which it includes; got 3s; hold: 3.001s would do"},
		{single, "hold: 3s", "hold: 3s, client: caliper", `a.yaml:4:57: load.client: there is no "caliper"; known are wire, gateway, direct`},
		{single, "hold: 3s", "hold: 3s, client: ''", "a.yaml:4:57: load.client: want a text, got an empty one; give one, or leave the key out"},
		{single, "topology: minimal", "topology: ''", "a.yaml:2:11: topology: want a text, got an empty one; give one, or leave the key out"},
		{single, "encrypted}", "encrypted, scheme: ''}", "a.yaml:3:37: workload.scheme: want a text, got an empty one; give one, or leave the key out"},
		{single, "hold: 3s", "hold: 3s, wait: never", `a.yaml:4:55: load.wait: there is no "never"; known are endorse, acknowledge, commit`},
		{single, "hold: 3s", "hold: 3s, think: -1s", "a.yaml:4:56: load.think: must not be negative, got -1s"},
		{single, "hold: 3s", "hold: 3s, rate: 1/s", "a.yaml:4:55: load.rate: a closed load has no rate; use kind: open"},
		{single, "hold: 3s", "hold: 3s, slots: 4", "a.yaml:4:56: load.slots: a closed load has no slots; use kind: open"},
		{single, "hold: 3s", "hold: 3s, longer: {from: 2, hold: 3s}", "a.yaml:4:73: load.longer.hold: must be above the hold of 3s, and at most 744h0m0s; got 3s"},
		{single, "hold: 3s", "hold: 3s, longer: {hold: 9s}", "a.yaml:4:57: load.longer.from: must be 1 to 65536, got 0"},
		{single, "clients: [1, 2], hold: 3s", "search: {from: 1, to: 9}, hold: 3s, longer: {from: 2, hold: 9s}", "a.yaml:4:66: load.longer: a search finds its levels itself; leave it out"},
		{series, "5/s", "5/s, longer: {from: 2, hold: 9s}", "a.yaml:6:43: series[0].load.longer: an open load has no clients; use kind: closed"},
		{series, "5/s", "0/s", "a.yaml:6:30: series[0].load.rate[0]: must be above 0 and at most 1000000/s, got 0/s"},
		{series, "5/s", "[5/s, 300/min]", "a.yaml:6:36: series[0].load.rate[1]: 5 is given twice"},
		{series, "5/s", "5", `a.yaml:6:30: series[0].load.rate: want a rate such as 100/s or 30/min, got "5"`},
		{series, "rate: 5/s, ", "", "a.yaml:6:11: series[0].load.rate: an open load needs its rates; for example rate: 100/s"},
		{series, "5/s", "5/s, slots: 0", "a.yaml:6:42: series[0].load.slots: must be 1 to 10000000, got 0"},
		{series, "5/s", "5/s, think: 1s", "a.yaml:6:42: series[0].load.think: an open load has no think time; use kind: closed"},

		{single, "encrypted", "encripted", `a.yaml:3:18: workload.kind: there is no "encripted"; did you mean encrypted?`},
		{single, "encrypted}", "encrypted, scheme: rsa}", `a.yaml:3:37: workload.scheme: there is no "rsa"; known are ddh, damgard, ecddh, paillier, dmcfe`},
		{single, "encrypted}", "encrypted, bits: 512}", "a.yaml:3:35: workload.bits: ddh has no key size of 512 bits; known are 1024, 1536, 2048, 3072, 4096"},
		{single, "encrypted}", "encrypted, length: 0}", "a.yaml:3:37: workload.length: must be 1 to 1024, got 0"},
		{single, "encrypted}", "encrypted, bound: 1}", "a.yaml:3:36: workload.bound: must be 2 to 2147483648, got 1"},
		{single, "encrypted}", "encrypted, length: 24, bound: 16777216}", "a.yaml:3:48: workload.bound: inner products of 24 values below 16777216 reach 2^53, and the parameters of encryption must stay below 2^48"},
		{single, "encrypted}", "encrypted, meters: 0}", "a.yaml:3:37: workload.meters: must be 1 to 1000000, got 0"},
		{single, "encrypted}", "encrypted, meters: 1000001}", "a.yaml:3:37: workload.meters: must be 1 to 1000000, got 1000001"},
		{single, "encrypted}", "encrypted, interval: 0s}", "a.yaml:3:39: workload.interval: must be whole seconds from 1s to 744h0m0s, got 0s"},
		{single, "encrypted}", "encrypted, interval: 1500ms}", "a.yaml:3:39: workload.interval: must be whole seconds from 1s to 744h0m0s, got 1.5s"},
		{single, "encrypted}", "encrypted, interval: 745h}", "a.yaml:3:39: workload.interval: must be whole seconds from 1s to 744h0m0s, got 745h0m0s"},
		{single, "encrypted}", "encrypted, encryption: {bank: 0}}", "a.yaml:3:48: workload.encryption.bank: must be 1 to 10000000, got 0"},
		{single, "encrypted}", "encrypted, encryption: bank}", "a.yaml:3:41: workload.encryption: how many ciphertexts the bank holds is missing; write {bank: 500}"},
		{single, "encrypted}", "encrypted, encryption: offline}", `a.yaml:3:41: workload.encryption: unknown encryption "offline"; known are inline, ahead, {bank: K}`},
		{single, "encrypted}", "encrypted, encryption: {banks: 5}}", "a.yaml:3:42: unknown key workload.encryption.banks; did you mean bank?"},
		{single, "encrypted}", "encrypted, encryption: ahead}", "a.yaml:3:41: workload.encryption: how many ciphertexts a closed load takes is not known beforehand; use {bank: K}"},
		{series, "plain}", "plain, encryption: inline}", "a.yaml:5:41: series[0].workload.encryption: a plain workload encrypts nothing"},
		{series, "padded}", "padded, encryption: inline}", "a.yaml:8:42: series[1].workload.encryption: a padded workload encrypts nothing"},
		{series, "plain}", "plain, scheme: ddh}", "a.yaml:5:37: series[0].workload.scheme: a plain workload has no scheme"},
		{series, "plain}", "plain, bits: 2048}", "a.yaml:5:35: series[0].workload.bits: a plain workload has no key"},
		{series, "name: two", "name: one", "a.yaml:7:11: series[1].name: series one is given twice"},
		{series, "name: two\n    workload", "workload", "a.yaml:7:5: series[1].name: a name is needed"},
		{single, "kind: encrypted", "kindx: encrypted", "a.yaml:3:12: unknown key workload.kindx; did you mean kind?"},
		{single, "kind: encrypted", "kind: [encrypted]", "a.yaml:3:18: workload.kind: want a single value, got a list"},
		{single, "kind: encrypted", "kind:", "a.yaml:3:12: workload.kind: no value given"},
		{single, "{kind: encrypted}", "encrypted", "a.yaml:3:11: workload: want a mapping with keys such as kind, meters, weight, form, readings, scheme, bits, length, bound, interval, encryption, reveal, verify, contract, function, args, values, transient, query, keys, size, before, operation, algorithm, batch, per_client, issuer, got a value"},
		{single, "topology: minimal", "target: {kinds: reference}", "a.yaml:2:10: unknown key target.kinds; did you mean kind?"},
		{single, "topology: minimal", "target: {kind: [reference]}", "a.yaml:2:16: target.kind: want a single value, got a list"},
		{series, "    workload: {kind: padded}\n", "", "a.yaml:7:5: series[1].workload.kind: is missing: one of plain, padded, encrypted, billing, invoke, pki, ca"},

		{single, "\nload:", "\nrepeat: 0\nload:", "a.yaml:4:9: repeat: must be 1 to 10000, got 0"},
		{single, "\nload:", "\non_node_exit: contineu\nload:", `a.yaml:4:15: on_node_exit: there is no "contineu"; did you mean continue?`},
		{single, "\nload:", "\nrequire: vaild\nload:", `a.yaml:4:10: require: there is no "vaild"; did you mean valid?`},
		{single, "\nload:", "\nlifecycle: {meters: 0}\nload:", "a.yaml:4:21: lifecycle.meters: must be 1 to 1000000000, got 0"},
		{single, "\nload:", "\nlifecycle: {key_years: 0}\nload:", "a.yaml:4:24: lifecycle.key_years: must be above 0 and at most 100, got 0"},
		{single, "\nload:", "\nlifecycle: {revoked_per_year: 1.5}\nload:", "a.yaml:4:31: lifecycle.revoked_per_year: must be 0 to 1, got 1.5"},
		{single, "\nload:", "\nlifecycle: {status_age: 5}\nload:", `a.yaml:4:25: lifecycle.status_age: want a duration such as 200ms, 2s or 15m, got "5"`},
		{single, "\nload:", "\nlifecycle: {status_agee: 5s}\nload:", "a.yaml:4:13: unknown key lifecycle.status_agee; did you mean status_age?"},
		{single, "\nload:", "\nlifecycle: yearly\nload:", "a.yaml:4:12: lifecycle: want a mapping with keys such as meters, readings_per_day, key_years, meter_years, revoked_per_year, verifiers, status_age, got a value"},
		{single, "\nload:", "\nwarmup: -1s\nload:", "a.yaml:4:9: warmup: must not be negative, got -1s"},
		{single, "\nload:", "\nseed: -1\nload:", `a.yaml:4:7: seed: want a whole number from 0, got "-1"`},
		{single, "\nload:", "\nbatch: {messages: 0}\nload:", "a.yaml:4:19: batch.messages: must be above 0, got 0; leave it out to keep the topology's"},
		{single, "\nload:", "\nbatch: {timeout: -1s}\nload:", "a.yaml:4:18: batch.timeout: must be above 0, got -1s; leave it out to keep the topology's"},
		{single, "\nload:", "\nbatch: {mesages: 9}\nload:", "a.yaml:4:9: unknown key batch.mesages; did you mean messages?"},
		{single, "\nload:", "\nlimits: {gateway: -4}\nload:", "a.yaml:4:19: limits.gateway: must be above 0, got -4; leave it out to keep the topology's"},

		{series, "{lengths: 1}", "{samples: 5}", "a.yaml:10:15: fe.samples: must be 6 to 10000000, got 5"},
		{series, "{lengths: 1}", "{bits: [1024, 1000]}", "a.yaml:10:19: fe.bits[1]: ddh has no key size of 1000 bits; known are 1024, 1536, 2048, 3072, 4096"},
		{series, "{lengths: 1}", "{bits: [1024, 1024]}", "a.yaml:10:19: fe.bits[1]: 1024 is given twice"},
		{series, "{lengths: 1}", "{lengths: [1, 2000]}", "a.yaml:10:19: fe.lengths[1]: must be 1 to 1024, got 2000"},
		{series, "{lengths: 1}", "{lengths: [3, 3]}", "a.yaml:10:19: fe.lengths[1]: 3 is given twice"},
		{series, "{lengths: 1}", "{lengths: []}", "a.yaml:10:15: fe.lengths: at least one is needed"},
		{series, "{lengths: 1}", "{bound: 20000000}", "a.yaml:10:5: fe.lengths[0]: inner products of 1 values below 20000000 reach 2^49, and the parameters of encryption must stay below 2^48"},
		{series, "{lengths: 1}", "{bound: 1}", "a.yaml:10:13: fe.bound: must be 2 to 2147483648, got 1"},
		{series, "{lengths: 1}", "{schemes: [ddh, dhd]}", `a.yaml:10:21: fe.schemes[1]: there is no "dhd"; did you mean ddh?`},
		{series, "{lengths: 1}", "{schemes: [ddh, ddh]}", "a.yaml:10:21: fe.schemes[1]: ddh is given twice"},
	}
	for _, test := range tests {
		t.Run(test.new, func(t *testing.T) {
			src := strings.Replace(test.base, test.old, test.new, 1)
			if src == test.base {
				t.Fatalf("%q is not in the text", test.old)
			}
			if _, err := parse(src); fmt.Sprint(err) != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", src, err, test.want)
			}
		})
	}
}

func TestOverrides(t *testing.T) {
	tests := []struct{ set, want string }{
		{"warmpu=1s", "--set warmpu: unknown key warmpu; did you mean warmup?"},
		{"series[1].load.clients=[1, 0]", "--set series[1].load.clients: series[1].load.clients[1]: must be 1 to 65536, got 0"},
		{"series[2].load.hold=1s", "--set series[2].load.hold: series has 2 items; the first is [0]"},
		{"warmup=5s", "a.yaml:6:41: series[0].load.hold: must be longer than the warm-up of 5s, which it includes; got 3s; hold: 5.2s would do"},
		{"series[0].load.hold=1", `--set series[0].load.hold: series[0].load.hold: want a duration such as 200ms, 2s or 15m, got "1"`},
		{"repeat", "--set repeat: want key=value, for example warmup=1s"},
	}
	for _, test := range tests {
		t.Run(test.set, func(t *testing.T) {
			if _, err := parse(series, test.set); fmt.Sprint(err) != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", test.set, err, test.want)
			}
		})
	}
	s, err := parse(series, "series[0].load.hold=9s", "fe=null", "seed=4")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "hold", s.Series[0].Load.Hold, 9*time.Second)
	equal(t, "table of costs", s.FE, (*scenario.FE)(nil))
	equal(t, "seed", s.Seed, uint64(4))
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("own.yaml", "name: own\norganisations: [{name: ptb}]\nchannels: [{name: c}]\n")
	broken := write("broken.yaml", "name: broken\n")
	file := write("a.yaml", strings.Replace(single, "minimal", "own.yaml", 1))

	s, err := read(file, "seed=3")
	if err != nil {
		t.Fatal(err)
	}
	top, err := s.LoadNetwork(s.Series[0].Network)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "topology", top.Name, "own")
	equal(t, "path", s.Path, file)
	equal(t, "seed", s.Seed, uint64(3))
	tests := []struct{ name, set, want string }{
		{"quikstart", "", "scenario quikstart: there is neither a shipped scenario nor a file of that name; did you mean quickstart?"},
		{"other.yaml", "", "scenario other.yaml: there is neither a shipped scenario nor a file of that name; known are " + strings.Join(scenario.Names(), ", ")},
		{dir, "", "scenario " + dir + ": the file is no regular file but a folder; put a regular file in its place"},
		{"quickstart", "topology=minmal", `--set topology: topology: there is neither a shipped topology "minmal" nor a file minmal; did you mean minimal?`},
		{file, "topology=none.yaml", `--set topology: topology: there is neither a shipped topology "none.yaml" nor a file ` + filepath.Join(dir, "none.yaml") + "; known are five-org, four-peer, four-peer-bft, four-peer-raft3, four-peer-raft5, inter-nmi, inter-nmi-5, inter-nmi-bft, inter-nmi-six, minimal, two-peer"},
		{file, "topology=broken.yaml", broken + ":1:1: organisations: at least one organisation is needed"},
		{"quickstart", "series[0].load.clients=0", "--set series[0].load.clients: series[0].load.clients[0]: must be 1 to 65536, got 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var set []string
			if test.set != "" {
				set = []string{test.set}
			}
			_, err := read(test.name, set...)
			if fmt.Sprint(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if _, ok := err.(*strictyaml.Error); !ok {
				t.Errorf("%v is a %T", err, err)
			}
		})
	}
}
