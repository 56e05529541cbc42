package ca

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"meterbench/simulators/pki"
)

// golden is what a fabric-ca and its responder once made, and a verifier of that time.
type golden struct {
	root, meter, revoked, crl, status []byte
	*Verifier
}

func readGolden(t testing.TB) golden {
	t.Helper()
	read := func(name string) []byte {
		der, err := os.ReadFile(filepath.Join("testdata", name+".der"))
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	g := golden{root: read("root"), meter: read("meter"), revoked: read("revoked"), crl: read("crl"), status: read("status")}
	root, err := parseCertificate(g.root)
	if err != nil {
		t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(g.crl)
	if err != nil {
		t.Fatal(err)
	}
	g.Verifier = &Verifier{Roots: []*x509.Certificate{root}, Check: CheckCRL, MaxAge: time.Minute, Clock: func() time.Time { return list.ThisUpdate.Add(time.Second) }}
	return g
}

// fabric-ca's forms are understood.
func TestFormsOfFabricCA(t *testing.T) {
	g := readGolden(t)
	meter, err1 := ParseCertificate(g.meter)
	revoked, err2 := ParseCertificate(g.revoked)
	for _, err := range []error{err1, err2, g.Add(meter), g.Add(revoked), g.SetCRL(g.crl), g.SetStatus(meter, g.status)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	verify := func(meter string, want Kind) { // as real_test.go signs
		t.Helper()
		digest, signature := sign(t, newSigner(t, pki.P256, meter), "reading")
		kind(t, g.Verify(meter, digest, signature, time.Time{}), want)
	}
	verify("meter-1", "")
	verify("meter-2", Revoked)
	g.Check = CheckOCSP
	verify("meter-1", "")
	verify("meter-2", Missing)
	kind(t, g.SetStatus(revoked, g.status), Foreign)
	if g.Verifier.crl[string(g.root)].number != nil {
		t.Error("fabric-ca's CRLs have numbers now: say so in docs/pki.md")
	}
}

// withKind checks that a refusal has a kind.
func withKind(t *testing.T, err error) {
	t.Helper()
	if err != nil && KindOf(err) == "" {
		t.Errorf("error without a kind: %v", err)
	}
}

// A certificate that is kept is one that the authority has issued.
func FuzzCertificate(f *testing.F) {
	g := readGolden(f)
	for _, seed := range [][]byte{g.meter, g.revoked, g.root, nil} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := ParseCertificate(der)
		if err == nil {
			err = (&Verifier{Roots: g.Roots}).Add(c)
		}
		if err == nil && !bytes.Equal(der, g.meter) && !bytes.Equal(der, g.revoked) {
			t.Errorf("kept %x", der)
		}
		withKind(t, err)
	})
}

// A CRL that is kept is one that the authority has issued.
func FuzzCRL(f *testing.F) {
	g := readGolden(f)
	for _, seed := range [][]byte{g.crl, g.meter, nil} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		err := g.SetCRL(der)
		if err == nil && !bytes.Equal(der, g.crl) {
			t.Errorf("kept %x", der)
		}
		withKind(t, err)
	})
}

// An OCSP answer that is kept says what the responder has said.
func FuzzStatus(f *testing.F) {
	g := readGolden(f)
	genuine, err := ocsp.ParseResponse(g.status, g.Roots[0])
	if err != nil {
		f.Fatal(err)
	}
	meter, err := ParseCertificate(g.meter)
	if err == nil {
		err = g.Add(meter)
	}
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{g.status, ocsp.TryLaterErrorResponse, nil} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		err := g.SetStatus(meter, der)
		if err == nil && !bytes.Equal(g.Verifier.meter[meterName][0].status.TBSResponseData, genuine.TBSResponseData) {
			t.Errorf("kept %x", der)
		}
		withKind(t, err)
	})
}

// The responder answers whatever it is asked, and only about what it was asked.
func FuzzStatusRequest(f *testing.F) {
	w := newWorld(f, Config{})
	request, err := statusRequest(w.meter.Leaf, w.root)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(request)
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, request []byte) {
		now := time.Now()
		der, err := w.issuer.signing.answer(request, now, now, nil)
		if err != nil {
			t.Fatal(err)
		}
		q, malformed := ocsp.ParseRequest(request)
		answer, err := ocsp.ParseResponse(der, w.root)
		if err == nil && (malformed != nil || answer.SerialNumber.Cmp(q.SerialNumber) != 0) {
			t.Errorf("answer %v to %x", answer, request)
		}
	})
}

// fabric-ca's answers are read into what each call expects.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"result":{"Secret":"x"},"errors":[],"messages":[],"success":true}`,
		`{"result":"","errors":[{"code":20,"message":"Authentication failure"}],"messages":[],"success":false}`,
		`{"result":{"Cert":"LS0tLS0=","ServerInfo":{"CAName":"ca","CAChain":"LS0tLS0="}},"success":true}`, `{"result":{"CRL":"eA=="},"success":true}`, ``, `null`,
	} {
		f.Add(200, []byte(seed))
		f.Add(500, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, text []byte) {
		var certificate enrolled
		for _, err := range []error{
			parseAnswer(status, text, &certificate), parseAnswer(status, text, &struct{ Secret string }{}),
			parseAnswer(status, text, &struct{ CRL []byte }{}), parseAnswer(status, text, new(json.RawMessage)),
		} {
			if err != nil && KindOf(err) != Malformed && KindOf(err) != Refused {
				t.Errorf("error %v", err)
			}
			if err == nil && status/100 != 2 {
				t.Errorf("success with status %d", status)
			}
		}
		if der, err := fromPEM("CERTIFICATE", certificate.Cert); err == nil {
			_, err = ParseCertificate(der)
			withKind(t, err)
		}
	})
}
