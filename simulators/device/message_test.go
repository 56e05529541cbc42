package device

import (
	"bytes"
	"errors"
	"io"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

func household() meter.Config {
	return meter.Config{Seed: 7, Meters: 20, Prefix: "m", Interval: time.Hour, Start: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Length: 4, Bound: 10_000}
}

// commissioned returns a gateway with one tariff.
func commissioned() *GatewayConfig {
	return &GatewayConfig{ID: "gw", Seed: 3, Public: []byte{4}, Tariffs: []gateway.Tariff{{
		Function: reading.Function{Parameters: reading.Hash{1}, Bound: 5, From: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Tariff: "t", Weights: []int64{1, -2}},
		Hash:     reading.Hash{2},
		Key:      fe.Key{Params: fe.Params{Scheme: "ddh", Bits: 1024, Length: 2, Bound: 5}, Function: []int64{1, -2}, Secrets: []*big.Int{new(big.Int).Lsh(big.NewInt(1), 1000)}},
	}}}
}

func TestMessages(t *testing.T) {
	for _, m := range []message{
		{id: 1, sensors: &SensorsConfig{Fleet: household(), Kind: reading.Encrypted, Public: []byte{1, 2}}},
		{id: 1<<64 - 1, sensors: &SensorsConfig{Fleet: household(), Kind: reading.Padded, Size: 900}},
		{id: 4, sensors: &SensorsConfig{Kind: reading.Encrypted, Members: [][]byte{{1}, {2}}, Group: fe.Params{Scheme: "dmcfe", Bits: 256, Length: 2, Bound: 9}}},
		{id: 5, gateway: commissioned()},
		{id: 2, request: request{kind: kindReading, part: 3, which: 4, number: 5, data: []byte{}}},
		{id: 2, request: request{kind: kindReading, part: 3, which: 4, number: 5, data: []byte{6}}},
		{id: 2, request: request{kind: kindBill, part: 3, which: 1<<32 - 1, data: []byte{7, 8}}},
	} {
		b, err := m.marshal()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := unmarshalMessage(b); err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("%+v came back as %+v, %v", m, back, err)
		}
	}
	for _, a := range []answer{{id: 1, spent: time.Second, wire: []byte{1}}, {id: 2, wire: []byte{}}, {id: 3, failed: errors.New("no such meter")}} {
		if back, err := unmarshalAnswer(a.marshal()); err != nil || !reflect.DeepEqual(back, a) {
			t.Errorf("%+v came back as %+v, %v", a, back, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, text := range []string{
		"", "\x01", "\x05" + strings.Repeat("\x00", 30), "\x03" + strings.Repeat("\x00", 27), "\x04" + strings.Repeat("\x00", 19),
		"\x0100000000", "\x0100000000{", "\x0100000000{}{}", "\x0100000000{\"Other\":1}", "\x0200000000{\"Fleet\":{}}",
	} {
		if m, err := unmarshalMessage([]byte(text)); err == nil {
			t.Errorf("%q reads as %+v", text, m)
		}
	}
	for _, text := range []string{"", "00000000\x0000000000"[:16], "00000000\x02\x00\x00\x00\x00\x00\x00\x00\x00", "00000000\x00\xff\x00\x00\x00\x00\x00\x00\x00", "00000000\x01\x00\x00\x00\x00\x00\x00\x00\x01"} {
		if a, err := unmarshalAnswer([]byte(text)); err == nil {
			t.Errorf("%q reads as %+v", text, a)
		}
	}
	if err := send(io.Discard, make([]byte, maxMessage+1)); err == nil {
		t.Error("a message of any size was sent")
	}
	for text, want := range map[string]error{"": io.EOF, "\x00\x00": io.ErrUnexpectedEOF, "\x00\x00\x00\x02\x01": io.ErrUnexpectedEOF} {
		if _, err := receive(strings.NewReader(text)); err != want {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	if _, err := receive(strings.NewReader("\xff\xff\xff\xff")); err == nil || err == io.EOF {
		t.Errorf("a message of 4 GiB: %v", err)
	}
}

// session returns what a device may be sent, with sensors and a gateway.
func session() []message {
	return []message{
		{id: 1, sensors: &SensorsConfig{Fleet: household(), Kind: reading.Plain}},
		{id: 2, request: request{kind: kindReading, part: 1, which: 4, number: 5}},
		{id: 3, request: request{kind: kindReading, part: 1, data: reading.Values{Interval: time.Hour, Wh: []int64{1, 2, 3, 4}}.Marshal()}},
		{id: 4, gateway: &GatewayConfig{ID: "gw", Seed: 2, Tariffs: commissioned().Tariffs}},
		{id: 5, request: request{kind: kindBill, part: 4, data: []byte{0, 0, 0, 1, 2}}},
		{id: 6, request: request{kind: kindBill, part: 1}},
		{id: 7, request: request{kind: kindReading, part: 9}},
		{id: 8, sensors: &SensorsConfig{Kind: reading.Encrypted, Public: []byte{1}}},
		{id: 9, gateway: commissioned()},
	}
}

// What is accepted comes back the same.
func FuzzMessage(f *testing.F) {
	for _, m := range session() {
		b, err := m.marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := unmarshalMessage(b)
		if err != nil {
			return
		}
		again, err := m.marshal()
		if err != nil {
			t.Fatal(err)
		}
		back, err := unmarshalMessage(again)
		if opens := m.sensors != nil || m.gateway != nil; err != nil || !opens && !bytes.Equal(again, b) {
			t.Fatalf("%q came back as %+v, %v", b, back, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(answer{id: 1, spent: 7, wire: []byte{1}}.marshal())
	f.Add(answer{id: 1, failed: errors.New("no")}.marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := unmarshalAnswer(b); err == nil && !bytes.Equal(a.marshal(), b) {
			t.Fatalf("%q came back as %q", b, a.marshal())
		}
	})
}

// Whatever a device is sent, it ends with its input, and what it writes are
// answers.
func FuzzServe(f *testing.F) {
	var whole bytes.Buffer
	for _, m := range session() {
		b, err := m.marshal()
		if err != nil {
			f.Fatal(err)
		}
		send(&whole, b) // into memory
	}
	f.Add(whole.Bytes())
	f.Add(encrypted(f))
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 8})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		serve(bytes.NewReader(b), &out, tables) // most input is malformed
		for {
			body, err := receive(&out)
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := unmarshalAnswer(body); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// encrypted returns what sensors and a gateway are sent whose readings are
// encrypted, under schemes with and without an authority.
func encrypted(t testing.TB) []byte {
	t.Helper()
	fleet := household()
	fleet.Length, fleet.Meters, fleet.Bound = 1, 2, 100
	keys, err := fe.Setup(t.Context(), fe.Params{Scheme: "ecddh", Bits: 256, Length: 1, Bound: fleet.Bound})
	if err != nil {
		t.Fatal(err)
	}
	key, err := keys.Derive([]int64{2})
	if err != nil {
		t.Fatal(err)
	}
	public := keys.Encryptor().Public()
	sensors := SensorsConfig{Fleet: fleet, Kind: reading.Encrypted, Public: public}
	made, err := newMaker(sensors)
	if err != nil {
		t.Fatal(err)
	}
	sealed := made.answer(t.Context(), request{kind: kindReading})
	if sealed.failed != nil {
		t.Fatal(sealed.failed)
	}
	tariff := gateway.Tariff{Function: reading.Function{Bound: fleet.Bound, Weights: []int64{2}, Tariff: "t"}, Key: key}
	member := bytes.Repeat([]byte{1}, 64)
	var whole bytes.Buffer
	for _, m := range []message{
		{id: 1, sensors: &sensors},
		{id: 2, request: request{kind: kindReading, part: 1}},
		{id: 3, gateway: &GatewayConfig{ID: "gw", Public: public, Tariffs: []gateway.Tariff{tariff}}},
		{id: 4, request: request{kind: kindBill, part: 3, data: reading.MarshalList([][]byte{sealed.wire})}},
		{id: 5, sensors: &SensorsConfig{Fleet: fleet, Kind: reading.Encrypted, Members: [][]byte{member, member}, Group: fe.Params{Scheme: "dmcfe", Bits: 256, Length: 2, Bound: fleet.Bound}}},
		{id: 6, request: request{kind: kindReading, part: 5, which: 1}},
		{id: 7, request: request{kind: kindReading, part: 5, which: 1}}, // again
	} {
		b, err := m.marshal()
		if err != nil {
			t.Fatal(err)
		}
		send(&whole, b) // into memory
	}
	return whole.Bytes()
}
