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

func TestHalfOrder(t *testing.T) {
	half := new(big.Int).Rsh(elliptic.P256().Params().N, 1)
	if got := new(big.Int).SetBytes([]byte(halfOrder)); got.Cmp(half) != 0 || len(halfOrder) != 32 {
		t.Errorf("%x, want %x", got, half)
	}
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

// Of the two signatures that fit only the one with the lower s is made and
// taken. Some 2000 digests bring about short numbers as well.
func TestOneSignature(t *testing.T) {
	key := testKey(t, 1)
	half := new(big.Int).SetBytes([]byte(halfOrder))
	lengths := map[int]bool{}
	for n := range uint64(2000) {
		r := example()
		r.Number = n
		if err := r.Sign(key); err != nil {
			t.Fatal(err)
		}
		var pair struct{ R, S *big.Int }
		if rest, err := asn1.Unmarshal(r.Signature, &pair); err != nil || len(rest) != 0 || pair.S.Cmp(half) > 0 {
			t.Fatalf("signature %x: s is %x, %v", r.Signature, pair.S, err)
		}
		lengths[len(r.Signature)] = true
		if err := r.Verify(&key.PublicKey); err != nil {
			t.Fatalf("signature %x: %v", r.Signature, err)
		}
		digest := r.Digest()
		r.Signature = negated(t, r.Signature)
		if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], r.Signature) {
			t.Fatalf("the other signature %x does not fit", r.Signature)
		}
		if err := r.Verify(&key.PublicKey); !errors.Is(err, ErrSignature) {
			t.Fatalf("the other signature %x: error %v", r.Signature, err)
		}
	}
	if len(lengths) < 3 {
		t.Errorf("signatures of %d lengths only", len(lengths))
	}
	b := exampleBill(t)
	if err := b.Sign(key); err != nil || b.Verify(&key.PublicKey) != nil {
		t.Fatalf("bill signed with %v", err)
	}
	b.Signature = negated(t, b.Signature)
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
