package network

import (
	"slices"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/network/fabric/daemons"
)

// Events name processes as a network does.
func TestEventsNameNodes(t *testing.T) {
	for _, name := range topology.Names() {
		t.Run(name, func(t *testing.T) {
			top, err := topology.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			cfg := Config{Binaries: daemons.Binaries{Version: "3.1.1"}, ports: func(n int) ([]int, error) { return make([]int, n), nil }}
			p, err := newPlan(top, t.TempDir(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			var nodes []result.Process
			for _, n := range p.nodes(cfg) {
				nodes = append(nodes, result.Process{Role: n.Role, Name: n.Name})
			}
			if named := scenario.Nodes(top); !slices.Equal(named, nodes) {
				t.Errorf("events name %v, the network has %v", named, nodes)
			}
		})
	}
}
