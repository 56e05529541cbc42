package ca

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"encoding/pem"
	"os"

	"golang.org/x/crypto/ocsp"
)

// newStatus makes an OCSP answer about a meter's certificate by an issuer, after a change.
func newStatus(t testing.TB, p *inProcess, signer Identity, serial *big.Int, change func(*ocsp.Response)) []byte {
	t.Helper()
	now := time.Now()
	template := ocsp.Response{
		Status: ocsp.Good, SerialNumber: serial, IssuerHash: crypto.SHA256, ThisUpdate: now, NextUpdate: now.Add(time.Hour), Certificate: signer.Leaf,
	}
	if change != nil {
		change(&template)
	}
	der, err := ocsp.CreateResponse(p.root, signer.Leaf, template, signer.Key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// extended returns an answer that has an extension as a whole, signed anew.
func extended(t testing.TB, der []byte, key crypto.Signer, e pkix.Extension) []byte {
	t.Helper()
	var answer answerASN1
	var basic struct {
		Data         asn1.RawValue
		Algorithm    pkix.AlgorithmIdentifier
		Signature    asn1.BitString
		Certificates asn1.RawValue `asn1:"optional,explicit,tag:0"`
	}
	_, err1 := asn1.Unmarshal(der, &answer)
	_, err2 := asn1.Unmarshal(answer.Response.Response, &basic)
	extensions, err3 := asn1.MarshalWithParams([]pkix.Extension{e}, "explicit,tag:1")
	basic.Data = asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: append(basic.Data.Bytes, extensions...)}
	data, err4 := asn1.Marshal(basic.Data)
	digest := sha256.Sum256(data)
	signature, err5 := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	basic.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	var err6, err7 error
	answer.Response.Response, err6 = asn1.Marshal(basic)
	der, err7 = asn1.Marshal(answer)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
		t.Fatal(err)
	}
	return der
}

func TestSetStatusRefuses(t *testing.T) {
	w, stranger := newWorld(t, Config{}), newWorld(t, Config{})
	delegated := func(change func(*x509.Certificate)) Identity {
		return identity(t, w.issuer, func(c *x509.Certificate) {
			c.Subject, c.ExtKeyUsage = pkix.Name{CommonName: responderName}, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
			if change != nil {
				change(c)
			}
		})
	}
	impostor := &inProcess{
		root: &x509.Certificate{Subject: w.root.Subject, SubjectKeyId: w.root.SubjectKeyId}, key: stranger.issuer.key,
	}
	self := Identity{Certificate{Leaf: w.root}, w.issuer.key}
	good := w.issuer.signing.signer
	for name, test := range map[string]struct {
		by     Identity
		change func(*ocsp.Response)
		want   Kind
	}{
		"good":               {good, nil, ""},
		"by the issuer":      {self, func(r *ocsp.Response) { r.Certificate = nil }, ""},
		"other delegate":     {delegated(nil), nil, ""},
		"another serial":     {good, func(r *ocsp.Response) { r.SerialNumber = big.NewInt(5) }, Foreign},
		"stranger":           {stranger.issuer.signing.signer, nil, Forged},
		"stranger unnamed":   {stranger.issuer.signing.signer, func(r *ocsp.Response) { r.Certificate = nil }, Forged},
		"impostor":           {identity(t, impostor, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} }), nil, Forged},
		"other's key":        {Identity{good.Certificate, w.issuer.key}, nil, Forged},
		"a meter":            {Identity{w.meter, w.signer.Private()}, nil, Usage},
		"any usage":          {delegated(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), nil, Usage},
		"meter as responder": {delegated(func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: meterName} }), nil, Foreign},
		"expired delegate":   {delegated(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Second) }), nil, Expired},
		"delegate of later":  {delegated(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(30 * time.Minute) }), nil, NotYetValid},
		"no signing":         {delegated(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }), nil, Usage},
		"critical delegate": {delegated(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true}}
		}), nil, Usage},
		"SHA-1":          {good, func(r *ocsp.Response) { r.SignatureAlgorithm = x509.ECDSAWithSHA1 }, Forged},
		"issuer's SHA-1": {self, func(r *ocsp.Response) { r.Certificate, r.SignatureAlgorithm = nil, x509.ECDSAWithSHA1 }, Forged},
		"SHA-1 delegate": {delegated(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }), nil, Forged},
		"stale":          {good, func(r *ocsp.Response) { r.NextUpdate = time.Now().Add(-time.Hour) }, Stale},
		"no end":         {good, func(r *ocsp.Response) { r.NextUpdate = time.Time{} }, Stale},
		"of tomorrow":    {good, func(r *ocsp.Response) { r.ThisUpdate = time.Now().Add(time.Hour) }, NotYetValid},
		"goes back":      {good, func(r *ocsp.Response) { r.ThisUpdate = time.Now().Add(-time.Hour) }, RolledBack},
		"critical": {good, func(r *ocsp.Response) {
			r.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true}}
		}, Usage},
	} {
		t.Run(name, func(t *testing.T) {
			v := w.verifier(t, CheckOCSP)
			first := newStatus(t, w.issuer, good, w.meter.Leaf.SerialNumber, func(r *ocsp.Response) { r.ThisUpdate = r.ThisUpdate.Add(-time.Minute) })
			kind(t, v.SetStatus(w.meter, first), "")
			kind(t, v.SetStatus(w.meter, newStatus(t, w.issuer, test.by, w.meter.Leaf.SerialNumber, test.change)), test.want)
			digest, signature := sign(t, w.signer, "reading")
			kind(t, v.Verify(meterName, digest, signature, time.Time{}), "") // by one or the other
		})
	}
	v := w.verifier(t, CheckOCSP)
	genuine := w.status(t, w.meter)
	for name, test := range map[string]struct {
		der  []byte
		want Kind
	}{
		"nothing": {nil, Malformed}, "cut": {genuine[:len(genuine)-1], Malformed}, "longer": {append(append([]byte(nil), genuine...), 0), Malformed},
		"a CRL": {w.crl(t), Malformed}, "too long": {make([]byte, mostStatus+1), Malformed},
		"try later": {ocsp.TryLaterErrorResponse, Refused}, "unauthorised": {ocsp.UnauthorizedErrorResponse, Refused},
	} {
		t.Run(name, func(t *testing.T) { kind(t, v.SetStatus(w.meter, test.der), test.want) })
	}
	t.Run("extensions of the answer", func(t *testing.T) {
		for critical, want := range map[bool]Kind{false: "", true: Usage} {
			e := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: critical, Value: []byte{5, 0}}
			kind(t, v.SetStatus(w.meter, extended(t, genuine, good.Key, e)), want)
		}
	})
	// The same number, of another issuer: a responder of both could be made to answer for the wrong one.
	t.Run("another issuer's", func(t *testing.T) {
		about := newStatus(t, stranger.issuer, good, w.meter.Leaf.SerialNumber, nil)
		kind(t, v.SetStatus(w.meter, about), Foreign)
	})
	t.Run("not kept", func(t *testing.T) {
		other := certify(t, w.issuer, w.signer.Private().Public(), nil)
		kind(t, v.SetStatus(other, newStatus(t, w.issuer, good, other.Leaf.SerialNumber, nil)), Unknown)
		kind(t, v.SetStatus(Certificate{Meter: meterName}, genuine), Unknown)
	})
	for status, want := range map[int]Kind{ocsp.Good: "", ocsp.Revoked: Revoked, ocsp.Unknown: Unknown} {
		t.Run("status "+string(want), func(t *testing.T) {
			v := w.verifier(t, CheckOCSP)
			kind(t, v.SetStatus(w.meter, newStatus(t, w.issuer, good, w.meter.Leaf.SerialNumber, func(r *ocsp.Response) { r.Status, r.RevokedAt = status, time.Now() })), "")
			digest, signature := sign(t, w.signer, "reading")
			kind(t, v.Verify(meterName, digest, signature, time.Time{}), want)
		})
	}
}

// An answer from before a revocation, of the same second, does not take it back.
func TestReplayWithinSecond(t *testing.T) {
	w := newWorld(t, Config{})
	v := w.verifier(t, CheckOCSP)
	at := time.Now().Truncate(time.Second)
	answer := func(status int) []byte {
		return newStatus(t, w.issuer, w.issuer.signing.signer, w.meter.Leaf.SerialNumber, func(r *ocsp.Response) {
			r.Status, r.ThisUpdate, r.RevokedAt = status, at, at
		})
	}
	kind(t, v.SetStatus(w.meter, answer(ocsp.Good)), "")
	kind(t, v.SetStatus(w.meter, answer(ocsp.Revoked)), "")
	kind(t, v.SetStatus(w.meter, answer(ocsp.Good)), RolledBack)
	kind(t, v.SetStatus(w.meter, answer(ocsp.Unknown)), RolledBack)
	digest, signature := sign(t, w.signer, "reading")
	kind(t, v.Verify(meterName, digest, signature, time.Time{}), Revoked)
}

// What a responder answers to requests that it has no answer to, and when its list is too old.
func TestResponderAnswers(t *testing.T) {
	w, stranger := newWorld(t, Config{}), newWorld(t, Config{})
	now := time.Now()
	s := &service{responder: w.issuer.signing, refresh: time.Minute, crl: &crl{this: now, next: now.Add(time.Hour), revoked: map[string]revocation{}}}
	request, err := statusRequest(w.meter.Leaf, w.root)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := statusRequest(stranger.meter.Leaf, stranger.root)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		at      time.Time
		request []byte
		want    ocsp.ResponseStatus
	}{
		"good": {now, request, ocsp.Success}, "at the end": {now.Add(2 * time.Minute), request, ocsp.Success},
		"after the end": {now.Add(2*time.Minute + 1), request, ocsp.TryLater},
		"other issuer":  {now, foreign, ocsp.Unauthorized}, "nonsense": {now, []byte("x"), ocsp.Malformed}, "nothing": {now, nil, ocsp.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			der, err := s.at(test.at, test.request)
			if err != nil {
				t.Fatal(err)
			}
			var got ocsp.ResponseStatus
			if err := isAbout(der, w.meter.Leaf, w.root); err != nil {
				got = ocsp.ResponseStatus(err.(*Error).Code)
			}
			if got != test.want {
				t.Errorf("answer %v, want %v", got, test.want)
			}
		})
	}
}

// An answer does not count longer than the list that it goes by.
func TestAnswerEndsWithList(t *testing.T) {
	w := newWorld(t, Config{})
	now := time.Now()
	s := &service{responder: w.issuer.signing, refresh: time.Hour, crl: &crl{this: now, next: now.Add(time.Minute)}}
	request, err := statusRequest(w.meter.Leaf, w.root)
	if err != nil {
		t.Fatal(err)
	}
	der, err := s.at(now, request)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := ocsp.ParseResponse(der, w.root)
	if err != nil || answer.NextUpdate.After(s.crl.next) {
		t.Errorf("the answer counts until %v, its list until %v, %v", answer.NextUpdate, s.crl.next, err)
	}
	der, err = s.at(s.crl.next.Add(time.Second), request)
	if err != nil || string(der) != string(ocsp.TryLaterErrorResponse) {
		t.Errorf("an answer by a list that counts no more: %x, %v", der, err)
	}
}

// OpenSSL understands the answers, too.
func TestAnswerByOpenSSL(t *testing.T) {
	tool, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	w := newWorld(t, Config{})
	w.revoke(t, w.enrol(t, "meter-2", newSigner(t, "p256", "second")))
	dir := t.TempDir()
	put := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certificate := func(c *x509.Certificate) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	root, leaf := put("root.pem", certificate(w.root)), put("leaf.pem", certificate(w.meter.Leaf))
	out, err := exec.Command(tool, "ocsp", "-respin", put("answer.der", w.status(t, w.meter)), "-issuer", root, "-sha256", "-cert", leaf, "-CAfile", root).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Response verify OK") || !strings.Contains(string(out), leaf+": good") {
		t.Errorf("%v, %s", err, out)
	}
	out, err = exec.Command(tool, "verify", "-crl_check", "-CAfile", root, "-CRLfile", put("crl.pem", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: w.crl(t)})), leaf).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "leaf.pem: OK") {
		t.Errorf("%v, %s", err, out)
	}
}

// The hash of an issuer's key is over the bits of the key alone.
func TestIssuerHashes(t *testing.T) {
	w := newWorld(t, Config{})
	name, key, ok := issuerHashes(w.root, crypto.SHA256)
	want := sha256.Sum256(w.root.RawSubject)
	if !ok || string(name) != string(want[:]) || len(key) != sha256.Size {
		t.Errorf("%x, %x, %t", name, key, ok)
	}
	if _, _, ok := issuerHashes(w.root, crypto.Hash(200)); ok {
		t.Error("hashed by nothing")
	}
}
