package topology

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/internal/strictyaml"
)

func TestShipped(t *testing.T) {
	institutes := []string{"ptb", "cmi", "inmetro", "nmij", "nmim"}
	tests := []struct {
		name          string
		organisations []string
		peers         int
		orderers      Orderers
		endorse       int
	}{
		{"five-org", institutes, 1, Orderers{Consensus: "raft", Count: 3}, 3},
		{"four-peer", []string{"ptb", "inmetro"}, 2, Orderers{Consensus: "raft", Count: 1}, 2},
		{"four-peer-bft", []string{"ptb", "cmi", "inmetro", "nmij"}, 1, Orderers{Consensus: "bft", Count: 4}, 3},
		{"four-peer-raft3", []string{"ptb", "cmi", "inmetro", "nmij"}, 1, Orderers{Consensus: "raft", Count: 3}, 3},
		{"four-peer-raft5", []string{"ptb", "cmi", "inmetro", "nmij"}, 1, Orderers{Consensus: "raft", Count: 5}, 3},
		{"inter-nmi", institutes, 1, Orderers{Consensus: "raft", Count: 3, Owners: []string{"ptb", "inmetro", "nmij"}}, 3},
		{"inter-nmi-5", institutes, 1, Orderers{Consensus: "raft", Count: 5, Owners: institutes}, 3},
		{"inter-nmi-bft", institutes, 1, Orderers{Consensus: "bft", Count: 5, Owners: institutes}, 3},
		{"inter-nmi-six", institutes, 1, Orderers{Consensus: "raft", Count: 3, Owners: []string{"ptb", "inmetro", "nmij"}}, 3},
		{"minimal", []string{"ptb"}, 1, Orderers{Consensus: "raft", Count: 1}, 1},
		{"two-peer", []string{"ptb"}, 2, Orderers{Consensus: "raft", Count: 1}, 1},
	}
	var names []string
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			names = append(names, test.name)
			top, err := Load(test.name)
			if err != nil {
				t.Error(err)
				return
			}
			if top.Name != test.name || top.Description == "" {
				t.Errorf("%s: name %q, description %q", test.name, top.Name, top.Description)
			}
			if !slices.Equal(top.organisations(), test.organisations) || !top.Orderers.Equal(test.orderers) {
				t.Errorf("%s: %v, %v", test.name, top.organisations(), top.Orderers)
			}
			for _, o := range top.Organisations {
				if o.Peers != test.peers {
					t.Errorf("%s: %s has %d peers", test.name, o.Name, o.Peers)
				}
			}
			wantChannel := []Channel{{
				Name: "metrology", Members: test.organisations,
				Batch:      Batch{200 * time.Millisecond, 100, 2 << 20, 10 << 20},
				Chaincodes: []Chaincode{{Name: "readings", Operator: "ptb", Endorsement: "majority"}},
			}}
			equal(t, "channels", top.Channels, wantChannel)
			if apart := strings.HasPrefix(test.name, "inter-"); top.Apart() != apart {
				t.Errorf("apart: %t, want %t", top.Apart(), apart)
			}
			equal(t, "limits", top.Limits, Limits{2500, 2500, 2500})
			n, of, err := top.Endorsement(top.Channels[0], top.Channels[0].Chaincodes[0])
			if n != test.endorse || !slices.Equal(of, test.organisations) || err != nil {
				t.Errorf("%s: endorsement %d of %v, %v", test.name, n, of, err)
			}
		})
	}
	if !slices.Equal(Names(), names) {
		t.Errorf("shipped are %v, want %v", Names(), names)
	}
}

// equal reports how a value differs from the one that is wanted.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s differ from what is wanted:\n%s", what, d)
	}
}

const small = "name: a\norganisations: [{name: ptb}, {name: cmi}]\nchannels:\n  - name: c\n    chaincodes: [{name: readings}]\n"

func TestDefaults(t *testing.T) {
	got, err := Parse("a.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := Topology{
		Name:          "a",
		Organisations: []Organisation{{Name: "ptb", Peers: 1}, {Name: "cmi", Peers: 1}},
		Orderers:      Orderers{Consensus: "raft", Count: 1},
		Channels: []Channel{{
			Name: "c", Members: []string{"ptb", "cmi"},
			Batch:      Batch{2 * time.Second, 500, 2 << 20, 10 << 20},
			Chaincodes: []Chaincode{{Name: "readings", Operator: "ptb", Endorsement: "majority"}},
		}},
		Limits: Limits{500, 2500, 2500},
	}
	equal(t, "topology", got, want)
}

func TestErrors(t *testing.T) {
	tests := []struct{ old, new, want string }{
		{"name: a\n", "", "a.yaml:1:1: name: a name is needed"},
		{"name: a\n", "name: a\nfabric: ''\n", "a.yaml:2:9: fabric: want a text, got an empty one; give one, or leave the key out"},
		{"name: a\n", "name: A b\n", `a.yaml:1:7: name: a name is made of lower-case letters, digits and -, begins with a letter, and has at most 63 characters; got "A b"`},
		{"organisations:", "organizations:", "a.yaml:2:1: unknown key organizations; did you mean organisations?"},
		{"{name: ptb}, {name: cmi}", "", "a.yaml:2:16: organisations: at least one organisation is needed"},
		{"cmi", "ptb", "a.yaml:2:37: organisations[1].name: organisation ptb is given twice"},
		{"cmi", "ordering", "a.yaml:2:37: organisations[1].name: ordering is the name of the orderers' organisation; choose another"},
		{"cmi", "cmi, peers: 0", "a.yaml:2:49: organisations[1].peers: must be 1 to 100, got 0"},
		{"cmi", "cmi, pers: 2", "a.yaml:2:42: unknown key organisations[1].pers; did you mean peers?"},
		{"channels:", "orderers: {consensus: rfat}\nchannels:", `a.yaml:3:23: orderers.consensus: unknown consensus "rfat"; did you mean raft?`},
		{"channels:", "orderers: {consensus: pow}\nchannels:", `a.yaml:3:23: orderers.consensus: unknown consensus "pow"; known are raft, bft`},
		{"channels:", "orderers: {consensus: bft, count: 3}\nchannels:", "a.yaml:3:35: orderers.count: consensus bft takes at least 4 orderers, got 3; ask for 4 to 100, or for consensus: raft"},
		{"channels:", "orderers: {consensus: bft}\nchannels:", "a.yaml:3:11: orderers.count: consensus bft takes at least 4 orderers, got 1; ask for 4 to 100, or for consensus: raft"},
		{"channels:", "orderers: {consensus: bft, count: 101}\nchannels:", "a.yaml:3:35: orderers.count: must be 4 to 100, got 101"},
		{"channels:", "orderers: {count: 0}\nchannels:", "a.yaml:3:19: orderers.count: must be 1 to 100, got 0"},
		{"channels:\n  - name: c\n    chaincodes: [{name: readings}]\n", "", "a.yaml:1:1: channels: at least one channel is needed"},
		{"name: c\n", "name: C\n", `a.yaml:4:11: channels[0].name: a name is made of lower-case letters, digits and -, begins with a letter, and has at most 249 characters; got "C"`},
		{"  - name: c\n", "  - name: c\n  - name: c\n", "a.yaml:5:11: channels[1].name: channel c is given twice"},
		{"    chaincodes", "    members: [ptb, cim]\n    chaincodes", "a.yaml:5:20: channels[0].members[1]: there is no organisation cim; did you mean cmi?"},
		{"    chaincodes", "    members: [ptb, ptb]\n    chaincodes", "a.yaml:5:20: channels[0].members[1]: ptb is given twice"},
		{"    chaincodes", "    batch: {timeout: 0s}\n    chaincodes", "a.yaml:5:22: channels[0].batch.timeout: must be above 0 and at most 1h0m0s, got 0s"},
		{"    chaincodes", "    batch: {messages: 0}\n    chaincodes", "a.yaml:5:23: channels[0].batch.messages: must be 1 to 1000000, got 0"},
		{"    chaincodes", "    batch: {mesages: 5}\n    chaincodes", "a.yaml:5:13: unknown key channels[0].batch.mesages; did you mean messages?"},
		{"    chaincodes", "    batch: {preferred_bytes: 0}\n    chaincodes", "a.yaml:5:30: channels[0].batch.preferred_bytes: must be at least 1, got 0"},
		{"    chaincodes", "    batch: {absolute_bytes: 1KiB}\n    chaincodes", "a.yaml:5:29: channels[0].batch.absolute_bytes: must be at least preferred_bytes, 2097152, got 1024"},
		{"readings}", "readings}, {name: readings}", "a.yaml:5:43: channels[0].chaincodes[1].name: chaincode readings is given twice"},
		{"readings}", "readings, operator: nmi}", "a.yaml:5:45: channels[0].chaincodes[0].operator: nmi is no member of channel c; did you mean cmi?"},
		{"readings}", "readings, endorsement: majorty}", `a.yaml:5:48: channels[0].chaincodes[0].endorsement: unknown endorsement "majorty"; did you mean majority?`},
		{"readings}", "readings, endorsement: \"3 of [ptb, cmi]\"}", "a.yaml:5:48: channels[0].chaincodes[0].endorsement: 3 of 2 organisations cannot endorse"},
		{"readings}", "readings, endorsement: \"0 of [ptb]\"}", "a.yaml:5:48: channels[0].chaincodes[0].endorsement: 0 of 1 organisations cannot endorse"},
		{"readings}", "readings, endorsement: \"1 of [ptb, ptb]\"}", "a.yaml:5:48: channels[0].chaincodes[0].endorsement: ptb is given twice"},
		{"readings}", "readings, endorsement: \"1 of []\"}", `a.yaml:5:48: channels[0].chaincodes[0].endorsement: "" is no member of the channel; known are ptb, cmi`},
		{"channels:", "limits: {gateway: 0}\nchannels:", "a.yaml:3:19: limits.gateway: must be 1 to 1000000, got 0"},
		{"channels:", "limits: {endorser: -1}\nchannels:", "a.yaml:3:20: limits.endorser: must be 2 to 1000000, got -1"},
		{"channels:", "limits: {deliver: 0}\nchannels:", "a.yaml:3:19: limits.deliver: must be at least 2, one more than channels, got 0"},
		{"channels:", "caps: {peer: {cpus: 0.009}}\nchannels:", "a.yaml:3:21: caps.peer.cpus: must be 0.01 to 1024 processors; leave it out for no limit"},
		{"channels:", "caps: {orderer: {cpus: 0}}\nchannels:", "a.yaml:3:24: caps.orderer.cpus: must be 0.01 to 1024 processors; leave it out for no limit"},
		{"channels:", "caps: {device: {cpus: 1025}}\nchannels:", "a.yaml:3:23: caps.device.cpus: must be 0.01 to 1024 processors; leave it out for no limit"},
		{"channels:", "caps: {chaincode: {memory: 63MiB}}\nchannels:", "a.yaml:3:28: caps.chaincode.memory: must be at least 64MiB; leave it out for no limit"},
		{"channels:", "caps: {peer: {memory: 0}}\nchannels:", "a.yaml:3:23: caps.peer.memory: must be at least 64MiB; leave it out for no limit"},
		{"channels:", "caps: {per: {cpus: 1}}\nchannels:", "a.yaml:3:8: unknown key caps.per; did you mean peer?"},
	}
	for _, test := range tests {
		t.Run(test.old, func(t *testing.T) {
			src := strings.Replace(small, test.old, test.new, 1)
			if src == small {
				t.Fatalf("%q is not in the text", test.old)
			}
			if _, err := Parse("a.yaml", []byte(src)); fmt.Sprint(err) != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", src, err, test.want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(file, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Load(file); got.Name != "a" || err != nil {
		t.Errorf("got topology %s, %v", got.Name, err)
	}
	if err := os.WriteFile(file, []byte("nme: a"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		file:               file + ":1:1: unknown key nme; did you mean name?",
		"minmal":           "topology minmal: there is neither a shipped topology nor a file of that name; did you mean minimal?",
		"elsewhere.yaml":   "topology elsewhere.yaml: there is neither a shipped topology nor a file of that name; known are five-org, four-peer, four-peer-bft, four-peer-raft3, four-peer-raft5, inter-nmi, inter-nmi-5, inter-nmi-bft, inter-nmi-six, minimal, two-peer",
		filepath.Dir(file): "topology " + filepath.Dir(file) + ": the file is no regular file but a folder; put a regular file in its place",
	} {
		if _, err := Load(name); fmt.Sprint(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestEndorsement(t *testing.T) {
	top := Topology{Organisations: []Organisation{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}}
	all := []string{"a", "b", "c", "d"}
	tests := []struct {
		members []string
		policy  string
		n       int
		of      []string
	}{
		{nil, "any", 1, all},
		{nil, "majority", 3, all},
		{nil, "all", 4, all},
		{[]string{"a", "c", "d"}, "majority", 2, []string{"a", "c", "d"}},
		{nil, "2 of [d, a,b]", 2, []string{"d", "a", "b"}},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.members), func(t *testing.T) {
			n, of, err := top.Endorsement(Channel{Members: test.members}, Chaincode{Endorsement: test.policy})
			if n != test.n || !slices.Equal(of, test.of) || err != nil {
				t.Errorf("%s: %d of %v, %v; want %d of %v", test.policy, n, of, err, test.n, test.of)
			}
		})
	}
	_, _, err := top.Endorsement(Channel{Members: []string{"a", "b"}}, Chaincode{Name: "readings", Endorsement: "1 of [c]"})
	if want := `readings.endorsement: "c" is no member of the channel; known are a, b`; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Whatever is read can be built: it validates, and every policy has endorsers.
func FuzzParse(f *testing.F) {
	f.Add(small)
	f.Add(apart)
	for _, n := range Names() {
		src, err := files.ReadFile("library/" + n + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	f.Add(strings.Replace(small, "readings}", "readings, operator: cmi, endorsement: \"1 of [cmi, ptb]\"}", 1))
	f.Add(strings.Replace(small, "readings}", "basic, source: ./basic, collections: [{name: c, members: ptb, required: 1, endorsement: any}]}", 1))
	f.Add(strings.Replace(small, "readings}", "basic, command: [node, server.js], plaintext: true}", 1))
	f.Add(strings.Replace(small, "readings}", "basic, address: \"[::1]:9\", root_cert: ca.pem}", 1))
	f.Fuzz(func(t *testing.T, src string) {
		top, err := Parse("a.yaml", []byte(src))
		if err != nil {
			if wrong, ok := err.(*strictyaml.Error); !ok || wrong.Line < 1 || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v, want an error of one line with its place", err)
			}
			return
		}
		peers := 0
		for _, o := range top.Organisations {
			peers += o.Peers
		}
		if peers > maxNodes || top.Orderers.Count > maxNodes || len(top.Channels) > maxChannels {
			t.Fatalf("%d peers, %d orderers, %d channels", peers, top.Orderers.Count, len(top.Channels))
		}
		if err := top.Validate(); err != nil {
			t.Fatal(err)
		}
		for i, row := range top.Matrix() {
			for j, l := range row {
				known := i != j && top.Distance > 0 && top.Sites[i].Latitude == nil // then a link says it
				if known && l.RoundTrip == 0 {
					t.Fatalf("at distance %v nothing lies between %s and %s", top.Distance, l.Between[0], l.Between[1])
				}
			}
		}
		for i := range top.Orderers.Count {
			if name := fmt.Sprintf("orderer%d", i); top.SiteOf(name) == "" {
				t.Fatalf("%s is at no site", name)
			}
		}
		for _, c := range top.Channels {
			for _, cc := range c.Chaincodes {
				n, of, err := top.Endorsement(c, cc)
				if err != nil || n < 1 || n > len(of) {
					t.Fatalf("%d of %v endorse, %v", n, of, err)
				}
				for _, of := range cc.Collections {
					if len(of.Members) == 0 || of.Required > of.Maximum {
						t.Fatalf("collection %+v", of)
					}
					if n, among, err := top.CollectionEndorsement(c, of); of.Endorsement != "" && (err != nil || n < 1 || n > len(among)) {
						t.Fatalf("%d of %v endorse, %v", n, among, err)
					}
				}
				if !slices.Contains(c.Members, cc.Operator) {
					t.Fatalf("operator %q is none of the members %v", cc.Operator, c.Members)
				}
			}
		}
	})
}

func TestCaps(t *testing.T) {
	text := strings.Replace(small, "channels:", "caps: {peer: {cpus: 0.5, memory: 512MiB}, device: {cpus: 0.1}}\nchannels:", 1)
	got, err := Parse("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Caps{Peer: Cap{CPUs: 0.5, Memory: 512 << 20}, Device: Cap{CPUs: 0.1}}); got.Caps != want {
		t.Errorf("caps differ from what is wanted:\n%s", cmp.Diff(want, got.Caps))
	}
	manifest, err := json.Marshal(got.Caps)
	if want := `{"peer":{"cpus":0.5,"memory_bytes":536870912},"device":{"cpus":0.1}}`; err != nil || string(manifest) != want {
		t.Errorf("got %s, %v, want %s", manifest, err, want)
	}
	got.Caps.Orderer.CPUs = -1 // by a program
	if err := got.Validate(); err == nil || err.Error() != "caps.orderer.cpus: must be 0.01 to 1024 processors" {
		t.Errorf("got %v", err)
	}
}
