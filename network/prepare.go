package network

import (
	"path/filepath"
	"slices"

	"meterbench/bench/topology"
	"meterbench/network/fabric"
)

// organisationDir is where the keys of an organisation's two users lie.
func organisationDir(dir, name string) string { return filepath.Join(dir, "organisations", name) }

// prepare makes keys, folders, genesis blocks and external builders: all that the nodes read when
// they start.
func (p *plan) prepare(executable string) (err error) {
	p.organisations = map[string]*fabric.Organisation{}
	for _, o := range slices.Concat(p.topology.Organisations, []topology.Organisation{{Name: topology.Ordering}}) {
		org, err := fabric.NewOrganisation(o.Name, o.MSP())
		if err == nil {
			err = org.WriteKeys(organisationDir(p.dir, o.Name))
		}
		if err != nil {
			return err
		}
		p.organisations[o.Name] = org
	}
	for _, o := range p.orderers {
		if o.TLS, err = fabric.Prepare(o.Dir, o.Name, fabric.RoleOrderer, p.organisations[topology.Ordering]); err != nil {
			return err
		}
	}
	for _, peer := range p.peers {
		if err := p.preparePeer(peer, p.organisations[peer.organisation], executable); err != nil {
			return err
		}
	}
	for _, channel := range p.channels {
		if err := p.prepareChannel(channel); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) preparePeer(peer *peerPlan, org *fabric.Organisation, executable string) (err error) {
	if peer.TLS, err = fabric.Prepare(peer.Dir, peer.Name, fabric.RolePeer, org); err != nil {
		return err
	}
	var services []fabric.Service
	for _, s := range peer.services {
		if _, err := fabric.PrepareTLS(s.dir, s.name, org); err != nil {
			return err
		}
		services = append(services, fabric.Service{
			Label: s.contract.pkg.Label, Address: s.address, Name: s.name, Client: peer.TLS, CA: org.TLSCA.PEM(),
		})
	}
	return fabric.WriteBuilder(peer.Dir, executable, services)
}

func (p *plan) prepareChannel(channel *channelPlan) (err error) {
	c := fabric.Channel{
		Name: channel.Name, Batch: channel.Batch, Ordering: p.organisations[topology.Ordering], Orderers: p.orderers, Dialect: p.dialect,
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
	return fabric.Write(filepath.Join(p.dir, "channels", channel.Name+".block"), channel.genesis, 0o644)
}
