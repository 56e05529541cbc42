package chaincode

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/simulators/fe/codec"
	"meterbench/simulators/reading"
)

const (
	operator = "PtbMSP"
	channel  = "metrology"
)

// meterKey returns the n-th of a fixed row of keys.
func meterKey(t testing.TB, n byte) *ecdsa.PrivateKey {
	t.Helper()
	raw := make([]byte, 32)
	raw[31] = n
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func compressed(t testing.TB, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	b, err := reading.Compress(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func registration(t testing.TB, meter string, key *ecdsa.PrivateKey, verify bool) reading.Registration {
	return reading.Registration{Meter: meter, Key: compressed(t, key), Verify: verify}
}

func batch(t testing.TB, all ...reading.Registration) []byte {
	t.Helper()
	b, err := reading.MarshalRegistrations(all)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func plain(meter string, number uint64) reading.Reading {
	return reading.Reading{Kind: reading.Plain, Channel: channel, Meter: meter, Number: number, Time: time.Unix(1_700_000_000, 0).UTC(),
		Payload: reading.Values{Register: 100, Interval: 15 * time.Minute, Wh: []int64{1, 2, 3}}.Marshal()}
}

func signed(t testing.TB, r reading.Reading, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	if err := r.Sign(key); err != nil {
		t.Fatal(err)
	}
	return raw(t, r)
}

func raw(t testing.TB, r reading.Reading) []byte {
	t.Helper()
	b, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func expect(t testing.TB, r *peer.Response, status int32, prefix string) {
	t.Helper()
	if r.GetStatus() != status || !strings.HasPrefix(r.GetMessage(), prefix) {
		t.Fatalf("status %d, message %q; want %d, %q…", r.GetStatus(), r.GetMessage(), status, prefix)
	}
}

func TestPutReading(t *testing.T) {
	change := func(edit func(*reading.Reading)) []byte {
		r := plain("m1", 0)
		if err := r.Sign(meterKey(t, 1)); err != nil {
			t.Fatal(err)
		}
		edit(&r)
		return raw(t, r)
	}
	good := signed(t, plain("m1", 0), meterKey(t, 1))
	encrypted := ciphertext(t, 1)
	short := encrypted
	short.Payload = encrypted.Payload[:len(encrypted.Payload)-1]
	foreign, longer, other, late, beyond := encrypted, encrypted, encrypted, encrypted, encrypted
	foreign.Meter = "m1"
	longer.Payload = elements(t, codec.Header{Scheme: codec.DDH, Bits: 1024, Length: 3})
	other.Payload = elements(t, codec.Header{Scheme: codec.Damgard, Bits: 1024, Length: 2})
	late.Time = late.Time.Add(time.Second)
	stolen := encrypted
	stolen.Meter = "m5"
	beyond.Number = math.MaxUint64 // (number+1)*span would be 0
	beyond.Time = begin
	elsewhere, nowhere, unchecked := plain("m1", 0), plain("m1", 0), plain("m2", 0)
	elsewhere.Channel, nowhere.Channel, unchecked.Channel = "billing", "", "billing"
	if err := elsewhere.Sign(meterKey(t, 1)); err != nil {
		t.Fatal(err)
	}
	back := elsewhere
	back.Channel = channel
	passedOff := raw(t, back)
	edited := func(edit func(*reading.Reading)) []byte {
		r := ciphertext(t, 1)
		if err := r.Sign(meterKey(t, 3)); err != nil {
			t.Fatal(err)
		}
		edit(&r)
		return raw(t, r)
	}
	tests := []struct {
		name    string
		reading []byte
		status  int32
		prefix  string
	}{
		{"signed by its meter", good, 200, ""},
		{"ciphertext signed by its meter", signed(t, encrypted, meterKey(t, 3)), 200, ""},
		{"ciphertext cut short", signed(t, short, meterKey(t, 3)), 400, "READING_FORM: "},
		{"ciphertext of a meter without parameters", signed(t, foreign, meterKey(t, 1)), 404, "PARAMETERS_UNKNOWN: "},
		{"plaintext of a meter that encrypts", signed(t, timed(plain("m3", 1), 1), meterKey(t, 3)), 400, "READING_PARAMETERS: "},
		{"ciphertext of another length", signed(t, longer, meterKey(t, 3)), 400, "READING_PARAMETERS: "},
		{"ciphertext of another scheme", signed(t, other, meterKey(t, 3)), 400, "READING_PARAMETERS: "},
		{"tampered ciphertext", edited(func(r *reading.Reading) { r.Payload[20] ^= 1 }), 403, "READING_SIGNATURE: "},
		{"another meter's ciphertext", edited(func(r *reading.Reading) { r.Meter = "m5" }), 403, "READING_SIGNATURE: "},
		{"another meter's ciphertext, signed by that meter", signed(t, stolen, meterKey(t, 3)), 403, "READING_SIGNATURE: "},
		{"out of order", signed(t, timed(encrypted, 2), meterKey(t, 3)), 409, "READING_TIME: "},
		{"a second late", signed(t, late, meterKey(t, 3)), 409, "READING_TIME: "},
		{"time beyond all numbers", signed(t, beyond, meterKey(t, 3)), 409, "READING_TIME: "},
		{"check switched off", raw(t, plain("m2", 0)), 200, ""},
		{"nothing", nil, 400, "READING_MALFORMED: "},
		{"cut short", good[:len(good)-1], 400, "READING_MALFORMED: "},
		{"trailing byte", append(bytes.Clone(good), 0), 400, "READING_MALFORMED: "},
		{"plain payload that is no values", change(func(r *reading.Reading) { r.Payload = []byte("no values") }), 400, "READING_FORM: "},
		{"ciphertext that is none", change(func(r *reading.Reading) { r.Kind = reading.Encrypted }), 400, "READING_FORM: "},
		{"padding of the wrong size", change(func(r *reading.Reading) {
			r.Kind = reading.Padded
			p, _ := reading.Values{Interval: time.Second, Wh: []int64{1}}.MarshalPadded(100)
			r.Payload = p[:99]
		}), 400, "READING_FORM: "},
		{"meter nobody registered", signed(t, plain("m9", 0), meterKey(t, 1)), 404, "METER_UNKNOWN: "},
		{"another meter's key", signed(t, plain("m1", 0), meterKey(t, 2)), 403, "READING_SIGNATURE: "},
		{"signed for another channel", signed(t, elsewhere, meterKey(t, 1)), 403, "READING_CHANNEL: "},
		{"signed for no channel", signed(t, nowhere, meterKey(t, 1)), 403, "READING_CHANNEL: "},
		{"channel changed after signing", passedOff, 403, "READING_SIGNATURE: "},
		{"for another channel, check switched off", raw(t, unchecked), 403, "READING_CHANNEL: "},
		{"no signature", change(func(r *reading.Reading) { r.Signature = nil }), 403, "READING_SIGNATURE: "},
		{"number changed after signing", change(func(r *reading.Reading) { r.Number++ }), 403, "READING_SIGNATURE: "},
		{"time changed after signing", change(func(r *reading.Reading) { r.Time = r.Time.Add(time.Second) }), 403, "READING_SIGNATURE: "},
		{"payload changed after signing", change(func(r *reading.Reading) {
			r.Payload = reading.Values{Register: 1, Interval: time.Second, Wh: []int64{9}}.Marshal()
		}), 403, "READING_SIGNATURE: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, s := deployed(t)
			expect(t, s.invoke(t, c, reading.FnPut, test.reading), test.status, test.prefix)
			if test.status != 200 {
				if len(s.writes) != 0 {
					t.Errorf("a refused reading wrote %d keys", len(s.writes))
				}
				return
			}
			if s.trips != 2 {
				t.Errorf("%d round trips to the peer; want 2, one to read and one to write", s.trips)
			}
			again := s.invoke(t, c, reading.FnPut, test.reading)
			expect(t, again, 409, "READING_DUPLICATE: ")
		})
	}
}

func TestPutReadingWhenPeerFails(t *testing.T) {
	c, s := deployed(t)
	s.fail = errors.New("disk on fire")
	r := s.invoke(t, c, reading.FnPut, signed(t, plain("m1", 0), meterKey(t, 1)))
	expect(t, r, 500, "STATE_FAILED: ")
	if !strings.Contains(r.GetMessage(), "disk on fire") {
		t.Errorf("message %q loses the cause", r.GetMessage())
	}
}
