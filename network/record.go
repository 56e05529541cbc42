package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/network/wan"
)

// recordFile lies in the run folder of a network that is ready.
const recordFile = topology.RecordFile

// Record describes a running network. It lies in the run folder as network.json, so that other processes find
// the nodes.
type Record struct {
	Topology topology.Topology `json:"topology"`
	Fabric   string            `json:"fabric"`                   // release of the daemons, for example v3.1.1
	Dir      string            `json:"dir"`                      // run folder, absolute
	Logs     string            `json:"logs"`                     // folder of the nodes' logs, absolute
	Profile  string            `json:"profile"`                  // connection profile of the first organisation; those of the others lie beside it
	Peer     string            `json:"peer"`                     // program, for its command line
	Config   string            `json:"config"`                   // folder with core.yaml and orderer.yaml, for FABRIC_CFG_PATH
	Started  time.Time         `json:"started"`                  // when it became ready
	Held     bool              `json:"held"`                     // for other tools, which may end it
	Holder   int               `json:"holder"`                   // pid of the process whose children the nodes are
	Since    uint64            `json:"holder_started,omitempty"` // clock ticks after boot at which it started
	Nodes    []Node            `json:"nodes"`                    // peers, orderers, chaincodes, the emulation of distances
	Channels []Channel         `json:"channels"`
	// Namespaces are the networks of the sites that are apart, in the order of Topology.AllSites, as open files of the emulation.
	Namespaces []int `json:"namespaces,omitempty"`

	sites *wan.Sites // entered by this process; nil: it may not, or they are not apart
}

// Node is one process of a network.
type Node struct {
	Name         string      `json:"name"` // peer0.ptb, orderer0, chaincode.peer0.ptb
	Role         result.Role `json:"kind"`
	Organisation string      `json:"organisation"`
	PID          int         `json:"pid"`                  // of its first process: Restart starts others
	Address      string      `json:"address,omitempty"`    // host:port where it serves
	Admin        string      `json:"admin,omitempty"`      // host:port of an orderer's channel participation, over mutual TLS
	Operations   string      `json:"operations,omitempty"` // host:port of its metrics, over mutual TLS
	Log          string      `json:"log"`                  // path
	Site         string      `json:"site,omitempty"`       // where it stands
	Host         string      `json:"host,omitempty"`       // IP address there, with the same ports, where sites are apart; else empty
}

// A Channel is a channel with its members written out.
type Channel struct {
	Name       string      `json:"name"`
	Members    []string    `json:"members"` // organisations
	Peers      []string    `json:"peers"`   // names of the peers that have joined, in the order of the members
	Chaincodes []Chaincode `json:"chaincodes"`
}

// A Chaincode is a contract on a channel with its operator written out.
type Chaincode struct {
	Name     string `json:"name"`
	Operator string `json:"operator"` // organisation
}

// fill records a network whose nodes are recorded.
func (r *Record) fill(p *plan, cfg Config) {
	r.Topology, r.Fabric, r.Started, r.Holder, r.Held = p.topology, cfg.Binaries.Version, time.Now(), os.Getpid(), cfg.Held
	r.Peer, r.Config = cfg.Binaries.Peer, cfg.Binaries.ConfigDir
	if self, err := proc.Self(); err == nil { // without it the lock still tells
		r.Since = self.Started
	}
	for _, c := range p.channels {
		channel := Channel{Name: c.Name, Members: c.Members}
		for _, peer := range c.peers {
			channel.Peers = append(channel.Peers, peer.Name)
		}
		for _, contract := range c.contracts {
			channel.Chaincodes = append(channel.Chaincodes, Chaincode{contract.Name, contract.Operator})
		}
		r.Channels = append(r.Channels, channel)
	}
}

// write stores the record in the run folder in one step. The file that it returns is locked: as long as it is
// open, the network has a holder.
func (r *Record) write() (*os.File, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", recordFile, err)
	}
	path := filepath.Join(r.Dir, recordFile)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", recordFile, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", recordFile, err), f.Close())
	}
	return f, nil
}

// dialect returns how the network's daemons are set and what they report.
func (r *Record) dialect() (fabric.Dialect, error) {
	return fabric.DialectOf(r.Topology.Orderers, r.Fabric)
}

// node returns the node of that name; the record names only nodes that it has.
func (r *Record) node(name string) Node {
	for _, n := range r.Nodes {
		if n.Name == name {
			return n
		}
	}
	return Node{}
}

// channel returns the channel of that name.
func (r *Record) channel(name string) (Channel, error) {
	for _, c := range r.Channels {
		if c.Name == name {
			return c, nil
		}
	}
	return Channel{}, fmt.Errorf("network %s has no channel %s", r.Topology.Name, name)
}

// profilePath is the path of an organisation's connection profile.
func (r *Record) profilePath(organisation string) string {
	return filepath.Join(r.Dir, profileFile+organisation+".json")
}

// writeProfiles writes a connection profile for each member organisation, in the common form that the Fabric
// SDKs and Caliper read. Its user's certificate and key are named in it and lie in the same run folder.
func (r *Record) writeProfiles() error {
	for _, o := range r.Topology.Organisations {
		data, err := json.MarshalIndent(r.profile(o), "", "  ")
		if err == nil {
			err = fabric.Write(r.profilePath(o.Name), data, 0o644)
		}
		if err != nil {
			return fmt.Errorf("write connection profile of %s: %w", o.Name, err)
		}
	}
	r.Profile = r.profilePath(r.Topology.Organisations[0].Name)
	return nil
}

// object is a JSON object; encoding/json writes its keys in order.
type object map[string]any

func (r *Record) profile(of topology.Organisation) object {
	peers, orderers, organisations, channels := object{}, object{}, object{}, object{}
	members := map[string][]string{} // peers by organisation
	var ordererNames []string
	for _, n := range r.Nodes {
		node := object{
			"url":         "grpcs://" + n.Address,
			"tlsCACerts":  object{"path": filepath.Join(organisationDir(r.Dir, n.Organisation), fabric.TLSCAFile)},
			"grpcOptions": object{"ssl-target-name-override": n.Name, "hostnameOverride": n.Name},
		}
		switch n.Role {
		case result.RolePeer:
			peers[n.Name] = node
			members[n.Organisation] = append(members[n.Organisation], n.Name)
		case result.RoleOrderer:
			orderers[n.Name] = node
			ordererNames = append(ordererNames, n.Name)
		}
	}
	for _, o := range r.Topology.Organisations {
		organisations[o.Name] = object{"mspid": o.MSP(), "peers": members[o.Name]}
	}
	path := func(file string) object {
		return object{"path": filepath.Join(organisationDir(r.Dir, of.Name), file)}
	}
	organisations[of.Name] = object{
		"mspid": of.MSP(), "peers": members[of.Name],
		"users":      object{"user": object{"cert": path(fabric.User + ".crt"), "key": path(fabric.User + ".key")}},
		"signedCert": path(fabric.Admins + ".crt"), "adminPrivateKey": path(fabric.Admins + ".key"),
	}
	for _, c := range r.Channels {
		joined := object{}
		for _, name := range c.Peers {
			joined[name] = object{"endorsingPeer": true, "chaincodeQuery": true, "ledgerQuery": true, "eventSource": true}
		}
		channels[c.Name] = object{"orderers": ordererNames, "peers": joined}
	}
	return object{
		"name":    "meterbench-" + r.Topology.Name + "-" + of.Name,
		"version": "1.0.0",
		"client": object{
			"organization": of.Name,
			"connection":   object{"timeout": object{"peer": object{"endorser": "300"}, "orderer": "300"}},
			"tlsCerts":     object{"client": object{"cert": path(fabric.UsersTLS + ".crt"), "key": path(fabric.UsersTLS + ".key")}},
		},
		"channels":      channels,
		"organizations": organisations,
		"peers":         peers,
		"orderers":      orderers,
	}
}

// tls reads by what an organisation's user connects to its nodes.
func (r *Record) tls(organisation, user string) (client.TLS, error) {
	ca, c, err := fabric.ReadKeys(organisationDir(r.Dir, organisation), user)
	return client.TLS{CA: ca, Cert: c.Cert, Key: c.Key}, err
}

// Client connects to a chaincode through the gateways of all peers on the channel, each as the client user of
// its own organisation. The observing peer is the first member's first, until the caller has the client stand at sites. The
// caller closes it.
func (r *Record) Client(ctx context.Context, channel, chaincode string) (*client.Client, error) {
	cfg, err := r.ClientConfig(channel, chaincode)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return client.Dial(ctx, cfg)
}

// ClientConfig returns how Client connects.
func (r *Record) ClientConfig(channel, chaincode string) (client.Config, error) {
	c, err := r.channel(channel)
	if err != nil {
		return client.Config{}, err
	}
	i := slices.IndexFunc(c.Chaincodes, func(cc Chaincode) bool { return cc.Name == chaincode })
	if i < 0 {
		return client.Config{}, fmt.Errorf("channel %s has no chaincode %s", channel, chaincode)
	}
	cfg := client.Config{Channel: channel, Chaincode: chaincode, Operator: topology.MSP(c.Chaincodes[i].Operator)}
	for _, site := range r.Topology.AllSites() {
		cfg.Sites = append(cfg.Sites, site.Name)
	}
	if cfg.Gateways, err = r.Peers(channel); err != nil {
		return client.Config{}, err
	}
	return cfg, r.direct(&cfg)
}

// Peers returns how the peers of a channel are reached, in the order of its members, each as the client user of its own
// organisation.
func (r *Record) Peers(channel string) (all []client.Gateway, err error) {
	c, err := r.channel(channel)
	if err != nil {
		return nil, err
	}
	for _, name := range c.Peers {
		peer := r.node(name)
		_, user, err1 := fabric.ReadKeys(organisationDir(r.Dir, peer.Organisation), fabric.User)
		tls, err2 := r.tls(peer.Organisation, fabric.UsersTLS)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		address, dial := r.reached(peer, peer.Address)
		all = append(all, client.Gateway{
			Name: name, Address: address, Dial: dial, TLS: tls, Site: r.Topology.SiteNumber(r.Topology.SiteOf(name)),
			Identity: client.Identity{MSP: topology.MSP(peer.Organisation), CertPEM: user.Cert, KeyPEM: user.Key},
		})
	}
	return all, nil
}
