package device

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"meterbench/simulators/meter"
	"meterbench/workloads/reading"
)

func household() meter.Config {
	return meter.Config{Seed: 7, Meters: 20, Prefix: "m", Interval: time.Hour, Start: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Length: 4, Bound: 10_000}
}

func TestMessages(t *testing.T) {
	for _, m := range []message{
		{id: 1, config: &Config{Fleet: household(), Kind: reading.Encrypted, Public: []byte{1, 2}}},
		{id: 1<<64 - 1, config: &Config{Fleet: household(), Kind: reading.Padded, Size: 900}},
		{id: 2, sensors: 3, meter: 4, number: 5},
	} {
		b, err := m.marshal()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := unmarshalMessage(b); err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("%+v came back as %+v, %v", m, back, err)
		}
	}
	for _, a := range []answer{{id: 1, encrypt: time.Second, wire: []byte{1}}, {id: 2, wire: []byte{}}, {id: 3, failed: errors.New("no such meter")}} {
		if back, err := unmarshalAnswer(a.marshal()); err != nil || !reflect.DeepEqual(back, a) {
			t.Errorf("%+v came back as %+v, %v", a, back, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	request, err := message{id: 1}.marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"", "\x01", "\x03" + strings.Repeat("\x00", 8), string(request[:len(request)-1]), string(request) + "\x00",
		"\x0100000000", "\x0100000000{", "\x0100000000{}{}", "\x0100000000{\"Other\":1}",
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

// What is accepted comes back the same.
func FuzzMessage(f *testing.F) {
	for _, m := range []message{{id: 1, config: &Config{Fleet: household(), Kind: reading.Plain}}, {id: 2, sensors: 3, meter: 4, number: 5}} {
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
		if err != nil || m.config == nil && !bytes.Equal(again, b) {
			t.Fatalf("%q came back as %+v, %v", b, back, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(answer{id: 1, encrypt: 7, wire: []byte{1}}.marshal())
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
	var session bytes.Buffer
	for _, m := range []message{
		{id: 1, config: &Config{Fleet: household(), Kind: reading.Plain}}, {id: 2, sensors: 1, meter: 4, number: 5},
		{id: 3, sensors: 9}, {id: 4, sensors: 1, meter: 99}, {id: 5, config: &Config{Kind: reading.Encrypted, Public: []byte{1}}},
	} {
		b, err := m.marshal()
		if err != nil {
			f.Fatal(err)
		}
		send(&session, b) //nolint:errcheck // into memory
	}
	f.Add(session.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		serve(bytes.NewReader(b), &out) //nolint:errcheck // most input is malformed
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
