package folder

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/readjson"
)

// A network is what a run stored of one of its networks.
type network struct {
	name          string
	organisations []ledger.Organisation
	nodes         []ledger.Node
	orderers      []string
	consensus     string
	batch         ledger.Batch // where it is not that of each channel
	channels      []networkChannel
}

type networkChannel struct {
	name       string
	peers      []string
	batch      ledger.Batch
	chaincodes []ledger.Chaincode
}

// most bounds the nodes and channels that are listed of a topology: beyond what meterbench takes of one.
const most = 1000

// networksOf returns the networks of a run. A topology that cannot be read, as that of a stranger, says nothing.
func networksOf(run *result.Run, summary *result.Summary) (all []network) {
	topologies := []json.RawMessage{run.Topology}
	if len(run.Sessions) > 0 {
		topologies = nil
		for _, s := range run.Sessions {
			topologies = append(topologies, s.Topology)
		}
	}
	for _, text := range topologies {
		n := read(text, run.Target)
		n.addRoles(summary)
		all = append(all, n)
	}
	return all
}

func read(text json.RawMessage, target string) (n network) {
	switch target {
	case result.TargetFabric, result.TargetHeld:
		var t topology.Topology
		if readjson.Unmarshal(text, &t) == nil {
			n = own(&t)
		}
	case result.TargetAttached:
		var agreed struct {
			Members  []string
			Orderers topology.Orderers
			Batch    topology.Batch
		}
		if readjson.Unmarshal(text, &agreed) != nil {
			return n
		}
		n.consensus = string(agreed.Orderers.Consensus)
		for _, id := range agreed.Members[:min(len(agreed.Members), most)] {
			n.organisations = append(n.organisations, ledger.Organisation{Name: id, MSP: id})
		}
		n.batch = batchOf(agreed.Batch) // the channel's name is with its blocks
	}
	return n
}

// own describes a network of our own.
func own(t *topology.Topology) network {
	n := network{name: t.Name, consensus: string(t.Orderers.Consensus)}
	node := func(role result.Role, name, organisation string) {
		if len(n.nodes) < most {
			n.nodes = append(n.nodes, ledger.Node{Process: result.Process{Role: role, Name: name}, Organisation: organisation})
		}
	}
	peers := map[string][]string{}
	for _, o := range t.Organisations[:min(len(t.Organisations), most)] {
		n.organisations = append(n.organisations, ledger.Organisation{Name: o.Name, MSP: topology.MSP(o.Name), Site: o.Site})
		for i := range min(o.Peers, most) {
			name := fmt.Sprintf("peer%d.%s", i, o.Name)
			peers[o.Name] = append(peers[o.Name], name)
			node(result.RolePeer, name, o.Name)
		}
	}
	for i := range min(max(t.Orderers.Count, len(t.Orderers.Owners)), most) {
		name := "orderer" + strconv.Itoa(i)
		owner := topology.Ordering
		if i < len(t.Orderers.Owners) {
			owner = t.Orderers.Owners[i]
		}
		n.orderers = append(n.orderers, name)
		node(result.RoleOrderer, name, owner)
	}
	for _, c := range t.Channels[:min(len(t.Channels), most)] {
		of := networkChannel{name: c.Name, batch: batchOf(c.Batch)}
		members := c.Members
		if len(members) == 0 {
			for _, o := range t.Organisations {
				members = append(members, o.Name)
			}
		}
		var approved []string
		for _, m := range members {
			approved = append(approved, topology.MSP(m))
			of.peers = append(of.peers, peers[m]...)
		}
		for _, cc := range c.Chaincodes {
			of.chaincodes = append(of.chaincodes, ledger.Chaincode{Name: cc.Name, Policy: cc.Endorsement, Approved: approved})
		}
		n.channels = append(n.channels, of)
	}
	return n
}

func batchOf(b topology.Batch) ledger.Batch {
	return ledger.Batch{Timeout: b.Timeout.Seconds(), Count: b.Messages, PreferredBytes: b.PreferredBytes, AbsoluteBytes: b.AbsoluteBytes}
}

// addRoles adds the processes that points name beside peers and orderers, as those of chaincodes.
func (n *network) addRoles(summary *result.Summary) {
	for i := range summary.Points {
		roles := summary.Points[i].Roles
		for _, name := range slices.Sorted(maps.Keys(roles)) {
			role := roles[name]
			known := slices.ContainsFunc(n.nodes, func(other ledger.Node) bool { return other.Name == name })
			if known || len(n.nodes) >= most || !slices.Contains([]result.Role{result.RolePeer, result.RoleOrderer, result.RoleChaincode}, role) {
				continue
			}
			n.nodes = append(n.nodes, ledger.Node{Process: result.Process{Role: role, Name: name}, Organisation: n.organisationOf(name)})
		}
	}
}

// organisationOf returns the organisation of the peer after which a process is named, as chaincode.peer0.ptb; empty if there is none.
func (n *network) organisationOf(process string) string {
	for _, other := range n.nodes {
		if strings.HasSuffix(process, "."+other.Name) {
			return other.Organisation
		}
	}
	return ""
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
