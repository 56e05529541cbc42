package fabric

import (
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
			d, err := DialectOf(topology.Orderers{Consensus: name, Count: 100}, releases[0].Line+".0")
			if err != nil {
				t.Fatal(err)
			}
			if d.Consensus.Name != name || d.Consensus.Fewest < 1 || d.Consensus.configure == nil {
				t.Errorf("row of %q needs %d orderers", d.Consensus.Name, d.Consensus.Fewest)
			}
			if d.Orderer.Leader == "" || d.Orderer.Debug == "" {
				t.Errorf("orderers report a leader by %q and debug %q", d.Orderer.Leader, d.Orderer.Debug)
			}
		})
	}
}

// Of every event there is a line, with the groups that are read.
func TestLogLines(t *testing.T) {
	groups := map[Event]string{
		BatchTimer: "channel", BlockCreated: "block channel", ConfigAhead: "channel", BlockReceived: "block channel",
		BlockValidated: "channel block", BlockCommitted: "channel block transactions versions store state",
	}
	for _, r := range releases {
		for name := range r.Orderers {
			t.Run(r.Line+" "+string(name), func(t *testing.T) {
				d, err := DialectOf(topology.Orderers{Consensus: name, Count: 100}, r.Line+".9")
				if err != nil {
					t.Fatal(err)
				}
				got := map[Event]string{}
				for _, l := range d.Log() {
					got[l.Event] = strings.TrimSpace(strings.Join(l.Message.SubexpNames(), " "))
				}
				for event, want := range groups {
					if got[event] != want {
						t.Errorf("groups of event %d are %q, want %q", event, got[event], want)
					}
				}
			})
		}
	}
}

func TestDialectOf(t *testing.T) {
	for _, test := range []struct {
		name, consensus string
		orderers        int
		version         string
		want            string // line of the release, or the error
	}{
		{"pinned", "raft", 1, "v3.1.1", "v3.1"},
		{"unknown line", "raft", 3, "v4.0.0", "v3.1"},
		{"like a line", "raft", 1, "v3.10.0", "v3.1"},
		{"no version", "raft", 1, "", "v3.1"},
		{"unknown consensus", "pow", 1, "v3.1.1", `unknown consensus "pow"`},
		{"no orderer", "raft", 0, "v3.1.1", "consensus raft needs at least 1 orderers, got 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := DialectOf(topology.Orderers{Consensus: topology.Consensus(test.consensus), Count: test.orderers}, test.version)
			got := d.Release.Line
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
