package chaincode

import (
	"bytes"
	"testing"
	"time"

	"meterbench/simulators/fe/codec"
	"meterbench/simulators/reading"
)

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

func TestOperatorOnly(t *testing.T) {
	f, _ := tariff(t, "f", true)
	for function, arg := range map[string][]byte{
		reading.FnSetParameters: reading.MarshalList([][]byte{publicKey1024(t)}), reading.FnApprove: functions(t, f),
		reading.FnRegisterGateway: gateway(t, "gw", 8), reading.FnRegister: batch(t, encrypting(t, "m3", 3)),
	} {
		c, s := deployed(t)
		expect(t, s.invoke(t, c, function, arg), 200, "")
		s.msp = "CmiMSP"
		expect(t, s.invoke(t, c, function, arg), 403, "OPERATOR_ONLY: ")
		expect(t, s.invoke(t, &Readings{}, function, arg), 403, "OPERATOR_ONLY: ")
	}
}

func TestApproveFunctions(t *testing.T) {
	good, hash := tariff(t, "sealed", true)
	edited := func(edit func(*reading.Function)) []byte {
		f, _ := tariff(t, "other", true)
		edit(&f)
		return functions(t, f)
	}
	for _, test := range []struct {
		name   string
		list   []byte
		status int32
		prefix string
	}{
		{"good", functions(t, good), 200, ""},
		{"none", nil, 400, "FUNCTION_MALFORMED: "},
		{"malformed", reading.MarshalList([][]byte{{1}}), 400, "FUNCTION_MALFORMED: "},
		{"parameters nobody set", edited(func(f *reading.Function) { f.Parameters[0] ^= 1 }), 404, "PARAMETERS_UNKNOWN: "},
		{"another length", edited(func(f *reading.Function) { f.Weights = f.Weights[:1] }), 400, "FUNCTION_BOUNDS: "},
		{"another bound", edited(func(f *reading.Function) { f.Bound++ }), 400, "FUNCTION_BOUNDS: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, s := deployed(t)
			expect(t, s.invoke(t, c, reading.FnApprove, test.list), test.status, test.prefix)
			if test.status != 200 {
				if len(s.writes) != 0 {
					t.Errorf("a refused function wrote %d keys", len(s.writes))
				}
				return
			}
			r := s.invoke(t, c, reading.FnGetFunction, []byte(hash.String()))
			if expect(t, r, 200, ""); reading.HashFunction(r.GetPayload()) != hash {
				t.Error("the function came back changed")
			}
			expect(t, s.invoke(t, c, reading.FnApprove, test.list), 200, "")
			if len(s.writes) != 0 {
				t.Error("approving again wrote")
			}
		})
	}
}

func TestSetParametersAndGateways(t *testing.T) {
	c, s := deployed(t)
	public := publicKey1024(t)
	id := reading.ParametersID(public)
	r := s.invoke(t, c, reading.FnGetParameters, []byte(id.String()))
	if expect(t, r, 200, ""); string(r.GetPayload()) != string(public) {
		t.Error("the public key came back changed")
	}
	large, err := codec.Public{Header: codec.Header{Scheme: codec.DDH, Bits: 4096, Length: 1024}, Bound: 1, Key: make([]byte, 1024*512)}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	notAPoint := append([]byte{1, 2, 'g', 'w', 2}, make([]byte, 32)...)
	for i := range 32 {
		notAPoint[5+i] = 0xff
	}
	for _, test := range []struct {
		function string
		arg      []byte
		status   int32
		prefix   string
	}{
		{reading.FnSetParameters, nil, 400, "PARAMETERS_MALFORMED: "},
		{reading.FnSetParameters, reading.MarshalList([][]byte{public[1:]}), 400, "PARAMETERS_MALFORMED: "},
		{reading.FnSetParameters, reading.MarshalList([][]byte{large}), 400, "PARAMETERS_MALFORMED: public key of 524303 bytes"},
		{reading.FnRegisterGateway, gateway(t, "gw", 9), 409, "GATEWAY_CONFLICT: "},
		{reading.FnRegisterGateway, []byte{1}, 400, "REGISTRATION_MALFORMED: "},
		{reading.FnRegisterGateway, notAPoint, 400, "KEY_INVALID: "},
	} {
		expect(t, s.invoke(t, c, test.function, test.arg), test.status, test.prefix)
	}
}
