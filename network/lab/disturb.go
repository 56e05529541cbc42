package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/wan"
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

// linkActs is the table of what events do between sites: one and all others, b being empty, or two.
func linkActs() map[result.EventKind]func(n *network.Network, a, b string, e scenario.Event) error {
	return map[result.EventKind]func(n *network.Network, a, b string, e scenario.Event) error{
		result.EventCut:  func(n *network.Network, a, b string, _ scenario.Event) error { return n.Cut(a, b) },
		result.EventHeal: func(n *network.Network, a, b string, _ scenario.Event) error { return n.HealLink(a, b) },
		result.EventSlow: func(n *network.Network, a, b string, e scenario.Event) error {
			return n.SlowLink(a, b, wan.Link{RoundTrip: e.Delay, Jitter: e.Jitter, Loss: e.Loss, Bandwidth: e.Bandwidth})
		},
	}
}

// Disturb implements study.Disturber. From the first event on that harms, a channel whose height does not move is no incident:
// how the network came back is what the study measures. Nor is it while an organisation joins.
func (s *fabricSite) Disturb(ctx context.Context, e scenario.Event) (done result.Event, err error) {
	own, ok := s.net.(*network.Network)
	if !ok {
		return done, fmt.Errorf("%s: another process holds the network", e.Kind)
	}
	if e.Kind.Harms() {
		s.disturbed.Store(true)
	}
	switch {
	case e.Organisation != "":
		if !s.disturbed.Swap(true) {
			defer s.disturbed.Store(false)
		}
		node, steps, err := own.Join(ctx, e.Organisation, e.From)
		done.Steps = steps
		if err == nil {
			done.Nodes = []result.Process{{Role: node.Role, Name: node.Name}}
		}
		return done, err
	case e.Sites != nil:
		return s.disturbLink(own, e)
	}
	return s.disturbNodes(ctx, own, e)
}

func (s *fabricSite) disturbLink(own *network.Network, e scenario.Event) (done result.Event, err error) {
	act, ok := linkActs()[e.Kind]
	if !ok {
		return done, fmt.Errorf("%s is not for sites", e.Kind)
	}
	a, b := e.Sites[0], ""
	if len(e.Sites) > 1 {
		b = e.Sites[1]
	}
	if err := act(own, a, b, e); err != nil {
		return done, err
	}
	return result.Event{Sites: e.Sites}, nil
}

// disturbNodes does an event to nodes, one after the other. Those it was done to are told also with an error.
func (s *fabricSite) disturbNodes(ctx context.Context, own *network.Network, e scenario.Event) (done result.Event, err error) {
	act, ok := nodeActs()[e.Kind]
	if !ok {
		return done, fmt.Errorf("%s is not for nodes", e.Kind)
	}
	nodes := e.Nodes
	if e.Leader && nodes == nil {
		leader, err := own.Leader(ctx, s.record.Channels[0].Name)
		if err != nil {
			return done, err
		}
		nodes = []string{leader}
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

// prepare says in the configuration of a network of a topology what it has to be made with for events to be done to it.
func prepare(cfg *network.Config, t topology.Topology, events []scenario.Event) {
	for _, e := range events {
		if e.Organisation != "" {
			cfg.Joining = unique(append(cfg.Joining, e.Organisation))
		}
		nodes := e.Nodes
		if e.Leader {
			for i := range t.Orderers.Count {
				nodes = append(nodes, fmt.Sprintf("orderer%d", i)) // each may lead by then
			}
		}
		switch e.Right() {
		case scenario.RightCaps:
			cfg.Slowed = unique(append(cfg.Slowed, nodes...))
		case scenario.RightMount:
			cfg.Filled = unique(append(cfg.Filled, nodes...))
		case scenario.RightEmulation:
			cfg.Emulate = true
		}
	}
}

// unique returns names in order, each once.
func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// checkRights refuses events that cannot be done on this machine.
func (p *Plan) checkRights() error {
	checks := map[scenario.Right]func() error{
		scenario.RightCaps: network.CheckSlow, scenario.RightMount: network.CheckFill, scenario.RightEmulation: wan.Check,
	}
	for _, one := range study.PlannedSessions(p.Scenario) {
		for _, e := range one.Events {
			check := checks[e.Right()]
			if check == nil {
				continue
			}
			delete(checks, e.Right()) // once
			if err := check(); err != nil {
				i := slices.IndexFunc(p.Scenario.Series, func(s scenario.Series) bool { return s.Name == one.Levels[0].Series })
				return p.Scenario.RefuseEvents(p.Scenario.Series[i], "or leave the event out", "%s %s: %v", e.Kind, e.Asked(), err)
			}
		}
	}
	return nil
}

// Settle implements study.Settler: after something was done to the network it waits until that is whole again. Where it is not in
// time, as with a node that could not be restarted, the longest ledger among those that can be read has to do.
func (s *fabricSite) Settle(ctx context.Context, quiet time.Duration) ([]result.LedgerRead, error) {
	own, ok := s.net.(*network.Network)
	if ok && s.disturbed.Load() && own.Whole(ctx, quiet) == nil {
		quiet = 0
	}
	return s.ledger.Settle(ctx, quiet)
}
