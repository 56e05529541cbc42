package reading

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// example is the reading of the known-answer vectors.
func example() Reading {
	return Reading{
		Kind: Plain, Channel: "metrology", Meter: "plain-000001", Number: 0x0102030405060708,
		Time:      time.Date(2026, 1, 6, 0, 15, 0, 0, time.UTC),
		Payload:   exampleValues().Marshal(),
		Signature: []byte{0x30, 6, 2, 1, 1, 2, 1, 2},
	}
}

func exampleValues() Values {
	return Values{Register: 123456, Interval: 15 * time.Minute, Wh: []int64{0, 1, 9999}}
}

func exampleRegistrations() []Registration {
	return []Registration{
		{
			Meter: "a", Key: append([]byte{2}, bytes.Repeat([]byte{0x11}, 32)...), Verify: true, Gateway: "gateway-1",
			Parameters: exampleParameters(), Begin: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Span: 24 * time.Hour,
		},
		{Meter: "a.b-c", Key: append([]byte{3}, bytes.Repeat([]byte{0x22}, 32)...)},
	}
}

func exampleParameters() Hash { return Hash(bytes.Repeat([]byte{0xaa}, 32)) }

func exampleGateway() Gateway {
	return Gateway{ID: "gateway-1", Key: append([]byte{3}, bytes.Repeat([]byte{0x33}, 32)...)}
}

func exampleFunction() Function {
	return Function{Parameters: exampleParameters(), Bound: 10_000, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Tariff: "day-night", Weights: []int64{30, 0, -20}}
}

func exampleBill(t testing.TB) Bill {
	t.Helper()
	f := exampleFunction()
	function, err := f.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return Bill{Gateway: "gateway-1", Meter: "plain-000001", From: 7, To: 9, Function: function, Result: -5,
		Readings: HashReadings([]Reading{example(), example()}), Signature: []byte{0x30, 6, 2, 1, 1, 2, 1, 2}}
}

// must returns what a Marshal returned.
func must(t testing.TB) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

// TestKnownAnswers holds the wire forms and the digests to testdata/vectors.txt,
// a line each of name and hexadecimal bytes, which were put together outside of
// this code.
func TestKnownAnswers(t *testing.T) {
	r := example()
	wire, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	padded, err := exampleValues().MarshalPadded(64)
	if err != nil {
		t.Fatal(err)
	}
	registrations, err := MarshalRegistrations(exampleRegistrations())
	if err != nil {
		t.Fatal(err)
	}
	digest := r.Digest()
	function, bill := exampleFunction(), exampleBill(t)
	signed := bill.Digest()
	var b strings.Builder
	for _, v := range []struct {
		name  string
		bytes []byte
	}{
		{"reading", wire}, {"digest", digest[:]}, {"values", exampleValues().Marshal()}, {"padded", padded},
		{"registrations", registrations}, {"list", MarshalList([][]byte{{1}, {2, 3}})},
		{"gateway", must(t)(exampleGateway().Marshal())}, {"function", must(t)(function.Marshal())},
		{"function-hash", bill.Function[:]}, {"readings-hash", bill.Readings[:]},
		{"bill", must(t)(bill.Marshal())}, {"bill-digest", signed[:]},
	} {
		fmt.Fprintf(&b, "%s %x\n", v.name, v.bytes)
	}
	want, err := os.ReadFile("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%swant\n%s", &b, want)
	}
	if k := Key("plain-000001", 255); k != "r/plain-000001/00000000000000ff" {
		t.Errorf("key %s", k)
	}
	for want, k := range map[string]string{
		"m/plain-000001": MeterKey("plain-000001"), "g/gateway-1": GatewayKey("gateway-1"),
		"f/" + strings.Repeat("aa", 32): FunctionKey(exampleParameters()), "p/" + strings.Repeat("aa", 32): ParametersKey(exampleParameters()),
		"b/m/0000000000000001/00000000000000ff/" + strings.Repeat("aa", 32): BillKey("m", 1, 255, exampleParameters()),
	} {
		if k != want {
			t.Errorf("key %s; want %s", k, want)
		}
	}
}

func drawReading(t *rapid.T) Reading {
	return Reading{
		Kind:      rapid.SampledFrom([]Kind{Plain, Padded, Encrypted}).Draw(t, "kind"),
		Channel:   rapid.StringMatching(`([a-z][a-z0-9.-]{0,248})?`).Draw(t, "channel"),
		Meter:     rapid.StringMatching(`[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?`).Draw(t, "meter"),
		Number:    rapid.Uint64().Draw(t, "number"),
		Time:      time.Unix(rapid.Int64Range(0, MaxTime).Draw(t, "time"), 0).UTC(),
		Payload:   rapid.SliceOfN(rapid.Byte(), 1, 500).Draw(t, "payload"),
		Signature: rapid.SliceOfN(rapid.Byte(), 0, MaxSignature).Draw(t, "signature"),
	}
}

func TestReadingRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(drawReading), 0, 4).Draw(t, "readings")
		var wires [][]byte
		for _, r := range list {
			wire, err := r.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			back, err := Unmarshal(wire)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(r, back, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			for _, broken := range [][]byte{wire[:len(wire)-1], append(bytes.Clone(wire), 0)} {
				if _, err := Unmarshal(broken); err == nil {
					t.Errorf("%x was accepted", broken)
				}
			}
			wires = append(wires, wire)
		}
		back, err := UnmarshalList(MarshalList(wires))
		if err != nil || len(back) != len(list) {
			t.Fatalf("%d of %d readings, error %v", len(back), len(list), err)
		}
		if diff := cmp.Diff(list, back, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}

// Two readings that differ in anything but the signature differ in digest,
// also where bytes could move between neighbouring parts.
func TestDigestIsUnambiguous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawReading(t), drawReading(t)
		if a.Digest() == b.Digest() {
			a.Signature, b.Signature = nil, nil
			if diff := cmp.Diff(a, b); diff != "" {
				t.Errorf("different readings have one digest: %s", diff)
			}
		}
	})
	a, b := example(), example()
	a.Meter, a.Payload = "ab", []byte("c")
	b.Meter, b.Payload = "a", []byte("bc")
	if a.Digest() == b.Digest() {
		t.Error("a byte moved from the meter to the payload")
	}
	b = a
	a.Channel, a.Meter = "ab", "c"
	b.Channel, b.Meter = "a", "bc"
	if a.Digest() == b.Digest() {
		t.Error("a byte moved from the channel to the meter")
	}
	b = a
	b.Signature = []byte{1}
	if a.Digest() != b.Digest() {
		t.Error("the digest covers the signature")
	}
}

func TestMarshalRefuses(t *testing.T) {
	for want, spoil := range map[string]func(*Reading){
		"unknown kind 0":                func(r *Reading) { r.Kind = 0 },
		"unknown kind 4":                func(r *Reading) { r.Kind = 4 },
		"channel name of 250 bytes":     func(r *Reading) { r.Channel = strings.Repeat("a", 250) },
		`channel name "1a"`:             func(r *Reading) { r.Channel = "1a" },
		`channel name "a/b"`:            func(r *Reading) { r.Channel = "a/b" },
		`channel name "A"`:              func(r *Reading) { r.Channel = "A" },
		"meter id of 0 bytes":           func(r *Reading) { r.Meter = "" },
		"meter id of 65 bytes":          func(r *Reading) { r.Meter = strings.Repeat("a", 65) },
		`meter id "-a"`:                 func(r *Reading) { r.Meter = "-a" },
		`meter id "a."`:                 func(r *Reading) { r.Meter = "a." },
		`meter id "a/b"`:                func(r *Reading) { r.Meter = "a/b" },
		`meter id "A"`:                  func(r *Reading) { r.Meter = "A" },
		`meter id "ä"`:                  func(r *Reading) { r.Meter = "ä" },
		"0.5 +0000 UTC is not in whole": func(r *Reading) { r.Time = time.Unix(0, 5e8).UTC() },
		"1969-12-31":                    func(r *Reading) { r.Time = time.Unix(-1, 0).UTC() },
		"payload of 0 bytes":            func(r *Reading) { r.Payload = nil },
		"payload of 262145 bytes":       func(r *Reading) { r.Payload = make([]byte, MaxPayload+1) },
		"signature of 73 bytes":         func(r *Reading) { r.Signature = make([]byte, 73) },
	} {
		r := example()
		spoil(&r)
		if _, err := r.Marshal(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	r := example()
	wire, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(b []byte) []byte{
		"version 3; want 4":                 func(b []byte) []byte { b[0] = 3; return b },
		"unknown kind 9":                    func(b []byte) []byte { b[1] = 9; return b },
		"ends too early":                    func(b []byte) []byte { b[2] = 255; return b },
		`channel name "meArology"`:          func(b []byte) []byte { b[5] = 'A'; return b },
		"1 bytes too many":                  func(b []byte) []byte { return append(b, 0) },
		`meter id "plAin-000001"`:           func(b []byte) []byte { b[15] = 'A'; return b },
		"is not in whole seconds from 0 to": func(b []byte) []byte { b[33] = 0x80; return b },
		"unmarshal reading: ends too early": func([]byte) []byte { return nil },
	} {
		if _, err := Unmarshal(spoil(bytes.Clone(wire))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
	for n := range wire {
		if _, err := Unmarshal(wire[:n]); err == nil {
			t.Errorf("the first %d bytes were accepted", n)
		}
	}
	// A length far beyond the input allocates nothing and is refused.
	if _, err := UnmarshalList([]byte{255, 255, 255, 255}); !errors.Is(err, errShort) {
		t.Errorf("error %v", err)
	}
	if _, err := UnmarshalList(MarshalList([][]byte{wire, {1}})); err == nil || !strings.Contains(err.Error(), "entry 1 of list") {
		t.Errorf("error %v", err)
	}
}

func TestCheckForm(t *testing.T) {
	values := exampleValues()
	padded, err := values.MarshalPadded(100)
	if err != nil {
		t.Fatal(err)
	}
	refuse := errors.New("refused")
	check := func(b []byte) error {
		if string(b) != "ciphertext" {
			return refuse
		}
		return nil
	}
	dirty := bytes.Clone(padded)
	dirty[99] = 1
	for _, c := range []struct {
		kind    Kind
		payload []byte
		want    string // empty: accepted
	}{
		{Plain, values.Marshal(), ""},
		{Plain, padded, "plain reading"},
		{Plain, append(values.Marshal(), 0), "1 bytes too many"},
		{Padded, padded, ""},
		{Padded, values.Marshal(), "padded reading"},
		{Padded, padded[:99], "99 bytes; header says 100"},
		{Padded, append(bytes.Clone(padded), 0), "101 bytes; header says 100"},
		{Padded, dirty, "padding is not zero"},
		{Encrypted, []byte("ciphertext"), ""},
		{Encrypted, padded, "encrypted reading: refused"},
		{0, padded, "unknown kind"},
	} {
		r := Reading{Kind: c.kind, Payload: c.payload}
		err := r.CheckForm(check)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v of %d bytes: error %v; want %q", c.kind, len(c.payload), err, c.want)
		}
	}
	if err := (&Reading{Kind: Encrypted}).CheckForm(check); !errors.Is(err, refuse) {
		t.Errorf("cause lost: %v", err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	r := example()
	wire, err := r.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(wire)
	f.Add(wire[:20])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Unmarshal(b)
		if err != nil {
			return
		}
		if back, err := r.Marshal(); err != nil || !bytes.Equal(back, b) {
			t.Errorf("%x became %x, error %v", b, back, err)
		}
		_ = r.CheckForm(func([]byte) error { return nil })
	})
}

func FuzzUnmarshalList(f *testing.F) {
	r := example()
	wire, err := r.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(MarshalList([][]byte{wire, wire}))
	f.Add(hexBytes(f, "00000001ff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := UnmarshalList(b)
		if err != nil {
			return
		}
		var wires [][]byte
		for i := range list {
			wire, err := list[i].Marshal()
			if err != nil {
				t.Fatal(err)
			}
			wires = append(wires, wire)
		}
		if back := MarshalList(wires); !bytes.Equal(back, b) {
			t.Errorf("%x became %x", b, back)
		}
	})
}

func hexBytes(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
