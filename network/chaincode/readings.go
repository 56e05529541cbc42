package chaincode

import (
	"fmt"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/simulators/fe/codec"
	"meterbench/simulators/reading"
)

// Readings is the contract "readings": it stores signed meter readings under
// meter and sequence number, each once, and the bills computed from them. Its
// functions, their arguments and the codes of its refusals are named in
// package reading.
type Readings struct {
	// Operator is the MSP id of the organisation that may set parameters,
	// approve functions and register gateways and meters. Every peer's process
	// must have the same, or their endorsements differ.
	Operator string
}

// Init does nothing: the contract needs no set-up.
func (c *Readings) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// Invoke runs the function that the first argument names. A refusal has a
// status from 400 to 499 and a message that starts with its code.
func (c *Readings) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	args := stub.GetArgs()
	if len(args) == 0 {
		return answer(nil, reading.CodeFunction.Errorf("no function named"))
	}
	function, args := string(args[0]), args[1:]
	want, known := arity(function)
	if !known {
		return answer(nil, reading.CodeNoSuch.Errorf("%.40q", function))
	}
	if len(args) != want {
		return answer(nil, reading.CodeArguments.Errorf("%s takes %d arguments, got %d", function, want, len(args)))
	}
	switch function {
	case reading.FnPut:
		return answer(nil, c.put(stub, args))
	case reading.FnPutList:
		return answer(nil, c.putList(stub, args[0]))
	case reading.FnPutBill:
		return answer(nil, c.putBill(stub, args[0]))
	case reading.FnSetParameters:
		return answer(nil, c.setParameters(stub, args[0]))
	case reading.FnApprove:
		return answer(nil, c.approve(stub, args[0]))
	case reading.FnRegisterGateway:
		return answer(nil, c.registerGateway(stub, args[0]))
	case reading.FnRegister:
		return answer(nil, c.register(stub, args[0]))
	case reading.FnGet:
		return answer(c.get(stub, string(args[0]), string(args[1])))
	case reading.FnRange:
		return answer(c.list(stub, string(args[0]), string(args[1]), string(args[2])))
	case reading.FnGetParameters:
		return answer(c.getParameters(stub, string(args[0])))
	case reading.FnGetFunction:
		return answer(c.getFunction(stub, string(args[0])))
	case reading.FnGetBill:
		return answer(c.getBill(stub, string(args[0]), string(args[1]), string(args[2]), string(args[3])))
	case reading.FnCount:
		return answer(c.count(stub, string(args[0]), string(args[1])))
	default: // reading.FnPing: arity knows no other
		return answer([]byte(reading.ContractName), nil)
	}
}

// arity returns the number of arguments of a function.
func arity(function string) (n int, known bool) {
	switch function {
	case reading.FnPing:
		return 0, true
	case reading.FnPut, reading.FnPutList, reading.FnPutBill, reading.FnSetParameters, reading.FnApprove,
		reading.FnRegisterGateway, reading.FnRegister, reading.FnGetParameters, reading.FnGetFunction:
		return 1, true
	case reading.FnGet, reading.FnCount:
		return 2, true
	case reading.FnRange:
		return 3, true
	case reading.FnGetBill:
		return 4, true
	}
	return 0, false
}

// putList stores the readings of a list, all of them or none.
func (c *Readings) putList(stub shim.ChaincodeStubInterface, raw []byte) error {
	wires, err := list(raw)
	if err != nil {
		return reading.CodeMalformed.Errorf("%v", err)
	}
	return c.put(stub, wires)
}

// put stores readings. The key of each is read first, so of two transactions
// that store the same reading at a time only the first is valid. All states are
// read in one round trip and all readings written in one.
func (c *Readings) put(stub shim.ChaincodeStubInterface, wires [][]byte) error {
	readings := make([]reading.Reading, len(wires))
	keys := make([]string, 0, 2*len(wires)) // for each reading its meter's and its own
	for i, wire := range wires {
		var err error
		if readings[i], err = reading.Unmarshal(wire); err != nil {
			return reading.CodeMalformed.Errorf("%v", err)
		}
		if err := readings[i].CheckForm(codec.Check); err != nil {
			return reading.CodeForm.Errorf("%v", err)
		}
		keys = append(keys, reading.MeterKey(readings[i].Meter), reading.Key(readings[i].Meter, readings[i].Number))
	}
	state, err := states(stub, keys)
	if err != nil {
		return fmt.Errorf("read the state of meter %s: %w", readings[0].Meter, err)
	}
	for i := range readings {
		if err := admit(&readings[i], state[2*i], state[2*i+1]); err != nil {
			return err
		}
	}
	if len(wires) > 1 {
		seen := make(map[string]bool, len(wires))
		for i := range readings {
			if key := keys[2*i+1]; seen[key] {
				return reading.CodeDuplicate.Errorf("reading %d of meter %s is in the list more than once", readings[i].Number, readings[i].Meter)
			} else {
				seen[key] = true
			}
		}
		stub.StartWriteBatch()
	}
	for i, wire := range wires {
		if err := stub.PutState(keys[2*i+1], wire); err != nil {
			return fmt.Errorf("store reading %d of meter %s: %w", readings[i].Number, readings[i].Meter, err)
		}
	}
	if len(wires) > 1 {
		if err := stub.FinishWriteBatch(); err != nil {
			return fmt.Errorf("store %d readings: %w", len(wires), err)
		}
	}
	return nil
}

// admit tells whether a well-formed reading may be stored, given the states of
// its meter and under its own key.
func admit(r *reading.Reading, registered, stored []byte) error {
	if len(registered) == 0 {
		return reading.CodeMeterUnknown.Errorf("meter %s is not registered", r.Meter)
	}
	if len(stored) > 0 {
		return reading.CodeDuplicate.Errorf("meter %s has a reading %d already", r.Meter, r.Number)
	}
	m, err := parseMeter(registered)
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

// checkParameters holds a reading to the parameters that its meter encrypts
// under: a meter that has some sends nothing but ciphertexts of their form.
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

// states reads the values of keys, in one round trip for as many as a peer
// hands out at once.
func states(stub shim.ChaincodeStubInterface, keys []string) ([][]byte, error) {
	values, err := stub.GetMultipleStates(keys...)
	if err == nil && len(values) != len(keys) {
		err = fmt.Errorf("%d values for %d keys", len(values), len(keys))
	}
	return values, err
}
