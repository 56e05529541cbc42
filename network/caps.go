package network

import (
	"errors"
	"fmt"
	"runtime"

	"meterbench/bench/topology"
	"meterbench/internal/cgroup"
	"meterbench/internal/proc"
	"meterbench/internal/process"
)

// CheckCaps makes sure that this machine and this user can hold processes to a topology's caps,
// those of the device included. It starts nothing; the error says what is missing and what to do.
func CheckCaps(t topology.Topology) error {
	var all topology.Cap
	for role, c := range t.Caps.Each {
		if cores := runtime.NumCPU(); c.CPUs > float64(cores) {
			return fmt.Errorf("topology %s: caps.%s.cpus: a cap of %v processors has no effect: this machine has %d; leave it out", t.Name, role, c.CPUs, cores)
		}
		all.CPUs, all.Memory = max(all.CPUs, c.CPUs), max(all.Memory, c.Memory)
	}
	if all == (topology.Cap{}) {
		return nil
	}
	group, err := newGroup("check", all)
	if err == nil {
		err = group.Close()
	}
	if err != nil {
		return fmt.Errorf("topology %s: caps: %w", t.Name, err)
	}
	return nil
}

// newGroup makes a control group that tells its owner: this process.
func newGroup(node string, c topology.Cap) (*cgroup.Group, error) {
	name, err := process.Mark(node)
	if err != nil {
		return nil, err
	}
	return cgroup.Create(name, c)
}

// enforce lets the CPU quotas come into force. A bring-up on a tenth of a processor would take
// minutes.
func (n *Network) enforce() error {
	for i, group := range n.groups {
		if group == nil {
			continue
		}
		if err := group.Enforce(); err != nil {
			return fmt.Errorf("%s: %w", n.processes[i].Name(), err)
		}
	}
	return nil
}

// Watched returns the network's nodes as a proc.Sampler takes them, in the order of Nodes.
func (n *Network) Watched() []proc.Node {
	var nodes []proc.Node
	for i, p := range n.processes {
		node := proc.Node{Name: p.Name(), PID: p.PID()}
		if group := n.groups[i]; group != nil && group.Cap().CPUs > 0 {
			node.Throttle = group.Throttle
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// closeGroups removes the control groups of nodes that have ended.
func (n *Network) closeGroups() error {
	var failed []error
	for _, group := range n.groups {
		if group != nil {
			failed = append(failed, group.Close())
		}
	}
	return errors.Join(failed...)
}
