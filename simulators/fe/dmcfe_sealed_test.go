package fe

import (
	"bytes"
	"strings"
	"testing"

	"github.com/fentec-project/bn256"
)

// A sealed member makes the ciphertexts of its member, and a member is sealed once.
func TestSeal(t *testing.T) {
	p := Params{"dmcfe", 256, 2, 1000}
	members := mustGroup(t, p)
	twin := SealedMember{params: p, client: members[0].client}
	key, err := members[0].Seal()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := NewSealedMember(p, key)
	if err != nil {
		t.Fatal(err)
	}
	for label, x := range []int64{0, 1, -7, 1000} {
		got, err := sealed.Encrypt(uint64(label), x)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := twin.Encrypt(uint64(label), x); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d under label %d: %x, want %x, %v", x, label, got, want, err)
		}
	}
	other, err := seal(t, members[1:])[0].Encrypt(3, 5)
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewSealedMember(p, key)
	if err != nil {
		t.Fatal(err)
	}
	own, err := again.Encrypt(3, 40)
	if err != nil {
		t.Fatal(err)
	}
	// The members that sealed still derive shares.
	evaluator := mustGroupEvaluator(t, groupKey(t, members, []int64{1, 2}), mustTables(t, 1<<8))
	if z, err := evaluator.Evaluate(t.Context(), 3, [][]byte{own, other}); err != nil || z != 50 {
		t.Errorf("the sum is %d, %v", z, err)
	}
	for want, call := range map[string]func() error{
		"fe: encrypt: label 2 is used":                  func() error { _, err := sealed.Encrypt(2, 1); return err },
		"fe: encrypt: the value is over the bound 1000": func() error { _, err := sealed.Encrypt(9, -1001); return err },
		"fe: seal: the member was sealed before":        func() error { _, err := members[0].Seal(); return err },
	} {
		if err := call(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestSealedMemberRefuses(t *testing.T) {
	p := Params{"dmcfe", 256, 2, 1000}
	good := bytes.Repeat([]byte{1}, 64)
	if _, err := NewSealedMember(p, good); err != nil {
		t.Fatal(err)
	}
	order := bn256.Order.FillBytes(make([]byte, 32))
	for _, key := range [][]byte{nil, good[:63], append(good[:64:64], 1), append(good[:32:32], order...), append(order[:32:32], good[:32]...), make([]byte, 64)} {
		if _, err := NewSealedMember(p, key); err == nil || !strings.HasPrefix(err.Error(), "fe: key of a sealed member of dmcfe 256 l=2: ") {
			t.Errorf("%x: %v", key, err)
		}
	}
	for _, p := range []Params{{"ddh", 1024, 2, 10}, {"dmcfe", 256, 0, 10}, {"rsa", 256, 1, 10}} {
		if _, err := NewSealedMember(p, good); err == nil {
			t.Errorf("%v was taken", p)
		}
	}
}

// FuzzSealedMember encrypts with whatever comes as key.
func FuzzSealedMember(f *testing.F) {
	f.Add(bytes.Repeat([]byte{1}, 64), 2, int64(1000), uint64(7), int64(-5))
	f.Add(append(make([]byte, 63), 1), 1024, int64(1), uint64(1<<64-1), int64(1))
	f.Fuzz(func(t *testing.T, key []byte, length int, bound int64, label uint64, x int64) {
		p := Params{"dmcfe", 256, length, bound}
		sealed, err := NewSealedMember(p, key)
		if err != nil {
			return
		}
		ciphertext, err := sealed.Encrypt(label, x)
		if inside := x <= bound && x >= -bound; inside != (err == nil) {
			t.Fatalf("%d within %d: %v", x, bound, err)
		}
		if err == nil && len(ciphertext) != p.CiphertextSize() {
			t.Errorf("%d bytes", len(ciphertext))
		}
		if _, err := sealed.Encrypt(label, x); err == nil {
			t.Error("the label was taken twice")
		}
	})
}
