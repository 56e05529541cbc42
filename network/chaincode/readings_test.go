package chaincode

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/workloads/fe/codec"
	"meterbench/workloads/reading"
)

const operator = "PtbMSP"

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
	return reading.Reading{Kind: reading.Plain, Meter: meter, Number: number, Time: time.Unix(1_700_000_000, 0).UTC(),
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
		{"tampered ciphertext", edited(func(r *reading.Reading) { r.Payload[20] ^= 1 }), 403, "READING_ALTERED: "},
		{"tampered ciphertext with its mark", edited(func(r *reading.Reading) {
			r.Payload[20] ^= 1
			digest := r.Digest()
			copy(r.Mark[:], digest[:])
		}), 403, "READING_SIGNATURE: "},
		{"another meter's ciphertext", edited(func(r *reading.Reading) { r.Meter = "m5" }), 403, "READING_ALTERED: "},
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
		{"no signature", change(func(r *reading.Reading) { r.Signature = nil }), 403, "READING_SIGNATURE: "},
		{"number changed after signing", change(func(r *reading.Reading) { r.Number++ }), 403, "READING_ALTERED: "},
		{"time changed after signing", change(func(r *reading.Reading) { r.Time = r.Time.Add(time.Second) }), 403, "READING_ALTERED: "},
		{"payload changed after signing", change(func(r *reading.Reading) {
			r.Payload = reading.Values{Register: 1, Interval: time.Second, Wh: []int64{9}}.Marshal()
		}), 403, "READING_ALTERED: "},
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

func TestRegisterMeters(t *testing.T) {
	changed := func(edit func(*reading.Registration)) reading.Registration {
		r := encrypting(t, "m3", 3)
		edit(&r)
		return r
	}
	notAPoint := registration(t, "m9", meterKey(t, 3), true)
	notAPoint.Key = append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...)
	tests := []struct {
		name   string
		msp    string
		batch  []byte
		status int32
		prefix string
	}{
		{"new meter", operator, batch(t, registration(t, "m9", meterKey(t, 3), true)), 200, ""},
		{"same again", operator, batch(t, registration(t, "m1", meterKey(t, 1), true)), 200, ""},
		{"check switched off later", operator, batch(t, registration(t, "m1", meterKey(t, 1), false)), 200, ""},
		{"another organisation", "CmiMSP", batch(t, registration(t, "m9", meterKey(t, 3), true)), 403, "OPERATOR_ONLY: "},
		{"another key", operator, batch(t, registration(t, "m9", meterKey(t, 3), true), registration(t, "m1", meterKey(t, 3), true)), 409, "METER_CONFLICT: "},
		{"twice in a batch", operator, batch(t, registration(t, "m9", meterKey(t, 3), true), registration(t, "m9", meterKey(t, 4), true)), 400, "REGISTRATION_TWICE: "},
		{"no point of the curve", operator, batch(t, notAPoint), 400, "KEY_INVALID: "},
		{"malformed", operator, []byte{1}, 400, "REGISTRATION_MALFORMED: "},
		{"same again, with schedule and parameters", operator, batch(t, encrypting(t, "m3", 3)), 200, ""},
		{"another schedule", operator, batch(t, changed(func(r *reading.Registration) { r.Span *= 2 })), 409, "METER_CONFLICT: "},
		{"another begin", operator, batch(t, changed(func(r *reading.Registration) { r.Begin = r.Begin.Add(time.Second) })), 409, "METER_CONFLICT: "},
		{"another gateway", operator, batch(t, changed(func(r *reading.Registration) { r.Gateway = "gw2" })), 409, "METER_CONFLICT: "},
		{"no more parameters", operator, batch(t, changed(func(r *reading.Registration) { r.Parameters = reading.Hash{} })), 409, "METER_CONFLICT: "},
		{"parameters nobody set", operator, batch(t, changed(func(r *reading.Registration) { r.Parameters[0]++ })), 404, "PARAMETERS_UNKNOWN: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, s := deployed(t)
			s.msp = test.msp
			expect(t, s.invoke(t, c, reading.FnRegister, test.batch), test.status, test.prefix)
			if test.status != 200 && len(s.writes) != 0 {
				t.Errorf("a refused batch wrote %d keys", len(s.writes))
			}
		})
	}
}

func TestRegistrationWritesOnlyChanges(t *testing.T) {
	c, s := deployed(t)
	expect(t, s.invoke(t, c, reading.FnRegister, batch(t,
		registration(t, "m1", meterKey(t, 1), true), registration(t, "m2", meterKey(t, 2), true), registration(t, "m9", meterKey(t, 3), true))), 200, "")
	if len(s.writes) != 2 || s.writes["m/m2"] == nil || s.writes["m/m9"] == nil {
		t.Errorf("wrote %v; want m/m2, whose check was switched on, and m/m9, which is new", s.writes)
	}
	expect(t, s.invoke(t, c, reading.FnPut, signed(t, plain("m2", 0), meterKey(t, 1))), 403, "READING_SIGNATURE: ")
}

func TestQueries(t *testing.T) {
	c, s := deployed(t)
	s.maxPage = 7 // CountReadings must page
	for n := range uint64(20) {
		expect(t, s.invoke(t, c, reading.FnPut, raw(t, plain("m2", n))), 200, "")
	}
	expect(t, s.invoke(t, c, reading.FnPut, signed(t, plain("m1", 5), meterKey(t, 1))), 200, "")

	for meter, want := range map[string]string{"": "21", "m1": "1", "m2": "20", "m": "0"} {
		r := s.invoke(t, c, reading.FnCount, []byte(meter))
		expect(t, r, 200, "")
		if got := string(r.GetPayload()); got != want {
			t.Errorf("count of %q is %s; want %s", meter, got, want)
		}
	}
	r := s.invoke(t, c, reading.FnGet, []byte("m1"), []byte("5"))
	expect(t, r, 200, "")
	if !bytes.Equal(r.GetPayload(), signed(t, plain("m1", 5), meterKey(t, 1))) {
		t.Error("the reading came back changed")
	}
	s.maxPage = 1 << 30
	r = s.invoke(t, c, reading.FnRange, []byte("m2"), []byte("9"), []byte("12"))
	expect(t, r, 200, "")
	list, err := reading.UnmarshalList(r.GetPayload())
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 || list[0].Number != 9 || list[2].Number != 11 {
		t.Errorf("range 9 to 12 holds %d readings, the first %v", len(list), list)
	}
	expect(t, s.invoke(t, c, reading.FnPing), 200, "")
}

func TestRangeIsBounded(t *testing.T) {
	c, s := deployed(t)
	for n := range uint64(maxRange + 5) {
		s.state[reading.Key("m1", n)] = raw(t, plain("m1", n))
	}
	page := func(from int) []reading.Reading {
		r := s.invoke(t, c, reading.FnRange, []byte("m1"), []byte(strconv.Itoa(from)), []byte("1000000"))
		expect(t, r, 200, "")
		list, err := reading.UnmarshalList(r.GetPayload())
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if n := len(page(0)); n != maxRange {
		t.Errorf("first answer holds %d readings; want %d", n, maxRange)
	}
	if n := len(page(maxRange)); n != 5 {
		t.Errorf("second answer holds %d readings; want 5", n)
	}
	large := plain("m1", 0)
	large.Payload = make([]byte, reading.MaxPayload)
	for n := range uint64(40) {
		s.state[reading.Key("m1", n)] = raw(t, large)
	}
	if n := len(page(0)); n != maxRangeBytes/reading.MaxPayload {
		t.Errorf("answer holds %d readings of %d bytes; want %d", n, reading.MaxPayload, maxRangeBytes/reading.MaxPayload)
	}
}

func TestRefusedCalls(t *testing.T) {
	tests := []struct {
		call   string
		status int32
		prefix string
	}{
		{"Nothing", 404, "FUNCTION_UNKNOWN: "},
		{"Ping x", 400, "ARGUMENTS_WRONG: "},
		{"PutReading", 400, "ARGUMENTS_WRONG: "},
		{"GetReading m1", 400, "ARGUMENTS_WRONG: "},
		{"GetReading m1 7", 404, "READING_MISSING: "},
		{"GetReading m1 -1", 400, "ARGUMENTS_WRONG: "},
		{"GetReading M1 1", 400, "ARGUMENTS_WRONG: "},
		{"GetReadings m1 5 x", 400, "ARGUMENTS_WRONG: "},
		{"GetReadings m1 x 5", 400, "ARGUMENTS_WRONG: "},
		{"GetReadings m1 5 5", 400, "ARGUMENTS_WRONG: "},
		{"CountStored /", 400, "ARGUMENTS_WRONG: "},
		{"PutReadings x", 400, "READING_MALFORMED: "},
		{"GetParameters x", 400, "ARGUMENTS_WRONG: "},
		{"GetParameters " + strings.Repeat("aa", 32), 404, "PARAMETERS_UNKNOWN: "},
		{"GetFunction x", 400, "ARGUMENTS_WRONG: "},
		{"GetFunction " + strings.Repeat("aa", 32), 404, "FUNCTION_NOT_APPROVED: "},
		{"GetBill m1 0 x " + strings.Repeat("aa", 32), 400, "ARGUMENTS_WRONG: "},
		{"GetBill m1 x 1 " + strings.Repeat("aa", 32), 400, "ARGUMENTS_WRONG: "},
		{"GetBill m1 0 1 aa", 400, "ARGUMENTS_WRONG: "},
		{"GetBill m1 0 1 " + strings.Repeat("aa", 32), 404, "BILL_MISSING: "},
	}
	for _, test := range tests {
		t.Run(test.call, func(t *testing.T) {
			c, s := deployed(t)
			words := bytes.Fields([]byte(test.call))
			expect(t, s.invoke(t, c, string(words[0]), words[1:]...), test.status, test.prefix)
		})
	}
	c, s := deployed(t)
	s.args = nil
	expect(t, c.Invoke(s), 400, "FUNCTION_MISSING: ")
}
