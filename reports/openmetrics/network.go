package openmetrics

import (
	"context"
	"sync"
	"time"

	"meterbench/bench/result"
)

// Network is the state of a network that is held.
type Network struct {
	Topology, Fabric string
	Nodes            []Node
	Channels         []Channel
}

// Node is a process of the network.
type Node struct {
	result.Process
	Running bool
	Started time.Time // its process, about
	CPU     float64   // seconds since then
	Memory  uint64    // resident, in bytes
}

// Channel is a channel and what its peers have of it. What did not answer is left out.
type Channel struct {
	Name    string
	Leader  string // orderer that leads it; empty: none does, or that is not known
	Heights map[string]uint64
}

// How long one answer of a network stands for all who scrape, and how long one may take.
const (
	networkFresh  = time.Second
	networkAnswer = 5 * time.Second
)

// Network has the state of a network served from now on, for which ask is called when somebody scrapes.
func (m *Metrics) Network(ask func(context.Context) Network) {
	a := &asked{ask: ask}
	m.show(collector(a.emit))
}

// asked is a network with its last answer.
type asked struct {
	ask func(context.Context) Network

	mu    sync.Mutex
	at    time.Time
	last  Network
	since map[string]time.Time // when processes started, as it was served first
}

// answer returns the state of the network, not older than networkFresh. Of several who ask at once one waits for the network.
func (a *asked) answer() Network {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Since(a.at) >= networkFresh {
		ctx, cancel := context.WithTimeout(context.Background(), networkAnswer)
		defer cancel()
		a.last, a.at = a.ask(ctx), time.Now()
		for i := range a.last.Nodes {
			a.settle(&a.last.Nodes[i])
		}
	}
	return a.last
}

// settle keeps what is said of when a process started, which clocks that are set tell a little differently each time.
func (a *asked) settle(node *Node) {
	const other = time.Second // after which it is another process
	before, known := a.since[node.Name]
	if known && node.Started.Sub(before).Abs() < other {
		node.Started = before
		return
	}
	if a.since == nil {
		a.since = map[string]time.Time{}
	}
	a.since[node.Name] = node.Started
}

func (a *asked) emit(to emitter) {
	n := a.answer()
	to.gauge(networkInfo, 1, n.Topology, n.Fabric)
	for _, node := range n.Nodes {
		up := 0.
		if node.Running {
			up = 1
			to.counter(cpu, node.Started, node.CPU, string(node.Role), node.Name)
			to.gauge(memory, float64(node.Memory), string(node.Role), node.Name)
		}
		to.gauge(nodeUp, up, string(node.Role), node.Name)
	}
	for _, c := range n.Channels {
		for peer, blocks := range c.Heights {
			to.gauge(height, float64(blocks), c.Name, peer)
		}
		if c.Leader != "" {
			to.gauge(leader, 1, c.Name, c.Leader)
		}
	}
}
