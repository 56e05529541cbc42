package device

import (
	"bytes"
	"encoding/gob"
	"io"
	"net/rpc"
	"reflect"
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

// written keeps what a device answers.
type written struct{ bytes.Buffer }

func (*written) Close() error { return nil }

// A device ends with its input, whatever that was, and all that it writes are answers.
func FuzzServe(f *testing.F) {
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 8})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add(session(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		var out written
		if err := serve(io.NopCloser(bytes.NewReader(b)), &out, tables); err != nil {
			t.Fatal(err)
		}
		answers := gob.NewDecoder(&out)
		for {
			var r rpc.Response
			if err := answers.Decode(&r); err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
			if err := answers.DecodeValue(reflect.Value{}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// session returns what an owner may send.
func session(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	calls := gob.NewEncoder(&b)
	for seq, c := range []struct {
		method string
		args   any
	}{
		{"OpenSensors", OpenSensors{household(), meter.SensorsConfig{Kind: reading.Plain}}},
		{"Reading", MakeReading{Meter: 4, Number: 5}},
		{"Reading", MakeReading{Values: &reading.Values{Interval: time.Hour, Wh: []int64{1, 2, 3, 4}}}},
		{"OpenGateway", gateway.Config{ID: "gw", Seed: 2, Tariffs: []gateway.Tariff{{Function: reading.Function{Bound: 5, Tariff: "t", Weights: []int64{1}}}}}},
		{"Bill", MakeBill{Readings: []byte{0, 0, 0, 1, 2}}},
		{"Bill", MakeBill{Gateway: 7}},
		{"OpenSensors", OpenSensors{household(), meter.SensorsConfig{Kind: reading.Encrypted, Public: []byte{1}}}},
		{"None", MakeBill{}},
	} {
		if err := calls.Encode(rpc.Request{ServiceMethod: service + "." + c.method, Seq: uint64(seq)}); err != nil {
			t.Fatal(err)
		}
		if err := calls.Encode(c.args); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// playing returns a server with sensors and a gateway whose readings are encrypted, and a reading.
func playing(t testing.TB) (s *server, wire []byte) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 8})
	must(err)
	s = newServer(t.Context(), tables)
	t.Cleanup(func() { close(s.work) })
	fleet := household()
	fleet.Length, fleet.Meters, fleet.Bound = 1, 2, 100
	keys, err := fe.Setup(t.Context(), fe.Params{Scheme: "ecddh", Bits: 256, Length: 1, Bound: fleet.Bound})
	must(err)
	key, err := keys.Derive([]int64{2})
	must(err)
	public := keys.Encryptor().Public()
	member := bytes.Repeat([]byte{1}, 64)
	tariff := gateway.Tariff{Function: reading.Function{Bound: fleet.Bound, Weights: []int64{2}, Tariff: "t"}, Key: key}
	var id int
	must(s.OpenSensors(OpenSensors{fleet, meter.SensorsConfig{Kind: reading.Encrypted, Public: public}}, &id))
	must(s.OpenSensors(OpenSensors{fleet, meter.SensorsConfig{
		Kind: reading.Encrypted, Members: [][]byte{member, member}, Group: fe.Params{Scheme: "dmcfe", Bits: 256, Length: 2, Bound: fleet.Bound},
	}}, &id))
	must(s.OpenGateway(gateway.Config{ID: "gw", Public: public, Tariffs: []gateway.Tariff{tariff}}, &id))
	var made Answer
	must(s.Reading(MakeReading{}, &made))
	return s, made.Wire
}

// Sensors make a reading or refuse, whatever they are asked for.
func FuzzReading(f *testing.F) {
	s, _ := playing(f)
	f.Add(0, 0, uint64(0), []byte(nil))
	f.Add(1, 1, uint64(3), reading.Values{Interval: time.Hour, Wh: []int64{7}}.Marshal())
	f.Fuzz(func(t *testing.T, sensors, meter int, number uint64, values []byte) {
		q := MakeReading{Sensors: sensors, Meter: meter, Number: number}
		if v, err := reading.UnmarshalValues(values); err == nil {
			q.Values = &v
		}
		var a Answer
		if err := s.Reading(q, &a); err != nil {
			return
		}
		r, err := reading.Unmarshal(a.Wire)
		if err != nil {
			t.Fatal(err)
		}
		if r.Number != number || r.Kind != reading.Encrypted {
			t.Fatalf("reading %d is %v", r.Number, r.Kind)
		}
	})
}

// A gateway makes a bill or refuses, whatever readings it is handed.
func FuzzBill(f *testing.F) {
	s, wire := playing(f)
	f.Add(0, reading.MarshalList([][]byte{wire}))
	f.Add(1, []byte{0, 0, 0, 1, 2})
	f.Fuzz(func(t *testing.T, tariff int, readings []byte) {
		var a Answer
		if err := s.Bill(MakeBill{Tariff: tariff, Readings: readings}, &a); err != nil {
			return
		}
		if _, err := reading.UnmarshalBill(a.Wire); err != nil {
			t.Fatal(err)
		}
	})
}
