package codec

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPublicRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Public{Header: drawHeader(t), Bound: rapid.Int64Min(1).Draw(t, "bound")}
		p.Key = rapid.SliceOfN(rapid.Byte(), PublicSize(p.Header)-PublicHeaderSize, -1).Draw(t, "key")
		p.Key = p.Key[:PublicSize(p.Header)-PublicHeaderSize]
		b, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadPublic(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestPublicRefused(t *testing.T) {
	good, err := Public{Header{ECDDH, 256, 2}, 10_000, bytes.Repeat([]byte{7}, 64)}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	edit := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], to)
		return b
	}
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"nil", "0 bytes that do not begin with the mark", nil},
		{"a ciphertext", "do not begin with the mark", edit(0, 1)},
		{"cut off", "key of 63 bytes; ecddh of 256 bits and length 2 has 64", good[:len(good)-1]},
		{"one byte more", "key of 65 bytes", append(bytes.Clone(good), 0)},
		{"version 2", "version 2", edit(1, 2)},
		{"scheme 9", "scheme 9 is unknown", edit(2, 9)},
		{"length 3", "length 3 has 96", edit(5, 0, 3)},
		{"bound 0", "bound 0", edit(7, make([]byte, 8)...)},
		{"negative bound", "bound -", edit(7, 0x80)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ReadPublic(c.b); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("ReadPublic = %v, want %q", err, c.want)
			}
		})
	}
}

// FuzzReadPublic holds that there is one encoding per public key.
func FuzzReadPublic(f *testing.F) {
	good, err := Public{Header{ECDDH, 256, 1}, 100, bytes.Repeat([]byte{7}, 32)}.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ReadPublic(b)
		if err != nil {
			return
		}
		if again, err := p.Marshal(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("encoded anew it differs: %v", err)
		}
	})
}
