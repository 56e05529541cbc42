package lab

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/network"
)

// Clients stand at the sites that series name, or at all that have peers of the channel; where organisations are the sites, at none.
func TestStanding(t *testing.T) {
	at := func(sites ...string) (all []scenario.Series) {
		for _, site := range sites {
			all = append(all, scenario.Series{Load: scenario.Load{Site: site}})
		}
		return all
	}
	channel := network.Channel{Name: "metrology", Peers: []string{"peer0.ptb", "peer0.inmetro", "peer1.inmetro"}}
	for _, tt := range []struct {
		name, topology string
		series         []scenario.Series
		want           []string
	}{
		{"everywhere", "inter-nmi", at(""), []string{"inmetro", "ptb"}},
		{"at one", "inter-nmi", at("ptb", "ptb"), []string{"ptb"}},
		{"at one of them and everywhere", "inter-nmi", at("ptb", ""), []string{"inmetro", "ptb"}},
		{"organisations", "four-peer", at("ptb", ""), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			of, err := topology.Load(tt.topology)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, standing(of, channel, tt.series)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
