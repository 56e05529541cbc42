package ca

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// A certificate that is kept is one that the authority has issued.
func FuzzCertificate(f *testing.F) {
	w, stranger := newWorld(f, Config{}), newWorld(f, Config{})
	for _, seed := range [][]byte{w.meter.Leaf.Raw, stranger.meter.Leaf.Raw, w.root.Raw, w.issuer.signing.signer.Leaf.Raw, nil} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := ParseCertificate(der)
		if err == nil {
			err = (&Verifier{Roots: w.Roots()}).Add(c)
		}
		if err == nil && !bytes.Equal(der, w.meter.Leaf.Raw) {
			t.Errorf("kept %x", der)
		}
		if err != nil && KindOf(err) == "" {
			t.Errorf("error without a kind: %v", err)
		}
	})
}

// A CRL that is kept is one that the authority has issued.
func FuzzCRL(f *testing.F) {
	w := newWorld(f, Config{})
	empty := w.crl(f)
	w.revoke(f, w.meter)
	genuine := w.crl(f)
	for _, seed := range [][]byte{empty, genuine, newWorld(f, Config{}).crl(f), w.meter.Leaf.Raw, nil} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		err := (&Verifier{Roots: w.Roots()}).SetCRL(der)
		if err == nil && !bytes.Equal(der, genuine) && !bytes.Equal(der, empty) {
			t.Errorf("kept %x", der)
		}
		if err != nil && KindOf(err) == "" {
			t.Errorf("error without a kind: %v", err)
		}
	})
}

// An OCSP answer that is kept says what the authority's has said.
func FuzzStatus(f *testing.F) {
	w := newWorld(f, Config{})
	der := w.status(f, w.meter)
	genuine, err := ocsp.ParseResponse(der, w.root)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{der, newWorld(f, Config{}).status(f, w.meter), ocsp.TryLaterErrorResponse, ocsp.InternalErrorErrorResponse, nil} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		v := w.verifier(t, CheckOCSP)
		err := v.SetStatus(w.meter, der)
		if err == nil && !bytes.Equal(v.meter[meterName][0].status.TBSResponseData, genuine.TBSResponseData) {
			t.Errorf("kept %x", der)
		}
		if err != nil && KindOf(err) == "" {
			t.Errorf("error without a kind: %v", err)
		}
	})
}

// The responder answers whatever it is asked, and vouches only for the authority's certificates.
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
			if err != nil && KindOf(err) != Malformed {
				t.Errorf("error %v", err)
			}
		}
	})
}
