package profile

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// testCA is a certificate authority.
type testCA struct {
	cert *x509.Certificate
	key  crypto.Signer
	pem  string
}

// testCredential is a certificate and its key, both PEM.
type testCredential struct{ cert, key string }

// lifetime is when a certificate is valid, from now on.
type lifetime struct{ from, to time.Duration }

var (
	current = lifetime{-time.Hour, time.Hour}
	past    = lifetime{-2 * time.Hour, -time.Hour}
	future  = lifetime{time.Hour, 2 * time.Hour}
)

func newKey(t testing.TB, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func template(name string, l lifetime) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"test"}},
		NotBefore: time.Now().Add(l.from), NotAfter: time.Now().Add(l.to), BasicConstraintsValid: true,
	}
}

func newCA(t testing.TB, name string, l lifetime) testCA {
	t.Helper()
	key, c := newKey(t, elliptic.P256()), template(name, l)
	c.IsCA = true
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return testCA{c, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

// issue returns a certificate of a key.
func (ca testCA) issue(t testing.TB, name string, key crypto.Signer, l lifetime) testCredential {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template(name, l), ca.cert, key.Public(), ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return testCredential{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), keyPEM(t, key)}
}

func (ca testCA) user(t testing.TB, name string) testCredential {
	t.Helper()
	return ca.issue(t, name, newKey(t, elliptic.P256()), current)
}

func keyPEM(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// tree makes files below a folder; a name that ends in a slash is a folder.
func tree(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o700)
		} else if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func fifo(t testing.TB, path string) {
	t.Helper()
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// issueCA returns a certificate of another authority below this one.
func (ca testCA) issueCA(t testing.TB, of testCA) string {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, of.cert, ca.cert, of.key.Public(), ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
