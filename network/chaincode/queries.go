package chaincode

import (
	"fmt"
	"strconv"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"meterbench/internal/refusal"
	"meterbench/simulators/reading"
)

// The limits of one answer. What is beyond them is asked for again.
const (
	maxRange      = 1000    // readings in an answer of GetReadings
	maxRangeBytes = 8 << 20 // after which GetReadings adds no further reading, bytes
	countPage     = 1000    // keys per query of what is counted; a peer has a limit, by default 100,000
)

func (c *Readings) get(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	meter := args[0]
	n, err := parseNumbers(meter, args[1:])
	if err != nil {
		return nil, err
	}
	return lookUp(stub, reading.Key(meter, n[0]), reading.CodeMissing, fmt.Sprintf("reading %d of meter %s", n[0], meter))
}

// list returns the readings of a meter with numbers in [from, to), the lowest numbers first and only so many
// as one answer holds, at least one. Who wants more asks again from the number after the last.
func (c *Readings) list(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	meter := args[0]
	n, err := parseNumbers(meter, args[1:])
	if err != nil {
		return nil, err
	}
	first, end := n[0], n[1]
	if first >= end {
		return nil, reading.CodeArguments.Errorf("empty range of readings from %d to %d", first, end)
	}
	it, _, err := stub.GetStateByRangeWithPagination(reading.Key(meter, first), reading.Key(meter, end), maxRange, "")
	if err != nil {
		return nil, fmt.Errorf("read readings of meter %s: %w", meter, err)
	}
	defer it.Close() // read to its end or given up
	var values [][]byte
	for size := 0; it.HasNext() && len(values) < maxRange && size < maxRangeBytes; {
		kv, err := it.Next()
		if err != nil {
			return nil, fmt.Errorf("read readings of meter %s: %w", meter, err)
		}
		values = append(values, kv.GetValue())
		size += len(kv.GetValue())
	}
	return reading.MarshalList(values), nil
}

// count returns how many readings and bills are stored of the meters from the first to the last, or of all
// ("" and "").
func (c *Readings) count(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	first, last := args[0], args[1]
	from, end := "/", "0" // '0' follows '/'
	if first != "" || last != "" {
		for _, meter := range []string{first, last} {
			if err := reading.CheckMeter(meter); err != nil {
				return nil, reading.CodeArguments.Errorf("%v", err)
			}
		}
		from, end = "/"+first+"/", "/"+last+"0"
	}
	total := 0
	for _, kind := range []string{"r", "b"} {
		n, err := countKeys(stub, kind+from, kind+end)
		if err != nil {
			return nil, fmt.Errorf("count what is stored: %w", err)
		}
		total += n
	}
	return strconv.AppendInt(nil, int64(total), 10), nil
}

func countKeys(stub shim.ChaincodeStubInterface, first, end string) (n int, err error) {
	err = scan(stub, first, end, func(string, []byte) error {
		n++
		return nil
	})
	return n, err
}

// scan visits the states of the keys from the first up to the end, in their order, until an error. It pages, because a peer ends a
// longer query without a word.
func scan(stub shim.ChaincodeStubInterface, first, end string, visit func(key string, value []byte) error) error {
	for bookmark := ""; ; {
		it, page, err := stub.GetStateByRangeWithPagination(first, end, countPage, bookmark)
		if err != nil {
			return err
		}
		for it.HasNext() {
			kv, err := it.Next()
			if err == nil {
				err = visit(kv.GetKey(), kv.GetValue())
			}
			if err != nil {
				it.Close() // the first error counts
				return err
			}
		}
		if err := it.Close(); err != nil {
			return err
		}
		if bookmark = page.GetBookmark(); bookmark == "" {
			return nil
		}
	}
}

// findsBy is a function that returns what is stored under its hash, or refuses with the code.
func findsBy(key func(reading.Hash) string, code refusal.Code, what string) function[*Readings] {
	return asks(1, func(_ *Readings, stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
		hash, err := parseHash(args[0])
		if err != nil {
			return nil, err
		}
		return lookUp(stub, key(hash), code, what+" "+args[0])
	})
}

func (c *Readings) getBill(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	meter := args[0]
	n, err := parseNumbers(meter, args[1:3])
	if err != nil {
		return nil, err
	}
	hash, err := parseHash(args[3])
	if err != nil {
		return nil, err
	}
	return lookUp(stub, reading.BillKey(meter, n[0], n[1], hash), reading.CodeNoBill, fmt.Sprintf("bill of meter %s, readings %d to %d", meter, n[0], n[1]))
}

// getMeter returns the registration of a meter, as a list of one.
func (c *Readings) getMeter(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	id := args[0]
	if err := reading.CheckMeter(id); err != nil {
		return nil, reading.CodeArguments.Errorf("%v", err)
	}
	state, err := lookUp(stub, reading.MeterKey(id), reading.CodeMeterUnknown, "meter "+id)
	if err != nil {
		return nil, err
	}
	m, err := parseMeter(state)
	if err != nil {
		return nil, fmt.Errorf("state of meter %s: %w", id, err)
	}
	registered, err := m.registration(id)
	if err != nil {
		return nil, fmt.Errorf("state of meter %s: %w", id, err)
	}
	return reading.MarshalRegistrations([]reading.Registration{registered})
}

// getGateway returns the registration of a gateway.
func (c *Readings) getGateway(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	id := args[0]
	if err := reading.CheckMeter(id); err != nil {
		return nil, reading.CodeArguments.Errorf("gateway: %v", err)
	}
	point, err := lookUp(stub, reading.GatewayKey(id), reading.CodeGatewayUnknown, "gateway "+id)
	if err != nil {
		return nil, err
	}
	key, err := compress(point)
	if err != nil {
		return nil, fmt.Errorf("state of gateway %s: %w", id, err)
	}
	return reading.Gateway{ID: id, Key: key}.Marshal()
}

// lookUp returns the value of a key, or refuses with the code where it has none.
func lookUp(stub shim.ChaincodeStubInterface, key string, code refusal.Code, what string) ([]byte, error) {
	raw, err := stub.GetState(key)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	if len(raw) == 0 {
		return nil, code.Errorf("%s is not on the ledger", what)
	}
	return raw, nil
}

// parseNumbers reads sequence numbers of a well-formed meter id.
func parseNumbers(meter string, numbers []string) ([]uint64, error) {
	if err := reading.CheckMeter(meter); err != nil {
		return nil, reading.CodeArguments.Errorf("%v", err)
	}
	var parsed []uint64
	for _, number := range numbers {
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return nil, reading.CodeArguments.Errorf("%.40q is no sequence number", number)
		}
		parsed = append(parsed, n)
	}
	return parsed, nil
}

func parseHash(s string) (reading.Hash, error) {
	h, err := reading.ParseHash(s)
	if err != nil {
		return h, reading.CodeArguments.Errorf("%v", err)
	}
	return h, nil
}
