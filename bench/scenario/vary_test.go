package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
)

const varied = `name: overhead
topology: minimal
batch: {timeout: 1s}
series:
  - name: all
    workload: {kind: encrypted, length: 24, encryption: {bank: 5}}
    load: {kind: closed, clients: [1, 2], hold: 3s}
  - name: inline
    workload: {kind: plain}
    load: {kind: open, rate: 5/s, hold: 3s}
vary:
  workload: [plain, padded, encrypted]
  bits: [1024, 3072]
`

// What does not apply to a level of a factor falls away with it.
func TestVariedAwayIsNoMistake(t *testing.T) {
	for _, text := range []string{
		"workload: {kind: encrypted, length: 4, reveal: true}\nvary: {workload: [plain, padded, encrypted, billing]}\n",
		"workload: {kind: billing, length: 4, reveal: true}\nvary: {form: [plain, padded, encrypted]}\n",
		"workload: {kind: encrypted, length: 4, reveal: true}\nvary: {scheme: [ddh, dmcfe]}\n",
	} {
		s, err := parse("name: a\ntopology: minimal\n" + text + "load: {kind: closed, clients: 1, hold: 3s}\n")
		if err != nil {
			t.Errorf("%v in %s", err, text)
		}
		for _, one := range s.Series {
			if o := options(one.Workload); o.Reveal != ((one.Workload.Kind == "encrypted" || o.Form == "encrypted") && o.Scheme == "ddh") {
				t.Errorf("%s: reveal %t", one.Name, o.Reveal)
			}
		}
	}
}

func TestVary(t *testing.T) {
	s, err := parse(varied, "vary.batch=[{messages: 10}, {timeout: 200ms, messages: 100}, {}]")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, one := range s.Series {
		w, o := one.Workload, options(one.Workload)
		got = append(got, fmt.Sprintf("%s %s|%s %s %d %s %d %d|%s %d", one.Prefix, one.Name, w.Kind, o.Scheme, o.Bits, o.Encryption.Mode, o.Encryption.Bank, o.Length,
			one.Network.Batch.Timeout, one.Network.Batch.Messages))
	}
	want := []string{
		"s1 all/batch=10/workload=plain|plain  0  0 24|1s 10",
		"s2 all/batch=10/workload=padded/bits=1024|padded ddh 1024  0 24|1s 10",
		"s3 all/batch=10/workload=padded/bits=3072|padded ddh 3072  0 24|1s 10",
		"s4 all/batch=10/workload=encrypted/bits=1024|encrypted ddh 1024 bank 5 24|1s 10",
		"s5 all/batch=10/workload=encrypted/bits=3072|encrypted ddh 3072 bank 5 24|1s 10",
		"s6 all/batch=200ms,100/workload=plain|plain  0  0 24|200ms 100",
	}
	if len(got) != 30 || !slices.Equal(got[:6], want) {
		t.Errorf("%d series:\n%s", len(got), strings.Join(got, "\n"))
	}
	last := "s30 inline/batch=unchanged/workload=encrypted/bits=3072|encrypted ddh 3072 inline 0 1|1s 0"
	if got[29] != last {
		t.Errorf("last is %s, want %s", got[29], last)
	}
	networks := s.Networks()
	if want := []scenario.Network{
		{Topology: "minimal", Batch: topology.Batch{Timeout: time.Second, Messages: 10}},
		{Topology: "minimal", Batch: topology.Batch{Timeout: 200 * time.Millisecond, Messages: 100}},
		{Topology: "minimal", Batch: topology.Batch{Timeout: time.Second}},
	}; !slices.Equal(networks, want) {
		t.Errorf("networks differ from what is wanted:\n%s", diff(want, networks))
	}
}

func TestVaryNames(t *testing.T) {
	tests := []struct{ set, want string }{
		{"vary.topology=[minimal, nets/mine.yaml]", "topology=minimal topology=mine"},
		{`vary.policy=[any, "2 of [ptb, cmi]"]`, "policy=any policy=2-of-ptb+cmi"},
		{"vary.batch=[{timeout: 2s}, {messages: 5}]", "batch=2s batch=5"},
		{"vary.limits=[{gateway: 500}, {gateway: 9, endorser: 8, deliver: 7}, {}]", "limits=gateway:500 limits=gateway:9,endorser:8,deliver:7 limits=unchanged"},
		{"vary.workload=[padded]", "workload=padded"},
		{"vary.scheme=[damgard, ddh]", "scheme=damgard scheme=ddh"},
		{"vary.bits=[1024]", "bits=1024"},
		{"vary.length=[1, 24]", "length=1 length=24"},
		{"vary.wait=[endorse, commit]", "wait=endorse wait=commit"},
	}
	for _, test := range tests {
		t.Run(test.set, func(t *testing.T) {
			s, err := parse(single, test.set)
			if err != nil {
				t.Error(err)
				return
			}
			base := "encrypted/"
			if strings.Contains(test.want, "workload") {
				base = "a/" // its kind is no name any more
			}
			var got []string
			for _, one := range s.Series {
				got = append(got, strings.TrimPrefix(one.Name, base))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%s: %q, want %q", test.set, got, test.want)
			}
		})
	}
}

// A varied workload's kind and a varied topology need no value of their own.
func TestVaryStandsIn(t *testing.T) {
	s, err := parse(`name: a
workload: {length: 3}
load: {kind: closed, clients: 1, hold: 1s}
vary: {topology: [two-peer, minimal], workload: [encrypted]}
`)
	if err != nil {
		t.Fatal(err)
	}
	w := options(s.Series[1].Workload)
	equal(t, "topology", s.Topology, "two-peer")
	equal(t, "topology of the second series", s.Series[1].Network.Topology, "minimal")
	equal(t, "scheme", w.Scheme, "ddh")
	equal(t, "key size", w.Bits, 2048)
	equal(t, "encryption", w.Encryption.Mode, result.EncryptInline)
	equal(t, "length", w.Length, 3)
}

func TestVaryErrors(t *testing.T) {
	tests := []struct{ old, new, want string }{
		{"[1024, 3072]", "[1024, 3000]", "a.yaml:13:16: vary.bits[1]: there is no key size of 3000 bits; known are 1024, 1536, 2048, 3072, 4096"},
		{"[1024, 3072]", "[1024, 1024]", "a.yaml:13:16: vary.bits[1]: 1024 is given twice"},
		{"[1024, 3072]", "[]", "a.yaml:13:9: vary.bits: at least one level is needed"},
		{"bits:", "bit:", "a.yaml:13:3: unknown key vary.bit; did you mean bits?"},
		{"plain, padded", "plain, paded", `a.yaml:12:21: vary.workload[1]: there is no "paded"; did you mean padded?`},
		{"[plain, padded, encrypted]", "plain", "a.yaml:13:9: vary.bits: does not apply to any series"},
		{"  bits: [1024, 3072]", "  topology: ['']", "a.yaml:13:14: vary.topology[0]: want a text, got an empty one; give one, or leave the key out"},
		{"  bits: [1024, 3072]", "  policy: [any, '']", "a.yaml:13:17: vary.policy[1]: want a text, got an empty one; give one, or leave the key out"},
		{"  bits: [1024, 3072]", "  fabric: [3.1]", `a.yaml:13:12: vary.fabric[0]: there is no release "3.1"; known are 3.1.5, 3.1.1, 3.1.0, 2.5.16, 2.5.9`},
		{"  bits: [1024, 3072]", "  fabric: [2.5.9, latest]", `a.yaml:13:19: vary.fabric[1]: there is no release "latest"; known are 3.1.5, 3.1.1, 3.1.0, 2.5.16, 2.5.9`},
		{"  bits: [1024, 3072]", "  fabric: [2.5.9, '2.5.9']", "a.yaml:13:19: vary.fabric[1]: 2.5.9 is given twice"},
		{"  bits: [1024, 3072]", "  length: [0]", "a.yaml:13:12: vary.length[0]: must be 1 to 1024, got 0"},
		{"  bits: [1024, 3072]", "  batch: [{timeout: 1000ms, messages: 9}, {timeout: 1s, messages: 9}]", "a.yaml:13:43: vary.batch[1]: 1s,9 is given twice"},
		{"  bits: [1024, 3072]", "  batch: [{messages: 0}]", "a.yaml:13:22: vary.batch[0].messages: must be above 0, got 0; leave it out to keep the topology's"},
		{"  bits: [1024, 3072]", "  scheme: [rsa]", `a.yaml:13:12: vary.scheme[0]: there is no "rsa"; known are ddh, damgard, ecddh, paillier, dmcfe`},
		{"  bits: [1024, 3072]", "  wait: [never]", `a.yaml:13:10: vary.wait[0]: there is no "never"; known are endorse, acknowledge, commit`},
		{"length: 24", "length: 24, bound: 16777216", "a.yaml:6:52: series[0].workload.bound: inner products of 24 values below 16777216 reach 2^53, and the parameters of encryption must stay below 2^48 (in series all/workload=padded/bits=1024)"},
		{"[1024, 3072]", "[1024, 1536, 2048, 3072, 4096]\n  length: [" + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(upTo(99))), ","), "[]") + "]", "a.yaml:12:3: vary: makes more than 1000 series"},
	}
	for _, test := range tests {
		t.Run(test.new, func(t *testing.T) {
			src := strings.Replace(varied, test.old, test.new, 1)
			if src == varied {
				t.Fatalf("%q is not in the text", test.old)
			}
			if _, err := parse(src); fmt.Sprint(err) != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", src, err, test.want)
			}
		})
	}
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

// Read makes sure that every network can be made.
func TestNetworks(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ more, want string }{
		{"vary: {topology: [minimal, mesh]}", file + ":5:28: vary.topology[1]: there is neither a shipped topology \"mesh\" nor a file " + filepath.Join(dir, "mesh") + "; known are five-org, four-peer, four-peer-bft, four-peer-raft3, four-peer-raft5, inter-nmi, inter-nmi-5, inter-nmi-bft, inter-nmi-six, minimal, two-peer"},
		{"vary: {policy: [any, '2 of [ptb, cmi]']}", file + ":5:22: vary.policy[1]: not with topology minimal: \"cmi\" is no member of the channel; did you mean? "},
		{"vary: {topology: [four-peer-bft], fabric: [3.1.1, 2.5.9]}", file + ":5:51: vary.fabric[1]: not with topology four-peer-bft: Fabric 2.5.9 has no bft consensus; it is in 3.1.5, 3.1.1, 3.1.0"},
		{"vary: {topology: [four-peer-bft]}\nfabric: 2.5.16", file + ":6:9: fabric: not with topology four-peer-bft: Fabric 2.5.16 has no bft consensus; it is in 3.1.5, 3.1.1, 3.1.0"},
		{"fabric: 3.1", file + ":5:9: fabric: there is no release \"3.1\"; known are 3.1.5, 3.1.1, 3.1.0, 2.5.16, 2.5.9"},
		{"distance: 0.5", file + ":5:11: distance: not with topology minimal: there are no sites that could be apart; list sites, or leave it out"},
		{"distance: .nan", file + ":5:11: distance: want a number, got \".nan\""},
		{"leader: ptb", file + ":5:9: leader: not with topology minimal: ptb owns no orderer: all belong to one organisation of their own; give the orderers owners"},
		{"vary: {topology: [inter-nmi], leader: [ptb, cmi]}", file + ":5:45: vary.leader[1]: not with topology inter-nmi: cmi owns no orderer; "},
		{"vary: {topology: [inter-nmi], distance: [0, 1, 11]}", file + ":5:48: vary.distance[2]: must be 0 to 10, got 11"},
		{"vary: {topology: [inter-nmi], distance: [1, 1.0]}", file + ":5:45: vary.distance[1]: 1 is given twice"},
		{"policy: most", file + ":5:9: policy: not with topology minimal: unknown endorsement \"most\"; "},
	}
	for _, test := range tests {
		t.Run(test.more, func(t *testing.T) {
			write(single + test.more + "\n")
			_, err := read(file)
			want, _, _ := strings.Cut(test.want, "; did you mean?")
			if !strings.HasPrefix(fmt.Sprint(err), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}

	write(single + "policy: all\nbatch: {messages: 7}\nlimits: {endorser: 3}\nvary: {topology: [five-org, minimal], limits: [{gateway: 5}]}\n")
	s, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	n := s.Networks()
	if len(n) != 2 {
		t.Fatalf("networks %v", n)
	}
	top, err := s.LoadNetwork(n[0])
	if err != nil {
		t.Fatal(err)
	}
	c := top.Channels[0]
	equal(t, "topology", top.Name, "five-org")
	equal(t, "messages", c.Batch.Messages, uint32(7))
	equal(t, "timeout", c.Batch.Timeout, 200*time.Millisecond)
	equal(t, "endorsement", c.Chaincodes[0].Endorsement, "all")
	equal(t, "gateway limit", top.Limits.Gateway, 5)
	equal(t, "endorser limit", top.Limits.Endorser, 3)
	if top.Limits.Deliver < 100 {
		t.Errorf("deliver limit %d", top.Limits.Deliver)
	}
}
