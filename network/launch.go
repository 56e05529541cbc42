package network

import (
	"context"
	"fmt"
	"path/filepath"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/cgroup"
	"meterbench/internal/process"
	"meterbench/network/fabric"
)

// launch starts every node and watches over it: one that dies ends the start.
func (n *Network) launch(p *plan, cfg Config, abort context.CancelCauseFunc) error {
	nodes := p.nodes(cfg)
	logs := n.record.Logs // nodes may die while the record is written
	n.died = make(chan error, len(nodes))
	for _, node := range nodes {
		spec := node.spec
		spec.Name, spec.LogPath = node.Name, filepath.Join(logs, node.Name+".log")
		var group *cgroup.Group // nil: no cap
		if node.cap != (topology.Cap{}) {
			var err error
			if group, err = newGroup(node.Name, node.cap); err != nil {
				return fmt.Errorf("%s: %w", node.Name, err)
			}
			spec.Env = append(spec.Env, group.Cap().Env()...)
			spec.Started, spec.Explain = group.Add, group.Explain
		}
		n.groups = append(n.groups, group)
		child, err := process.Start(spec)
		if err != nil {
			return err
		}
		n.processes = append(n.processes, child)
		node.PID, node.Log = child.PID(), child.LogPath()
		n.record.Nodes = append(n.record.Nodes, node.Node)
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

// nodePlan is a child to start.
type nodePlan struct {
	Node              // without PID and log
	spec process.Spec // without name and log
	cap  topology.Cap
}

// nodes are the children that make up a network, in the order of Nodes.
func (p *plan) nodes(cfg Config) (nodes []nodePlan) {
	for _, peer := range p.peers {
		nodes = append(nodes, nodePlan{
			Node{Name: peer.Name, Role: result.RolePeer, Organisation: peer.organisation, Address: peer.Address.String(), Operations: peer.Operations.String()},
			process.Spec{Path: cfg.Binaries.Peer, Args: []string{"node", "start"}, Env: peer.Env(), Dir: peer.Dir},
			p.topology.Caps.Peer,
		})
	}
	for _, o := range p.orderers {
		nodes = append(nodes, nodePlan{
			Node{Name: o.Name, Role: result.RoleOrderer, Organisation: topology.Ordering, Address: o.Address.String(), Operations: o.Operations.String()},
			process.Spec{Path: cfg.Binaries.Orderer, Env: o.Env(), Dir: o.Dir},
			p.topology.Caps.Orderer,
		})
	}
	for _, s := range p.services {
		nodes = append(nodes, nodePlan{
			Node{Name: s.name, Role: result.RoleChaincode, Organisation: s.peer.organisation, Address: s.address.String()},
			process.Spec{Path: cfg.Executable, Argv0: chaincodeArgv0, Env: s.env(), Dir: s.dir},
			p.topology.Caps.Chaincode,
		})
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
