package ca

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"meterbench/internal/regular"
)

// Misissue signs a certificate of a meter with the authority's own key, past its database and all that it checks, as who runs
// the authority can.
func (a *Authority) Misissue(meter string, public crypto.PublicKey) (Certificate, error) {
	key, err := a.issuer.rootKey()
	if err != nil {
		return Certificate{}, fmt.Errorf("misissue: %w", err)
	}
	now := time.Now()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: newSerial(), Subject: pkix.Name{CommonName: meter}, NotBefore: now.Add(-backdate), NotAfter: now.Add(year),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}, a.root, public, key)
	if err != nil {
		return Certificate{}, fmt.Errorf("misissue: %w", err)
	}
	return ParseCertificate(der)
}

func (p *inProcess) rootKey() (crypto.Signer, error) { return p.key, nil }

// rootKey reads the key of the server's certificate, one of those in its keystore.
func (s *server) rootKey() (crypto.Signer, error) {
	folder := filepath.Join(s.dir, serverNode, keystore)
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := regular.Read(filepath.Join(folder, f.Name()), mostAnswer)
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(text)
		if block == nil { // of anonymous credentials
			continue
		}
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		key, ok := parsed.(crypto.Signer)
		if err != nil || !ok {
			continue
		}
		if own, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); ok && own.Equal(s.issuer.PublicKey) {
			return key, nil
		}
	}
	return nil, fmt.Errorf("no key of the authority in %s", folder)
}
