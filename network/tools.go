package network

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/fabric"
)

// Access says where the files are by which tools act in the name of an organisation's users.
type Access struct {
	Organisation string     `json:"organisation"`
	MSP          string     `json:"msp"`               // id
	TLSCA        string     `json:"tls_ca"`            // certificate that vouches for the organisation's nodes
	Profile      string     `json:"profile,omitempty"` // common connection profile, of organisations with peers
	User         Credential `json:"user"`              // a client
	Admin        Credential `json:"admin"`             // the administrator
}

// Credential says where a user's certificates and keys are.
type Credential struct {
	MSP     string `json:"msp_dir"` // folder, as Fabric's peer command line takes it
	Cert    string `json:"cert"`
	Key     string `json:"key"`
	TLSCert string `json:"tls_cert"` // by which connections authenticate, operations endpoints among them
	TLSKey  string `json:"tls_key"`
}

// Access returns the files of an organisation of the network, topology.Ordering among them.
func (r *Record) Access(organisation string) Access {
	dir := organisationDir(r.Dir, organisation)
	credential := func(user, tls string) Credential {
		file := func(name string) string { return filepath.Join(dir, name) }
		return Credential{
			MSP:  fabric.UserMSP(dir, user),
			Cert: file(user + ".crt"), Key: file(user + ".key"), TLSCert: file(tls + ".crt"), TLSKey: file(tls + ".key"),
		}
	}
	a := Access{
		Organisation: organisation, MSP: topology.MSP(organisation), TLSCA: filepath.Join(dir, fabric.TLSCAFile),
		User: credential(fabric.User, fabric.UsersTLS), Admin: credential(fabric.Admins, fabric.AdminsTLS),
	}
	if organisation != topology.Ordering { // which has no peers
		a.Profile = r.profilePath(organisation)
	}
	return a
}

// Organisations returns the access of every organisation with peers, and of the orderers' where they have one of their own.
func (r *Record) Organisations() []Access {
	var all []Access
	for _, o := range r.Topology.Organisations {
		all = append(all, r.Access(o.Name))
	}
	if len(r.Topology.Orderers.Owners) == 0 {
		all = append(all, r.Access(topology.Ordering))
	}
	return all
}

// A Variable is one of an environment.
type Variable struct{ Name, Value string }

// Environment returns what Fabric's peer command line reads to act as the administrator of a peer's organisation at that
// peer; peer is a name, or empty for the first one's. Further variables hold the orderer that its commands name, the leader where one is known, the
// channel and the contract, and the addresses of all nodes.
func (r *Record) Environment(ctx context.Context, peer string) ([]Variable, error) {
	i := slices.IndexFunc(r.Nodes, func(n Node) bool { return n.Role == result.RolePeer && (peer == "" || n.Name == peer) })
	orderer := slices.IndexFunc(r.Nodes, func(n Node) bool { return n.Role == result.RoleOrderer })
	if i < 0 || orderer < 0 {
		return nil, fmt.Errorf("network %s has no peer %s", r.Topology.Name, peer)
	}
	at, access := r.Nodes[i], r.Access(r.Nodes[i].Organisation)
	joined := slices.IndexFunc(r.Channels, func(c Channel) bool { return slices.Contains(c.Peers, at.Name) })
	if joined >= 0 && len(r.orderers()) > 1 {
		leaders, _ := r.Leaders(ctx) // where none is known, the first orderer must do
		for _, l := range leaders {
			if k := slices.IndexFunc(r.Nodes, func(n Node) bool { return n.Name == l.Orderer }); l.Channel == r.Channels[joined].Name && k >= 0 {
				orderer = k
			}
		}
	}
	all := []Variable{
		{"FABRIC_CFG_PATH", r.Config},
		{"FABRIC_LOGGING_SPEC", "info:grpc=error"}, // a command logs dozens of lines about its connections
		{"CORE_PEER_ADDRESS", at.Address},
		{"CORE_PEER_LOCALMSPID", access.MSP},
		{"CORE_PEER_MSPCONFIGPATH", access.Admin.MSP},
		{"CORE_PEER_TLS_ENABLED", "true"},
		{"CORE_PEER_TLS_ROOTCERT_FILE", access.TLSCA},
		{"CORE_PEER_TLS_CLIENTAUTHREQUIRED", "true"},
		{"CORE_PEER_TLS_CLIENTCERT_FILE", access.Admin.TLSCert},
		{"CORE_PEER_TLS_CLIENTKEY_FILE", access.Admin.TLSKey},
		{"ORDERER_ADDRESS", r.Nodes[orderer].Address},
		{"ORDERER_CA", r.Access(r.Nodes[orderer].Organisation).TLSCA},
		{"CONNECTION_PROFILE", access.Profile},
	}
	if joined >= 0 {
		all = append(all, Variable{"CHANNEL_NAME", r.Channels[joined].Name})
		for _, cc := range r.Channels[joined].Chaincodes[:min(1, len(r.Channels[joined].Chaincodes))] {
			all = append(all, Variable{"CHAINCODE_NAME", cc.Name})
		}
	}
	for _, n := range r.Nodes {
		for _, port := range []Variable{{"ADDRESS", n.Address}, {"ADMIN", n.Admin}, {"OPERATIONS", n.Operations}} {
			if port.Value != "" {
				all = append(all, Variable{variableName(n.Name) + "_" + port.Name, port.Value})
			}
		}
	}
	return all, nil
}

// variableName returns a node's name as it may stand in a variable's: whatever a record calls a node, a shell reads a name.
func variableName(node string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(node))
	if name != "" && name[0] <= '9' {
		return "_" + name
	}
	return name
}

// Endorsers returns peers that satisfy a contract's endorsement policy: the first of each of as many organisations as
// must endorse.
func (r *Record) Endorsers(channel Channel, contract string) ([]Node, error) {
	i := slices.IndexFunc(r.Topology.Channels, func(c topology.Channel) bool { return c.Name == channel.Name })
	if i < 0 {
		return nil, fmt.Errorf("network %s has no channel %s", r.Topology.Name, channel.Name)
	}
	of := r.Topology.Channels[i]
	j := slices.IndexFunc(of.Chaincodes, func(cc topology.Chaincode) bool { return cc.Name == contract })
	if j < 0 {
		return nil, fmt.Errorf("channel %s has no contract %s", channel.Name, contract)
	}
	least, organisations, err := r.Topology.Endorsement(of, of.Chaincodes[j])
	if err != nil {
		return nil, err
	}
	var peers []Node
	for _, o := range organisations[:least] {
		k := slices.IndexFunc(channel.Peers, func(name string) bool { return r.node(name).Organisation == o })
		if k < 0 {
			return nil, fmt.Errorf("channel %s has no peer of %s", channel.Name, o)
		}
		peers = append(peers, r.node(channel.Peers[k]))
	}
	return peers, nil
}
