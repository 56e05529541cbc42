package profile

import (
	"cmp"
	"slices"

	"meterbench/internal/strictyaml"
)

// caliper reads a network file of Caliper, for a Fabric network. It lists organisations with identities of their own, and
// for each a connection profile to follow, or peers.
func (r *reader) caliper() (*Profile, error) {
	p := &Profile{File: r.file}
	of, err := r.mapping(r.doc.Node, "caliper")
	if err != nil {
		return nil, err
	}
	if of != nil {
		blockchain, err := r.optional(of, "blockchain")
		if err != nil {
			return nil, err
		}
		if blockchain != "fabric" {
			return nil, of.Errorf("give one for a Fabric network", "the network file of Caliper has blockchain %q, not fabric", blockchain)
		}
	}
	if p.Name, err = r.optional(r.doc.Node, "name"); err != nil {
		return nil, err
	}
	all := r.doc.Get("organizations")
	if absent(all) || len(all.Items()) == 0 {
		return nil, r.doc.Errorf("list each with mspid, identities and connectionProfile", "the network file of Caliper has no organizations")
	}
	for _, n := range all.Items() {
		if err := r.caliperOrganisation(p, n); err != nil {
			return nil, err
		}
	}
	if len(p.Peers) == 0 {
		return nil, all.Errorf("give connectionProfile or peers", "no organization has peers")
	}
	p.Organisation = p.Organisations[0].Name
	return p, r.caliperChannels(p)
}

// caliperOrganisation reads one item of organizations, and the profile that it leads to.
func (r *reader) caliperOrganisation(p *Profile, n *strictyaml.Node) error {
	if !n.IsMapping() {
		return n.Errorf("", "want the organization's mspid, identities and connectionProfile")
	}
	mspid, err := r.mspid(n)
	if err != nil {
		return err
	}
	identities, err := r.caliperIdentities(n, mspid)
	if err != nil {
		return err
	}
	at, err := r.mapping(n, "connectionProfile")
	if err != nil {
		return err
	}
	if at != nil {
		if err := r.follow(p, at, mspid); err != nil {
			return err
		}
	}
	o := p.organisation(mspid, mspid)
	o.Identities = append(identities, o.Identities...)
	peers := n.Get("peers")
	if absent(peers) {
		return nil
	}
	for _, peer := range items(peers) {
		if !peer.IsMapping() {
			return peer.Errorf("", "want the peer's endpoint and tlsCACerts")
		}
		node, err := r.node("the peer", peer, "endpoint")
		if err != nil {
			return err
		}
		node.Name = node.ServerName
		p.add(Peer{Node: node, MSPID: mspid})
		o.addPeer(node.Name)
	}
	return nil
}

// follow reads the connection profile that a network file of Caliper names, and adds what it says.
func (r *reader) follow(p *Profile, at *strictyaml.Node, mspid string) error {
	path, err := r.required(at, "path", "name the file of the organization's connection profile")
	if err != nil {
		return err
	}
	further, err := open(r.resolve(path), r.env)
	if err != nil {
		return err
	}
	if n := further.doc.Get("caliper"); n != nil {
		return n.Errorf("name a common connection profile", "a network file of Caliper leads to another one")
	}
	q, err := further.profile()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(q.Organisations, func(o Organisation) bool { return o.MSPID == mspid }) {
		return at.Get("path").Errorf("name the profile of that organization", "%s has no organization with the mspid %s", further.file, mspid)
	}
	for _, o := range q.Organisations {
		own := p.organisation(o.Name, o.MSPID)
		own.Identities = append(own.Identities, o.Identities...)
		for _, peer := range o.Peers {
			own.addPeer(peer)
		}
	}
	for _, peer := range q.Peers {
		p.add(peer)
	}
	for _, o := range q.Orderers {
		if !p.hasOrderer(o.Name) {
			p.Orderers = append(p.Orderers, o)
		}
	}
	for _, c := range q.Channels {
		p.channel(c)
	}
	return nil
}

// caliperIdentities reads the identities of an organisation. Those of a wallet are for the SDK alone.
func (r *reader) caliperIdentities(n *strictyaml.Node, mspid string) (all []Identity, err error) {
	of, err := r.mapping(n, "identities")
	if err != nil || of == nil || absent(of.Get("certificates")) {
		return nil, err
	}
	for _, c := range items(of.Get("certificates")) {
		if !c.IsMapping() {
			return nil, c.Errorf("", "want name, clientSignedCert and clientPrivateKey")
		}
		name, err := r.optional(c, "name")
		if err != nil {
			return nil, err
		}
		named, err := r.pair(c, "clientSignedCert", "clientPrivateKey")
		if err != nil {
			return nil, err
		}
		all = append(all, named.identity(name, mspid))
	}
	return all, nil
}

// caliperChannels reads the channels with their contracts.
func (r *reader) caliperChannels(p *Profile) error {
	channels := r.doc.Get("channels")
	if absent(channels) {
		return nil
	}
	for _, n := range items(channels) {
		if !n.IsMapping() {
			return n.Errorf("", "want the channel's channelName and contracts")
		}
		name, err := r.required(n, "channelName", "write the name of the channel")
		if err != nil {
			return err
		}
		c := Channel{Name: name}
		if contracts := n.Get("contracts"); !absent(contracts) {
			for _, contract := range items(contracts) {
				if !contract.IsMapping() {
					return contract.Errorf("", "want the contract's id")
				}
				id, err := r.required(contract, "id", "write the name under which it is committed")
				if err != nil {
					return err
				}
				c.Contracts = append(c.Contracts, id)
			}
		}
		p.channel(c)
	}
	return nil
}

// organisation returns that of an MSP, which it adds by a name where there is none.
func (p *Profile) organisation(name, mspid string) *Organisation {
	i := slices.IndexFunc(p.Organisations, func(o Organisation) bool { return o.MSPID == mspid })
	if i < 0 {
		i = len(p.Organisations)
		p.Organisations = append(p.Organisations, Organisation{Name: name, MSPID: mspid})
	}
	return &p.Organisations[i]
}

// addPeer adds a name, once.
func (o *Organisation) addPeer(name string) {
	if !slices.Contains(o.Peers, name) {
		o.Peers = append(o.Peers, name)
	}
}

// add adds a peer, once. The profile of another organisation may name it, too, without knowing whose it is.
func (p *Profile) add(peer Peer) {
	i := slices.IndexFunc(p.Peers, func(known Peer) bool { return known.Name == peer.Name })
	if i < 0 {
		p.Peers = append(p.Peers, peer)
		return
	}
	p.Peers[i].MSPID = cmp.Or(p.Peers[i].MSPID, peer.MSPID)
}

// channel adds what is known of a channel.
func (p *Profile) channel(c Channel) {
	i := slices.IndexFunc(p.Channels, func(known Channel) bool { return known.Name == c.Name })
	if i < 0 {
		p.Channels = append(p.Channels, c)
		return
	}
	known := &p.Channels[i]
	for to, from := range map[*[]string][]string{&known.Peers: c.Peers, &known.Orderers: c.Orderers, &known.Contracts: c.Contracts} {
		for _, name := range from {
			if !slices.Contains(*to, name) {
				*to = append(*to, name)
			}
		}
	}
}
