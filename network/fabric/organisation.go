package fabric

import (
	"errors"
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

// An Organisation is one that runs nodes: its two authorities, its administrator and one client
// user.
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
	var err1, err2, err3 error
	o.Admin, err1 = o.CA.Identity("admin."+name, RoleAdmin)
	o.User, err2 = o.CA.Identity("user."+name, RoleClient)
	o.AdminTLS, err3 = o.TLSCA.TLS("admin." + name)
	return o, errors.Join(err1, err2, err3)
}

// The credentials of an organisation's users in the folder of its keys, each in a file .crt and a
// file .key, and the file of its TLS authority.
const (
	User      = "user"
	Admins    = "admin"
	AdminsTLS = "admin-tls"
	TLSCAFile = "tlsca.pem"
)

// WriteKeys writes the organisation's authorities and its users' credentials to a folder.
func (o *Organisation) WriteKeys(dir string) error {
	files := []file{{"ca.pem", o.CA.PEM(), public}, {TLSCAFile, o.TLSCA.PEM(), public}}
	for name, c := range map[string]Credential{User: o.User, Admins: o.Admin, AdminsTLS: o.AdminTLS} {
		files = append(files, file{name + ".crt", c.Cert, public}, file{name + ".key", c.Key, secret})
	}
	return o.write("keys", dir, files)
}

// ReadKeys reads from a folder that WriteKeys has filled the certificate of the TLS authority and
// the credential of a user.
func ReadKeys(dir, user string) (ca []byte, c Credential, err error) {
	ca, err1 := os.ReadFile(filepath.Join(dir, TLSCAFile))
	cert, err2 := os.ReadFile(filepath.Join(dir, user+".crt"))
	key, err3 := os.ReadFile(filepath.Join(dir, user+".key"))
	return ca, Credential{Cert: cert, Key: key}, errors.Join(err1, err2, err3)
}

// writeMSP writes the MSP folder of one member of the organisation.
func (o *Organisation) writeMSP(dir string, member Credential) error {
	return o.write("MSP", dir, []file{
		{"cacerts/ca.pem", o.CA.PEM(), public},
		{"tlscacerts/tlsca.pem", o.TLSCA.PEM(), public},
		{"signcerts/cert.pem", member.Cert, public},
		{"keystore/key.pem", member.Key, secret},
		{"config.yaml", []byte(nodeOUs), public},
	})
}

// The names of the files that writeTLS makes.
const (
	certFile = "server.crt"
	keyFile  = "server.key"
	caFile   = "ca.crt"
)

// writeTLS writes a TLS certificate, its key and its authority to a folder.
func (o *Organisation) writeTLS(dir string, c Credential) error {
	return o.write("TLS files", dir, []file{{certFile, c.Cert, public}, {keyFile, c.Key, secret}, {caFile, o.TLSCA.PEM(), public}})
}

// A file is one to write.
type file struct {
	name string // below a folder, with slashes
	data []byte
	mode os.FileMode
}

// The modes of files. Folders are for their owner only.
const (
	secret = os.FileMode(0o600)
	public = os.FileMode(0o644)
)

func (o *Organisation) write(what, dir string, files []file) error {
	for _, f := range files {
		if err := Write(filepath.Join(dir, filepath.FromSlash(f.name)), f.data, f.mode); err != nil {
			return fmt.Errorf("write %s of %s: %w", what, o.Name, err)
		}
	}
	return nil
}

// makeDir makes a folder that only its owner can enter.
func makeDir(path string) error { return os.MkdirAll(path, 0o700) }

// Write makes a file and the folders above it, which only the owner can enter.
func Write(path string, data []byte, mode os.FileMode) error {
	if err := makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	return os.WriteFile(path, data, mode)
}
