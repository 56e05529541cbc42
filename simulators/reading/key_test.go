package reading

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
)

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

// Of the two signatures that fit a reading, or a bill, one is taken. Package lows holds the same of
// many more digests.
func TestOneSignature(t *testing.T) {
	key := testKey(t, 1)
	r, b := example(), exampleBill(t)
	if err := errors.Join(r.Sign(key), b.Sign(key)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Verify(&key.PublicKey), b.Verify(&key.PublicKey)); err != nil {
		t.Fatal(err)
	}
	digest := r.Digest()
	r.Signature, b.Signature = negated(t, r.Signature), negated(t, b.Signature)
	if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], r.Signature) {
		t.Fatalf("the other signature %x does not fit", r.Signature)
	}
	if err := r.Verify(&key.PublicKey); !errors.Is(err, ErrSignature) {
		t.Errorf("the other signature of a reading: error %v", err)
	}
	if err := b.Verify(&key.PublicKey); !errors.Is(err, ErrSignature) {
		t.Errorf("the other signature of a bill: error %v", err)
	}
}

// FuzzSignature holds that of all bytes only the signature itself is taken.
func FuzzSignature(f *testing.F) {
	key, r := testKey(f, 1), example()
	if err := r.Sign(key); err != nil {
		f.Fatal(err)
	}
	good := r.Signature
	f.Add(good)
	f.Add(negated(f, good))
	f.Add(good[:5])
	f.Add(bytes.Repeat([]byte{0x30}, 72))
	f.Add([]byte{0x30, 6, 2, 0xff, 1, 2, 1, 1})
	f.Add([]byte{0x30, 6, 2, 1, 1, 2, 1, 1})
	f.Fuzz(func(t *testing.T, signature []byte) {
		r.Signature = signature
		if err := r.Verify(&key.PublicKey); (err == nil) != bytes.Equal(signature, good) {
			t.Errorf("signature %x: error %v", signature, err)
		}
	})
}
