package ca

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"
)

// newList makes a CRL by an issuer, after a change.
func newList(t testing.TB, p *inProcess, change func(*x509.RevocationList)) []byte {
	t.Helper()
	now := time.Now()
	template := &x509.RevocationList{Number: big.NewInt(2), ThisUpdate: now, NextUpdate: now.Add(time.Hour)}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, p.root, p.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestSetCRLRefuses(t *testing.T) {
	w, stranger := newWorld(t, Config{}), newWorld(t, Config{})
	impostor := &inProcess{
		root: &x509.Certificate{Subject: w.root.Subject, SubjectKeyId: w.root.SubjectKeyId, KeyUsage: x509.KeyUsageCRLSign}, key: stranger.issuer.key,
	}
	critical := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}} // it lists changes only
	for name, test := range map[string]struct {
		by     *inProcess
		change func(*x509.RevocationList)
		want   Kind
	}{
		"good":         {w.issuer, nil, ""},
		"other issuer": {stranger.issuer, nil, Foreign},
		"impostor":     {impostor, nil, Forged},
		"stale": {w.issuer, func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		}, Stale},
		"of tomorrow": {w.issuer, func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
		}, NotYetValid},
		"SHA-1":            {w.issuer, func(l *x509.RevocationList) { l.SignatureAlgorithm = x509.ECDSAWithSHA1 }, Forged},
		"a delta":          {w.issuer, func(l *x509.RevocationList) { l.ExtraExtensions = []pkix.Extension{critical} }, Usage},
		"a delta unmarked": {w.issuer, listWith(asn1.ObjectIdentifier{2, 5, 29, 27}, []byte{2, 1, 1}), Usage},
		"of one point":     {w.issuer, listWith(asn1.ObjectIdentifier{2, 5, 29, 28}, []byte{0x30, 3, 0x84, 1, 0xff}), Usage}, // an indirect list
		"with something":   {w.issuer, listWith(asn1.ObjectIdentifier{1, 2, 3}, []byte{5, 0}), ""},
		"of other issuers": {w.issuer, entryWith(pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}), Usage},
		"number as before": {w.issuer, nil, ""},
		"number goes back": {w.issuer, func(l *x509.RevocationList) { l.Number = big.NewInt(0) }, RolledBack},
		"time goes back": {w.issuer, func(l *x509.RevocationList) {
			l.Number, l.ThisUpdate = big.NewInt(9), l.ThisUpdate.Add(-10*time.Second)
		}, RolledBack},
		"other extension":   {w.issuer, entryWith(pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte{5, 0}}), ""},
		"revoked something": {w.issuer, entryWith(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := w.verifier(t, CheckCRL)
			kind(t, v.SetCRL(newList(t, w.issuer, func(l *x509.RevocationList) { l.Number = big.NewInt(1) })), "")
			kind(t, v.SetCRL(newList(t, test.by, test.change)), test.want)
			digest, signature := sign(t, w.signer, "reading")
			kind(t, v.Verify(meterName, digest, signature, time.Time{}), "") // by one or the other
		})
	}
	v := w.verifier(t, CheckCRL)
	genuine := w.crl(t)
	for name, der := range map[string][]byte{
		"nothing": nil, "text": []byte("-----BEGIN X509 CRL-----"), "cut": genuine[:len(genuine)-1], "longer": append(append([]byte(nil), genuine...), 0),
		"a certificate": w.meter.Leaf.Raw, "too long": make([]byte, mostCRL+1),
	} {
		t.Run(name, func(t *testing.T) { kind(t, v.SetCRL(der), Malformed) })
	}
}

// listWith adds an extension that is not critical.
func listWith(id asn1.ObjectIdentifier, value []byte) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) { l.ExtraExtensions = []pkix.Extension{{Id: id, Value: value}} }
}

// entryWith adds an entry with extensions.
func entryWith(extensions ...pkix.Extension) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: big.NewInt(5), RevocationTime: time.Now(), ExtraExtensions: extensions}}
	}
}

// Lists without a number, as fabric-ca's, are ordered by time.
func TestOrderWithoutNumbers(t *testing.T) {
	now := time.Now()
	first, second := &crl{this: now}, &crl{this: now.Add(time.Second)}
	kind(t, second.follows(first), "")
	kind(t, first.follows(first), "")
	kind(t, first.follows(second), RolledBack)
	kind(t, first.follows(nil), "")
	longer := &crl{this: now, revoked: map[string]revocation{"x": {}}}
	kind(t, longer.follows(first), "")
	kind(t, longer.follows(longer), "")
	kind(t, first.follows(longer), RolledBack) // a replay within the second
	kind(t, second.follows(longer), "")        // what expired is listed no more
	one, two := &crl{this: now, number: big.NewInt(1), revoked: longer.revoked}, &crl{this: now, number: big.NewInt(2)}
	kind(t, two.follows(one), "")
	numbered := &crl{this: now.Add(time.Minute), number: big.NewInt(1)}
	kind(t, numbered.follows(second), "")
}
