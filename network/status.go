package network

import (
	"context"
	"errors"
	"fmt"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// Status describes a network at one moment.
type Status struct {
	Nodes    []NodeStatus
	Channels []ChannelStatus
}

// NodeStatus describes one process.
type NodeStatus struct {
	Node
	Running bool
	proc.Usage
}

// ChannelStatus describes one channel.
type ChannelStatus struct {
	Name    string
	Leader  string // orderer that leads, empty if none does or it cannot be asked
	Heights []Height
}

// A Height is the number of blocks that a peer has of a channel.
type Height struct {
	Peer   string
	Blocks uint64
}

// Status asks every node how it is. What could be learned is right also when the error names nodes
// that did not answer.
func (r *Record) Status(ctx context.Context) (Status, error) {
	var s Status
	var failed []error
	for _, n := range r.Nodes {
		node := NodeStatus{Node: n}
		usage, err := proc.Process(n.PID)
		switch {
		case err == nil:
			node.Running, node.Usage = true, usage
		case !errors.Is(err, proc.ErrEnded):
			failed = append(failed, fmt.Errorf("%s: %w", n.Name, err))
		}
		s.Nodes = append(s.Nodes, node)
	}

	dialect, err := r.dialect()
	if err != nil {
		return s, err
	}
	var q inquiry
	s.Channels = make([]ChannelStatus, len(r.Channels))
	for i, c := range r.Channels {
		channel := &s.Channels[i]
		channel.Name, channel.Heights = c.Name, make([]Height, len(c.Peers))
		for j, name := range c.Peers {
			channel.Heights[j].Peer = name
			q.ask(ctx, name, func(ctx context.Context) (err error) {
				channel.Heights[j].Blocks, err = r.height(ctx, r.node(name), c.Name)
				return err
			})
		}
	}
	for _, n := range r.Nodes {
		if n.Role != result.RoleOrderer {
			continue
		}
		q.ask(ctx, n.Name, func(ctx context.Context) error {
			f, err := r.families(ctx, n)
			leads := f.leads(dialect.Orderer.Leader)
			q.mu.Lock()
			defer q.mu.Unlock()
			for i := range s.Channels {
				if leads[s.Channels[i].Name] {
					s.Channels[i].Leader = n.Name
				}
			}
			return err
		})
	}
	failed = append(failed, q.wait())
	if err := errors.Join(failed...); err != nil {
		return s, fmt.Errorf("status of network %s: %w", r.Topology.Name, err)
	}
	return s, nil
}

// height asks a peer, as its organisation's administrator, for its height.
func (r *Record) height(ctx context.Context, peer Node, channel string) (uint64, error) {
	ca, credential, err := r.keys(peer.Organisation, fabric.Admins)
	if err != nil {
		return 0, err
	}
	admin, err := fabric.NewAdmin(topology.MSP(peer.Organisation), credential)
	if err != nil {
		return 0, err
	}
	conn, err := client.Connect(peer.Address, peer.Name, ca)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return admin.Height(ctx, conn, channel)
}
