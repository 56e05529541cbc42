package ca

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"meterbench/simulators/pki"
)

// world is an authority in this process with one meter that is enrolled.
type world struct {
	*Authority
	issuer *inProcess
	signer *pki.Signer
	meter  Certificate
}

const meterName = "meter-1"

func newWorld(t testing.TB, c Config) *world {
	t.Helper()
	c.Issuer = InProcess
	a, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	w := &world{Authority: a, issuer: a.issuer.(*inProcess), signer: newSigner(t, pki.P256, "first")}
	w.meter = w.enrol(t, meterName, w.signer)
	return w
}

func newSigner(t testing.TB, algorithm pki.Algorithm, purpose string) *pki.Signer {
	t.Helper()
	s, err := pki.NewSigner(1, algorithm, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) enrol(t testing.TB, meter string, signer *pki.Signer) Certificate {
	t.Helper()
	c, traffic, err := w.Enrol(t.Context(), meter, signer.Private())
	if err != nil || traffic != (Traffic{}) {
		t.Fatal(traffic, err)
	}
	return c
}

func (w *world) crl(t testing.TB) []byte {
	t.Helper()
	der, _, err := w.CRL(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (w *world) status(t testing.TB, c Certificate) []byte {
	t.Helper()
	der, _, err := w.Status(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (w *world) revoke(t testing.TB, c Certificate) {
	t.Helper()
	if _, err := w.Revoke(t.Context(), c.Leaf.SerialNumber, pki.KeyCompromise); err != nil {
		t.Fatal(err)
	}
}

// verifier returns one that keeps the meter's certificate.
func (w *world) verifier(t testing.TB, check Check) *Verifier {
	t.Helper()
	v := &Verifier{Roots: w.Roots(), Check: check, MaxAge: time.Hour}
	if err := v.Add(w.meter); err != nil {
		t.Fatal(err)
	}
	return v
}

// sign returns the digest of a message and its signature.
func sign(t testing.TB, signer *pki.Signer, message string) (digest, signature []byte) {
	t.Helper()
	digest = pki.Digest(signer.Algorithm(), []byte(message))
	signature, err := signer.Sign(digest)
	if err != nil {
		t.Fatal(err)
	}
	return digest, signature
}

// kind checks that an error is of a kind, empty for none.
func kind(t testing.TB, err error, want Kind) {
	t.Helper()
	if err == nil && want == "" {
		return
	}
	if got := KindOf(err); got != want {
		t.Errorf("error %q of %v, want %q", got, err, want)
	}
}

// certify signs a certificate of a meter's key by an issuer's certificate and key, after a change.
func certify(t testing.TB, p *inProcess, key any, change func(*x509.Certificate)) Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: meterName}, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, p.root, key, p.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// identity returns an identity that certify has made.
func identity(t testing.TB, p *inProcess, change func(*x509.Certificate)) Identity {
	t.Helper()
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	return Identity{certify(t, p, key.Public(), change), key}
}
