package chaincode

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"meterbench/internal/refusal"
	"meterbench/simulators/pki"
	"meterbench/simulators/reading"
)

// lookUp returns the current entry of a meter.
func (c *PKI) lookUp(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	meter := args[0]
	if err := reading.CheckMeter(meter); err != nil {
		return nil, pki.CodeArguments.Errorf("%v", err)
	}
	e, err := readEntry(stub, meter)
	if err != nil {
		return nil, err
	}
	shown, err := e.show(meter)
	if err != nil {
		return nil, err
	}
	return json.Marshal(shown)
}

// history returns the versions of a meter's key from the first one asked for, so many as one answer holds.
func (c *PKI) history(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	meter := args[0]
	numbers, err := parseNumbers(meter, args[1:])
	if err != nil {
		return nil, err
	}
	first := numbers[0]
	if first < 1 || first > math.MaxUint32 {
		return nil, pki.CodeArguments.Errorf("version %d; they count from 1", first)
	}
	last, err := readEntry(stub, meter)
	if err != nil {
		return nil, err
	}
	page := pki.Page{Entries: []pki.Entry{}}
	end := min(first+pki.MaxPage, uint64(last.version)+1)
	var former []string
	for v := first; v < min(end, uint64(last.version)); v++ {
		former = append(former, formerKey(meter, uint32(v)))
	}
	var raws [][]byte
	if len(former) > 0 {
		if raws, err = states(stub, former); err != nil {
			return nil, fmt.Errorf("read the history of meter %s: %w", meter, err)
		}
	}
	if first <= uint64(last.version) && end > uint64(last.version) {
		raws = append(raws, last.marshal())
	}
	for _, raw := range raws {
		e, err := wellFormed(raw, meter)
		if err != nil {
			return nil, err
		}
		shown, err := e.show(meter)
		if err != nil {
			return nil, err
		}
		page.Entries = append(page.Entries, shown)
	}
	if end <= uint64(last.version) {
		page.Next = uint32(end)
	}
	return json.Marshal(page)
}

// verify returns the version of the meter's key that signed a digest: of the current key, or of the one that was valid at the time asked for.
// Whatever is no valid signature is refused.
func (c *PKI) verify(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	meter := args[0]
	if err := reading.CheckMeter(meter); err != nil {
		return nil, pki.CodeArguments.Errorf("%v", err)
	}
	digest, err := hex.DecodeString(args[1])
	if err != nil {
		return nil, pki.CodeArguments.Errorf("the digest is not hexadecimal")
	}
	signature, err := parseSignature(args[2])
	if err != nil {
		return nil, err
	}
	at, err := parseTime(args[3])
	if err != nil {
		return nil, err
	}
	return verified(stub, meter, digest, signature, at)
}

// noTime asks for the current key, whatever the time.
const noTime = -1

// parseTime reads Unix seconds; no text is no time.
func parseTime(text string) (int64, error) {
	if text == "" {
		return noTime, nil
	}
	at, err := strconv.ParseUint(text, 10, 64)
	if err != nil || at > reading.MaxTime {
		return 0, pki.CodeArguments.Errorf("%.40q is no time in Unix seconds", text)
	}
	return int64(at), nil
}

// parseSignature reads base64 in its one form.
func parseSignature(text string) ([]byte, error) {
	signature, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, pki.CodeArguments.Errorf("the signature is not base64")
	}
	return signature, nil
}

// verified returns the version of the meter's key at a time if it signed the digest. It is what verifies for all functions, ordered or asked.
func verified(stub shim.ChaincodeStubInterface, meter string, digest, signature []byte, at int64) ([]byte, error) {
	e, err := validAt(stub, meter, at)
	if err != nil {
		return nil, err
	}
	key, err := pki.ParseCompact(e.key)
	if err != nil {
		return nil, fmt.Errorf("state of meter %s: %w", meter, err)
	}
	if err := key.Verify(digest, signature); err != nil {
		return nil, of(meter, err)
	}
	return strconv.AppendUint(nil, uint64(e.version), 10), nil
}

// validAt returns the version of a meter's key that was valid at a time, or is now. It reads one state if that is the current one, and else as many
// more as it takes to halve the versions before it down to one.
func validAt(stub shim.ChaincodeStubInterface, meter string, at int64) (entry, error) {
	e, err := readEntry(stub, meter)
	if err != nil {
		return entry{}, err
	}
	if at != noTime && at < e.from {
		if e, err = formerAt(stub, meter, e.version, at); err != nil {
			return entry{}, err
		}
	}
	if e.status == revoked && (at == noTime || at >= e.until) {
		return entry{}, pki.CodeKeyRevoked.Errorf("meter %s: version %d is revoked from %d on: %v", meter, e.version, e.until, e.reason)
	}
	return e, nil
}

// formerAt returns the last version before another one that counted from a time on, or before.
func formerAt(stub shim.ChaincodeStubInterface, meter string, before uint32, at int64) (found entry, err error) {
	for low, high := uint32(1), before; low < high; {
		middle := low + (high-low)/2
		e, err := readFormer(stub, meter, middle)
		if err != nil {
			return entry{}, err
		}
		if e.from <= at {
			found, low = e, middle+1
		} else {
			high = middle
		}
	}
	if found.version == 0 {
		return entry{}, pki.CodeKeyEarly.Errorf("meter %s had no key at %d", meter, at)
	}
	return found, nil
}

// verifyReading returns the version of the meter's key that signed a reading, which the contract of readings on the channel stores. The key is that
// of the reading's time.
func (c *PKI) verifyReading(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	meter := args[0]
	numbers, err := parseNumbers(meter, args[1:])
	if err != nil {
		return nil, err
	}
	stored := stub.InvokeChaincode(reading.ContractName, [][]byte{[]byte(reading.FnGet), []byte(meter), []byte(args[1])}, "")
	if r, ok := refusal.Parse(stored.GetStatus(), stored.GetMessage()); ok {
		return nil, r
	}
	if stored.GetStatus() != http.StatusOK {
		return nil, fmt.Errorf("ask the contract %s for reading %s of meter %s: %s", reading.ContractName, args[1], meter, stored.GetMessage())
	}
	r, err := reading.Unmarshal(stored.GetPayload())
	if err == nil && (r.Channel != stub.GetChannelID() || r.Meter != meter || r.Number != numbers[0]) {
		err = errors.New("it is another one")
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s of meter %s: %w", args[1], meter, err)
	}
	digest := r.Digest()
	return verified(stub, meter, digest[:], r.Signature, r.Time.Unix())
}
