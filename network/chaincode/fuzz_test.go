package chaincode

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"meterbench/simulators/reading"
)

// FuzzPutReading holds the contract to its promise on any bytes: what is
// stored was sent by a registered meter, is well-formed and carries a
// signature that verifies; everything else is refused and writes nothing.
func FuzzPutReading(f *testing.F) {
	key := meterKey(f, 1)
	good := signed(f, plain("m1", 0), key)
	f.Add(good)
	f.Add(raw(f, plain("m2", 0)))
	f.Add(good[:20])
	padded := plain("m1", 1)
	padded.Kind = reading.Padded
	padded.Payload, _ = reading.Values{Interval: time.Second, Wh: []int64{4}}.MarshalPadded(64)
	f.Add(signed(f, padded, key))
	encrypted := plain("m2", 1)
	encrypted.Kind = reading.Encrypted
	f.Add(raw(f, encrypted))
	f.Add(func() []byte { b, _ := hex.DecodeString("0101026d31"); return b }())
	f.Fuzz(func(t *testing.T, b []byte) {
		c, s := deployed(t)
		r := s.invoke(t, c, reading.FnPut, b)
		if r.GetStatus() != 200 {
			if r.GetStatus() < 400 || r.GetStatus() > 499 || len(s.writes) != 0 {
				t.Fatalf("status %d (%s) with %d writes", r.GetStatus(), r.GetMessage(), len(s.writes))
			}
			return
		}
		got, err := reading.Unmarshal(b)
		if err != nil {
			t.Fatalf("stored what is no reading: %v", err)
		}
		if got.Meter == "m1" && got.Verify(&key.PublicKey) != nil {
			t.Fatal("stored a reading that its meter did not sign")
		}
		if want := fmt.Sprintf("r/%s/%016x", got.Meter, got.Number); len(s.writes) != 1 || !bytes.Equal(s.writes[want], b) {
			t.Fatalf("wrote %d keys; want the reading under %s alone", len(s.writes), want)
		}
	})
}
