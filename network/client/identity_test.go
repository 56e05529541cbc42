package client

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"testing"
)

func testSigner(t testing.TB) (*signer, certificate) {
	t.Helper()
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSigner(Identity{MSP: "PtbMSP", CertPEM: c.cert, KeyPEM: c.key})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestSignaturesVerifyAndAreLow(t *testing.T) {
	s, c := testSigner(t)
	for i := range 200 {
		message := []byte{byte(i)}
		signature, err := s.sign(message)
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(message)
		if !ecdsa.VerifyASN1(c.public, digest[:], signature) || !lowS(signature) {
			t.Fatalf("signature %x: verifies %t, low %t", signature, ecdsa.VerifyASN1(c.public, digest[:], signature), lowS(signature))
		}
		again, err := s.sign(message)
		if err != nil || !bytes.Equal(again, signature) {
			t.Fatalf("not deterministic: %v", err)
		}
	}
}

func TestKeyForms(t *testing.T) {
	_, c := testSigner(t)
	block, _ := pem.Decode(c.key)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(parsed.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newSigner(Identity{MSP: "PtbMSP", CertPEM: c.cert, KeyPEM: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})}); err != nil {
		t.Errorf("SEC 1 key: %v", err)
	}
}

func FuzzIdentity(f *testing.F) {
	_, c := testSigner(f)
	f.Add("PtbMSP", c.cert, c.key)
	f.Add("", c.key, c.cert)
	f.Fuzz(func(t *testing.T, msp string, cert, key []byte) {
		s, err := newSigner(Identity{MSP: msp, CertPEM: cert, KeyPEM: key})
		if err != nil {
			return
		}
		if _, err := s.sign([]byte("message")); err != nil {
			t.Errorf("an identity that was accepted cannot sign: %v", err)
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add("")
	f.Add("00000000000000000000000000000000000000000000000000000000000000ff")
	f.Add("zz")
	f.Fuzz(func(t *testing.T, s string) {
		id, ok := parseID(s)
		want, err := hex.DecodeString(s)
		if valid := err == nil && len(want) == len(id); ok != valid {
			t.Errorf("parseID(%q) is read: %t, want %t", s, ok, valid)
		}
		if ok && !bytes.Equal(id[:], want) {
			t.Errorf("parseID(%q) = %x", s, id)
		}
	})
}
