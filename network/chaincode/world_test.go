package chaincode

import (
	"bytes"
	"testing"
	"time"

	"meterbench/simulators/fe/codec"
	"meterbench/simulators/reading"
)

// begin is when the meters with a schedule begin; their readings cover a day.
var begin = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// deployed returns a contract with meters m1, verified, and m2, not; and with
// gateway gw and its meters m3 and m5, which encrypt, and m4, which does not. Gateway
// gw2 is there too. Keys are numbered as the meters; gw has 8, gw2 has 9.
func deployed(t testing.TB) (*Readings, *stub) {
	t.Helper()
	c, s := &Readings{Operator: operator}, newStub(operator)
	expect(t, s.invoke(t, c, reading.FnSetParameters, reading.MarshalList([][]byte{publicKey1024(t)})), 200, "")
	open := encrypting(t, "m4", 4)
	open.Parameters = reading.Hash{}
	expect(t, s.invoke(t, c, reading.FnRegister, batch(t,
		registration(t, "m1", meterKey(t, 1), true), registration(t, "m2", meterKey(t, 2), false), encrypting(t, "m3", 3), open, encrypting(t, "m5", 5))), 200, "")
	for i, id := range []string{"gw", "gw2"} {
		expect(t, s.invoke(t, c, reading.FnRegisterGateway, gateway(t, id, byte(8+i))), 200, "")
	}
	return c, s
}

// publicKey1024 returns a public key of ddh 1024 for two values.
func publicKey1024(t testing.TB) []byte {
	t.Helper()
	b, err := codec.Public{Header: codec.Header{Scheme: codec.DDH, Bits: 1024, Length: 2}, Bound: 100, Key: bytes.Repeat([]byte{1}, 256)}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// encrypting returns the registration of a meter of gateway gw that encrypts
// under publicKey1024.
func encrypting(t testing.TB, meter string, key byte) reading.Registration {
	r := registration(t, meter, meterKey(t, key), true)
	r.Gateway, r.Parameters = "gw", reading.ParametersID(publicKey1024(t))
	r.Begin, r.Span = begin, 24*time.Hour
	return r
}

func gateway(t testing.TB, id string, key byte) []byte {
	t.Helper()
	b, err := reading.Gateway{ID: id, Key: compressed(t, meterKey(t, key))}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// timed returns a reading with the time that belongs to a number.
func timed(r reading.Reading, number uint64) reading.Reading {
	r.Time = begin.Add(time.Duration(number+1) * 24 * time.Hour)
	return r
}

// ciphertext returns a reading of m3 with a well-formed ciphertext.
func ciphertext(t testing.TB, number uint64) reading.Reading {
	r := timed(plain("m3", number), number)
	r.Kind, r.Payload = reading.Encrypted, elements(t, codec.Header{Scheme: codec.DDH, Bits: 1024, Length: 2})
	return r
}

// elements returns a ciphertext of that header that encrypts nothing.
func elements(t testing.TB, h codec.Header) []byte {
	t.Helper()
	all := make([][]byte, h.Elements())
	for i := range all {
		all[i] = bytes.Repeat([]byte{byte(i + 5)}, h.ElementSize())
	}
	b, err := codec.Marshal(h, all)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
