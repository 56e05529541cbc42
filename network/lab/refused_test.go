package lab

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/scenario"
	"meterbench/internal/strictyaml"
	"meterbench/network"
)

// What the scenario alone decides is refused when it is read, at its place in
// the file: none of these gets as far as a network.
func TestRefusedBeforeAnythingStarts(t *testing.T) {
	const (
		head   = "name: a\ntopology: minimal\n"
		target = "name: a\ntarget: {kind: reference}\n"
		closed = "load: {kind: closed, clients: [1], hold: 3s}\n"
	)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"far.csv":   "time,meter,value\n0,a,1\n100,a,2\n",
		"alone.csv": "time,meter,value\n0,a,1\n1,b,20000\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ text, want string }{
		// What a reading may carry.
		{head + "workload: {kind: encrypted, bits: 4096, length: 1024}\n" + closed, "3:11: workload: workload encrypted: ciphertexts of ddh 4096 l=1024 have 524806 bytes, more than a reading's 262144; lower the length or the key size"},
		{head + "workload: {kind: padded, bits: 4096, length: 1024}\n" + closed, "3:11: workload: workload padded: ciphertexts of ddh 4096 l=1024"},
		{head + "workload: {kind: billing, scheme: paillier, bits: 4096, length: 256}\n" + closed, "3:11: workload: billing: workload encrypted: ciphertexts of paillier 4096 l=256"},
		{head + "workload: {kind: encrypted, bits: 4096}\n" + closed + "vary: {length: [24, 1024]}\n", "3:11: workload: workload encrypted: ciphertexts of ddh 4096 l=1024 have 524806 bytes, more than a reading's 262144; lower the length or the key size (in series encrypted/length=1024)"},
		{head + "workloads: [{kind: plain}, {kind: encrypted, bits: 4096, length: 1024}]\n" + closed, "3:28: workloads[1]: workload encrypted"},
		{head + "series:\n- name: s\n  phases:\n  - {name: a, workload: {kind: plain}, load: {kind: closed, clients: 1, hold: 3s}}\n  - {name: b, workload: {kind: encrypted, bits: 4096, length: 1024}, load: {kind: closed, clients: 1, hold: 3s}}\n", "7:25: series[0].phases[1].workload: "},
		// What generators cannot draw from.
		{head + "workload: {kind: invoke, contract: keyvalue, function: Get, keys: 0, args: [{uniform: {}}]}\n" + closed, "3:67: workload.keys: must be 1 to 1000000000, got 0"},
		{head + "workload: {kind: invoke, contract: keyvalue, function: Get, keys: 9, args: [{sequence: {keys: 0}}]}\n" + closed, "3:95: workload.args[0].sequence.keys: must be 1 to 1000000000, got 0"},
		{head + "workload: {kind: invoke, contract: keyvalue, function: Get, args: [{integer: {from: 9}}]}\n" + closed, "3:78: workload.args[0].integer: the largest number, to, is missing; as {from: 1, to: 1000}"},
		// What memory holds.
		{head + "workload: {kind: encrypted, encryption: {bank: 10000000}}\n" + closed, "3:11: workload: 10000000 ciphertexts of 518 bytes do not fit into 1024 MiB"},
		{head + "workload: {kind: encrypted, encryption: ahead}\nload: {kind: open, rate: 1000000/s, hold: 3s}\n", "4:7: load: more transactions are due on one network than the 2072860 that the workload makes; encrypt inline, or use {bank: K}"},
		// What meters make.
		{head + "workload: {kind: billing, form: plain, meters: 1}\nload: {kind: open, rate: [100/s, 200/s], hold: 40s}\n", "4:7: load: more transactions are due on one network than the 8000 that the workload makes; give more meters"},
		{head + "workloads: [{kind: plain, weight: 9}, {kind: billing, form: plain, meters: 1}]\nload: {kind: open, rate: 1000/s, hold: 81s}\n", "4:7: load: more transactions are due on one network than the 80000"},
		{head + "workload: {kind: plain, interval: 744h, length: 1024, meters: 2}\nload: {kind: open, rate: 100/s, hold: 10s}\n", "4:7: load: more transactions are due on one network than the 800 "},
		{head + "workload: {kind: billing, form: plain, interval: 744h, length: 1024, readings: 400}\n" + closed, "3:11: workload: bills over 400 readings for 2 periods; a meter makes only 400"},
		// What makes no transaction to measure.
		{target + "workload: {kind: plain}\nload: {kind: open, rate: [5/s, 0.1/s], hold: 5s}\nwarmup: 1s\n", "4:32: load.rate[1]: "},
		{target + "workload: {kind: plain}\nload: {kind: open, arrivals: poisson, rate: 0.1/s, hold: 5s}\nwarmup: 1s\n", "4:45: load.rate[0]: "},
		{target + "workload: {kind: plain}\nload: {kind: open, arrivals: {steps: [{rate: 9/s, hold: 1s}, {rate: 0/s, hold: 9s}]}}\nwarmup: 1s\n", "4:30: load.arrivals: "},
		{target + "workload: {kind: plain}\nload: {kind: open, arrivals: {trace: far.csv}, hold: 20s}\nwarmup: 1s\n", "4:30: load.arrivals: "},
		{target + "workload: {kind: plain, meters: 1}\nload: {kind: open, arrivals: {periodic: {interval: 1h}}, hold: 20s}\n", "4:30: load.arrivals: "},
		{target + "workload: {kind: plain}\nload: {kind: closed, clients: 3, think: 5s, hold: 5s}\n", "4:41: load.think: "},
		{target + "workload: {kind: plain}\nload: {kind: open, rate: 1000000/s, hold: 700h}\nwarmup: 0s\n", "4:26: load.rate[0]: 2.52e+12 transactions are due in one level"},
		// What takes longer than anyone waits, or than a time can be.
		{target + "workload: {kind: plain}\nload: {kind: closed, clients: 3, hold: 2000000h}\n", "4:40: load.hold: "},
		{target + "workload: {kind: plain}\nload: {kind: closed, clients: [1, 2, 3], hold: 700h}\nrepeat: 10000\n", "5:9: repeat: "},
		// What a network takes to come up and to be read.
		{head + "workload: {kind: plain}\nlimits: {deliver: 1}\n" + closed, "4:19: limits.deliver: not with topology minimal: must be at least 2"},
		{head + "workload: {kind: plain}\nchannels: 3\nlimits: {deliver: 3}\n" + closed, "5:19: limits.deliver: "},
		{head + "workload: {kind: plain}\nvary: {limits: [{}, {endorser: 1}]}\n" + closed, "4:16: vary.limits: not with topology minimal: must be 2 to 1000000, got 1"},
		// The rest of what is decided here.
		{head + "workload: {kind: encrypted, encryption: ahead}\n" + closed, "3:41: workload.encryption: "},
		{head + "workload: {kind: plain, meters: 3}\nchannels: 4\n" + closed, "3:33: workload.meters: "},
		{head + "workload: {kind: encrypted, scheme: dmcfe, length: 24}\n" + closed, "3:11: workload.meters: "},
		{head + "workload: {kind: plain}\nload: {kind: open, arrivals: {trace: alone.csv}}\n", "alone.csv:3:5: the trace's largest value, 20000 Wh, is not below the workload's bound"},
		{head + "workload: {kind: plain, meters: 2}\nload: {kind: open, arrivals: {trace: alone.csv}}\n", "3:33: workload.meters: a trace brings its own meters; leave it out"},
		{head + "workload: {kind: plain}\nload: {kind: open, arrivals: {trace: .}}\n", "4:38: load.arrivals.trace: "},
		{head + "workload: {kind: plain}\npolicy: 3 of [ptb]\n" + closed, "4:9: policy: "},
		{head + "workload: {kind: plain}\nfe: {bits: 4096, bound: 20000000}\n" + closed, "4:"},
		{target + "workload: {kind: billing, length: 24}\n" + closed, "3:18: workload.kind: "},
		{"name: a\ntarget: {kind: reference, stalls: [{at: 2s, for: 2s}, {at: 3s, for: 1s}]}\nworkload: {kind: plain}\n" + closed, "2:"},
	} {
		t.Run(c.text, func(t *testing.T) {
			file := filepath.Join(dir, "a.yaml")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			want := file + ":" + c.want
			if strings.HasPrefix(c.want, "alone.csv:") { // a mistake of the trace
				want = filepath.Join(dir, c.want)
			}
			_, err := Read(t.Context(), file, nil)
			if _, placed := errors.AsType[*strictyaml.Error](err); !placed || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%v, want %s in\n%s", err, want, c.text)
			}
		})
	}
}

// What is shipped is refused nowhere, but for caps that take rights.
func TestShippedScenariosCanBeMade(t *testing.T) {
	all, err := scenario.Shipped(Catalog())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		var rights error
		for _, n := range s.Networks() {
			if top, err := s.LoadNetwork(n); s.Target == nil && err == nil {
				rights = cmp.Or(rights, network.CheckCaps(top))
			}
		}
		if _, err := planOf(s, nil); err != nil && rights == nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}
