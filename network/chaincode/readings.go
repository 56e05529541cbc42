package chaincode

import (
	"fmt"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/simulators/fe/codec"
	"meterbench/simulators/reading"
)

// Readings is the contract "readings": it stores signed meter readings under meter and sequence number, each
// once, and the bills computed from them. Its functions, their arguments and the codes of its refusals are
// named in package reading.
type Readings struct {
	// Operator is the MSP id of the organisation that may set parameters, approve functions and register
	// gateways and meters. Every peer's process must have the same, or their endorsements differ.
	Operator string
}

// Init does nothing: the contract needs no set-up.
func (c *Readings) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// readingsFunctions has the functions of Readings by name.
var readingsFunctions = map[string]function[*Readings]{
	reading.FnPing: asks(0, func(*Readings, shim.ChaincodeStubInterface, []string) ([]byte, error) {
		return []byte(reading.ContractName), nil
	}),
	reading.FnPut: stores(func(c *Readings, stub shim.ChaincodeStubInterface, raw []byte) error {
		return c.put(stub, [][]byte{raw})
	}),
	reading.FnPutList:         stores((*Readings).putList),
	reading.FnPutBill:         stores((*Readings).putBill),
	reading.FnSetParameters:   operates((*Readings).setParameters),
	reading.FnApprove:         operates((*Readings).approve),
	reading.FnRegisterGateway: operates((*Readings).registerGateway),
	reading.FnRegister:        operates((*Readings).register),
	reading.FnGet:             asks(2, (*Readings).get),
	reading.FnRange:           asks(3, (*Readings).list),
	reading.FnGetParameters:   findsBy(reading.ParametersKey, reading.CodeNoParameters, "parameters"),
	reading.FnGetFunction:     findsBy(reading.FunctionKey, reading.CodeNotApproved, "function"),
	reading.FnGetBill:         asks(4, (*Readings).getBill),
	reading.FnGetMeter:        asks(1, (*Readings).getMeter),
	reading.FnGetGateway:      asks(1, (*Readings).getGateway),
	reading.FnCount:           asks(2, (*Readings).count),
}

// operates is a function that stores for the operator's organisation only.
func operates(run func(c *Readings, stub shim.ChaincodeStubInterface, raw []byte) error) function[*Readings] {
	return stores(func(c *Readings, stub shim.ChaincodeStubInterface, raw []byte) error {
		if err := operatorOnly(stub, c.Operator); err != nil {
			return err
		}
		return run(c, stub, raw)
	})
}

// Invoke runs the function that the first argument names. A refusal has a status from 400 to 499 and a
// message that starts with its code.
func (c *Readings) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	return invoke(c, readingsFunctions, stub)
}

// putList stores the readings of a list, all of them or none.
func (c *Readings) putList(stub shim.ChaincodeStubInterface, raw []byte) error {
	wires, err := list(raw)
	if err != nil {
		return reading.CodeMalformed.Errorf("%v", err)
	}
	return c.put(stub, wires)
}

// put stores readings. The key of each is read first, so of two transactions that store the same reading at a
// time only the first is valid. All states are read in one round trip and all readings written in one.
func (c *Readings) put(stub shim.ChaincodeStubInterface, wires [][]byte) error {
	readings := make([]reading.Reading, len(wires))
	keys := make([]string, 2*len(wires)) // of the readings, then of their meters
	channel := stub.GetChannelID()
	for i, wire := range wires {
		var err error
		if readings[i], err = reading.Unmarshal(wire); err != nil {
			return reading.CodeMalformed.Errorf("%v", err)
		}
		if err := readings[i].CheckForm(codec.Check); err != nil {
			return reading.CodeForm.Errorf("%v", err)
		}
		if readings[i].Channel != channel {
			return reading.CodeChannel.Errorf("reading %d of meter %s is for the channel %q, not for %s",
				readings[i].Number, readings[i].Meter, readings[i].Channel, channel)
		}
		keys[i], keys[len(wires)+i] = reading.Key(readings[i].Meter, readings[i].Number), reading.MeterKey(readings[i].Meter)
	}
	state, err := states(stub, keys)
	if err != nil {
		return fmt.Errorf("read the state of meter %s: %w", readings[0].Meter, err)
	}
	for i := range readings {
		if err := admit(&readings[i], state[len(wires)+i], state[i]); err != nil {
			return err
		}
	}
	keys = keys[:len(wires)]
	listed := make(map[string]bool, len(keys))
	for i, key := range keys {
		if listed[key] {
			return reading.CodeDuplicate.Errorf("reading %d of meter %s is in the list more than once", readings[i].Number, readings[i].Meter)
		}
		listed[key] = true
	}
	return write(stub, keys, wires)
}

// write stores values under their keys, in one round trip. A value that is nil is left out.
func write(stub shim.ChaincodeStubInterface, keys []string, values [][]byte) error {
	if len(keys) > 1 {
		stub.StartWriteBatch()
	}
	for i, key := range keys {
		if values[i] == nil {
			continue
		}
		if err := stub.PutState(key, values[i]); err != nil {
			return fmt.Errorf("store %s: %w", key, err)
		}
	}
	if len(keys) > 1 {
		if err := stub.FinishWriteBatch(); err != nil {
			return fmt.Errorf("store %d values: %w", len(keys), err)
		}
	}
	return nil
}

// admit reports whether a well-formed reading may be stored, given the states of its meter and under its own key.
func admit(r *reading.Reading, meterState, readingState []byte) error {
	if len(meterState) == 0 {
		return reading.CodeMeterUnknown.Errorf("meter %s is not registered", r.Meter)
	}
	if len(readingState) > 0 {
		return reading.CodeDuplicate.Errorf("meter %s has a reading %d already", r.Meter, r.Number)
	}
	m, err := parseMeter(meterState)
	if err != nil {
		return fmt.Errorf("state of meter %s: %w", r.Meter, err)
	}
	if err := m.checkParameters(r); err != nil {
		return err
	}
	if !m.keeps(r.Number, r.Time) {
		return reading.CodeTime.Errorf("reading %d of meter %s ends at %v; it is not the time of that number", r.Number, r.Meter, r.Time)
	}
	if !m.verify {
		return nil
	}
	key, err := publicKey(m.key)
	if err != nil {
		return fmt.Errorf("state of meter %s: %w", r.Meter, err)
	}
	if err := r.Verify(key); err != nil {
		return reading.CodeSignature.Errorf("signature of reading %d does not verify under the key of meter %s", r.Number, r.Meter)
	}
	return nil
}

// checkParameters holds a reading to the parameters that its meter encrypts under: a meter that has some
// sends nothing but ciphertexts of their form.
func (m *meter) checkParameters(r *reading.Reading) error {
	switch {
	case !m.encrypts() && r.Kind == reading.Encrypted:
		return reading.CodeNoParameters.Errorf("meter %s is registered without parameters to encrypt under", r.Meter)
	case m.encrypts() && r.Kind != reading.Encrypted:
		return reading.CodeParameters.Errorf("meter %s is registered to encrypt, and reading %d is %v", r.Meter, r.Number, r.Kind)
	case !m.encrypts():
		return nil
	}
	header, err := codec.ReadHeader(r.Payload)
	if err != nil {
		return reading.CodeForm.Errorf("%v", err)
	}
	if header != m.header {
		return reading.CodeParameters.Errorf("reading %d of meter %s is encrypted as %v %d of length %d; the meter's parameters are %v %d of length %d",
			r.Number, r.Meter, header.Scheme, header.Bits, header.Length, m.header.Scheme, m.header.Bits, m.header.Length)
	}
	return nil
}

// states reads the values of keys, in one round trip for as many as a peer hands out at once.
func states(stub shim.ChaincodeStubInterface, keys []string) ([][]byte, error) {
	values, err := stub.GetMultipleStates(keys...)
	if err == nil && len(values) != len(keys) {
		err = fmt.Errorf("%d values for %d keys", len(values), len(keys))
	}
	return values, err
}
