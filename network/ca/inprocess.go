package ca

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"time"

	"meterbench/internal/lows"
	"meterbench/simulators/pki"
)

// The codes with which the in-process issuer refuses, as HTTP has them.
const (
	codeUnauthorised = 401
	codeForbidden    = 403
	codeMissing      = 404
	codeConflict     = 409
)

// inProcess issues by crypto/x509 in this process.
type inProcess struct {
	config  Config
	now     func() time.Time
	root    *x509.Certificate
	key     crypto.Signer
	staff   map[string]bool // names of those who may register and revoke
	signing responder

	mu      sync.Mutex
	secrets map[string]string // for one enrolment; empty once it is used
	serials map[string]bool   // of the certificates issued
	revoked map[string]revocation
	number  int64 // of the last CRL
}

// rootLifetime is that of fabric-ca's own certificate.
const rootLifetime = 15 * year

// backdate is how long before its issue a certificate becomes valid, as clocks differ.
const backdate = 5 * time.Minute

func newInProcess(c Config, now func() time.Time) (*inProcess, error) {
	p := &inProcess{
		config: c, now: now, staff: map[string]bool{registrarName: true},
		secrets: map[string]string{}, serials: map[string]bool{}, revoked: map[string]revocation{},
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	p.key = key
	root := &x509.Certificate{
		SerialNumber: newSerial(), Subject: pkix.Name{CommonName: "ca", Organization: []string{"meterbench"}},
		NotBefore: now().Add(-backdate), NotAfter: now().Add(rootLifetime), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		return nil, err
	}
	if p.root, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	signer, err := p.identity(responderName, x509.ExtKeyUsageOCSPSigning)
	if err != nil {
		return nil, err
	}
	p.signing = responder{issuer: p.root, signer: signer}
	return p, nil
}

// newKey returns a private key on P-256 that signs with the lower s, as fabric-ca demands.
func newKey() (lows.Key, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return lows.Key{PrivateKey: key}, err
}

// newSerial returns a number of 127 random bits.
func newSerial() *big.Int {
	serial := make([]byte, 16)
	rand.Read(serial) // never fails
	serial[0] &= 0x7f
	return new(big.Int).SetBytes(serial)
}

// identity returns an identity of the authority's own.
func (p *inProcess) identity(name string, usages ...x509.ExtKeyUsage) (Identity, error) {
	key, err := newKey()
	if err != nil {
		return Identity{}, err
	}
	der, err := p.issue(name, key.Public(), year, usages...)
	if err != nil {
		return Identity{}, err
	}
	c, err := ParseCertificate(der)
	return Identity{c, key}, err
}

func (p *inProcess) issue(name string, key any, lifetime time.Duration, usages ...x509.ExtKeyUsage) ([]byte, error) {
	now := p.now()
	template := &x509.Certificate{
		SerialNumber: newSerial(), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-backdate), NotAfter: now.Add(lifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: usages, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, p.root, key, p.key)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serials[string(template.SerialNumber.Bytes())] = true
	return der, nil
}

// isStaff refuses callers who may not register and revoke.
func (p *inProcess) isStaff(by Identity) error {
	if by.Leaf == nil || by.Leaf.CheckSignatureFrom(p.root) != nil || !p.staff[by.Leaf.Subject.CommonName] {
		return &Error{Kind: Refused, Code: codeForbidden, Text: "the caller is not the registrar"}
	}
	return nil
}

func (p *inProcess) register(_ context.Context, by Identity, meter string) (secret string, t Traffic, err error) {
	if err := p.isStaff(by); err != nil {
		return "", t, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.secrets[meter]; ok || p.staff[meter] || meter == responderName {
		return "", t, &Error{Kind: Refused, Code: codeConflict, Text: "it is registered already"}
	}
	p.secrets[meter] = rand.Text()
	return p.secrets[meter], t, nil
}

func (p *inProcess) reset(_ context.Context, by Identity, meter string) (secret string, t Traffic, err error) {
	if err := p.isStaff(by); err != nil {
		return "", t, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.secrets[meter]; !ok {
		return "", t, &Error{Kind: Refused, Code: codeMissing, Text: "it is not registered"}
	}
	p.secrets[meter] = rand.Text()
	return p.secrets[meter], t, nil
}

func (p *inProcess) enrol(_ context.Context, meter, secret string, csr []byte) (der []byte, t Traffic, err error) {
	p.mu.Lock()
	want := p.secrets[meter]
	ok := want != "" && secret == want
	if ok {
		p.secrets[meter] = ""
	}
	p.mu.Unlock()
	if !ok {
		return nil, t, &Error{Kind: Refused, Code: codeUnauthorised, Text: "authentication failure"}
	}
	der, err = p.sign(meter, csr)
	return der, t, err
}

func (p *inProcess) renew(_ context.Context, by Identity, csr []byte) (der []byte, t Traffic, err error) {
	p.mu.Lock()
	_, revoked := p.revoked[string(by.Leaf.SerialNumber.Bytes())]
	p.mu.Unlock()
	now := p.now()
	if revoked || by.Leaf.CheckSignatureFrom(p.root) != nil || now.After(by.Leaf.NotAfter) || now.Before(by.Leaf.NotBefore) {
		return nil, t, &Error{Kind: Refused, Code: codeUnauthorised, Text: "the certificate is revoked, expired or not of this authority"}
	}
	if err := holds(by); err != nil {
		return nil, t, err
	}
	der, err = p.sign(by.Leaf.Subject.CommonName, csr)
	return der, t, err
}

// holds proves that an identity has the key of its certificate, as a call's token does to fabric-ca.
func holds(by Identity) error {
	key, err := keyOf(by.Leaf)
	if err != nil {
		return err
	}
	digest := pki.Digest(key.Algorithm(), []byte(rand.Text()))
	options := crypto.SHA256
	if key.Algorithm() == pki.Ed25519ph {
		options = crypto.SHA512
	}
	signature, err := by.Key.Sign(rand.Reader, digest, options)
	if err != nil || key.Verify(digest, signature) != nil {
		return &Error{Kind: Refused, Code: codeUnauthorised, Text: "the caller does not have the certificate's key", Err: err}
	}
	return nil
}

// sign makes a certificate of a request, whose signature shows that the meter has the key.
func (p *inProcess) sign(meter string, csr []byte) ([]byte, error) {
	request, err := x509.ParseCertificateRequest(csr)
	if err == nil {
		err = request.CheckSignature()
	}
	if err != nil {
		return nil, refuse(Malformed, err, "a certificate request")
	}
	if request.Subject.CommonName != meter {
		return nil, &Error{Kind: Refused, Code: codeForbidden, Text: "the request is of another name"}
	}
	return p.issue(meter, request.PublicKey, p.config.Lifetime)
}

func (p *inProcess) revoke(_ context.Context, by Identity, serial *big.Int, reason pki.Reason) (t Traffic, err error) {
	if err := p.isStaff(by); err != nil {
		return t, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := string(serial.Bytes())
	if _, revoked := p.revoked[key]; revoked || !p.serials[key] {
		return t, &Error{Kind: Refused, Code: codeMissing, Text: "there is no such certificate, or it is revoked already"}
	}
	p.revoked[key] = revocation{p.now(), int(reason)}
	return t, nil
}

func (p *inProcess) crl(_ context.Context, by Identity) (der []byte, t Traffic, err error) {
	if err := p.isStaff(by); err != nil {
		return nil, t, err
	}
	now := p.now()
	list := &x509.RevocationList{ThisUpdate: now, NextUpdate: now.Add(p.config.CRLAge)}
	p.mu.Lock()
	p.number++
	list.Number = big.NewInt(p.number)
	for serial, r := range p.revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: new(big.Int).SetBytes([]byte(serial)), RevocationTime: r.since, ReasonCode: r.reason,
		})
	}
	p.mu.Unlock()
	der, err = x509.CreateRevocationList(rand.Reader, list, p.root, p.key)
	return der, t, err
}

func (p *inProcess) status(_ context.Context, request []byte) (der []byte, t Traffic, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	der, err = p.signing.answer(request, now, now.Add(2*p.config.Refresh), p.revoked)
	return der, t, err
}

func (p *inProcess) processes() []running { return nil }

func (p *inProcess) close() error { return nil }

// authority returns the issuer as the registrar calls it.
func (p *inProcess) authority() (*Authority, error) {
	registrar, err := p.identity(registrarName)
	return &Authority{p, p.root, registrar}, err
}
