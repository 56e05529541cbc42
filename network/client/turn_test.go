package client

import (
	"context"
	"fmt"
	"testing"
)

// Clients of several processes that are in step use all gateways, endorsers and orderers alike at any time, as one client that sends the
// same transactions does, and not one after the other all together.
func TestClientsInStep(t *testing.T) {
	const nodes = 5
	var members []string
	for i := range nodes {
		members = append(members, fmt.Sprint(i))
	}
	for _, processes := range []int{1, 2, 3, 4, 5, 7, 15} {
		takes := map[string][]func() string{}
		for i := range processes {
			cfg := Config{Turn: uint64(i)}
			var peers []*endpoint
			for _, member := range members {
				e := &endpoint{name: member, site: 1, signer: &signer{Identity: Identity{MSP: "same"}}}
				peers = append(peers, e)
			}
			turns := turnsOf(peers, cfg.Turn)
			for _, key := range []turnKey{{}, {"same", 0}, {"", 1}, {"same", 1}} {
				what := fmt.Sprintf("gateways of %v", key)
				takes[what] = append(takes[what], func() string { return turns[key].take().name })
			}
			orderers, err := newOrderers(context.Background(), cfg, newCalls())
			if err != nil {
				t.Fatal(err)
			}
			for _, member := range members {
				orderers.nodes = append(orderers.nodes, &ordererNode{name: member})
			}
			takes["orderers"] = append(takes["orderers"], func() string { return orderers.inTurn()[0].name })
			group := newGroup(cfg.Turn)
			group.peers = peers
			takes["endorsers"] = append(takes["endorsers"], func() string {
				chosen, _ := group.add(nil, 1, func(*endpoint) bool { return true })
				return chosen[0].name
			})
		}
		for what, all := range takes {
			for round := range 2 * nodes {
				used := map[string]int{}
				for _, take := range all {
					used[take()]++
				}
				for node, n := range used {
					if most := (processes + nodes - 1) / nodes; n > most {
						t.Errorf("%d processes, round %d: %d of %s go through %s, more than %d", processes, round, n, what, node, most)
					}
				}
			}
		}
	}
}
