package chaincode

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/simulators/reading"
)

func TestQueries(t *testing.T) {
	c, s := deployed(t)
	s.maxPage = 7 // CountReadings must page
	for n := range uint64(20) {
		expect(t, s.invoke(t, c, reading.FnPut, raw(t, plain("m2", n))), 200, "")
	}
	expect(t, s.invoke(t, c, reading.FnPut, signed(t, plain("m1", 5), meterKey(t, 1))), 200, "")

	for meters, want := range map[[2]string]string{
		{"", ""}: "21", {"m1", "m1"}: "1", {"m2", "m2"}: "20", {"m1", "m2"}: "21", {"m0", "m1"}: "1", {"m", "m"}: "0", {"m2", "m1"}: "0",
	} {
		r := s.invoke(t, c, reading.FnCount, []byte(meters[0]), []byte(meters[1]))
		expect(t, r, 200, "")
		if got := string(r.GetPayload()); got != want {
			t.Errorf("count of %q is %s; want %s", meters, got, want)
		}
	}
	expect(t, s.invoke(t, c, reading.FnCount, []byte("m1"), nil), 400, "ARGUMENTS_WRONG: ")
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
		{"GetMeter M1", 400, "ARGUMENTS_WRONG: "},
		{"GetMeter m9", 404, "METER_UNKNOWN: "},
		{"GetGateway GW", 400, "ARGUMENTS_WRONG: "},
		{"GetGateway gw9", 404, "GATEWAY_UNKNOWN: "},
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

// The contract tells meters and gateways as they were registered.
func TestGetRegistrations(t *testing.T) {
	c, s := deployed(t)
	for id, want := range map[string][]byte{
		"m1": batch(t, registration(t, "m1", meterKey(t, 1), true)), "m2": batch(t, registration(t, "m2", meterKey(t, 2), false)),
		"m3": batch(t, encrypting(t, "m3", 3)),
	} {
		if diff := cmp.Diff(want, s.invoke(t, c, reading.FnGetMeter, []byte(id)).GetPayload()); diff != "" {
			t.Errorf("meter %s: -want +got:\n%s", id, diff)
		}
	}
	if diff := cmp.Diff(gateway(t, "gw2", 9), s.invoke(t, c, reading.FnGetGateway, []byte("gw2")).GetPayload()); diff != "" {
		t.Errorf("gateway: -want +got:\n%s", diff)
	}
}
