package chaincode

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/simulators/reading"
)

// tariff returns a function of two values, for publicKey1024 or for plaintext.
func tariff(t testing.TB, name string, encrypted bool) (reading.Function, reading.Hash) {
	t.Helper()
	f := reading.Function{Bound: 100, From: begin, Tariff: name, Weights: []int64{3, 5}}
	if encrypted {
		f.Parameters = reading.ParametersID(publicKey1024(t))
	}
	hash, err := f.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return f, hash
}

func functions(t testing.TB, all ...reading.Function) []byte {
	t.Helper()
	var list [][]byte
	for _, f := range all {
		b, err := f.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b)
	}
	return reading.MarshalList(list)
}

// billable returns a contract on which meter m3 has the ciphertexts 0 to 4 and
// m4 the plain readings 0 to 4, with one approved function for each.
func billable(t testing.TB) (*Readings, *stub) {
	t.Helper()
	c, s := deployed(t)
	sealed, _ := tariff(t, "sealed", true)
	open, _ := tariff(t, "open", false)
	expect(t, s.invoke(t, c, reading.FnApprove, functions(t, sealed, open)), 200, "")
	for n := range uint64(5) {
		expect(t, s.invoke(t, c, reading.FnPutList, reading.MarshalList([][]byte{
			signed(t, ciphertext(t, n), meterKey(t, 3)), signed(t, timed(plain("m4", n), n), meterKey(t, 4)),
		})), 200, "")
	}
	return c, s
}

// stored returns readings of m3 as they are on the ledger.
func stored(t testing.TB, s *stub, from, to uint64) (list []reading.Reading) {
	t.Helper()
	for n := from; n < to; n++ {
		r, err := reading.Unmarshal(s.state[reading.Key("m3", n)])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// honest returns gateway gw's bill over readings of m3, before it is signed.
func honest(t testing.TB, s *stub, from, to uint64) reading.Bill {
	_, function := tariff(t, "sealed", true)
	return reading.Bill{Gateway: "gw", Meter: "m3", From: from, To: to, Function: function, Result: 77,
		Readings: reading.HashReadings(stored(t, s, from, to))}
}

func signedBill(t testing.TB, b reading.Bill, key byte) []byte {
	t.Helper()
	if err := b.Sign(meterKey(t, key)); err != nil {
		t.Fatal(err)
	}
	wire, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

func TestPutBill(t *testing.T) {
	c, s := billable(t)
	early, _ := tariff(t, "early", true)
	early.From = begin.Add(24 * time.Hour) // when reading 0 ends
	tomorrow, err := early.Hash()
	if err != nil {
		t.Fatal(err)
	}
	later, _ := tariff(t, "later", true)
	later.From = begin.Add(24*time.Hour + time.Second) // within reading 1
	within, err := later.Hash()
	if err != nil {
		t.Fatal(err)
	}
	expect(t, s.invoke(t, c, reading.FnApprove, functions(t, early, later)), 200, "")
	_, open := tariff(t, "open", false)
	bill := func(edit func(*reading.Bill)) []byte {
		b := honest(t, s, 1, 4)
		edit(&b)
		return signedBill(t, b, 8)
	}
	good := bill(func(*reading.Bill) {})
	forged := append([]byte(nil), good...)
	forged[80] ^= 1 // of the result
	reordered := stored(t, s, 1, 4)
	reordered[0], reordered[1] = reordered[1], reordered[0]
	tampered := stored(t, s, 1, 4)
	tampered[2].Payload = append([]byte(nil), tampered[2].Payload...)
	tampered[2].Payload[100] ^= 1
	elsewhere := stored(t, s, 1, 4) // as the meter would have signed them for another channel
	for i := range elsewhere {
		elsewhere[i].Channel = "billing"
	}
	for _, test := range []struct {
		name   string
		bill   []byte
		status int32
		prefix string
	}{
		{"honest", good, 200, ""},
		{"over one reading", signedBill(t, honest(t, s, 0, 1), 8), 200, ""},
		{"by a function of tomorrow, over readings of tomorrow", bill(func(b *reading.Bill) { b.Function = tomorrow }), 200, ""},
		{"by a function that became valid in the reading before", func() []byte { b := honest(t, s, 2, 4); b.Function = within; return signedBill(t, b, 8) }(), 200, ""},
		{"by a function that became valid within the first reading", bill(func(b *reading.Bill) { b.Function = within }), 403, "BILL_EARLY: "},
		{"nothing", nil, 400, "BILL_MALFORMED: "},
		{"cut short", good[:len(good)-1], 400, "BILL_MALFORMED: "},
		{"meter nobody registered", bill(func(b *reading.Bill) { b.Meter = "m9" }), 404, "METER_UNKNOWN: "},
		{"gateway nobody registered", bill(func(b *reading.Bill) { b.Gateway = "gw9" }), 404, "GATEWAY_UNKNOWN: "},
		{"foreign gateway", func() []byte { b := honest(t, s, 1, 4); b.Gateway = "gw2"; return signedBill(t, b, 9) }(), 403, "BILL_GATEWAY: "},
		{"meter without a gateway", bill(func(b *reading.Bill) { b.Meter = "m1" }), 403, "BILL_GATEWAY: "},
		{"function nobody approved", bill(func(b *reading.Bill) { b.Function[0] ^= 1 }), 404, "FUNCTION_NOT_APPROVED: "},
		{"function for plaintext", bill(func(b *reading.Bill) { b.Function = open }), 403, "BILL_FUNCTION: "},
		{"function of tomorrow", func() []byte { b := honest(t, s, 0, 3); b.Function = tomorrow; return signedBill(t, b, 8) }(), 403, "BILL_EARLY: "},
		{"foreign signature", signedBill(t, honest(t, s, 1, 4), 9), 403, "BILL_SIGNATURE: "},
		{"changed after signing", forged, 403, "BILL_SIGNATURE: "},
		{"reading not there yet", bill(func(b *reading.Bill) { b.To = 6 }), 404, "BILL_READING_MISSING: "},
		{"readings at the end of all numbers", bill(func(b *reading.Bill) { b.From, b.To = math.MaxUint64-3, math.MaxUint64 }), 404, "BILL_READING_MISSING: "},
		{"a reading more", bill(func(b *reading.Bill) { b.To = 5 }), 409, "BILL_READINGS: "},
		{"reordered readings", bill(func(b *reading.Bill) { b.Readings = reading.HashReadings(reordered) }), 409, "BILL_READINGS: "},
		{"tampered readings", bill(func(b *reading.Bill) { b.Readings = reading.HashReadings(tampered) }), 409, "BILL_READINGS: "},
		{"readings of another channel", bill(func(b *reading.Bill) { b.Readings = reading.HashReadings(elsewhere) }), 409, "BILL_READINGS: "},
		{"another meter's readings", bill(func(b *reading.Bill) { b.Meter, b.Function = "m4", open }), 409, "BILL_READINGS: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := maps.Clone(s.state)
			defer func() { s.state = before }()
			expect(t, s.invoke(t, c, reading.FnPutBill, test.bill), test.status, test.prefix)
			if test.status != 200 {
				if len(s.writes) != 0 {
					t.Errorf("a refused bill wrote %d keys", len(s.writes))
				}
				return
			}
			if s.trips != 3 {
				t.Errorf("%d round trips to the peer; want 3: registrations, readings, the bill", s.trips)
			}
			expect(t, s.invoke(t, c, reading.FnPutBill, test.bill), 409, "BILL_DUPLICATE: ")
			b, err := reading.UnmarshalBill(test.bill)
			if err != nil {
				t.Fatal(err)
			}
			r := s.invoke(t, c, reading.FnGetBill, []byte(b.Meter), fmt.Append(nil, b.From), fmt.Append(nil, b.To), []byte(b.Function.String()))
			if expect(t, r, 200, ""); string(r.GetPayload()) != string(test.bill) {
				t.Error("the bill came back changed")
			}
			r = s.invoke(t, c, reading.FnCount, []byte("m3"), []byte("m3"))
			if expect(t, r, 200, ""); string(r.GetPayload()) != "6" {
				t.Errorf("5 readings and a bill are counted as %s", r.GetPayload())
			}
		})
	}
}

// Numbers of a meter without a schedule say nothing of the order in time: every reading is held to the function's beginning.
func TestBillOfReadingsInAnyOrder(t *testing.T) {
	c, s := deployed(t)
	free := registration(t, "m6", meterKey(t, 6), true)
	free.Gateway = "gw"
	expect(t, s.invoke(t, c, reading.FnRegister, batch(t, free)), 200, "")
	f, _ := tariff(t, "open", false)
	f.From = begin.Add(time.Hour)
	hash, err := f.Hash()
	if err != nil {
		t.Fatal(err)
	}
	expect(t, s.invoke(t, c, reading.FnApprove, functions(t, f)), 200, "")
	hours := []time.Duration{2, 4, 1, 3} // when the readings 0 to 3 end
	var list []reading.Reading
	for n, h := range hours {
		r := plain("m6", uint64(n))
		r.Time = begin.Add(h * time.Hour)
		list = append(list, r)
		expect(t, s.invoke(t, c, reading.FnPut, signed(t, r, meterKey(t, 6))), 200, "")
	}
	for from := range list {
		for to := from + 1; to <= len(list); to++ {
			b := reading.Bill{Gateway: "gw", Meter: "m6", From: uint64(from), To: uint64(to), Function: hash, Readings: reading.HashReadings(list[from:to])}
			status, prefix := int32(200), ""
			if slices.Contains(hours[from:to], 1) {
				status, prefix = 403, "BILL_EARLY: "
			}
			before := maps.Clone(s.state)
			t.Run(fmt.Sprintf("%d to %d", from, to), func(t *testing.T) {
				expect(t, s.invoke(t, c, reading.FnPutBill, signedBill(t, b, 8)), status, prefix)
			})
			s.state = before
		}
	}
}

// A bill may cover as many readings as the wire form allows.
func TestLongBill(t *testing.T) {
	c, s := billable(t)
	var wires [][]byte
	for n := uint64(5); n < reading.MaxBilled; n++ {
		wires = append(wires, signed(t, ciphertext(t, n), meterKey(t, 3)))
	}
	expect(t, s.invoke(t, c, reading.FnPutList, reading.MarshalList(wires)), 200, "")
	if s.trips != 2 {
		t.Errorf("%d round trips to store a list; want 2", s.trips)
	}
	expect(t, s.invoke(t, c, reading.FnPutBill, signedBill(t, honest(t, s, 0, reading.MaxBilled), 8)), 200, "")
}

func TestPutReadings(t *testing.T) {
	c, s := billable(t)
	at := func(n uint64) []byte { return signed(t, ciphertext(t, n), meterKey(t, 3)) }
	for _, test := range []struct {
		name   string
		list   [][]byte
		status int32
		prefix string
	}{
		{"two", [][]byte{at(5), at(6)}, 200, ""},
		{"one", [][]byte{at(7)}, 200, ""},
		{"none", nil, 400, "READING_MALFORMED: "},
		{"one is none", [][]byte{at(8), {1}}, 400, "READING_MALFORMED: "},
		{"one is there", [][]byte{at(8), at(0)}, 409, "READING_DUPLICATE: "},
		{"one is twice", [][]byte{at(8), at(8)}, 409, "READING_DUPLICATE: "},
		{"one is forged", [][]byte{at(8), signed(t, ciphertext(t, 9), meterKey(t, 4))}, 403, "READING_SIGNATURE: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			expect(t, s.invoke(t, c, reading.FnPutList, reading.MarshalList(test.list)), test.status, test.prefix)
			if test.status != 200 && len(s.writes) != 0 {
				t.Errorf("a refused list wrote %d keys", len(s.writes))
			}
		})
	}
}

// A failing peer is told from a refusal, with its cause, wherever it fails.
func TestBillWhenPeerFails(t *testing.T) {
	c, s := billable(t)
	f, _ := tariff(t, "another", true)
	calls := map[string][][]byte{
		reading.FnPutBill: {signedBill(t, honest(t, s, 0, 1), 8)}, reading.FnSetParameters: {reading.MarshalList([][]byte{publicKey1024(t)})},
		reading.FnApprove: {functions(t, f)}, reading.FnRegisterGateway: {gateway(t, "gw3", 7)}, reading.FnCount: {nil, nil},
	}
	s.fail = errors.New("disk on fire")
	for function, args := range calls {
		r := s.invoke(t, c, function, args...)
		if expect(t, r, 500, "STATE_FAILED: "); !strings.Contains(r.GetMessage(), "disk on fire") {
			t.Errorf("%s: message %q loses the cause", function, r.GetMessage())
		}
	}
}

// Two transactions that were endorsed on the same state and would store the
// same reading or bill cannot both be valid: each reads the key that it writes.
func TestConflictsAreSeenAtCommit(t *testing.T) {
	c, s := billable(t)
	other := honest(t, s, 0, 2)
	other.Result++
	for name, pair := range map[string][2][]byte{
		"bill":               {signedBill(t, honest(t, s, 0, 2), 8), signedBill(t, other, 8)},
		"bill that overlaps": {signedBill(t, honest(t, s, 0, 2), 8), signedBill(t, honest(t, s, 1, 3), 8)},
		"reading":            {signed(t, ciphertext(t, 7), meterKey(t, 3)), signed(t, ciphertext(t, 7), meterKey(t, 3))},
	} {
		function := reading.FnPutBill
		if name == "reading" {
			function = reading.FnPut
		}
		var writes []map[string][]byte
		for _, arg := range pair {
			state := maps.Clone(s.state)
			expect(t, s.invoke(t, c, function, arg), 200, "")
			s.state = state // as it was: nothing is committed yet
			writes = append(writes, s.writes)
			for key := range s.writes {
				if !s.read[key] {
					t.Errorf("%s: %s is written unread", name, key)
				}
			}
		}
		both := slices.ContainsFunc(slices.Collect(maps.Keys(writes[0])), func(key string) bool { return writes[1][key] != nil })
		if !both {
			t.Errorf("%s: the transactions write different keys", name)
		}
	}
}
