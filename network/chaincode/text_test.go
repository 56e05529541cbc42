package chaincode

import (
	"testing"

	"meterbench/simulators/reading"
)

// What a tool can send only as text is stored as the bytes that it stands for.
func TestArgumentsAsText(t *testing.T) {
	c, s := &Readings{Operator: operator}, newStub(operator)
	text := func(wire []byte) []byte { return []byte(reading.Text(wire)) }
	expect(t, s.invoke(t, c, reading.FnRegister, text(batch(t, registration(t, "m1", meterKey(t, 1), true)))), 200, "")
	first, second := signed(t, plain("m1", 0), meterKey(t, 1)), signed(t, plain("m1", 1), meterKey(t, 1))
	expect(t, s.invoke(t, c, reading.FnPut, text(first)), 200, "")
	expect(t, s.invoke(t, c, reading.FnPutList, text(reading.MarshalList([][]byte{second}))), 200, "")
	expect(t, s.invoke(t, c, reading.FnPut, first), 409, "READING_DUPLICATE")
	expect(t, s.invoke(t, c, reading.FnPut, []byte("base64:?")), 400, "ARGUMENTS_WRONG")
	if got := s.invoke(t, c, reading.FnGet, []byte("m1"), []byte("1")); string(got.Payload) != string(second) {
		t.Errorf("stored %x, want %x", got.Payload, second)
	}
}
