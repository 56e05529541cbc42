package fe

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"testing"

	"filippo.io/edwards25519"
	"github.com/bwesterb/go-ristretto"
	"pgregory.net/rapid"
)

// TestRistrettoVectors are those of RFC 9496, appendix A.1 and A.2.
func TestRistrettoVectors(t *testing.T) {
	var vectors struct {
		Multiples []string `json:"multiples_of_generator"`
		Invalid   []string `json:"invalid"`
	}
	file, err := os.ReadFile("testdata/rfc9496.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &vectors); err != nil {
		t.Fatal(err)
	}
	group := newCurveGroup()
	for i, want := range vectors.Multiples {
		p := group.power(int64(i))
		if got := hex.EncodeToString(group.encode(p)); got != want {
			t.Errorf("%d times the generator is %s, want %s", i, got, want)
		}
		encoding, _ := hex.DecodeString(want)
		if q, err := group.decode(encoding); err != nil || !group.equal(p, q) {
			t.Errorf("%d times the generator does not decode: %v", i, err)
		}
	}
	for _, invalid := range vectors.Invalid {
		encoding, err := hex.DecodeString(invalid)
		if err != nil || len(encoding) != 32 {
			t.Fatalf("%q: %v", invalid, err)
		}
		if _, err := group.decode(encoding); err == nil {
			t.Errorf("%s decodes", invalid)
		}
	}
	if len(vectors.Multiples) != 16 || len(vectors.Invalid) != 29 {
		t.Errorf("%d and %d vectors", len(vectors.Multiples), len(vectors.Invalid))
	}
	if _, err := group.decode(make([]byte, 31)); err == nil {
		t.Error("31 bytes decode")
	}
}

// Another implementation is the oracle for decoding, encoding, sums and equality.
func TestRistrettoAgrees(t *testing.T) {
	group := newCurveGroup()
	rapid.Check(t, func(t *rapid.T) {
		uniform := rapid.SliceOfN(rapid.Byte(), 64, 64)
		p, q := new(ristretto.Point).Derive(uniform.Draw(t, "p")), new(ristretto.Point).Derive(uniform.Draw(t, "q"))
		ours := func(p *ristretto.Point) *edwards25519.Point {
			point, err := group.decode(p.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			return point
		}
		if got := group.encode(ours(p)); !bytes.Equal(got, p.Bytes()) {
			t.Fatalf("%x comes back as %x", p.Bytes(), got)
		}
		sum := new(ristretto.Point).Add(p, q)
		got := new(edwards25519.Point).Add(ours(p), ours(q))
		if !bytes.Equal(group.encode(got), sum.Bytes()) {
			t.Fatalf("sum %x, want %x", group.encode(got), sum.Bytes())
		}
		if !group.equal(got, ours(sum)) {
			t.Fatal("the sum is not equal to itself, decoded")
		}
		if group.equal(got, ours(p)) {
			t.Fatal("the sum is equal to a summand")
		}
		any := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "any")
		_, err := group.decode(any)
		if want := new(ristretto.Point).SetBytes((*[32]byte)(any)); (err == nil) != want {
			t.Fatalf("decode(%x) = %v, the oracle accepts it: %v", any, err, want)
		}
	})
}

// FuzzDecode compares decoding with another implementation's, and checks that an element has one encoding.
func FuzzDecode(f *testing.F) {
	group := newCurveGroup()
	f.Add(group.encode(group.power(1)))
	f.Add(group.encode(group.power(-77)))
	f.Add(make([]byte, 32))
	f.Add(bytes.Repeat([]byte{0xff}, 32))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := group.decode(b)
		if want := len(b) == 32 && new(ristretto.Point).SetBytes((*[32]byte)(b)); (err == nil) != want {
			t.Fatalf("decode = %v, the oracle accepts it: %v", err, want)
		}
		if err == nil && !bytes.Equal(group.encode(p), b) {
			t.Fatalf("comes back as %x", group.encode(p))
		}
	})
}

// All eight points of an element, and those of its inverse, share a fingerprint.
func TestCurveFingerprint(t *testing.T) {
	group := newCurveGroup()
	// A point of order eight: with it, all points of low order.
	order8, err := new(edwards25519.Point).SetBytes([]byte{
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a})
	if err != nil {
		t.Fatal(err)
	}
	order4 := new(edwards25519.Point).Double(order8)
	print := func(p *edwards25519.Point) uint64 {
		var prints [1]uint64
		group.walk(p, edwards25519.NewIdentityPoint(), prints[:])
		return prints[0]
	}
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.Int64().Draw(t, "z")
		p := group.power(z)
		want := print(p)
		for range 4 {
			if p.Add(p, order4); print(p) != want || !group.equal(p, group.power(z)) {
				t.Fatal("another point of the element has another fingerprint or counts as another element")
			}
			if inverse := new(edwards25519.Point).Negate(p); print(inverse) != want || z != 0 && group.equal(inverse, p) {
				t.Fatal("the inverse has another fingerprint, or is equal")
			}
		}
		if next := group.power(z/2 + 1); z != z/2+1 && z != -(z/2+1) && print(next) == want {
			t.Fatal("another element has the same fingerprint")
		}
	})
}

func TestFindOnCurve(t *testing.T) {
	group := newCurveGroup()
	entries, err := logEntries(t.Context(), group, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	logs := newLogTable(group, entries)
	const bound = 10_000_000
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Int64Range(-bound, bound).Draw(t, "z")
		if got, err := logs.find(context.Background(), group.power(want), bound); err != nil || got != want {
			t.Fatalf("g^%d gives %d, %v", want, got, err)
		}
	})
	small := newLogTable(group, entries[:0:0])
	if small.entries, err = logEntries(t.Context(), group, 5); err != nil {
		t.Fatal(err)
	}
	small = newLogTable(group, small.entries)
	for bound := range int64(30) {
		for z := -bound - 12; z <= bound+12; z++ {
			got, err := small.find(t.Context(), group.power(z), bound)
			if max(z, -z) > bound {
				if !errors.Is(err, ErrNoResult) {
					t.Errorf("bound %d: g^%d gives %d, %v", bound, z, got, err)
				}
			} else if err != nil || got != z {
				t.Errorf("bound %d: g^%d gives %d, %v", bound, z, got, err)
			}
		}
	}
}

func TestFixedBase(t *testing.T) {
	group := newCurveGroup()
	base := newFixedBase(group.power(7))
	check := func(t interface{ Fatalf(string, ...any) }, octets []byte) {
		n := new(big.Int).Mod(new(big.Int).SetBytes(octets), group.q)
		scalar, err := group.scalar(n)
		if err != nil {
			t.Fatalf("%v", err)
		}
		sum := edwards25519.NewIdentityPoint()
		base.addMultiple(sum, signed(scalar.Bytes()))
		if want := new(edwards25519.Point).ScalarMult(scalar, group.power(7)); sum.Equal(want) != 1 {
			t.Fatalf("another multiple for %v", n)
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "number")) })
	check(t, new(big.Int).Sub(group.q, big.NewInt(1)).Bytes())
	check(t, []byte{0})
	check(t, []byte{16})
	check(t, []byte{17})
	check(t, bytes.Repeat([]byte{0x0f, 0xff}, 16))
}
