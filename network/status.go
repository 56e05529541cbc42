package network

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network/fabric"
)

// statusTimeout bounds how long one node may take to answer.
const statusTimeout = 5 * time.Second

// A Status is how a network is at one moment.
type Status struct {
	Nodes    []NodeStatus
	Channels []ChannelStatus
}

// A NodeStatus is how one process is.
type NodeStatus struct {
	Node
	Running bool
	proc.Usage
}

// A ChannelStatus is how far a channel is.
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

// Status asks every node how it is. What could be learned is right also when
// the error names nodes that did not answer.
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

	var asking sync.WaitGroup
	var mu sync.Mutex
	ask := func(node string, question func(context.Context) error) {
		asking.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, statusTimeout)
			defer cancel()
			if err := question(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, fmt.Errorf("%s: %w", node, err))
			}
		})
	}
	s.Channels = make([]ChannelStatus, len(r.Channels))
	for i, c := range r.Channels {
		channel := &s.Channels[i]
		channel.Name, channel.Heights = c.Name, make([]Height, len(c.Peers))
		for j, name := range c.Peers {
			channel.Heights[j].Peer = name
			ask(name, func(ctx context.Context) (err error) {
				channel.Heights[j].Blocks, err = r.height(ctx, r.node(name), c.Name)
				return err
			})
		}
	}
	for _, n := range r.Nodes {
		if n.Kind != KindOrderer {
			continue
		}
		ask(n.Name, func(ctx context.Context) error {
			leads, err := r.leads(ctx, n)
			mu.Lock()
			defer mu.Unlock()
			for i := range s.Channels {
				if leads[s.Channels[i].Name] {
					s.Channels[i].Leader = n.Name
				}
			}
			return err
		})
	}
	asking.Wait()
	if err := errors.Join(failed...); err != nil {
		return s, fmt.Errorf("status of network %s: %w", r.Topology.Name, err)
	}
	return s, nil
}

// height asks a peer, as its organisation's administrator, for its height.
func (r *Record) height(ctx context.Context, peer Node, channel string) (uint64, error) {
	dir := organisationDir(r.Dir, peer.Organisation)
	credential, err := readCredential(dir, adminCert, adminKey)
	if err != nil {
		return 0, err
	}
	admin, err := fabric.NewAdmin(topology.MSP(peer.Organisation), credential)
	if err != nil {
		return 0, err
	}
	ca, err := os.ReadFile(filepath.Join(dir, tlsCAFile))
	if err != nil {
		return 0, err
	}
	conn, err := dial(peer.Address, ca)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return admin.Height(ctx, conn, channel)
}

// leaderMetric is 1 at the orderer that leads the channel of its label.
const leaderMetric = "consensus_etcdraft_is_leader"

// leads asks an orderer's metrics which channels it leads.
func (r *Record) leads(ctx context.Context, orderer Node) (leads map[string]bool, err error) {
	err = r.metrics(ctx, orderer, func(text io.Reader) (err error) {
		leads, err = parseLeads(text)
		return err
	})
	return leads, err
}

// parseLeads reads Prometheus's text format.
func parseLeads(metrics io.Reader) (map[string]bool, error) {
	leads := map[string]bool{}
	lines := bufio.NewScanner(metrics)
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), leaderMetric+`{channel="`)
		if !ok {
			continue
		}
		if channel, value, ok := strings.Cut(rest, `"}`); ok {
			leads[channel] = strings.TrimSpace(value) == "1"
		}
	}
	return leads, lines.Err()
}
