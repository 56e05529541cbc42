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
	"meterbench/internal/printable"
	"meterbench/internal/readjson"
)

// A network is what a run stored of one of its networks.
type network struct {
	orderers  []string
	consensus string
	batch     ledger.Batch // where it is not that of each channel
	channels  []networkChannel
}

type networkChannel struct {
	name       string
	peers      []string
	batch      ledger.Batch
	chaincodes []ledger.Chaincode
}

// A census has what a run stored of all its networks.
type census struct {
	name          string // of the first network
	networks      []network
	organisations []ledger.Organisation // of any network, each once
	nodes         []ledger.Node         // likewise

	seen map[string]bool // names of organisations and nodes
	left int             // names that may still be listed
	cut  bool            // there are more
}

// What is listed of a run at most, beyond what meterbench takes of one: a stranger's manifest may promise any number in a few bytes.
const (
	mostListed = 1000 // organisations, nodes and channels
	mostNames  = 100_000
	mostName   = 256 // bytes of a name that is shown
)

// shown returns a name that strangers gave, for a line.
func shown(name string) string { return printable.Cut(name, mostName) }

// censusOf returns the networks of a run. A topology that cannot be read, as that of a stranger, says nothing.
func censusOf(run *result.Run, summary *result.Summary) *census {
	c := &census{seen: map[string]bool{}, left: mostNames}
	topologies := []json.RawMessage{run.Topology}
	if len(run.Sessions) > 0 {
		topologies = nil
		for _, s := range run.Sessions {
			topologies = append(topologies, s.Topology)
		}
	}
	for _, text := range topologies {
		c.networks = append(c.networks, c.read(text, run.Target))
	}
	c.addRoles(summary)
	return c
}

// take returns how many of some names may be listed.
func (c *census) take(names int) int {
	n := max(0, min(names, c.left))
	c.left -= n
	c.cut = c.cut || n < names
	return n
}

// isNew reports whether there is room in a list for what was not listed before.
func (c *census) isNew(name string, listed int) bool {
	switch {
	case c.seen[name]:
		return false
	case listed >= mostListed:
		c.cut = true
		return false
	}
	c.seen[name] = true
	return true
}

func (c *census) organisation(name, msp, site string) {
	if msp = shown(msp); c.isNew("organisation "+msp, len(c.organisations)) {
		c.organisations = append(c.organisations, ledger.Organisation{Name: shown(name), MSP: msp, Site: shown(site)})
	}
}

func (c *census) node(role result.Role, name, organisation string) {
	if name = shown(name); c.isNew("node "+name, len(c.nodes)) {
		c.nodes = append(c.nodes, ledger.Node{Process: result.Process{Role: role, Name: name}, Organisation: shown(organisation)})
	}
}

func (c *census) read(text json.RawMessage, target string) (n network) {
	switch target {
	case result.TargetFabric, result.TargetHeld:
		var t topology.Topology
		if readjson.Unmarshal(text, &t) == nil {
			n = c.own(&t)
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
		n.consensus = shown(string(agreed.Orderers.Consensus))
		for _, id := range agreed.Members {
			c.organisation(id, id, "")
		}
		n.batch = batchOf(agreed.Batch) // the channel's name is with its blocks
	}
	return n
}

// own describes a network of our own.
func (c *census) own(t *topology.Topology) network {
	if c.name == "" {
		c.name = shown(t.Name)
	}
	n := network{consensus: shown(string(t.Orderers.Consensus))}
	peers := map[string][]string{}
	for _, o := range t.Organisations {
		c.organisation(o.Name, topology.MSP(o.Name), o.Site)
		for i := range c.take(o.Peers) {
			name := fmt.Sprintf("peer%d.%s", i, shown(o.Name))
			peers[o.Name] = append(peers[o.Name], name)
			c.node(result.RolePeer, name, o.Name)
		}
	}
	for i := range c.take(max(t.Orderers.Count, len(t.Orderers.Owners))) {
		name := "orderer" + strconv.Itoa(i)
		owner := topology.Ordering
		if i < len(t.Orderers.Owners) {
			owner = t.Orderers.Owners[i]
		}
		n.orderers = append(n.orderers, name)
		c.node(result.RoleOrderer, name, owner)
	}
	c.cut = c.cut || len(t.Channels) > mostListed
	for _, channel := range t.Channels[:min(len(t.Channels), mostListed)] {
		of := networkChannel{name: shown(channel.Name), batch: batchOf(channel.Batch)}
		members := channel.Members
		if len(members) == 0 {
			for _, o := range t.Organisations {
				members = append(members, o.Name)
			}
		}
		var approved []string
		for _, m := range members[:c.take(len(members))] {
			approved = append(approved, shown(topology.MSP(m)))
			of.peers = append(of.peers, peers[m][:c.take(len(peers[m]))]...)
		}
		for _, cc := range channel.Chaincodes {
			of.chaincodes = append(of.chaincodes, ledger.Chaincode{Name: shown(cc.Name), Policy: shown(cc.Endorsement), Approved: approved})
		}
		n.channels = append(n.channels, of)
	}
	return n
}

func batchOf(b topology.Batch) ledger.Batch {
	return ledger.Batch{Timeout: b.Timeout.Seconds(), Count: b.Messages, PreferredBytes: b.PreferredBytes, AbsoluteBytes: b.AbsoluteBytes}
}

// addRoles adds the processes that points name beside peers and orderers, as those of chaincodes.
func (c *census) addRoles(summary *result.Summary) {
	for i := range summary.Points {
		roles := summary.Points[i].Roles
		for _, name := range slices.Sorted(maps.Keys(roles)) {
			if len(c.nodes) >= mostListed {
				c.cut = true
				return
			}
			of := []result.Role{result.RolePeer, result.RoleOrderer, result.RoleChaincode}
			if role := roles[name]; slices.Contains(of, role) && !c.seen["node "+shown(name)] {
				c.node(role, name, c.organisationOf(shown(name)))
			}
		}
	}
}

// organisationOf returns the organisation of the peer after which a process is named, as chaincode.peer0.ptb; empty if there is none.
func (c *census) organisationOf(process string) string {
	for _, other := range c.nodes {
		if strings.HasSuffix(process, "."+other.Name) {
			return other.Organisation
		}
	}
	return ""
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
