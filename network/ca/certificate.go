package ca

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"strings"

	"meterbench/simulators/pki"
)

// A Certificate binds a meter to a key.
type Certificate struct {
	Meter string
	Leaf  *x509.Certificate
}

// An Identity is a certificate and its private key, with which calls of the authority are authenticated. On P-256 the key signs
// with the lower s, as fabric-ca demands and the keys of pki do.
type Identity struct {
	Certificate
	Key crypto.Signer
}

// mostCertificate bounds a certificate in bytes; fabric-ca's have some 700.
const mostCertificate = 16 << 10

// parseCertificate reads a certificate in DER.
func parseCertificate(der []byte) (*x509.Certificate, error) {
	if len(der) > mostCertificate {
		return nil, refuse(Malformed, nil, "a certificate has %d bytes, more than %d", len(der), mostCertificate)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, refuse(Malformed, err, "a certificate")
	}
	return c, nil
}

// ParseCertificate reads a certificate in DER, whose subject's common name is the meter.
func ParseCertificate(der []byte) (Certificate, error) {
	leaf, err := parseCertificate(der)
	if err != nil {
		return Certificate{}, err
	}
	return Certificate{Meter: leaf.Subject.CommonName, Leaf: leaf}, nil
}

// newRequest returns a certificate signing request of a name, in DER.
func newRequest(name string, key crypto.Signer) ([]byte, error) {
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		return nil, refuse(Unsupported, err, "sign a certificate request of %s", name)
	}
	return der, nil
}

// received checks that a certificate is what was asked for.
func (a *Authority) received(der []byte, name string, key crypto.PublicKey) (Certificate, error) {
	c, err := ParseCertificate(der)
	if err != nil {
		return c, err
	}
	public, ok := c.Leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	switch {
	case c.Meter != name || !ok || !public.Equal(key):
		return c, refuse(Foreign, nil, "the authority's certificate is of another name or key than that of %s", name)
	case c.Leaf.CheckSignatureFrom(a.root) != nil:
		return c, refuse(Forged, nil, "the certificate of %s is not signed by the authority", name)
	}
	return c, nil
}

// keyOf returns the key of a meter's certificate.
func keyOf(leaf *x509.Certificate) (pki.Key, error) {
	key, err := pki.ParseKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: leaf.RawSubjectPublicKeyInfo}))
	if err != nil {
		return key, refuse(Unsupported, err, "the certificate of %q", leaf.Subject.CommonName)
	}
	return key, nil
}

// isBy reports whether something names an issuer: by its subject and, where it has one, by its key's identifier.
func isBy(root *x509.Certificate, rawIssuer, authorityKeyID []byte) bool {
	return bytes.Equal(root.RawSubject, rawIssuer) && (len(authorityKeyID) == 0 || bytes.Equal(root.SubjectKeyId, authorityKeyID))
}

// hexText returns bytes as fabric-ca's database has them, without zeros at the beginning.
func hexText(b []byte) string { return strings.TrimLeft(hex.EncodeToString(b), "0") }

// weak reports whether a signature may be another one's: two texts with one hash of SHA-1 can be made. crypto/x509 refuses such certificates by
// itself, but not such CRLs, and x/crypto/ocsp no such answers.
func weak(a x509.SignatureAlgorithm) bool {
	return a == x509.SHA1WithRSA || a == x509.ECDSAWithSHA1
}

// commonNames returns all of a certificate's: it may have several, of which crypto/x509 has the last.
func commonNames(c *x509.Certificate) (names []string) {
	for _, n := range c.Subject.Names {
		if text, ok := n.Value.(string); ok && n.Type.Equal(oidCommonName) {
			names = append(names, text)
		}
	}
	return names
}

var oidCommonName = asn1.ObjectIdentifier{2, 5, 4, 3}
