package network

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/grpc"

	"meterbench/bench/topology"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/network/wan"
)

const loopback = "127.0.0.1"

// The folders in a run folder.
const (
	nodesDir         = "nodes"
	organisationsDir = "organisations"
	channelsDir      = "channels"
	logsDir          = "logs"
)

// plan is a topology with names, folders and ports. prepare adds the keys. Its slices keep the order of the topology.
type plan struct {
	topology      topology.Topology
	emulation     *wan.Emulation // of the distances between sites; nil: all nodes are on this machine's loopback
	dialect       fabric.Dialect
	dir           string
	organisations map[string]*fabric.Organisation // topology.Ordering among them, if it has the orderers
	orderers      []*fabric.Orderer
	peers         []*peerPlan
	channels      []*channelPlan
	services      []*servicePlan // that are processes of the network
	patience      time.Duration
}

type peerPlan struct {
	fabric.Peer
	organisation string
	channels     []*channelPlan
	services     []*servicePlan
	installed    chan struct{}    // closed when all its services are
	conn         *grpc.ClientConn // during the bring-up
}

type channelPlan struct {
	topology.Channel             // with its members written out
	peers            []*peerPlan // in the order of the members
	contracts        []*contractPlan
	genesis          []byte
}

type contractPlan struct {
	topology.Chaincode // with its operator written out
	definition         fabric.Definition
	pkg                fabric.Package
	endorsers          []string // MSP ids of the organisations of its endorsement policy
	channel            string
	program            string        // of the user's own, that the network starts
	rootCert           []byte        // of the user's own at an address, PEM
	patience           time.Duration // with the user's own
}

// servicePlan is the chaincode process of one contract for one peer, or the connection to one that the user runs.
type servicePlan struct {
	name     string
	dir      string
	address  fabric.Endpoint
	dial     client.Dialer
	peer     *peerPlan
	contract *contractPlan
}

func newPlan(t topology.Topology, dir string, cfg Config) (*plan, error) {
	p := &plan{topology: t, emulation: cfg.emulation, dir: dir, patience: cmp.Or(cfg.patience, patience)}
	if t.Orderers.Count < 1 || len(t.Organisations) == 0 || len(t.Channels) == 0 {
		return nil, errors.New("a network needs an orderer, an organisation and a channel")
	}
	var err error
	if p.dialect, err = fabric.DialectOf(t.Orderers, cfg.Binaries.Version); err != nil {
		return nil, err
	}
	for i := range t.Orderers.Count {
		name := fmt.Sprintf("orderer%d", i)
		p.orderers = append(p.orderers, &fabric.Orderer{
			Name: name, MSP: topology.MSP(t.Orderers.Owner(i)), Dir: p.nodeDir(name), Config: cfg.Binaries.ConfigDir,
			Debug: p.dialect.Orderer.Debug, OneWayTLS: cfg.OneWayTLS,
		})
	}
	for _, o := range t.Organisations {
		for i := range o.Peers {
			p.peers = append(p.peers, p.newPeer(o, i, cfg))
		}
	}
	for _, c := range t.Channels {
		if err := p.addChannel(c); err != nil {
			return nil, fmt.Errorf("channel %s: %w", c.Name, err)
		}
	}
	if err := p.addServices(); err != nil {
		return nil, err
	}
	return p, p.assignPorts(cfg.ports)
}

// newPeer returns an organisation's peer of that number, on no channel yet.
func (p *plan) newPeer(of topology.Organisation, number int, cfg Config) *peerPlan {
	name := fmt.Sprintf("peer%d.%s", number, of.Name)
	return &peerPlan{organisation: of.Name, installed: make(chan struct{}), Peer: fabric.Peer{
		Name: name, MSP: of.MSP(), Dir: p.nodeDir(name), Config: cfg.Binaries.ConfigDir, Limits: p.topology.Limits,
		OneWayTLS: cfg.OneWayTLS,
	}}
}

func (p *plan) nodeDir(name string) string { return filepath.Join(p.dir, nodesDir, name) }

func (p *plan) addChannel(c topology.Channel) error {
	if len(c.Members) == 0 {
		for _, o := range p.topology.Organisations {
			c.Members = append(c.Members, o.Name)
		}
	}
	channel := &channelPlan{Channel: c}
	for _, member := range c.Members {
		before := len(channel.peers)
		for _, peer := range p.peers {
			if peer.organisation == member {
				channel.peers = append(channel.peers, peer)
				peer.channels = append(peer.channels, channel)
			}
		}
		if len(channel.peers) == before {
			return fmt.Errorf("member %s has no peer", member)
		}
	}
	for _, cc := range c.Chaincodes {
		contract, err := p.newContract(c, cc)
		if err != nil {
			return fmt.Errorf("chaincode %s: %w", cc.Name, err)
		}
		channel.contracts = append(channel.contracts, contract)
	}
	p.channels = append(p.channels, channel)
	return nil
}

func (p *plan) newContract(c topology.Channel, cc topology.Chaincode) (*contractPlan, error) {
	n, organisations, err := p.topology.Endorsement(c, cc)
	if err != nil {
		return nil, err
	}
	pkg, err := fabric.NewPackage(c.Name + "." + cc.Name)
	if err != nil {
		return nil, err
	}
	cc.Operator = cmp.Or(cc.Operator, c.Members[0])
	contract := &contractPlan{Chaincode: cc, pkg: pkg, endorsers: msps(organisations), channel: c.Name, patience: p.patience}
	var collections []fabric.Collection
	for _, of := range cc.Collections {
		collection := fabric.Collection{
			Name: of.Name, MSPs: msps(of.Members), Required: of.Required, Maximum: of.Maximum, BlockToLive: of.BlockToLive,
			MemberOnlyRead: of.MemberOnlyRead, MemberOnlyWrite: of.MemberOnlyWrite,
		}
		if len(of.Members) == 0 {
			collection.MSPs = msps(c.Members)
		}
		if of.Endorsement != "" {
			n, organisations, err := p.topology.CollectionEndorsement(c, of)
			if err != nil {
				return nil, err
			}
			collection.Endorsement = fabric.Policy{N: n, MSPs: msps(organisations)}
		}
		collections = append(collections, collection)
	}
	contract.definition, err = fabric.NewDefinition(cc.Name, pkg.ID, fabric.Policy{N: n, MSPs: contract.endorsers}, collections...)
	return contract, err
}

// msps returns the MSP ids of organisations.
func msps(organisations []string) []string {
	ids := make([]string, len(organisations))
	for i, o := range organisations {
		ids[i] = topology.MSP(o)
	}
	return ids
}

// of returns an organisation's peers on the channel.
func (c *channelPlan) of(organisation string) []*peerPlan {
	var peers []*peerPlan
	for _, peer := range c.peers {
		if peer.organisation == organisation {
			peers = append(peers, peer)
		}
	}
	return peers
}

// addServices gives every peer a process for each contract on its channels, unless the user runs it. The only one of a peer
// is called chaincode.<peer>.
func (p *plan) addServices() error {
	for _, peer := range p.peers {
		for _, channel := range peer.channels {
			for _, contract := range channel.contracts {
				name := "chaincode." + contract.pkg.Label + "." + peer.Name
				peer.services = append(peer.services, &servicePlan{name: name, dial: p.dialer(peer.Name), peer: peer, contract: contract})
			}
		}
		if len(peer.services) == 1 {
			peer.services[0].name = "chaincode." + peer.Name
		}
		for _, s := range peer.services {
			if s.contract.Address != "" {
				var err error
				if s.address, err = fabric.ParseEndpoint(s.contract.Address); err != nil {
					return fmt.Errorf("chaincode %s: %w", s.contract.Name, err)
				}
				continue
			}
			s.dir = p.nodeDir(s.name)
			p.services = append(p.services, s)
		}
	}
	return nil
}

// assignPorts gives every node its ports, always in the same order: the orderers' and then the peers' three each, the
// chaincodes' one.
func (p *plan) assignPorts(free func(n int) ([]int, error)) error {
	type place struct {
		node string
		at   []*fabric.Endpoint
	}
	var places []place
	for _, o := range p.orderers {
		places = append(places, place{o.Name, []*fabric.Endpoint{&o.Address, &o.Admin, &o.Operations}})
	}
	for _, peer := range p.peers {
		places = append(places, place{peer.Name, []*fabric.Endpoint{&peer.Address, &peer.Chaincode, &peer.Operations}})
	}
	for _, s := range p.services {
		places = append(places, place{s.name, []*fabric.Endpoint{&s.address}})
	}
	ports, err := free(3*(len(p.orderers)+len(p.peers)) + len(p.services))
	if err != nil {
		return err
	}
	for _, of := range places {
		host, err := p.host(of.node)
		if err != nil {
			return err
		}
		for _, e := range of.at {
			*e, ports = fabric.Endpoint{Host: host, Port: ports[0]}, ports[1:]
		}
	}
	// A peer meets those of its own organisation through the first of them, and the first through the second.
	for _, peer := range p.peers {
		peer.Bootstrap = peer.Address
		others := func(other *peerPlan) bool { return other.organisation == peer.organisation && other != peer }
		if i := slices.IndexFunc(p.peers, others); i >= 0 {
			peer.Bootstrap = p.peers[i].Address
		}
	}
	return nil
}

// organisationDir is the folder of the keys of an organisation's two users.
func organisationDir(dir, name string) string { return filepath.Join(dir, organisationsDir, name) }

// prepare makes keys, folders, genesis blocks and external builders: all that the nodes read when they start.
func (p *plan) prepare(executable string) (err error) {
	p.organisations = map[string]*fabric.Organisation{}
	organisations := p.topology.Organisations
	if len(p.topology.Orderers.Owners) == 0 {
		organisations = append(slices.Clone(organisations), topology.Organisation{Name: topology.Ordering})
	}
	for _, o := range organisations {
		if err := p.prepareOrganisation(o); err != nil {
			return err
		}
	}
	ordering := p.ordering()
	clients := p.members(p.channels)
	for _, o := range ordering { // orderers connect to one another
		if !slices.Contains(clients, o) {
			clients = append(clients, o)
		}
	}
	for i, o := range p.orderers {
		if o.Identity, o.TLS, err = fabric.Prepare(o.Dir, o.Name, fabric.RoleOrderer, p.owner(i), clients); err != nil {
			return err
		}
	}
	for _, peer := range p.peers {
		if err := p.preparePeer(peer, p.organisations[peer.organisation], executable); err != nil {
			return err
		}
	}
	for _, channel := range p.channels {
		if err := p.prepareChannel(channel, ordering); err != nil {
			return err
		}
	}
	return nil
}

// prepareOrganisation makes the keys of an organisation and of its users.
func (p *plan) prepareOrganisation(o topology.Organisation) error {
	org, err := fabric.NewOrganisation(o.Name, o.MSP())
	if p.emulation != nil && err == nil {
		var host string
		host, err = p.host(o.Name)
		org.TLSCA.Serve = net.ParseIP(host)
	}
	if err == nil {
		err = org.WriteKeys(organisationDir(p.dir, o.Name))
	}
	if err == nil {
		err = org.WriteMSPs(organisationDir(p.dir, o.Name))
	}
	p.organisations[o.Name] = org
	return err
}

// owner returns the organisation to which an orderer belongs.
func (p *plan) owner(orderer int) *fabric.Organisation {
	return p.organisations[p.topology.Orderers.Owner(orderer)]
}

// ordering returns the organisations to which the orderers belong.
func (p *plan) ordering() (owners []*fabric.Organisation) {
	for i := range p.orderers {
		if o := p.owner(i); !slices.Contains(owners, o) {
			owners = append(owners, o)
		}
	}
	return owners
}

// members returns the organisations on channels.
func (p *plan) members(channels []*channelPlan) (members []*fabric.Organisation) {
	for _, o := range p.topology.Organisations {
		on := func(c *channelPlan) bool { return slices.Contains(c.Members, o.Name) }
		if slices.ContainsFunc(channels, on) {
			members = append(members, p.organisations[o.Name])
		}
	}
	return members
}

func (p *plan) preparePeer(peer *peerPlan, org *fabric.Organisation, executable string) (err error) {
	if _, peer.TLS, err = fabric.Prepare(peer.Dir, peer.Name, fabric.RolePeer, org, p.members(peer.channels)); err != nil {
		return err
	}
	var services []fabric.Service
	for _, s := range peer.services {
		if s.dir != "" {
			if _, err := fabric.PrepareTLS(s.dir, s.name, org); err != nil {
				return err
			}
		}
		services = append(services, s.service(org))
	}
	return fabric.WriteBuilder(peer.Dir, executable, services)
}

func (p *plan) prepareChannel(channel *channelPlan, ordering []*fabric.Organisation) (err error) {
	c := fabric.Channel{Name: channel.Name, Batch: channel.Batch, Ordering: ordering, Dialect: p.dialect}
	for _, i := range p.dialect.Consensus.Order(p.topology.Orderers, channel.Name) {
		c.Orderers = append(c.Orderers, p.orderers[i])
	}
	for _, member := range channel.Members {
		m := fabric.Member{Organisation: p.organisations[member]}
		for _, peer := range channel.of(member) {
			m.Anchors = append(m.Anchors, peer.Address)
		}
		c.Members = append(c.Members, m)
	}
	if channel.genesis, err = fabric.Genesis(c); err != nil {
		return err
	}
	return fabric.Write(filepath.Join(p.dir, channelsDir, channel.Name+".block"), channel.genesis, 0o644)
}
