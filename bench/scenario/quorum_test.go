package scenario_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/scenario"
	"meterbench/bench/topology"
)

// So many orderers are left after each event.
func TestOrderersLeft(t *testing.T) {
	for _, c := range []struct {
		name, topology string
		events         []string
		want           []int
	}{
		{"nodes", "five-org", []string{"{at: 1s, kill: orderer0}", "{at: 2s, stop: orderer2}", "{at: 3s, heal: orderer2}", "{at: 4s, restart: orderer0}"}, []int{2, 1, 2, 3}},
		{"leader", "five-org", []string{"{at: 1s, stop: {orderer: leader}}", "{at: 2s, kill: orderer1}", "{at: 3s, heal: {orderer: leader}}"}, []int{2, 2, 2}},
		{"peers", "five-org", []string{"{at: 1s, kill: peer0.ptb}", "{at: 2s, slow: orderer0, cpus: 0.1}"}, []int{3, 3}},
		{"full", "five-org", []string{"{at: 1s, fill: orderer0}", "{at: 2s, heal: orderer0}", "{at: 3s, restart: orderer0}"}, []int{2, 3, 3}},
		{"leader full", "five-org", []string{"{at: 1s, fill: {orderer: leader}}", "{at: 2s, heal: {orderer: leader}}"}, []int{2, 3}},
		{"leaders", "five-org", []string{"{at: 1s, kill: {orderer: leader}}", "{at: 16s, stop: {orderer: leader}}", "{at: 17s, heal: {orderer: leader}}", "{at: 18s, restart: {orderer: leader}}"}, []int{2, 1, 2, 3}},
		{"full and not healed", "five-org", []string{"{at: 1s, fill: orderer0}", "{at: 2s, restart: orderer0}"}, []int{2, 2}},
		{"the leader by name, too", "five-org", []string{"{at: 1s, stop: {orderer: leader}}", "{at: 2s, kill: orderer1}"}, []int{2, 2}},
		{"another one by name", "five-org", []string{"{at: 1s, kill: orderer1}", "{at: 2s, stop: {orderer: leader}}"}, []int{2, 1}},
		{"back by name", "five-org", []string{"{at: 1s, stop: {orderer: leader}}", "{at: 2s, kill: orderer1}", "{at: 3s, restart: orderer1}"}, []int{2, 2, 3}},
		{"back as the leader", "five-org", []string{"{at: 1s, stop: {orderer: leader}}", "{at: 2s, kill: orderer1}", "{at: 3s, restart: {orderer: leader}}"}, []int{2, 2, 3}},
		{"two leaders by name, too", "inter-nmi-bft", []string{"{at: 1s, stop: {orderer: leader}}", "{at: 2s, stop: {orderer: leader}}", "{at: 3s, kill: orderer1}", "{at: 4s, kill: orderer2}", "{at: 5s, kill: orderer3}"}, []int{4, 3, 3, 3, 2}},
		{"sites", "inter-nmi", []string{"{at: 1s, cut: cmi}", "{at: 2s, cut: ptb}", "{at: 3s, cut: [nmij, inmetro]}", "{at: 4s, heal: ptb}"}, []int{3, 2, 1, 3}},
		{"site and node", "inter-nmi-bft", []string{"{at: 1s, cut: ptb}", "{at: 2s, kill: orderer4}"}, []int{4, 3}},
		{"one site", "five-org", []string{"{at: 1s, cut: ordering}"}, []int{3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := readEvents(t, func(text string) string { return strings.Replace(text, "five-org", c.topology, 1) }, c.events...)
			if err != nil {
				t.Fatal(err)
			}
			on, err := topology.Load(c.topology)
			if err != nil {
				t.Fatal(err)
			}
			series := s.Series[0]
			if diff := cmp.Diff(c.want, scenario.OrderersLeft(on, series.Events.Events)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
