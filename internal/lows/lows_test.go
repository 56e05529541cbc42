package lows

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
)

func TestHalfOrder(t *testing.T) {
	for curve, bytes := range map[elliptic.Curve]int{elliptic.P256(): 32, elliptic.P384(): 48} {
		half := new(big.Int).Rsh(curve.Params().N, 1)
		if got := new(big.Int).SetBytes([]byte(halfOf(curve))); got.Cmp(half) != 0 || len(halfOf(curve)) != bytes {
			t.Errorf("%s: %x, want %x", curve.Params().Name, got, half)
		}
	}
}

func newKey(t testing.TB) Key { return keyOn(t, elliptic.P256()) }

func keyOn(t testing.TB, curve elliptic.Curve) Key {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return Key{key}
}

// negated returns the other signature that fits: (r, n-s).
func negated(t testing.TB, signature []byte) []byte {
	t.Helper()
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &pair); err != nil {
		t.Fatal(err)
	}
	pair.S.Sub(elliptic.P256().Params().N, pair.S)
	other, err := asn1.Marshal(pair)
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// signedLow signs the digest of a number, and holds the signature to the lower half and to its DER.
func signedLow(t *testing.T, key Key, half *big.Int, n uint64) (digest [sha256.Size]byte, signature []byte) {
	t.Helper()
	digest = sha256.Sum256(binary.BigEndian.AppendUint64(nil, n))
	signature, err := key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var pair struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(signature, &pair); err != nil || len(rest) != 0 || pair.S.Cmp(half) > 0 {
		t.Fatalf("signature %x: s is %x, %v", signature, pair.S, err)
	}
	if der, err := asn1.Marshal(pair); err != nil || !bytes.Equal(der, signature) {
		t.Fatalf("signature %x, want %x, %v", signature, der, err)
	}
	return digest, signature
}

// Of the two signatures that fit only the one with the lower s is made and taken, in DER as
// encoding/asn1 writes it. Some 2000 digests bring about short numbers as well.
func TestOneSignature(t *testing.T) {
	key := newKey(t)
	half := new(big.Int).SetBytes([]byte(halfOrder))
	lengths := map[int]bool{}
	for n := range uint64(2000) {
		digest, signature := signedLow(t, key, half, n)
		lengths[len(signature)] = true
		if !Verify(&key.PublicKey, digest[:], signature) {
			t.Fatalf("signature %x does not verify", signature)
		}
		other := negated(t, signature)
		if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], other) {
			t.Fatalf("the other signature %x does not fit", other)
		}
		if Verify(&key.PublicKey, digest[:], other) {
			t.Fatalf("the other signature %x verifies", other)
		}
	}
	if len(lengths) < 3 {
		t.Errorf("signatures of %d lengths only", len(lengths))
	}
}

// Without randomness the same digest gives the same signature, with it another one.
func TestDeterministic(t *testing.T) {
	key, digest := newKey(t), sha256.Sum256([]byte("message"))
	first, err1 := key.Sign(nil, digest[:], crypto.SHA256)
	again, err2 := key.Sign(nil, digest[:], crypto.SHA256)
	other, err3 := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	if !bytes.Equal(first, again) {
		t.Errorf("%x, then %x", first, again)
	}
	if bytes.Equal(first, other) {
		t.Errorf("%x also with randomness", other)
	}
}

// Keys on other curves are refused.
func TestOtherCurve(t *testing.T) {
	digest := sha256.Sum256(nil)
	for _, curve := range []elliptic.Curve{elliptic.P224(), elliptic.P521()} {
		if signature, err := keyOn(t, curve).Sign(nil, digest[:], crypto.SHA256); err == nil {
			t.Errorf("%s: signature %x", curve.Params().Name, signature)
		}
	}
}

// On P-384, too, only the lower s is made, in DER as encoding/asn1 writes it.
func TestP384(t *testing.T) {
	key, half := keyOn(t, elliptic.P384()), new(big.Int).SetBytes([]byte(halfOrder384))
	for n := range uint64(300) {
		digest, signature := signedLow(t, key, half, n)
		if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
			t.Fatalf("signature %x does not verify", signature)
		}
	}
}

// FuzzVerify holds that of all bytes only the signature itself is taken.
func FuzzVerify(f *testing.F) {
	key, digest := newKey(f), sha256.Sum256([]byte("message"))
	good, err := key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(negated(f, good))
	f.Add(good[:5])
	f.Add(bytes.Repeat([]byte{0x30}, 72))
	f.Add([]byte{0x30, 6, 2, 0xff, 1, 2, 1, 1})
	f.Add([]byte{0x30, 6, 2, 1, 1, 2, 1, 1})
	f.Fuzz(func(t *testing.T, signature []byte) {
		if ok := Verify(&key.PublicKey, digest[:], signature); ok != bytes.Equal(signature, good) {
			t.Errorf("signature %x: %v", signature, ok)
		}
	})
}

func TestParseKeyPair(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, err2 := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	pair := func(key crypto.Signer) (certificate, private []byte) {
		template := &x509.Certificate{SerialNumber: big.NewInt(1)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		certificate = encode("CERTIFICATE", der, err)
		der, err = x509.MarshalPKCS8PrivateKey(key)
		return certificate, encode("PRIVATE KEY", der, err)
	}
	certificate, private := pair(p256)
	if key, err := ParseKeyPair(certificate, private); err != nil || !p256.Equal(key.PrivateKey) {
		t.Errorf("another key, %v", err)
	}
	if key, err := ParseKeyPair(pair(p384)); err != nil || !p384.Equal(key.PrivateKey) {
		t.Errorf("another key, %v", err)
	}
	_, foreign := pair(p384)
	if _, err := ParseKeyPair(certificate, foreign); err == nil || !strings.HasPrefix(err.Error(), "certificate and private key: ") {
		t.Errorf("another's key: %v", err)
	}
	for kind, key := range map[string]crypto.Signer{"*ecdsa.PrivateKey": keyOn(t, elliptic.P521()).PrivateKey, "ed25519.PrivateKey": ed} {
		want := "private key of type " + kind + ": not an ECDSA key on P-256 or P-384"
		if _, err := ParseKeyPair(pair(key)); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
