package openmetrics

import (
	"context"
	"strings"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/proc"
)

// Names that others chose, whatever they hold, also two that become the same, are values of labels and nothing else: what is served
// can be read, and all else is in it.
func TestHostileLabels(t *testing.T) {
	const hostile = "x\"} 1\n# EOF\nup{a=\"\\\x1b[31m\u202e\u2028\xff\xfe"
	long := strings.Repeat("ä\"\\\n", 1<<13)
	for _, name := range []string{hostile, long, "", "\xff", "\\", `\n`, "{}"} {
		m := New(map[string]string{"meterbench": name, "revision": name, "go": name})
		s := m.Study(Run{Scenario: name, ID: name, Started: time.Unix(1, 0)})
		s.Network(study.Facts{Target: name, Conditions: result.Conditions{Topology: name}, Processes: []result.Process{{Role: result.Role(name), Name: name}}})
		s.Live(study.Live{Series: name, Level: 1, Levels: 2, Now: bench.Live{Offered: 12.5},
			Usage:  proc.Snapshot{CPU: map[string]float64{name: 1, name + "\xfe": 2, name + "\xff": 3}, RSS: map[string]uint64{name: 4}, Elsewhere: map[string]float64{name: 5}},
			Blocks: []study.Block{{Channel: name, Transactions: 1}, {Channel: name + "\xfe", Transactions: 2}, {Channel: name + "\xff", Transactions: 3}}})
		s.Event(result.Event{Kind: result.EventKind(name)}, false)
		see := s.Records(name, 0, time.Second)
		r := committed(1, time.Millisecond)
		see(&r)
		network := New(versions)
		network.Network(func(context.Context) Network {
			node := Node{Process: result.Process{Role: result.RolePeer, Name: name}, Running: true}
			return Network{Topology: name, Fabric: name, Nodes: []Node{node, node}, Channels: []Channel{{Name: name, Leader: name, Heights: map[string]uint64{name: 1}}}}
		})
		for what, one := range map[string]*Metrics{"meterbench_offered_transactions_per_second 12.5": m, "meterbench_node_up{": network} {
			got := scrape(t, one, openMetrics)
			if !strings.HasSuffix(got, "\n# EOF\n") || strings.Count(got, "\n# EOF\n") != 1 || !strings.Contains(got, "\n"+what) {
				t.Errorf("of %.80q: %d bytes, without %s", name, len(got), what)
			}
			for _, line := range strings.Split(got, "\n") {
				if line != "" && !strings.HasPrefix(line, "meterbench_") && !strings.HasPrefix(line, "# ") {
					t.Fatalf("of %.80q: the line %.80q", name, line)
				}
			}
			if len(name) < 1000 && name != "" {
				promtool(t, scrape(t, one, ""))
			}
			scrape(t, one, protobuf)
		}
	}
}
