package network

import (
	"path/filepath"
	"slices"

	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/internal/storage"
	"meterbench/network/fabric"
)

// watched returns a node as a proc.Sampler takes it.
func (r *Record) watched(n Node) proc.Node {
	node := proc.Node{Name: n.Name, PID: n.PID, Serves: proc.Addresses(n.inner(n.Address))}
	for _, aside := range []string{n.Admin, n.Operations} {
		node.Aside = append(node.Aside, proc.Addresses(n.inner(aside))...)
	}
	if r.sites != nil && n.Site != "" {
		node.Network = r.sites.Namespace(n.Site)
	}
	node.Store = storeOf(n.Role, filepath.Join(r.Dir, nodesDir, n.Name))
	return node
}

// storeOf says what a node keeps where below its folder, nil where it keeps nothing.
func storeOf(role result.Role, dir string) *storage.Layout {
	switch role {
	case result.RolePeer:
		return fabric.PeerStore(dir)
	case result.RoleOrderer:
		return fabric.OrdererStore(dir)
	}
	return nil
}

// Called returns the nodes that the client calls, as a proc.Sampler takes those that run elsewhere, and their roles. Peers that
// are found while it runs are not among them.
func (a *Attached) Called() (nodes []proc.Node, processes []result.Process) {
	add := func(role result.Role, name, address string) {
		if !slices.ContainsFunc(nodes, func(n proc.Node) bool { return n.Name == name }) {
			nodes = append(nodes, proc.Node{Name: name, Serves: proc.Addresses(address)})
			processes = append(processes, result.Process{Role: role, Name: name})
		}
	}
	for _, g := range slices.Concat(a.Gateways, a.Peers) {
		add(result.RolePeer, g.Name, g.Address)
	}
	for _, o := range a.orderers {
		add(result.RoleOrderer, o.Name, o.Address)
	}
	return nodes, processes
}
