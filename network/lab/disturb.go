package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/network"
)

// nodeActs is the table of what events do to a node.
func nodeActs() map[result.EventKind]func(n *network.Network, node string, e scenario.Event) error {
	return map[result.EventKind]func(*network.Network, string, scenario.Event) error{
		result.EventKill:    func(n *network.Network, node string, _ scenario.Event) error { return n.Kill(node) },
		result.EventStop:    func(n *network.Network, node string, _ scenario.Event) error { return n.Stop(node) },
		result.EventRestart: func(n *network.Network, node string, _ scenario.Event) error { return n.Restart(node) },
		result.EventSlow:    func(n *network.Network, node string, e scenario.Event) error { return n.Slow(node, e.CPUs) },
		result.EventFill: func(n *network.Network, node string, _ scenario.Event) error {
			_, err := n.Fill(node)
			return err
		},
		result.EventHeal: func(n *network.Network, node string, _ scenario.Event) error {
			_, err := n.Heal(node)
			return err
		},
	}
}

// Disturb implements study.Disturber. From the first event on that harms, a channel whose height does not move is no incident:
// how the network came back is what the study measures.
func (s *fabricSite) Disturb(ctx context.Context, e scenario.Event) (done result.Event, err error) {
	own, ok := s.net.(*network.Network)
	if !ok {
		return done, fmt.Errorf("%s: another process holds the network", e.Kind)
	}
	if e.Kind.Harms() {
		s.disturbed.Store(true)
	}
	nodes := e.Nodes
	if e.Leader {
		leader, err := own.Leader(ctx, s.record.Channels[0].Name)
		if err != nil {
			return done, err
		}
		nodes = []string{leader}
	}
	act, ok := nodeActs()[e.Kind]
	if !ok || nodes == nil {
		return done, fmt.Errorf("%s: not possible on this network", e.Kind)
	}
	for _, node := range nodes {
		i := slices.IndexFunc(s.record.Nodes, func(n network.Node) bool { return n.Name == node })
		if i < 0 {
			return done, fmt.Errorf("network %s has no node %s", s.topology.Name, node)
		}
		if err := act(own, node, e); err != nil {
			return done, err
		}
		done.Nodes = append(done.Nodes, result.Process{Role: s.record.Nodes[i].Role, Name: node})
	}
	return done, nil
}

// prepared returns what a network of a topology has to be made with for events to be done to it.
func prepared(t topology.Topology, events []scenario.Event) (slowed, filled []string) {
	for _, e := range events {
		nodes := e.Nodes
		if e.Leader {
			for i := range t.Orderers.Count {
				nodes = append(nodes, fmt.Sprintf("orderer%d", i)) // each may lead by then
			}
		}
		switch e.Right() {
		case scenario.RightCaps:
			slowed = append(slowed, nodes...)
		case scenario.RightMount:
			filled = append(filled, nodes...)
		}
	}
	return unique(slowed), unique(filled)
}

// unique returns names in order, each once.
func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// Settle implements study.Settler: after something was done to the network it waits until that is whole again.
func (s *fabricSite) Settle(ctx context.Context, quiet time.Duration) ([]result.LedgerRead, error) {
	if !s.disturbed.Load() {
		return nil, nil
	}
	return nil, s.record.Whole(ctx, quiet)
}
