package chaincode

import (
	"bytes"
	"crypto/ecdsa"
	"fmt"
	"net/http"
	"strconv"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"meterbench/workloads/fe/codec"
	"meterbench/workloads/reading"
)

// The limits of one answer. What is beyond them is asked for again.
const (
	maxRange      = 1000    // readings in an answer of GetReadings
	maxRangeBytes = 8 << 20 // after which GetReadings adds no further reading, bytes
	countPage     = 1000    // keys per query of CountReadings; a peer has a limit, by default 100,000
)

// Readings is the contract "readings": it stores signed meter readings under
// meter and sequence number, each once. Its functions and their arguments are
// named in package reading.
type Readings struct {
	// Operator is the MSP id of the organisation that may register meters.
	// Every peer's process must have the same, or their endorsements differ.
	Operator string
}

// Init does nothing: the contract needs no set-up.
func (c *Readings) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// Invoke runs the function that the first argument names. A refusal has a
// status from 400 to 499 and a message that starts with its code.
func (c *Readings) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	args := stub.GetArgs()
	if len(args) == 0 {
		return answer(nil, refuse(http.StatusBadRequest, "FUNCTION_MISSING", "no function named"))
	}
	function, args := string(args[0]), args[1:]
	want, known := arity(function)
	if !known {
		return answer(nil, refuse(http.StatusNotFound, "FUNCTION_UNKNOWN", "%.40q", function))
	}
	if len(args) != want {
		return answer(nil, refuse(http.StatusBadRequest, "ARGUMENTS_WRONG", "%s takes %d arguments, got %d", function, want, len(args)))
	}
	switch function {
	case reading.FnPut:
		return answer(nil, c.put(stub, args[0]))
	case reading.FnRegister:
		return answer(nil, c.register(stub, args[0]))
	case reading.FnGet:
		return answer(c.get(stub, string(args[0]), string(args[1])))
	case reading.FnRange:
		return answer(c.list(stub, string(args[0]), string(args[1]), string(args[2])))
	case reading.FnCount:
		return answer(c.count(stub, string(args[0])))
	default: // reading.FnPing: arity knows no other
		return answer([]byte(reading.ContractName), nil)
	}
}

// arity returns the number of arguments of a function.
func arity(function string) (n int, known bool) {
	switch function {
	case reading.FnPing:
		return 0, true
	case reading.FnPut, reading.FnRegister, reading.FnCount:
		return 1, true
	case reading.FnGet:
		return 2, true
	case reading.FnRange:
		return 3, true
	}
	return 0, false
}

// put stores a reading. The key of the reading is read first, so of two
// transactions that store the same one at a time only the first is valid.
func (c *Readings) put(stub shim.ChaincodeStubInterface, raw []byte) error {
	r, err := reading.Unmarshal(raw)
	if err != nil {
		return refuse(http.StatusBadRequest, "READING_MALFORMED", "%v", err)
	}
	if err := r.CheckForm(codec.Check); err != nil {
		return refuse(http.StatusBadRequest, "READING_FORM", "%v", err)
	}
	key := reading.Key(r.Meter, r.Number)
	state, err := stub.GetMultipleStates(reading.MeterKey(r.Meter), key) // one round trip for both
	if err != nil {
		return fmt.Errorf("read the state of meter %s: %w", r.Meter, err)
	}
	if len(state) != 2 {
		return fmt.Errorf("read the state of meter %s: %d values for 2 keys", r.Meter, len(state))
	}
	if len(state[0]) == 0 {
		return refuse(http.StatusNotFound, "METER_UNKNOWN", "meter %s is not registered", r.Meter)
	}
	if len(state[1]) > 0 {
		return refuse(http.StatusConflict, "READING_DUPLICATE", "meter %s has a reading %d already", r.Meter, r.Number)
	}
	m, err := parseMeter(state[0])
	if err != nil {
		return fmt.Errorf("state of meter %s: %w", r.Meter, err)
	}
	if m.verify {
		digest := r.Digest()
		if !ecdsa.VerifyASN1(m.key, digest[:], r.Signature) {
			return refuse(http.StatusForbidden, "READING_SIGNATURE", "signature of reading %d does not verify under the key of meter %s", r.Number, r.Meter)
		}
	}
	if err := stub.PutState(key, raw); err != nil {
		return fmt.Errorf("store reading %d of meter %s: %w", r.Number, r.Meter, err)
	}
	return nil
}

// register makes a batch of meters known, all of them or none. Registering one
// again changes nothing but whether its signatures are verified.
func (c *Readings) register(stub shim.ChaincodeStubInterface, raw []byte) error {
	creator, err := stub.GetCreator()
	if err != nil {
		return fmt.Errorf("read the creator: %w", err)
	}
	var identity msp.SerializedIdentity
	if err := proto.Unmarshal(creator, &identity); err != nil {
		return fmt.Errorf("read the creator: %w", err)
	}
	if c.Operator == "" || identity.GetMspid() != c.Operator {
		return refuse(http.StatusForbidden, "OPERATOR_ONLY", "meters are registered by %s, not by %s", c.Operator, identity.GetMspid())
	}
	batch, err := reading.UnmarshalRegistrations(raw)
	if err != nil {
		return refuse(http.StatusBadRequest, "REGISTRATION_MALFORMED", "%v", err)
	}
	keys := make([]string, len(batch))
	values := make([][]byte, len(batch))
	seen := make(map[string]bool, len(batch))
	for i, m := range batch {
		if seen[m.Meter] {
			return refuse(http.StatusBadRequest, "REGISTRATION_TWICE", "meter %s is in the batch more than once", m.Meter)
		}
		seen[m.Meter] = true
		keys[i] = reading.MeterKey(m.Meter)
		if values[i], err = marshalMeter(m); err != nil {
			return refuse(http.StatusBadRequest, "KEY_INVALID", "meter %s: %v", m.Meter, err)
		}
	}
	stored, err := stub.GetMultipleStates(keys...)
	if err != nil {
		return fmt.Errorf("read the state of %d meters: %w", len(batch), err)
	}
	if len(stored) != len(keys) {
		return fmt.Errorf("read the state of %d meters: %d values", len(keys), len(stored))
	}
	for i, m := range batch {
		if len(stored[i]) > 0 && !bytes.Equal(stored[i][1:], values[i][1:]) {
			return refuse(http.StatusConflict, "METER_CONFLICT", "meter %s is registered with another key", m.Meter)
		}
	}
	stub.StartWriteBatch()
	for i, m := range batch {
		if bytes.Equal(stored[i], values[i]) {
			continue
		}
		if err := stub.PutState(keys[i], values[i]); err != nil {
			return fmt.Errorf("register meter %s: %w", m.Meter, err)
		}
	}
	if err := stub.FinishWriteBatch(); err != nil {
		return fmt.Errorf("register %d meters: %w", len(batch), err)
	}
	return nil
}

// get returns one reading.
func (c *Readings) get(stub shim.ChaincodeStubInterface, meter, number string) ([]byte, error) {
	n, err := parseNumber(meter, number)
	if err != nil {
		return nil, err
	}
	raw, err := stub.GetState(reading.Key(meter, n))
	if err != nil {
		return nil, fmt.Errorf("read reading %d of meter %s: %w", n, meter, err)
	}
	if len(raw) == 0 {
		return nil, refuse(http.StatusNotFound, "READING_MISSING", "meter %s has no reading %d", meter, n)
	}
	return raw, nil
}

// list returns the readings of a meter with numbers in [from, to), the lowest
// numbers first and only so many as one answer holds, at least one. Who wants
// more asks again from the number after the last.
func (c *Readings) list(stub shim.ChaincodeStubInterface, meter, from, to string) ([]byte, error) {
	first, err := parseNumber(meter, from)
	if err != nil {
		return nil, err
	}
	end, err := parseNumber(meter, to)
	if err != nil {
		return nil, err
	}
	if first >= end {
		return nil, refuse(http.StatusBadRequest, "ARGUMENTS_WRONG", "empty range of readings from %d to %d", first, end)
	}
	it, _, err := stub.GetStateByRangeWithPagination(reading.Key(meter, first), reading.Key(meter, end), maxRange, "")
	if err != nil {
		return nil, fmt.Errorf("read readings of meter %s: %w", meter, err)
	}
	defer it.Close() //nolint:errcheck // read to its end or given up
	var found [][]byte
	for size := 0; it.HasNext() && len(found) < maxRange && size < maxRangeBytes; {
		kv, err := it.Next()
		if err != nil {
			return nil, fmt.Errorf("read readings of meter %s: %w", meter, err)
		}
		found = append(found, kv.GetValue())
		size += len(kv.GetValue())
	}
	return reading.MarshalList(found), nil
}

// count returns the number of readings stored, of one meter or of all ("").
// It pages, because a peer ends a longer query without a word.
func (c *Readings) count(stub shim.ChaincodeStubInterface, meter string) ([]byte, error) {
	first, end := "r/", "r0" // '0' follows '/'
	if meter != "" {
		if err := reading.CheckMeter(meter); err != nil {
			return nil, refuse(http.StatusBadRequest, "ARGUMENTS_WRONG", "%v", err)
		}
		first, end = "r/"+meter+"/", "r/"+meter+"0"
	}
	n := 0
	for bookmark := ""; ; {
		it, page, err := stub.GetStateByRangeWithPagination(first, end, countPage, bookmark)
		if err != nil {
			return nil, fmt.Errorf("count readings: %w", err)
		}
		for it.HasNext() {
			if _, err := it.Next(); err != nil {
				it.Close() //nolint:errcheck // the first error counts
				return nil, fmt.Errorf("count readings: %w", err)
			}
			n++
		}
		if err := it.Close(); err != nil {
			return nil, fmt.Errorf("count readings: %w", err)
		}
		if bookmark = page.GetBookmark(); bookmark == "" {
			return strconv.AppendInt(nil, int64(n), 10), nil
		}
	}
}

// parseNumber reads a sequence number of a well-formed meter id.
func parseNumber(meter, number string) (uint64, error) {
	if err := reading.CheckMeter(meter); err != nil {
		return 0, refuse(http.StatusBadRequest, "ARGUMENTS_WRONG", "%v", err)
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return 0, refuse(http.StatusBadRequest, "ARGUMENTS_WRONG", "%.40q is no sequence number", number)
	}
	return n, nil
}
