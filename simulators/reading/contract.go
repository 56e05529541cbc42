package reading

import (
	"encoding/binary"
	"fmt"

	"meterbench/internal/refusal"
)

// The contract "readings": its name and its functions with their arguments. Lists have 1 to MaxRegistrations entries
// and are stored whole or not at all. Numbers in arguments are decimal, hashes lower-case hexadecimal. Functions marked
// (operator) are for the operator's organisation, the market surveillance, only.
const (
	ContractName = "readings"

	FnPing            = "Ping"             // (): the contract's name; reads and writes nothing
	FnSetParameters   = "SetParameters"    // (list of public keys) (operator): each kept under its hash, the parameters' id, for ever
	FnApprove         = "ApproveFunctions" // (list of functions) (operator): each kept under its hash for ever
	FnRegisterGateway = "RegisterGateway"  // (gateway) (operator): refuses one registered with another key
	FnRegister        = "RegisterMeters"   // (registrations) (operator): refuses a meter registered otherwise
	FnPut             = "PutReading"       // (reading)
	FnPutList         = "PutReadings"      // (list of readings)
	FnPutBill         = "PutBill"          // (bill)
	FnGet             = "GetReading"       // (meter, number): the reading
	FnRange           = "GetReadings"      // (meter, from, to exclusive): a list of readings
	FnGetParameters   = "GetParameters"    // (id): the public key
	FnGetFunction     = "GetFunction"      // (hash): the function
	FnGetBill         = "GetBill"          // (meter, from, to, function's hash): the bill
	FnGetMeter        = "GetMeter"         // (meter): a list of one registration, its own
	FnGetGateway      = "GetGateway"       // (gateway): the gateway
	FnCount           = "CountStored"      // (first and last meter, in the order of ids; "" and "" for all): how many readings and bills are stored, in decimal
)

// The codes of the contract's refusals: a forged or tampered reading is CodeSignature, a replayed one CodeDuplicate, or
// CodeChannel on another channel, a reordered one CodeTime, one of a foreign meter CodeMeterUnknown, or CodeParameters
// where its ciphertext is made under foreign parameters.
var (
	CodeFunction  = refusal.Invalid("FUNCTION_MISSING") // no function is named
	CodeNoSuch    = refusal.Missing("FUNCTION_UNKNOWN") // the contract has no such function
	CodeArguments = refusal.Invalid("ARGUMENTS_WRONG")  // wrong number or form of arguments
	CodeOperator  = refusal.Forbidden("OPERATOR_ONLY")  // the caller is not of the operator's organisation

	CodeMalformed    = refusal.Invalid("READING_MALFORMED")   // not the wire form of a reading
	CodeForm         = refusal.Invalid("READING_FORM")        // the payload is not of the reading's kind
	CodeChannel      = refusal.Forbidden("READING_CHANNEL")   // signed for another channel than this
	CodeMeterUnknown = refusal.Missing("METER_UNKNOWN")       // the meter is not registered on this ledger
	CodeNoParameters = refusal.Missing("PARAMETERS_UNKNOWN")  // the parameters are not on the ledger, or the meter of a ciphertext has none
	CodeParameters   = refusal.Invalid("READING_PARAMETERS")  // no ciphertext, or its scheme, size or length is not that of the meter's parameters
	CodeTime         = refusal.Conflict("READING_TIME")       // the time does not belong to the number
	CodeDuplicate    = refusal.Conflict("READING_DUPLICATE")  // the meter has a reading of that number, or it is twice in a list
	CodeSignature    = refusal.Forbidden("READING_SIGNATURE") // not what its meter signed
	CodeMissing      = refusal.Missing("READING_MISSING")     // there is no such reading

	CodeRegistration    = refusal.Invalid("REGISTRATION_MALFORMED") // not the wire form of registrations or of a gateway
	CodeTwice           = refusal.Invalid("REGISTRATION_TWICE")     // a meter is in a batch more than once
	CodeKey             = refusal.Invalid("KEY_INVALID")            // a key is not a point of the curve
	CodeMeterConflict   = refusal.Conflict("METER_CONFLICT")        // the meter is registered otherwise
	CodeGatewayConflict = refusal.Conflict("GATEWAY_CONFLICT")      // the gateway is registered with another key

	CodeParametersMalformed = refusal.Invalid("PARAMETERS_MALFORMED") // not the wire form of a public key
	CodeFunctionMalformed   = refusal.Invalid("FUNCTION_MALFORMED")   // not the wire form of functions
	CodeFunctionBounds      = refusal.Invalid("FUNCTION_BOUNDS")      // length, bound or weights do not fit the parameters

	CodeBillMalformed   = refusal.Invalid("BILL_MALFORMED")        // not the wire form of a bill
	CodeGatewayUnknown  = refusal.Missing("GATEWAY_UNKNOWN")       // the gateway is not registered
	CodeGatewayForeign  = refusal.Forbidden("BILL_GATEWAY")        // the gateway is not the meter's
	CodeNotApproved     = refusal.Missing("FUNCTION_NOT_APPROVED") // no such function was approved
	CodeFunctionForeign = refusal.Forbidden("BILL_FUNCTION")       // the function is for other parameters than the meter's
	CodeFunctionEarly   = refusal.Forbidden("BILL_EARLY")          // a reading began before the function was valid
	CodeBillDuplicate   = refusal.Conflict("BILL_DUPLICATE")       // exactly these readings have a bill by this function
	CodeBillOverlap     = refusal.Conflict("BILL_OVERLAP")         // some of these readings have a bill by this function
	CodeBillScattered   = refusal.Conflict("BILL_SCATTERED")       // bills by this function leave too many gaps between readings of the meter
	CodeBillSignature   = refusal.Forbidden("BILL_SIGNATURE")      // not signed by its gateway
	CodeBillMissing     = refusal.Missing("BILL_READING_MISSING")  // a reading that it covers is not on the ledger
	CodeBillDigest      = refusal.Conflict("BILL_READINGS")        // computed from other readings than are on the ledger, or in another order
	CodeNoBill          = refusal.Missing("BILL_MISSING")          // there is no such bill
)

// MeterKey returns the world-state key of a meter's registration.
func MeterKey(meter string) string { return "m/" + meter }

// GatewayKey returns the world-state key of a gateway's registration.
func GatewayKey(gateway string) string { return "g/" + gateway }

// Key returns the world-state key of a reading. Keys of one meter sort by number.
func Key(meter string, number uint64) string { return fmt.Sprintf("r/%s/%016x", meter, number) }

// BillKey returns the world-state key of a bill.
func BillKey(meter string, from, to uint64, function Hash) string {
	return fmt.Sprintf("b/%s/%016x/%016x/%v", meter, from, to, function)
}

// BilledKey returns the world-state key of what is billed of a meter by a function. Every bill reads and writes it, so that
// of two in a block only one is valid.
func BilledKey(meter string, function Hash) string { return fmt.Sprintf("d/%s/%v", meter, function) }

// FunctionKey returns the world-state key of an approved function.
func FunctionKey(function Hash) string { return "f/" + function.String() }

// ParametersKey returns the world-state key of parameters.
func ParametersKey(id Hash) string { return "p/" + id.String() }

// MarshalList returns a list of wire forms, each with its length in 4 bytes in front. An empty list is no bytes.
func MarshalList(wires [][]byte) []byte {
	var b []byte
	for _, w := range wires {
		b = binary.BigEndian.AppendUint32(b, uint32(len(w)))
		b = append(b, w...)
	}
	return b
}

// SplitList is the inverse of MarshalList. The wire forms alias b.
func SplitList(b []byte) ([][]byte, error) {
	d := decoder{rest: b}
	var list [][]byte
	for len(d.rest) > 0 && d.err == nil {
		list = append(list, d.bytes(d.uint(4)))
	}
	if d.err != nil {
		return nil, fmt.Errorf("entry %d of list: %w", len(list)-1, d.err)
	}
	return list, nil
}

// UnmarshalList reads a list of readings, each as Unmarshal does. Payloads and signatures alias b.
func UnmarshalList(b []byte) ([]Reading, error) {
	wires, err := SplitList(b)
	if err != nil {
		return nil, err
	}
	var list []Reading
	for i, wire := range wires {
		r, err := Unmarshal(wire)
		if err != nil {
			return nil, fmt.Errorf("entry %d of list: %w", i, err)
		}
		list = append(list, r)
	}
	return list, nil
}
