package fabric

import (
	"fmt"
	"os"
	"path/filepath"
)

// The roles by which NodeOUs tell the members of an organisation apart.
const (
	RoleAdmin   = "admin"
	RoleClient  = "client"
	RoleOrderer = "orderer"
	RolePeer    = "peer"
)

// nodeOUs makes the organisational unit of a certificate its role in the MSP.
const nodeOUs = `NodeOUs:
  Enable: true
  ClientOUIdentifier: {OrganizationalUnitIdentifier: client}
  PeerOUIdentifier: {OrganizationalUnitIdentifier: peer}
  AdminOUIdentifier: {OrganizationalUnitIdentifier: admin}
  OrdererOUIdentifier: {OrganizationalUnitIdentifier: orderer}
`

// An Organisation is one that runs nodes: its two authorities, its
// administrator and one client user.
type Organisation struct {
	Name  string
	MSP   string // MSP id
	CA    *CA    // signs identities
	TLSCA *CA    // signs TLS certificates
	Admin Credential
	User  Credential
	// AdminTLS authenticates the administrator to the nodes' admin endpoints.
	AdminTLS Credential
}

// NewOrganisation makes an organisation's authorities and its two users.
func NewOrganisation(name, msp string) (*Organisation, error) {
	o := &Organisation{Name: name, MSP: msp}
	var err error
	if o.CA, err = NewCA(name, "ca."+name); err != nil {
		return nil, err
	}
	if o.TLSCA, err = NewCA(name, "tlsca."+name); err != nil {
		return nil, err
	}
	if o.Admin, err = o.CA.Identity("admin."+name, RoleAdmin); err != nil {
		return nil, err
	}
	if o.User, err = o.CA.Identity("user."+name, RoleClient); err != nil {
		return nil, err
	}
	if o.AdminTLS, err = o.TLSCA.TLS("admin." + name); err != nil {
		return nil, err
	}
	return o, nil
}

// writeMSP writes the MSP folder of one member of the organisation.
func (o *Organisation) writeMSP(dir string, member Credential) error {
	files := []struct {
		name string
		data []byte
		mode os.FileMode
	}{
		{"cacerts/ca.pem", o.CA.PEM(), 0o644},
		{"tlscacerts/tlsca.pem", o.TLSCA.PEM(), 0o644},
		{"signcerts/cert.pem", member.Cert, 0o644},
		{"keystore/key.pem", member.Key, 0o600},
		{"config.yaml", []byte(nodeOUs), 0o644},
	}
	for _, f := range files {
		if err := write(filepath.Join(dir, filepath.FromSlash(f.name)), f.data, f.mode); err != nil {
			return fmt.Errorf("write MSP of %s: %w", o.Name, err)
		}
	}
	return nil
}

// The names of the files that writeTLS makes.
const (
	certFile = "server.crt"
	keyFile  = "server.key"
	caFile   = "ca.crt"
)

// writeTLS writes a TLS certificate, its key and its authority to a folder.
func (o *Organisation) writeTLS(dir string, c Credential) error {
	for _, f := range []struct {
		name string
		data []byte
		mode os.FileMode
	}{{certFile, c.Cert, 0o644}, {keyFile, c.Key, 0o600}, {caFile, o.TLSCA.PEM(), 0o644}} {
		if err := write(filepath.Join(dir, f.name), f.data, f.mode); err != nil {
			return fmt.Errorf("write TLS files of %s: %w", o.Name, err)
		}
	}
	return nil
}

// makeDir makes a folder that only its owner can enter.
func makeDir(path string) error { return os.MkdirAll(path, 0o700) }

// write makes a file and the folders above it, which only the owner can enter.
func write(path string, data []byte, mode os.FileMode) error {
	if err := makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	return os.WriteFile(path, data, mode)
}
