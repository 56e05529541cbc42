package reading

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRegistrationsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batch := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Registration {
			key := rapid.SliceOfN(rapid.Byte(), KeySize, KeySize).Draw(t, "key")
			key[0] = 2 | key[0]&1
			r := Registration{
				Meter:  rapid.StringMatching(`[a-z0-9]{1,64}`).Draw(t, "meter"),
				Key:    key,
				Verify: rapid.Bool().Draw(t, "verify"),
			}
			if rapid.Bool().Draw(t, "complete") {
				r.Gateway, r.Parameters = "gateway-1", exampleParameters()
				r.Begin = time.Unix(rapid.Int64Range(0, MaxTime).Draw(t, "begin"), 0).UTC()
				r.Span = time.Duration(rapid.Int64Range(1, 1<<32-1).Draw(t, "span")) * time.Second
			}
			return r
		}), 1, 50).Draw(t, "batch")
		b, err := MarshalRegistrations(batch)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := UnmarshalRegistrations(b); err != nil || !reflect.DeepEqual(back, batch) {
			t.Errorf("%v became %v, error %v", batch, back, err)
		}
	})
}

func TestRegistrationsRefuses(t *testing.T) {
	edited := func(edit func(*Registration)) []Registration {
		batch := exampleRegistrations()
		edit(&batch[0])
		return batch
	}
	for want, batch := range map[string][]Registration{
		"batch of 0; want 1 to 1000":                      nil,
		"batch of 1001":                                   make([]Registration, 1001),
		"meter id of 0 bytes":                             {{}},
		"meter a: key is not a compressed P-256 point":    {{Meter: "a", Key: make([]byte, 33)}},
		"meter b: key is not a compressed P-256 point of": {{Meter: "b", Key: []byte{2}}},
		"meter a: gateway: meter id \"-\"":                edited(func(r *Registration) { r.Gateway = "-" }),
		"meter a: span of 1.5s; want whole seconds":       edited(func(r *Registration) { r.Span = 1500 * time.Millisecond }),
		"meter a: span of -1s":                            edited(func(r *Registration) { r.Span = -time.Second }),
		"meter a: span of 1193046h28m16s":                 edited(func(r *Registration) { r.Span = MaxSpan + time.Second }),
		"meter a: begin is set but span is not":           edited(func(r *Registration) { r.Span = 0 }),
		"meter a: begin: time 1969":                       edited(func(r *Registration) { r.Begin = time.Unix(-1, 0).UTC() }),
	} {
		if _, err := MarshalRegistrations(batch); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
	good, err := MarshalRegistrations(exampleRegistrations())
	if err != nil {
		t.Fatal(err)
	}
	count := func(n uint16) []byte {
		b := bytes.Clone(good)
		binary.BigEndian.PutUint16(b[1:], n)
		return b
	}
	at := func(i int, to byte) []byte {
		b := bytes.Clone(good)
		b[i] = to
		return b
	}
	for want, b := range map[string][]byte{
		"ends too early":   good[:len(good)-1],
		"1 bytes too many": append(bytes.Clone(good), 0),
		"batch of 0":       count(0),
		"batch of 65535":   count(65535),
		"unmarshal registrations: ends too early": count(3),
		"bytes too many":                      count(1),
		"version 1; want 2":                   at(0, 1),
		"verify is 2; want 0 or 1":            at(38, 2),
		"key is not a compressed P-256 point": at(5, 4),
		`meter id "!"`:                        at(4, '!'),
		"begin is set but span is not":        at(len(good)-5, 1),
	} {
		if _, err := UnmarshalRegistrations(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
}

func FuzzUnmarshalRegistrations(f *testing.F) {
	fuzz(f, must(f)(MarshalRegistrations(exampleRegistrations())), UnmarshalRegistrations, MarshalRegistrations)
}

func TestKeysAndHashesHaveOneForm(t *testing.T) {
	key := testKey(t, 3)
	compressed := must(t)(Compress(&key.PublicKey))
	if back, err := ParseKey(compressed); err != nil || !back.Equal(&key.PublicKey) {
		t.Errorf("%x became %v, %v", compressed, back, err)
	}
	off := append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...)
	if _, err := ParseKey(off); err == nil || !strings.Contains(err.Error(), "not a point of P-256") {
		t.Errorf("error %v", err)
	}
	if wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		t.Fatal(err)
	} else if _, err := Compress(&wide.PublicKey); err == nil {
		t.Error("a key on P-384 was compressed")
	}
	h := exampleParameters()
	if back, err := ParseHash(h.String()); err != nil || back != h {
		t.Errorf("%v, %v", back, err)
	}
	for _, s := range []string{"", "aa", strings.Repeat("AA", 32), strings.Repeat("a", 63), strings.Repeat("zz", 32)} {
		if _, err := ParseHash(s); err == nil {
			t.Errorf("%q was read as a hash", s)
		}
	}
}
