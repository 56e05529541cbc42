package fabric

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"meterbench/internal/lows"
	"meterbench/internal/regular"
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

// An Organisation is one that runs nodes: its two authorities, its administrator and one client user.
type Organisation struct {
	Name  string
	MSP   string // MSP id
	CA    *CA    // signs identities
	TLSCA *CA    // signs TLS certificates
	Admin Credential
	User  Credential
	// AdminTLS and UserTLS authenticate the connections of the two to nodes.
	AdminTLS Credential
	UserTLS  Credential
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
	var err1, err2, err3, err4 error
	o.Admin, err1 = o.CA.Identity("admin."+name, RoleAdmin)
	o.User, err2 = o.CA.Identity("user."+name, RoleClient)
	o.AdminTLS, err3 = o.TLSCA.TLS("admin." + name)
	o.UserTLS, err4 = o.TLSCA.TLS("user." + name)
	return o, errors.Join(err1, err2, err3, err4)
}

// The credentials of an organisation's users in the folder of its keys, each in a file .crt and a file .key,
// and the file of its TLS authority.
const (
	User      = "user"
	Admins    = "admin"
	AdminsTLS = "admin-tls"
	UsersTLS  = "user-tls"
	TLSCAFile = "tlsca.pem"
)

// WriteKeys writes the organisation's authorities and its users' credentials to a folder.
func (o *Organisation) WriteKeys(dir string) error {
	files := []file{{"ca.pem", o.CA.PEM, public}, {TLSCAFile, o.TLSCA.PEM, public}}
	for name, c := range map[string]Credential{User: o.User, Admins: o.Admin, AdminsTLS: o.AdminTLS, UsersTLS: o.UserTLS} {
		files = append(files, file{name + ".crt", c.Cert, public}, file{name + ".key", c.Key, secret})
	}
	return o.write("keys", dir, files)
}

// mostKey bounds a certificate or key in bytes: the folder may be a stranger's.
const mostKey = 1 << 20

// ReadKeys reads from a folder that WriteKeys has filled the certificate of the TLS authority and the
// credential of a user.
func ReadKeys(dir, user string) (ca []byte, c Credential, err error) {
	folder, err := regular.Folder(dir)
	if err != nil {
		return nil, c, err
	}
	defer folder.Close()
	ca, err1 := regular.ReadIn(folder, TLSCAFile, mostKey)
	cert, err2 := regular.ReadIn(folder, user+".crt", mostKey)
	key, err3 := regular.ReadIn(folder, user+".key", mostKey)
	return ca, Credential{Cert: cert, Key: key}, errors.Join(err1, err2, err3)
}

// ReadTLSCA reads from a folder that WriteKeys has filled the certificate of the TLS authority.
func ReadTLSCA(dir string) ([]byte, error) {
	return regular.Read(filepath.Join(dir, TLSCAFile), mostKey)
}

// A file is one to write.
type file struct {
	name string // below a folder, with slashes, or of its own folder
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

// A CA is a certificate authority with a P-256 key. Fabric's MSP rewrites certificates whose signature has a high s,
// after which the same identity no longer is the same bytes everywhere: this one signs with the low s.
type CA struct {
	PEM   []byte // its certificate
	Serve net.IP // where, beside loopback, the holders of its TLS certificates serve; nil: nowhere
	cert  *x509.Certificate
	key   lows.Key
}

// A Credential is a certificate and its private key, both PEM.
type Credential struct {
	Cert []byte
	Key  []byte // PKCS #8
}

// NewCA returns a self-signed authority of an organisation.
func NewCA(organisation, name string) (*CA, error) {
	subject := pkix.Name{CommonName: name, Organization: []string{organisation}}
	key, cert, err := issue(nil, subject, func(c *x509.Certificate) {
		c.IsCA = true
		c.BasicConstraintsValid = true
		c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	})
	if err != nil {
		return nil, fmt.Errorf("make CA %s: %w", name, err)
	}
	return &CA{PEM: encode("CERTIFICATE", cert.Raw), cert: cert, key: key}, nil
}

// Identity issues the signing certificate of a member. Its organisational unit is the role by which NodeOUs
// classify it: client, peer, admin or orderer.
func (ca *CA) Identity(name, role string) (Credential, error) {
	return ca.issue(pkix.Name{CommonName: name, OrganizationalUnit: []string{role}}, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature
	})
}

// TLS issues a certificate that serves under the name and on loopback and also authenticates its holder as a client.
func (ca *CA) TLS(name string) (Credential, error) {
	return ca.issue(pkix.Name{CommonName: name}, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		c.DNSNames = []string{name, "localhost"}
		c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		if ca.Serve != nil {
			c.IPAddresses = append(c.IPAddresses, ca.Serve)
		}
	})
}

// issue returns the credential of a member of the authority's organisation.
func (ca *CA) issue(subject pkix.Name, shape func(*x509.Certificate)) (Credential, error) {
	subject.Organization = ca.cert.Subject.Organization
	key, cert, err := issue(ca, subject, shape)
	var pkcs8 []byte
	if err == nil {
		pkcs8, err = x509.MarshalPKCS8PrivateKey(key.PrivateKey)
	}
	if err != nil {
		return Credential{}, fmt.Errorf("make certificate of %s: %w", subject.CommonName, err)
	}
	return Credential{Cert: encode("CERTIFICATE", cert.Raw), Key: encode("PRIVATE KEY", pkcs8)}, nil
}

// issue makes a key and its certificate, signed by an authority or, without one, by itself.
func issue(ca *CA, subject pkix.Name, shape func(*x509.Certificate)) (key lows.Key, cert *x509.Certificate, err error) {
	if key.PrivateKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return key, nil, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return key, nil, err
	}
	id := sha256.Sum256(point)
	serial := make([]byte, 16)
	rand.Read(serial) // never fails
	serial[0] &= 0x7f // 127 bits
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      subject,
		NotBefore:    now.Add(-5 * time.Minute),         // a node whose clock lags by a little must not refuse its peers
		NotAfter:     now.Add(5 * 365 * 24 * time.Hour), // they live for one network only
		SubjectKeyId: id[:],
	}
	shape(template)
	parent, signer := template, key
	if ca != nil {
		parent, signer = ca.cert, ca.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return key, nil, err
	}
	cert, err = x509.ParseCertificate(der)
	return key, cert, err
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
