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
// signature has a high s, after which the same identity no longer is the same bytes
// everywhere: this one signs with the low s.
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
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key of CA %s: %w", name, err)
	}
	signer := lows.Key{PrivateKey: key}
	template, err := template(&key.PublicKey, pkix.Name{CommonName: name, Organization: []string{organisation}})
	if err != nil {
		return nil, fmt.Errorf("make certificate of CA %s: %w", name, err)
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("make certificate of CA %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make certificate of CA %s: %w", name, err)
	}
	return &CA{cert: cert, pem: encode("CERTIFICATE", der), key: signer}, nil
}

// PEM returns the authority's certificate.
func (ca *CA) PEM() []byte { return ca.pem }

// Identity issues the signing certificate of a member. Its organisational unit
// is the role by which NodeOUs classify it: client, peer, admin or orderer.
func (ca *CA) Identity(name, role string) (Credential, error) {
	return ca.issue(pkix.Name{CommonName: name, OrganizationalUnit: []string{role}}, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature
	})
}

// TLS issues a certificate that serves under the name and on loopback and also
// authenticates its holder as a client.
func (ca *CA) TLS(name string) (Credential, error) {
	return ca.issue(pkix.Name{CommonName: name}, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		c.DNSNames = []string{name, "localhost"}
		c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	})
}

func (ca *CA) issue(subject pkix.Name, shape func(*x509.Certificate)) (Credential, error) {
	subject.Organization = ca.cert.Subject.Organization
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Credential{}, fmt.Errorf("make key of %s: %w", subject.CommonName, err)
	}
	template, err := template(&key.PublicKey, subject)
	if err != nil {
		return Credential{}, fmt.Errorf("make certificate of %s: %w", subject.CommonName, err)
	}
	shape(template)
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &key.PublicKey, ca.key)
	if err != nil {
		return Credential{}, fmt.Errorf("make certificate of %s: %w", subject.CommonName, err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Credential{}, fmt.Errorf("encode key of %s: %w", subject.CommonName, err)
	}
	return Credential{Cert: encode("CERTIFICATE", der), Key: encode("PRIVATE KEY", pkcs8)}, nil
}

func template(key *ecdsa.PublicKey, subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	point, err := key.Bytes()
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(point)
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		// A node whose clock lags by a little must not refuse its peers.
		NotBefore:    now.Add(-5 * time.Minute),
		NotAfter:     now.Add(validity),
		SubjectKeyId: id[:],
	}, nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
