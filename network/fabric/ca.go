package fabric

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"

	"meterbench/internal/lows"
)

// validity is how long certificates hold. They live for one network only.
const validity = 5 * 365 * 24 * time.Hour

// A CA is a certificate authority with a P-256 key. Fabric's MSP rewrites certificates whose
// signature has a high s, after which the same identity no longer is the same bytes everywhere:
// this one signs with the low s.
type CA struct {
	cert *x509.Certificate
	pem  []byte
	key  lows.Key
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
	return &CA{cert: cert, pem: encode("CERTIFICATE", cert.Raw), key: key}, nil
}

// PEM returns the authority's certificate.
func (ca *CA) PEM() []byte { return ca.pem }

// Identity issues the signing certificate of a member. Its organisational unit is the role by which
// NodeOUs classify it: client, peer, admin or orderer.
func (ca *CA) Identity(name, role string) (Credential, error) {
	return ca.issue(pkix.Name{CommonName: name, OrganizationalUnit: []string{role}}, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature
	})
}

// TLS issues a certificate that serves under the name and on loopback and also authenticates its
// holder as a client.
func (ca *CA) TLS(name string) (Credential, error) {
	return ca.issue(pkix.Name{CommonName: name}, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		c.DNSNames = []string{name, "localhost"}
		c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
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
		NotBefore:    now.Add(-5 * time.Minute), // a node whose clock lags by a little must not refuse its peers
		NotAfter:     now.Add(validity),
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
