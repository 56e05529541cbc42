package fe

import (
	"bytes"
	"math/big"
	"slices"
	"strings"
	"testing"

	"meterbench/simulators/fe/codec"
)

// withKey returns a public key with its key's bytes changed.
func withKey(t testing.TB, public []byte, edit func(key []byte)) []byte {
	t.Helper()
	p, err := codec.ReadPublic(bytes.Clone(public))
	if err != nil {
		t.Fatal(err)
	}
	edit(p.Key)
	b, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEncryptorOfPublicKey(t *testing.T) {
	for _, p := range []Params{{"ddh", 1024, 2, 100}, {"damgard", 1024, 2, 100}, {"ecddh", 256, 2, 100}} {
		original := mustSetup(t, p).Encryptor()
		public := original.Public()
		public[len(public)-1] ^= 1
		if bytes.Equal(public, original.Public()) {
			t.Errorf("%v: Public hands out its own memory", p)
		}
		public = original.Public()
		encryptor, err := NewEncryptor(public)
		if err != nil || !bytes.Equal(encryptor.Public(), public) {
			t.Errorf("%v: the encryptor has another key, %v", p, err)
		}
		if got, err := ReadParams(public); err != nil || got != p {
			t.Errorf("ReadParams = %v, %v, want %v", got, err, p)
		}
	}
}

func TestPublicKeyRefused(t *testing.T) {
	zp := mustSetup(t, Params{"ddh", 1024, 2, 100}).Encryptor().Public()
	curve := mustSetup(t, Params{"ecddh", 256, 2, 100}).Encryptor().Public()
	group := testGroup(t, 1024)
	put := func(n *big.Int) func([]byte) { return func(key []byte) { n.FillBytes(key[128:256]) } }
	for _, c := range []struct {
		name, want string
		public     []byte
	}{
		{"nothing", "mark of a public key", nil},
		{"cut off", "key of 255 bytes", zp[:len(zp)-1]},
		{"bound too large", "must stay below 2^48", slices.Concat(zp[:7], []byte{0, 0, 0, 0, 1, 0, 0, 0}, zp[15:])},
		{"element 0", "element 1 of the public key is 1 or not in the group", withKey(t, zp, put(new(big.Int)))},
		{"element 1", "element 1 of the public key is 1 or not in the group", withKey(t, zp, put(big.NewInt(1)))},
		{"element p", "element 1 of the public key is 1 or not in the group", withKey(t, zp, put(group.p))},
		{"element -g", "element 1 of the public key is 1 or not in the group", withKey(t, zp, put(new(big.Int).Sub(group.p, group.g)))},
		{"identity of the curve", "element 0 of the public key: the group's identity", withKey(t, curve, func(key []byte) { clear(key[:32]) })},
		{"no point", "element 1 of the public key: not", withKey(t, curve, func(key []byte) { key[32] ^= 1 })},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := NewEncryptor(c.public); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("NewEncryptor = %v, want %q", err, c.want)
			}
		})
	}
}

func TestNoAuthority(t *testing.T) {
	p := Params{"dmcfe", 256, 3, 100}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	if _, err := Setup(t.Context(), p); err == nil || !strings.Contains(err.Error(), "scheme dmcfe has no authority") {
		t.Errorf("Setup = %v", err)
	}
	public, err := p.public(make([]byte, 3*64))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewEncryptor(public); err == nil || !strings.Contains(err.Error(), "has no authority") {
		t.Errorf("NewEncryptor = %v", err)
	}
	if _, err := NewEvaluator(t.Context(), public, mustTables(t, minEntries)); err == nil || !strings.Contains(err.Error(), "has no authority") {
		t.Errorf("NewEvaluator = %v", err)
	}
}

// FuzzNewEncryptor holds that any bytes are refused or make an encryptor of
// that very key, and never panic.
func FuzzNewEncryptor(f *testing.F) {
	for _, p := range []Params{{"ddh", 1024, 1, 100}, {"damgard", 1024, 1, 100}, {"ecddh", 256, 1, 100}} {
		public := mustSetup(f, p).Encryptor().Public()
		f.Add(public)
		f.Add(public[:len(public)-1])
		f.Add(withKey(f, public, func(key []byte) { clear(key) }))
	}
	f.Fuzz(func(t *testing.T, public []byte) {
		if p, err := ReadParams(public); err != nil || p.Length > 2 {
			return
		}
		encryptor, err := NewEncryptor(public)
		if err == nil && !bytes.Equal(encryptor.Public(), public) {
			t.Fatal("the encryptor has another key")
		}
	})
}
