package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"meterbench/internal/refusal"
)

// FuzzParseKey holds that whatever is taken as a key is the one form of it, is a key for crypto/x509, too, and that everything else is a refusal.
func FuzzParseKey(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "pem", "*.pem"))
	if err != nil || len(files) < 10 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add(spki(identifierP256, []byte{0}))
	f.Add(spki(identifierEd, make([]byte, 32)))
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := ParseKey(text)
		if err != nil {
			r, ok := errors.AsType[*refusal.Refusal](err)
			if !ok || r.Code != CodeKeyMalformed && r.Code != CodeKeyCurve && r.Code != CodeKeyLowOrder {
				t.Fatalf("error %v", err)
			}
			return
		}
		again, err := key.PEM()
		if err != nil || !bytes.Equal(again, text) {
			t.Fatalf("written as %q, %v", again, err)
		}
		block, _ := pem.Decode(text)
		if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			t.Errorf("crypto/x509 takes no such key: %v", err)
		}
		compact, err := key.Compact()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ParseCompact(compact); err != nil || back.Algorithm() != key.Algorithm() {
			t.Errorf("%x reads back as %v, %v", compact, back.Algorithm(), err)
		}
		if key.Verify(make([]byte, 32), nil) == nil || key.Verify(make([]byte, 64), make([]byte, 64)) == nil {
			t.Error("nothing is a signature")
		}
	})
}

// FuzzParseCompact holds that a compact key that is read is written as it was.
func FuzzParseCompact(f *testing.F) {
	for _, algorithm := range Algorithms() {
		compact, err := signerOf(f, algorithm, "m1").Key().Compact()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(compact)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		key, err := ParseCompact(b)
		if err != nil {
			return
		}
		if again, err := key.Compact(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("written as %x, %v", again, err)
		}
	})
}

// FuzzForms holds that a wire form that is read is written as it was.
func FuzzForms(f *testing.F) {
	list, err := MarshalRegistrations([]Registration{registrationOf(f, "m1"), registrationOf(f, "m2")})
	if err != nil {
		f.Fatal(err)
	}
	rotation, revocation := rotationOf(f), revocationOf()
	one, err1 := rotation.Marshal()
	other, err2 := revocation.Marshal()
	if err := errors.Join(err1, err2); err != nil {
		f.Fatal(err)
	}
	for _, wire := range [][]byte{list, one, other, nil} {
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		same := func(again []byte, err error) {
			if err != nil || !bytes.Equal(again, b) {
				t.Errorf("written as %x, %v", again, err)
			}
		}
		if list, err := UnmarshalRegistrations(b); err == nil {
			same(MarshalRegistrations(list))
		}
		if r, err := UnmarshalRotation(b); err == nil {
			same(r.Marshal())
		}
		if r, err := UnmarshalRevocation(b); err == nil {
			same(r.Marshal())
		}
	})
}
