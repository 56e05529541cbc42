package chaincode

import (
	"fmt"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"meterbench/simulators/reading"
)

// billPage is the number of readings of a bill that are read at a time, which bounds the memory that a bill takes.
const billPage = 100

// putBill stores a bill. It holds the bill to its gateway, to the approved function and to the readings that
// it covers; that the result is right is for the verifier to find out, who has the key to compute it. So
// bills of ciphertexts and of plaintext cost the contract the same.
func (c *Readings) putBill(stub shim.ChaincodeStubInterface, raw []byte) error {
	b, err := reading.UnmarshalBill(raw)
	if err != nil {
		return reading.CodeBillMalformed.Errorf("%v", err)
	}
	key := reading.BillKey(b.Meter, b.From, b.To, b.Function)
	billedKey := reading.BilledKey(b.Meter, b.Function)
	state, err := states(stub, []string{reading.MeterKey(b.Meter), reading.GatewayKey(b.Gateway), reading.FunctionKey(b.Function), key, billedKey})
	if err != nil {
		return fmt.Errorf("read the state of a bill of meter %s: %w", b.Meter, err)
	}
	meterState, gatewayState, functionState, billState, billedState := state[0], state[1], state[2], state[3], state[4]
	switch {
	case len(meterState) == 0:
		return reading.CodeMeterUnknown.Errorf("meter %s is not registered", b.Meter)
	case len(gatewayState) == 0:
		return reading.CodeGatewayUnknown.Errorf("gateway %s is not registered", b.Gateway)
	case len(functionState) == 0:
		return reading.CodeNotApproved.Errorf("function %v is not approved", b.Function)
	case len(billState) > 0:
		return reading.CodeBillDuplicate.Errorf("readings %d to %d of meter %s are billed by function %v already", b.From, b.To, b.Meter, b.Function)
	}
	m, err := parseMeter(meterState)
	if err != nil {
		return fmt.Errorf("state of meter %s: %w", b.Meter, err)
	}
	f, err := reading.UnmarshalFunction(functionState)
	if err != nil {
		return fmt.Errorf("state of function %v: %w", b.Function, err)
	}
	if m.gateway != b.Gateway {
		return reading.CodeGatewayForeign.Errorf("gateway %s is not that of meter %s", b.Gateway, b.Meter)
	}
	if f.Parameters != m.parameters {
		return reading.CodeFunctionForeign.Errorf("function %s is for other parameters than those of meter %s", f.Tariff, b.Meter)
	}
	signer, err := publicKey(gatewayState)
	if err != nil {
		return fmt.Errorf("state of gateway %s: %w", b.Gateway, err)
	}
	if err := b.Verify(signer); err != nil {
		return reading.CodeBillSignature.Errorf("signature of the bill does not verify under the key of gateway %s", b.Gateway)
	}
	done, err := parseBilled(billedState)
	if err != nil {
		return fmt.Errorf("state of bills of meter %s by function %v: %w", b.Meter, b.Function, err)
	}
	if twice, overlaps := done.overlap(b.From, b.To); overlaps {
		return reading.CodeBillOverlap.Errorf("readings %d to %d of meter %s are billed by function %v already", twice.from, twice.to, b.Meter, b.Function)
	}
	if done = done.with(b.From, b.To); len(done) > maxBilled {
		return reading.CodeBillScattered.Errorf("bills of meter %s by function %v leave %d gaps; fill one first", b.Meter, b.Function, len(done)-1)
	}
	earliest, digest, err := c.readings(stub, &b)
	if err != nil {
		return err
	}
	if span := time.Duration(m.span) * time.Second; !f.Covers(earliest.Time, span) {
		return reading.CodeFunctionEarly.Errorf("function %s is valid from %v; reading %d covers %v and ended at %v",
			f.Tariff, f.From, earliest.Number, span, earliest.Time)
	}
	if digest != b.Readings {
		return reading.CodeBillDigest.Errorf("the bill was not computed from readings %d to %d of meter %s in their order", b.From, b.To, b.Meter)
	}
	return write(stub, []string{key, billedKey}, [][]byte{raw, done.marshal()})
}

// readings returns the earliest reading that a bill covers, and the hash of all of them in their order. Readings of a meter
// with a schedule follow each other in time; those of others may not.
func (c *Readings) readings(stub shim.ChaincodeStubInterface, b *reading.Bill) (earliest reading.Reading, hash reading.Hash, err error) {
	count := b.To - b.From
	digests := make([]reading.Hash, 0, count)
	for done := uint64(0); done < count; done += billPage {
		var keys []string
		for i := done; i < min(done+billPage, count); i++ {
			keys = append(keys, reading.Key(b.Meter, b.From+i))
		}
		page, err := states(stub, keys)
		if err != nil {
			return earliest, hash, fmt.Errorf("read readings of meter %s: %w", b.Meter, err)
		}
		for _, raw := range page {
			number := b.From + uint64(len(digests))
			if len(raw) == 0 {
				return earliest, hash, reading.CodeBillMissing.Errorf("meter %s has no reading %d", b.Meter, number)
			}
			r, err := reading.Unmarshal(raw)
			if err != nil {
				return earliest, hash, fmt.Errorf("state of reading %d of meter %s: %w", number, b.Meter, err)
			}
			if len(digests) == 0 || r.Time.Before(earliest.Time) {
				earliest = r
			}
			digests = append(digests, r.Digest())
		}
	}
	return earliest, reading.HashDigests(digests), nil
}
