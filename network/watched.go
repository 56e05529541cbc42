package network

import (
	"path/filepath"

	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/network/fabric"
)

// watched returns a node as a proc.Sampler takes it.
func (r *Record) watched(n Node) proc.Node {
	node := proc.Node{Name: n.Name, PID: n.PID, Serves: proc.Addresses(n.Address)}
	for _, aside := range []string{n.Admin, n.Operations} {
		node.Aside = append(node.Aside, proc.Addresses(aside)...)
	}
	switch dir := filepath.Join(r.Dir, nodesDir, n.Name); n.Role {
	case result.RolePeer:
		node.Store = fabric.PeerStore(dir)
	case result.RoleOrderer:
		node.Store = fabric.OrdererStore(dir)
	}
	return node
}
