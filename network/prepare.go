package network

import (
	"fmt"
	"os"
	"path/filepath"

	"meterbench/bench/topology"
	"meterbench/network/fabric"
)

// organisations are the keys of a network: those of its members in the order
// of the topology, and those of the organisation that orders.
type organisations struct {
	members  []*fabric.Organisation
	ordering *fabric.Organisation
}

func newOrganisations(t topology.Topology) (*organisations, error) {
	var orgs organisations
	for _, o := range t.Organisations {
		org, err := fabric.NewOrganisation(o.Name, o.MSP())
		if err != nil {
			return nil, err
		}
		orgs.members = append(orgs.members, org)
	}
	var err error
	orgs.ordering, err = fabric.NewOrganisation(topology.Ordering, topology.MSP(topology.Ordering))
	return &orgs, err
}

func (o *organisations) member(name string) *fabric.Organisation {
	for _, org := range o.members {
		if org.Name == name {
			return org
		}
	}
	return nil
}

// prepare makes keys, folders, genesis blocks and external builders: all that
// the nodes read when they start.
func (p *plan) prepare(orgs *organisations, executable string) error {
	for _, o := range p.orderers {
		var err error
		if o.TLS, err = fabric.Prepare(o.Dir, o.Name, fabric.RoleOrderer, orgs.ordering); err != nil {
			return err
		}
	}
	for _, peer := range p.peers {
		if err := p.preparePeer(peer, orgs.member(peer.organisation), executable); err != nil {
			return err
		}
	}
	for _, channel := range p.channels {
		if err := p.prepareChannel(channel, orgs); err != nil {
			return err
		}
	}
	for _, org := range append(orgs.members, orgs.ordering) {
		if err := writeOrganisation(p.dir, org); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) preparePeer(peer *peerPlan, org *fabric.Organisation, executable string) error {
	var err error
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

func (p *plan) prepareChannel(channel *channelPlan, orgs *organisations) error {
	c := fabric.Channel{Name: channel.Name, Batch: channel.Batch, Ordering: orgs.ordering, Orderers: p.orderers, Dialect: p.dialect}
	for _, member := range channel.Members {
		m := fabric.Member{Organisation: orgs.member(member)}
		for _, peer := range channel.of(member) {
			m.Anchors = append(m.Anchors, peer.Address)
		}
		c.Members = append(c.Members, m)
	}
	var err error
	if channel.genesis, err = fabric.Genesis(c); err != nil {
		return err
	}
	return writeFile(filepath.Join(p.dir, "channels", channel.Name+".block"), channel.genesis, 0o644)
}

// organisationDir is where the keys of an organisation's two users lie.
func organisationDir(dir, name string) string { return filepath.Join(dir, "organisations", name) }

// The files in an organisation's folder.
const (
	tlsCAFile     = "tlsca.pem"
	caFile        = "ca.pem"
	userCert      = "user.crt"
	userKey       = "user.key"
	adminCert     = "admin.crt"
	adminKey      = "admin.key"
	adminTLSCert  = "admin-tls.crt"
	adminTLSKey   = "admin-tls.key"
	secret        = os.FileMode(0o600)
	notSecret     = os.FileMode(0o644)
	onlyTheOwners = os.FileMode(0o700)
)

func writeOrganisation(dir string, org *fabric.Organisation) error {
	for _, f := range []struct {
		name string
		data []byte
		mode os.FileMode
	}{
		{caFile, org.CA.PEM(), notSecret},
		{tlsCAFile, org.TLSCA.PEM(), notSecret},
		{userCert, org.User.Cert, notSecret},
		{userKey, org.User.Key, secret},
		{adminCert, org.Admin.Cert, notSecret},
		{adminKey, org.Admin.Key, secret},
		{adminTLSCert, org.AdminTLS.Cert, notSecret},
		{adminTLSKey, org.AdminTLS.Key, secret},
	} {
		if err := writeFile(filepath.Join(organisationDir(dir, org.Name), f.name), f.data, f.mode); err != nil {
			return fmt.Errorf("write keys of %s: %w", org.Name, err)
		}
	}
	return nil
}

func writeFile(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), onlyTheOwners); err != nil {
		return err
	}
	return os.WriteFile(path, data, mode)
}
