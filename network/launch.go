package network

import (
	"context"
	"fmt"
	"path/filepath"

	"meterbench/bench/topology"
	"meterbench/internal/cgroup"
	"meterbench/internal/process"
	"meterbench/network/fabric"
)

// launch starts every node and watches over it: one that dies ends the start.
func (n *Network) launch(p *plan, cfg Config, abort context.CancelCauseFunc) error {
	logs := n.record.Logs // the record is filled while nodes may die
	nodes := p.nodes(cfg, logs)
	n.died = make(chan error, len(nodes))
	for _, node := range nodes {
		var group *cgroup.Group // nil: no cap
		if node.cap != (topology.Cap{}) {
			var err error
			if group, err = newGroup(node.Name, node.cap); err != nil {
				return fmt.Errorf("%s: %w", node.Name, err)
			}
			node.Env = append(node.Env, group.Cap().Env()...)
			node.Started, node.Explain = group.Add, group.Explain
		}
		n.groups = append(n.groups, group)
		child, err := process.Start(node.Spec)
		if err != nil {
			return err
		}
		n.processes = append(n.processes, child)
		n.watchers.Go(func() {
			<-child.Done()
			if err := child.Err(); err != nil {
				n.died <- describe(err, p.dir, logs, cfg.Logs != "" || cfg.Dir != "")
				abort(err)
			}
		})
	}
	return nil
}

// A nodePlan is a child to start.
type nodePlan struct {
	process.Spec
	cap topology.Cap
}

// nodes are the children that make up a network, in the order of Nodes.
func (p *plan) nodes(cfg Config, logs string) []nodePlan {
	var nodes []nodePlan
	add := func(s process.Spec, c topology.Cap) {
		s.LogPath = filepath.Join(logs, s.Name+".log")
		nodes = append(nodes, nodePlan{s, c})
	}
	caps := p.topology.Caps
	for _, peer := range p.peers {
		add(process.Spec{
			Name: peer.Name, Path: cfg.Binaries.Peer, Args: []string{"node", "start"}, Env: peer.Env(), Dir: peer.Dir,
		}, caps.Peer)
	}
	for _, o := range p.orderers {
		add(process.Spec{Name: o.Name, Path: cfg.Binaries.Orderer, Env: o.Env(), Dir: o.Dir}, caps.Orderer)
	}
	for _, s := range p.services {
		add(process.Spec{Name: s.name, Path: cfg.Executable, Argv0: chaincodeArgv0, Env: s.env(), Dir: s.dir}, caps.Chaincode)
	}
	return nodes
}

// env is the whole environment of a chaincode process.
func (s *servicePlan) env() []string {
	tls := fabric.TLSFiles(s.dir)
	return []string{
		"CHAINCODE_ID=" + s.contract.pkg.ID,
		"CHAINCODE_NAME=" + s.contract.Name,
		"CHAINCODE_SERVER_ADDRESS=" + s.address.String(),
		"CHAINCODE_TLS_CERT_FILE=" + tls.Cert,
		"CHAINCODE_TLS_KEY_FILE=" + tls.Key,
		"CHAINCODE_TLS_CLIENT_CA_FILE=" + tls.CA,
		"METERBENCH_OPERATOR=" + topology.MSP(s.contract.Operator),
	}
}
