package pki

import (
	"bytes"
	"math/big"
	"testing"

	"filippo.io/edwards25519"
	"pgregory.net/rapid"
)

// mixed returns the sum of a point and one of low order.
func mixed(t testing.TB, point []byte, low string) []byte {
	t.Helper()
	a, err1 := new(edwards25519.Point).SetBytes(point)
	b, err2 := new(edwards25519.Point).SetBytes(decode(t, low))
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return a.Add(a, b).Bytes()
}

// Every multiple of the base point but the identity has the prime order, and no sum with another point of low order has.
func TestOfPrimeOrder(t *testing.T) {
	torsion, err := new(edwards25519.Point).SetBytes(decode(t, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "scalar")
		times := rapid.IntRange(0, 7).Draw(t, "torsion")
		scalar, err := edwards25519.NewScalar().SetUniformBytes(raw)
		if err != nil {
			t.Fatal(err)
		}
		point := new(edwards25519.Point).ScalarBaseMult(scalar)
		for range times {
			point.Add(point, torsion)
		}
		zero := bytes.Equal(scalar.Bytes(), make([]byte, 32))
		if got, want := ofPrimeOrder(point), times == 0 && !zero; got != want {
			t.Errorf("scalar %v and %d of order 8: %v", new(big.Int).SetBytes(raw), times, got)
		}
	})
}
