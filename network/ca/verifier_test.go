package ca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/simulators/pki"

	"golang.org/x/crypto/ocsp"
	"pgregory.net/rapid"
)

// Both algorithms verify with every check, and by nothing but what is there.
func TestVerify(t *testing.T) {
	for _, algorithm := range pki.Algorithms() {
		t.Run(string(algorithm), func(t *testing.T) {
			w := newWorld(t, Config{})
			w.signer = newSigner(t, algorithm, "another")
			w.meter = w.enrol(t, "meter-2", w.signer)
			digest, signature := sign(t, w.signer, "reading")
			for _, check := range []Check{CheckNone, CheckCRL, CheckOCSP} {
				v := w.verifier(t, check)
				if err := v.SetCRL(w.crl(t)); err != nil {
					t.Fatal(err)
				}
				if err := v.SetStatus(w.meter, w.status(t, w.meter)); err != nil {
					t.Fatal(err)
				}
				kind(t, v.Verify("meter-2", digest, signature, time.Time{}), "")
				kind(t, v.Verify("meter-2", digest, signature, time.Now().Add(-time.Second)), "")
				kind(t, v.Verify("meter-1", digest, signature, time.Time{}), Unknown)
				kind(t, v.Verify("meter-2", digest[1:], signature, time.Time{}), Digest)
				kind(t, v.Verify("meter-2", pki.Digest(algorithm, []byte("other")), signature, time.Time{}), Signature)
				kind(t, v.Verify("meter-2", digest, nil, time.Time{}), Signature)
				kind(t, v.Verify("meter-2", digest, signature, time.Now().Add(2*skew)), NotYetValid)
			}
		})
	}
}

// A verifier that knows nothing refuses everything.
func TestVerifyByNothing(t *testing.T) {
	w := newWorld(t, Config{})
	digest, signature := sign(t, w.signer, "reading")
	kind(t, new(Verifier).Verify(meterName, digest, signature, time.Time{}), Unknown)
	kind(t, new(Verifier).Add(w.meter), Foreign)
	kind(t, new(Verifier).SetCRL(w.crl(t)), Foreign)
	kind(t, new(Verifier).SetStatus(w.meter, w.status(t, w.meter)), Unknown)
	for check, want := range map[Check]Kind{CheckNone: "", CheckCRL: Missing, CheckOCSP: Missing, "": Missing, "hope": Missing} {
		t.Run("check "+string(check), func(t *testing.T) {
			kind(t, w.verifier(t, check).Verify(meterName, digest, signature, time.Time{}), want)
		})
	}
}

// named returns a name that has several common names.
func named(names ...string) (n pkix.Name) {
	for _, name := range names {
		n.ExtraNames = append(n.ExtraNames, pkix.AttributeTypeAndValue{Type: oidCommonName, Value: name})
	}
	return n
}

func TestAddRefuses(t *testing.T) {
	w, stranger := newWorld(t, Config{}), newWorld(t, Config{})
	// By the authority's name and its key's identifier, but with another key.
	impostor := &inProcess{root: &x509.Certificate{Subject: w.root.Subject, SubjectKeyId: w.root.SubjectKeyId}, key: stranger.issuer.key}
	key := w.signer.Private().Public()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		by     *inProcess
		key    any
		change func(*x509.Certificate)
		want   Kind
	}{
		"good":          {w.issuer, key, nil, ""},
		"other issuer":  {stranger.issuer, key, nil, Foreign},
		"impostor":      {impostor, key, nil, Forged},
		"SHA-1":         {w.issuer, key, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }, Forged},
		"RSA":           {w.issuer, rsaKey.Public(), nil, Unsupported},
		"P-384":         {w.issuer, p384.Public(), nil, Unsupported},
		"an authority":  {w.issuer, key, func(c *x509.Certificate) { c.IsCA = true }, Usage},
		"no signing":    {w.issuer, key, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }, Usage},
		"more usages":   {w.issuer, key, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }, Usage},
		"lists":         {w.issuer, key, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCRLSign }, Usage},
		"responder":     {w.issuer, key, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} }, Usage},
		"any usage":     {w.issuer, key, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, Usage},
		"unknown usage": {w.issuer, key, func(c *x509.Certificate) { c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3}} }, Usage},
		"critical": {w.issuer, key, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true}}
		}, Usage},
		"of two":         {w.issuer, key, func(c *x509.Certificate) { c.Subject = named("meter-2", meterName) }, Foreign},
		"of nobody":      {w.issuer, key, func(c *x509.Certificate) { c.Subject = pkix.Name{} }, Foreign},
		"ends too early": {w.issuer, key, func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(-time.Second) }, Expired},
	} {
		t.Run(name, func(t *testing.T) {
			v := &Verifier{Roots: w.Roots()}
			c := certify(t, test.by, test.key, test.change)
			kind(t, v.Add(c), test.want)
			digest, signature := sign(t, w.signer, "reading")
			v.Check = CheckNone
			kind(t, v.Verify(meterName, digest, signature, time.Time{}), map[bool]Kind{true: "", false: Unknown}[test.want == ""])
		})
	}
	v := &Verifier{Roots: w.Roots()}
	t.Run("under another name", func(t *testing.T) { kind(t, v.Add(Certificate{"meter-2", w.meter.Leaf}), Foreign) })
	t.Run("no certificate", func(t *testing.T) { kind(t, v.Add(Certificate{Meter: meterName}), Foreign) })
	t.Run("forged", func(t *testing.T) {
		der := append([]byte(nil), w.meter.Leaf.Raw...)
		der[len(der)-1] ^= 1
		c, err := ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		kind(t, v.Add(c), Forged)
	})
	t.Run("too many", func(t *testing.T) {
		for i := range mostKept + 1 {
			c := certify(t, w.issuer, key, func(c *x509.Certificate) { c.NotAfter = c.NotAfter.Add(time.Duration(i) * time.Second) })
			want := Kind("")
			if i == mostKept {
				want = Overflow
			}
			kind(t, v.Add(c), want)
			kind(t, v.Add(c), want) // the same once more
		}
	})
}

// A list of one issuer says nothing about the certificates of another one, which may have the same name and numbers.
func TestListOfAnotherRoot(t *testing.T) {
	w, other := newWorld(t, Config{}), newWorld(t, Config{})
	v := w.verifier(t, CheckCRL)
	v.Roots = append(v.Roots, other.root)
	digest, signature := sign(t, w.signer, "reading")
	kind(t, v.SetCRL(other.crl(t)), "")
	kind(t, v.Verify(meterName, digest, signature, time.Time{}), Missing)
	w.revoke(t, w.meter)
	kind(t, v.SetCRL(w.crl(t)), "")
	kind(t, v.SetCRL(other.crl(t)), "")
	kind(t, v.Verify(meterName, digest, signature, time.Time{}), Revoked)
}

// A certificate may begin before its root, by what one of them rounds: it is kept, and counts once both do.
func TestBeginsBeforeItsRoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		w.meter = certify(t, w.issuer, w.signer.Private().Public(), func(c *x509.Certificate) { c.NotBefore = w.root.NotBefore.Add(-time.Minute) })
		v := w.verifier(t, CheckNone)
		digest, signature := sign(t, w.signer, "reading")
		kind(t, v.Verify(meterName, digest, signature, time.Time{}), "")
		kind(t, v.Verify(meterName, digest, signature, w.root.NotBefore), "")
		kind(t, v.Verify(meterName, digest, signature, w.root.NotBefore.Add(-time.Second)), NotYetValid)
	})
}

// The time of a signature must be within its certificate's.
func TestValidity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Lifetime: time.Hour})
		v := w.verifier(t, CheckNone)
		digest, signature := sign(t, w.signer, "reading")
		begin := time.Now()
		kind(t, v.Verify(meterName, digest, signature, begin.Add(-2*backdate)), NotYetValid)
		time.Sleep(time.Hour)
		kind(t, v.Verify(meterName, digest, signature, time.Time{}), "")
		time.Sleep(2 * time.Second)
		kind(t, v.Verify(meterName, digest, signature, time.Time{}), Expired)
		kind(t, v.Verify(meterName, digest, signature, begin), "") // as it was signed then
	})
}

// After a renewal readings under the old key and the new one verify, each until its certificate ends.
func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Lifetime: time.Hour})
		v := w.verifier(t, CheckNone)
		old, next := Identity{w.meter, w.signer.Private()}, newSigner(t, pki.P256, "second")
		time.Sleep(50 * time.Minute)
		renewed, _, err := w.Renew(t.Context(), old, next.Private())
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Add(renewed); err != nil {
			t.Fatal(err)
		}
		oldDigest, oldSignature := sign(t, w.signer, "old")
		newDigest, newSignature := sign(t, next, "new")
		kind(t, v.Verify(meterName, oldDigest, oldSignature, time.Time{}), "")
		kind(t, v.Verify(meterName, newDigest, newSignature, time.Time{}), "")
		time.Sleep(20 * time.Minute)
		kind(t, v.Verify(meterName, oldDigest, oldSignature, time.Time{}), Expired)
		kind(t, v.Verify(meterName, newDigest, newSignature, time.Time{}), "")
		kind(t, v.Verify(meterName, newDigest, oldSignature, time.Time{}), Signature)
		_, _, err = w.Renew(t.Context(), old, next.Private())
		kind(t, err, Refused) // expired
	})
}

// A meter may keep its key when its certificate is renewed: a reading is verified by the certificate of its time.
func TestRenewalOfSameKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Lifetime: time.Hour})
		v := w.verifier(t, CheckNone)
		digest, signature := sign(t, w.signer, "reading")
		begin := time.Now()
		time.Sleep(50 * time.Minute)
		renewed, _, err := w.Renew(t.Context(), Identity{w.meter, w.signer.Private()}, w.signer.Private())
		if err != nil {
			t.Fatal(err)
		}
		kind(t, v.Add(renewed), "")
		kind(t, v.Verify(meterName, digest, signature, begin), "")
		kind(t, v.Verify(meterName, digest, signature, begin.Add(-time.Hour)), NotYetValid)
		time.Sleep(time.Hour - time.Second)
		kind(t, v.Verify(meterName, digest, signature, time.Time{}), "")
		v.Check = CheckCRL
		w.revoke(t, renewed)
		kind(t, v.SetCRL(w.crl(t)), "")
		kind(t, v.Verify(meterName, digest, signature, time.Time{}), Revoked)
	})
}

// A revocation counts once the verifier knows of it: with what it keeps, until that is too old.
func TestRevocationTakesEffect(t *testing.T) {
	for _, check := range []Check{CheckCRL, CheckOCSP} {
		t.Run(string(check), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, Config{Lifetime: 24 * time.Hour, CRLAge: 2 * time.Hour, Refresh: time.Hour})
				v := w.verifier(t, check)
				fetch := func() error {
					if check == CheckCRL {
						return v.SetCRL(w.crl(t))
					}
					return v.SetStatus(w.meter, w.status(t, w.meter))
				}
				digest, signature := sign(t, w.signer, "reading")
				begin := time.Now()
				verify := func(want Kind) {
					t.Helper()
					kind(t, v.Verify(meterName, digest, signature, begin), want)
				}
				verify(Missing)
				kind(t, fetch(), "")
				verify("")
				w.revoke(t, w.meter)
				verify("") // nobody told
				time.Sleep(time.Hour)
				verify("")
				time.Sleep(2 * time.Second) // what is written in seconds may look a second older
				verify(Stale)
				kind(t, fetch(), "")
				verify(Revoked)
				time.Sleep(90 * time.Minute)
				verify(Stale)
				v.MaxAge = 24 * time.Hour
				verify(Revoked)
				time.Sleep(time.Hour)
				verify(Stale) // its issuer vouches for it no more
			})
		})
	}
}

// Whatever byte of a certificate, CRL, OCSP answer or signature is another one, nothing is accepted by it.
func TestMutationsAreRefused(t *testing.T) {
	w := newWorld(t, Config{})
	digest, signature := sign(t, w.signer, "reading")
	w2 := newSigner(t, pki.P256, "second")
	other := w.enrol(t, "meter-2", w2)
	w.revoke(t, other) // so that the list has an entry
	list, status := w.crl(t), w.status(t, w.meter)
	genuine, err := ocsp.ParseResponse(status, w.root)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		mutate := func(what string, b []byte) []byte {
			b = append([]byte(nil), b...)
			at := rapid.IntRange(0, len(b)-1).Draw(r, what)
			b[at] ^= byte(rapid.IntRange(1, 255).Draw(r, what+" by"))
			return b
		}
		v := &Verifier{Roots: w.Roots(), Check: CheckCRL, MaxAge: time.Hour}
		if c, err := ParseCertificate(mutate("certificate", w.meter.Leaf.Raw)); err == nil && v.Add(c) == nil {
			r.Fatal("a certificate that was changed is kept")
		}
		if err := v.Add(w.meter); err != nil {
			r.Fatal(err)
		}
		if v.SetCRL(mutate("CRL", list)) == nil {
			r.Fatal("a CRL that was changed is kept")
		}
		// The lengths around what is signed may be written otherwise: encoding/asn1 does not look at all of them.
		if changed := mutate("status", status); v.SetStatus(w.meter, changed) == nil {
			if got := v.meter[meterName][0].status; !bytes.Equal(got.TBSResponseData, genuine.TBSResponseData) || !bytes.Equal(got.Signature, genuine.Signature) {
				r.Fatal("an OCSP answer that was changed is kept")
			}
		}
		if KindOf(v.Verify(meterName, digest, signature, time.Time{})) != Missing {
			r.Fatal("verified without a CRL")
		}
		v.Check = CheckNone
		if v.Verify(meterName, digest, mutate("signature", signature), time.Time{}) == nil {
			r.Fatal("a signature that was changed verifies")
		}
		if v.Verify(meterName, mutate("digest", digest), signature, time.Time{}) == nil {
			r.Fatal("a digest that was changed verifies")
		}
	})
}
