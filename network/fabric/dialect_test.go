package fabric

import (
	"slices"
	"strings"
	"testing"

	"meterbench/bench/topology"
)

// Each consensus that a topology may name has a row, and each row all that is asked for.
func TestConsensusTypes(t *testing.T) {
	if got, want := len(consensusTypes), len(topology.ConsensusTypes()); got != want {
		t.Errorf("%d rows, and topologies may name %d", got, want)
	}
	for _, name := range topology.ConsensusTypes() {
		t.Run(string(name), func(t *testing.T) {
			d, err := DialectOf(topology.Orderers{Consensus: name, Count: 100}, lines[0].Name+".0")
			if err != nil {
				t.Fatal(err)
			}
			if d.Consensus.Name != name || d.Consensus.configure == nil || d.Consensus.timer == nil {
				t.Errorf("row of %q: %+v", d.Consensus.Name, d.Consensus)
			}
			if (d.Orderer.Leader == "") == (d.Orderer.LeaderID == "") || (d.Orderer.View == "") != (d.Orderer.LeaderID == "") {
				t.Errorf("orderers report a leader by %q or %q and %q", d.Orderer.Leader, d.Orderer.LeaderID, d.Orderer.View)
			}
		})
	}
}

// Of every event there is a line, with the groups that are read.
func TestLogLines(t *testing.T) {
	groups := map[Event]string{
		BatchTimer: "channel", BlockCreated: "block channel", ConfigAhead: "channel", BlockReceived: "block channel",
		BlockValidated: "channel block", BlockCommitted: "channel block transactions versions store state",
		BlockAgreed: "block channel", ViewStarted: "block channel",
	}
	lacks := map[topology.Consensus][]Event{topology.Raft: {BlockAgreed, ViewStarted}, topology.BFT: {BatchTimer}}
	for _, line := range lines {
		for name := range line.Orderers {
			t.Run(line.Name+" "+string(name), func(t *testing.T) {
				d, err := DialectOf(topology.Orderers{Consensus: name, Count: 100}, line.Name+".9")
				if err != nil {
					t.Fatal(err)
				}
				got := map[Event]string{}
				for _, l := range d.Log() {
					got[l.Event] = strings.TrimSpace(strings.Join(l.Message.SubexpNames(), " "))
				}
				for event, want := range groups {
					if slices.Contains(lacks[name], event) {
						want = ""
					}
					if got[event] != want {
						t.Errorf("groups of event %d are %q, want %q", event, got[event], want)
					}
				}
			})
		}
	}
}

// Every line says where a peer pulls blocks.
func TestSourceLines(t *testing.T) {
	for _, line := range lines {
		if len(line.Sources) == 0 {
			t.Errorf("line %s has none", line.Name)
		}
		for _, s := range line.Sources {
			if s.Message.SubexpIndex("orderer") < 0 {
				t.Errorf("line %s: %s names no orderer", line.Name, s.Message)
			}
		}
	}
}

func TestDialectOf(t *testing.T) {
	for _, test := range []struct {
		name, consensus string
		orderers        int
		version         string
		line            string // or the error
		known           bool
	}{
		{"default", "raft", 1, "v3.1.1", "3.1", true},
		{"as a topology has it", "raft", 1, "3.1.0", "3.1", true},
		{"long-term support", "raft", 1, "v2.5.9", "2.5", true},
		{"built by oneself", "raft", 1, "v2.5.16-snapshot-a1b2c3d", "2.5", true},
		{"unknown line of a known number", "raft", 1, "v3.0.0", "3.1", false},
		{"older than all", "raft", 1, "2.4.9", "2.5", false},
		{"newer than all", "raft", 3, "v4.0.0", "3.1", false},
		{"like a line", "raft", 1, "v3.10.0", "3.1", false},
		{"no version", "raft", 1, "", "3.1", false},
		{"no number", "raft", 1, "latest", "3.1", false},
		{"unknown consensus", "pow", 1, "v3.1.1", `orderers.consensus: unknown consensus "pow"`, true},
		{"no orderer", "raft", 0, "v3.1.1", "orderers.count: must be 1 to 100, got 0", true},
		{"BFT", "bft", 4, "v3.1.1", "3.1", true},
		{"too few for BFT", "bft", 3, "v3.1.1", "orderers.count: consensus bft takes at least 4 orderers, got 3; ask for 4 to 100, or for consensus: raft", true},
		{"before BFT", "bft", 4, "v2.5.9", "orderers.consensus: Fabric 2.5.9 has no bft consensus", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := DialectOf(topology.Orderers{Consensus: topology.Consensus(test.consensus), Count: test.orderers}, test.version)
			got := d.Line.Name
			if err != nil {
				got = err.Error()
			}
			if got != test.line || d.Known != test.known {
				t.Errorf("got %q, known %t, want %q, %t", got, d.Known, test.line, test.known)
			}
		})
	}
}

// Whatever a daemon says that it is, there is a line for it.
func FuzzLineOf(f *testing.F) {
	for _, version := range []string{"v3.1.1", "2.5.9", "", "latest", "v99999999999999999999.0.0", "3.1", "v3.1.x"} {
		f.Add(version)
	}
	f.Fuzz(func(t *testing.T, version string) {
		line, known := LineOf(version)
		if line.Name == "" || known && !strings.HasPrefix(strings.TrimPrefix(version, "v"), line.Name+".") {
			t.Errorf("%q is of line %q", version, line.Name)
		}
	})
}
