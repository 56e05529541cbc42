package client

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"time"
)

// Showing returns t with a certificate to show: its own, or where it has none, one made for now. The service discovery of
// a peer that asks for no certificate answers only those who showed one, whichever it is.
func (t TLS) Showing() (TLS, error) {
	if len(t.Cert) > 0 {
		return t, nil
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return t, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(throwawayLife)}
	cert, err1 := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	key, err2 := x509.MarshalPKCS8PrivateKey(private)
	t.Cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	t.Key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	return t, errors.Join(err1, err2)
}

// throwawayLife is how long a certificate made for now is valid: longer than a measurement.
const throwawayLife = 30 * 24 * time.Hour
