package reading

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// spoiled tells of each way to spoil a wire form what is said of it.
func spoiled(t *testing.T, good []byte, unmarshal func([]byte) error, spoil map[string]func(b []byte) []byte) {
	t.Helper()
	for want, change := range spoil {
		if err := unmarshal(change(bytes.Clone(good))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
	for n := range good {
		if unmarshal(good[:n]) == nil {
			t.Errorf("the first %d bytes were accepted", n)
		}
	}
	if err := unmarshal(append(bytes.Clone(good), 0)); err == nil {
		t.Error("a byte too many was accepted")
	}
}

// set returns a change of bytes from an offset on.
func set(at int, to ...byte) func([]byte) []byte {
	return func(b []byte) []byte { copy(b[at:], to); return b }
}

func TestGatewayRefuses(t *testing.T) {
	unmarshal := func(b []byte) error { _, err := UnmarshalGateway(b); return err }
	spoiled(t, must(t)(exampleGateway().Marshal()), unmarshal, map[string]func([]byte) []byte{
		"unmarshal gateway: version 9; want 1":     set(0, 9),
		`gateway: meter id "!ateway-1"`:            set(2, '!'),
		"gateway gateway-1: key is not a compress": set(11, 4),
	})
	if _, err := (Gateway{}).Marshal(); err == nil {
		t.Error("an empty gateway was marshalled")
	}
}

func TestFunctionRefuses(t *testing.T) {
	f := exampleFunction()
	unmarshal := func(b []byte) error { _, err := UnmarshalFunction(b); return err }
	spoiled(t, must(t)(f.Marshal()), unmarshal, map[string]func([]byte) []byte{
		"unmarshal function: version 9; want 1": set(0, 9),
		"bound 0; want at least 1":              set(33, 0, 0, 0, 0, 0, 0, 0, 0),
		"bound -1; want at least 1":             set(33, 255, 255, 255, 255, 255, 255, 255, 255),
		"valid from: time":                      set(41, 1),
		`tariff: meter id "!ay-night"`:          set(50, '!'),
		"ends too early":                        set(59, 0, 4),
		"8 bytes too many":                      set(59, 0, 2),
		"weight 0 is over the bound 10000":      set(61, 0, 0, 0, 0, 0, 0, 0x27, 0x11),
	})
	for want, spoil := range map[string]func(*Function){
		"0 weights; want 1 to 1024":        func(f *Function) { f.Weights = nil },
		"1025 weights; want 1 to 1024":     func(f *Function) { f.Weights = make([]int64, 1025) },
		"weight 2 is over the bound 10000": func(f *Function) { f.Weights[2] = -10_001 },
	} {
		f := exampleFunction()
		spoil(&f)
		if _, err := f.Hash(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
}

func TestBillRefuses(t *testing.T) {
	b := exampleBill(t)
	unmarshal := func(b []byte) error { _, err := UnmarshalBill(b); return err }
	spoiled(t, must(t)(b.Marshal()), unmarshal, map[string]func([]byte) []byte{
		"unmarshal bill: version 9; want 1":            set(0, 9),
		`gateway: meter id "!ateway-1"`:                set(2, '!'),
		`meter id "!lain-000001"`:                      set(12, '!'),
		"readings from 9 to 9; want 1 to 1000 of them": set(31, 9),
		"readings from 7 to 1008; want 1 to 1000":      set(38, 3, 0xf0),
		"no function is named":                         set(40, make([]byte, 32)...),
	})
	b.Signature = make([]byte, 73)
	if _, err := b.Marshal(); err == nil || !strings.Contains(err.Error(), "signature of 73 bytes") {
		t.Errorf("error %v", err)
	}
}

// Whatever differs between two functions or bills differs in their hashes.
func TestHashesAreUnambiguous(t *testing.T) {
	f := exampleFunction()
	want, err := f.Hash()
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*Function){
		"parameters": func(f *Function) { f.Parameters[31]++ }, "bound": func(f *Function) { f.Bound++ },
		"from": func(f *Function) { f.From = f.From.Add(time.Second) }, "tariff": func(f *Function) { f.Tariff = "day" },
		"weight": func(f *Function) { f.Weights[1]++ }, "order": func(f *Function) { slices.Reverse(f.Weights) },
		"length": func(f *Function) { f.Weights = append(f.Weights, 0) },
	} {
		f := exampleFunction()
		edit(&f)
		if got, err := f.Hash(); err != nil || got == want {
			t.Errorf("%s does not change the hash, error %v", name, err)
		}
	}
	bill := exampleBill(t)
	for name, edit := range map[string]func(*Bill){
		"gateway": func(b *Bill) { b.Gateway = "g" }, "meter": func(b *Bill) { b.Meter = "m" },
		"from": func(b *Bill) { b.From++ }, "to": func(b *Bill) { b.To++ }, "function": func(b *Bill) { b.Function[0]++ },
		"result": func(b *Bill) { b.Result++ }, "readings": func(b *Bill) { b.Readings[31]++ },
	} {
		b := exampleBill(t)
		edit(&b)
		if b.Digest() == bill.Digest() {
			t.Errorf("%s does not change the digest", name)
		}
	}
	a, b := example(), example()
	b.Number++
	if HashReadings([]Reading{a, b}) == HashReadings([]Reading{b, a}) {
		t.Error("the order of readings does not change their hash")
	}
}

func TestSignAndVerify(t *testing.T) {
	key, other := testKey(t, 1), testKey(t, 2)
	r := example()
	if err := r.Sign(key); err != nil {
		t.Fatal(err)
	}
	b := exampleBill(t)
	if err := b.Sign(key); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Verify(&key.PublicKey), b.Verify(&key.PublicKey)); err != nil {
		t.Error(err)
	}
	if !errors.Is(r.Verify(&other.PublicKey), ErrSignature) || !errors.Is(b.Verify(&other.PublicKey), ErrSignature) {
		t.Error("verifies under another key")
	}
	altered := r
	altered.Number++
	if err := altered.Verify(&key.PublicKey); !errors.Is(err, ErrSignature) {
		t.Errorf("altered: %v", err)
	}
	b.Result++
	if !errors.Is(b.Verify(&key.PublicKey), ErrSignature) {
		t.Error("an altered bill verifies")
	}
}

func testKey(t testing.TB, n byte) *ecdsa.PrivateKey {
	t.Helper()
	raw := make([]byte, 32)
	raw[31] = n
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestApply(t *testing.T) {
	f := Function{Bound: 10, Weights: []int64{3, -10, 0}}
	at := func(wh ...int64) *Reading {
		return &Reading{Kind: Plain, Payload: Values{Interval: time.Hour, Wh: wh}.Marshal()}
	}
	padded := at(1, 2, 3)
	padded.Kind = Padded
	padded.Payload, _ = Values{Interval: time.Hour, Wh: []int64{1, 2, 3}}.MarshalPadded(80)
	for _, r := range []*Reading{at(1, 2, 3), padded} {
		if got, err := f.Apply(r); err != nil || got != -17 {
			t.Errorf("%d, %v", got, err)
		}
	}
	large := Function{Bound: 1 << 62, Weights: []int64{1 << 62, 1 << 62, -4}}
	for want, c := range map[string]struct {
		f Function
		r *Reading
	}{
		"2 values; the function has 3 weights": {f, at(1, 2)},
		"value 1 is over the bound 10":         {f, at(1, 11, 3)},
		"an encrypted reading are hidden":      {f, &Reading{Kind: Encrypted, Payload: []byte{1}}},
		"ends too early":                       {f, &Reading{Kind: Plain, Payload: []byte{1}}},
		"result does not fit into 64 bits":     {large, at(4, 0, 0)},
		"does not fit into 64 bits":            {large, at(1, 1, 0)},
	} {
		if _, err := c.f.Apply(c.r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
}

// fuzz holds a form to having one encoding.
func fuzz[T any](f *testing.F, seed []byte, unmarshal func([]byte) (T, error), marshal func(T) ([]byte, error)) {
	f.Helper()
	f.Add(seed)
	f.Add(seed[:len(seed)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := unmarshal(b)
		if err != nil {
			return
		}
		if back, err := marshal(v); err != nil || !bytes.Equal(back, b) {
			t.Errorf("%x became %x, error %v", b, back, err)
		}
	})
}

func FuzzUnmarshalGateway(f *testing.F) {
	fuzz(f, must(f)(exampleGateway().Marshal()), UnmarshalGateway, Gateway.Marshal)
}

func FuzzUnmarshalFunction(f *testing.F) {
	example := exampleFunction()
	fuzz(f, must(f)(example.Marshal()), UnmarshalFunction, func(v Function) ([]byte, error) { return v.Marshal() })
}

func FuzzUnmarshalBill(f *testing.F) {
	example := exampleBill(f)
	fuzz(f, must(f)(example.Marshal()), UnmarshalBill, func(v Bill) ([]byte, error) { return v.Marshal() })
}
