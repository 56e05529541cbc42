package reading

import (
	"encoding/binary"
	"fmt"
)

// The contract "readings": its name and its functions with their arguments.
const (
	ContractName = "readings"

	FnPing     = "Ping"           // (): the contract's name; reads and writes nothing
	FnRegister = "RegisterMeters" // (registrations): the operator's organisation only; refuses a meter registered with another key
	FnPut      = "PutReading"     // (reading)
	FnGet      = "GetReading"     // (meter, number in decimal): the reading
	FnRange    = "GetReadings"    // (meter, from, to in decimal, to exclusive): a list of readings
	FnCount    = "CountReadings"  // (meter, or "" for all): how many are stored, in decimal
)

// MeterKey returns the world-state key of a meter's registration.
func MeterKey(meter string) string { return "m/" + meter }

// Key returns the world-state key of a reading. Keys of one meter sort by number.
func Key(meter string, number uint64) string { return fmt.Sprintf("r/%s/%016x", meter, number) }

// KeySize is the size of a compressed P-256 public key in bytes.
const KeySize = 33

// MaxRegistrations is the greatest number of registrations in one batch.
const MaxRegistrations = 1000

// A Registration makes a meter's public key known to the contract.
type Registration struct {
	Meter  string // as in Reading
	Key    []byte // P-256 point, SEC 1 compressed, KeySize bytes
	Verify bool   // false: the contract does not check this meter's signatures, which isolates what the check costs
}

func (r *Registration) check() error {
	if err := CheckMeter(r.Meter); err != nil {
		return err
	}
	if len(r.Key) != KeySize || r.Key[0] != 2 && r.Key[0] != 3 {
		return fmt.Errorf("meter %s: key is not a compressed P-256 point of %d bytes", r.Meter, KeySize)
	}
	return nil
}

// MarshalRegistrations returns the wire form of a batch of 1 to
// MaxRegistrations:
//
//	version 1 | count 2 | for each: length 1, meter id | key 33 | verify 1, 0 or 1
//
// It fails on a batch that UnmarshalRegistrations would refuse.
func MarshalRegistrations(batch []Registration) ([]byte, error) {
	if n := len(batch); n == 0 || n > MaxRegistrations {
		return nil, fmt.Errorf("marshal registrations: batch of %d; want 1 to %d", n, MaxRegistrations)
	}
	b := binary.BigEndian.AppendUint16([]byte{version}, uint16(len(batch)))
	for i := range batch {
		r := &batch[i]
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("marshal registrations: %w", err)
		}
		b = append(b, byte(len(r.Meter)))
		b = append(b, r.Meter...)
		b = append(b, r.Key...)
		verify := byte(0)
		if r.Verify {
			verify = 1
		}
		b = append(b, verify)
	}
	return b, nil
}

// UnmarshalRegistrations is the inverse of MarshalRegistrations. It does not
// check that a key is a point on the curve. Keys alias b.
func UnmarshalRegistrations(b []byte) ([]Registration, error) {
	d := decoder{rest: b}
	d.version()
	count := d.uint(2)
	if d.err == nil && (count == 0 || count > MaxRegistrations) {
		d.err = fmt.Errorf("batch of %d; want 1 to %d", count, MaxRegistrations)
	}
	var batch []Registration
	for i := uint64(0); i < count && d.err == nil; i++ {
		r := Registration{Meter: string(d.bytes(d.uint(1))), Key: d.bytes(KeySize)}
		verify := d.uint(1)
		switch {
		case d.err != nil:
		case verify > 1:
			d.err = fmt.Errorf("meter %s: verify is %d; want 0 or 1", r.Meter, verify)
		default:
			d.err = r.check()
		}
		r.Verify = verify == 1
		batch = append(batch, r)
	}
	if err := d.end(); err != nil {
		return nil, fmt.Errorf("unmarshal registrations: %w", err)
	}
	return batch, nil
}

// MarshalList returns a list of readings, each in its wire form with its
// length in 4 bytes in front. An empty list is no bytes.
func MarshalList(readings [][]byte) []byte {
	var b []byte
	for _, r := range readings {
		b = binary.BigEndian.AppendUint32(b, uint32(len(r)))
		b = append(b, r...)
	}
	return b
}

// UnmarshalList is the inverse of MarshalList, each reading checked as
// Unmarshal does. Payloads and signatures alias b.
func UnmarshalList(b []byte) ([]Reading, error) {
	d := decoder{rest: b}
	var list []Reading
	for len(d.rest) > 0 && d.err == nil {
		raw := d.bytes(d.uint(4))
		if d.err != nil {
			break
		}
		r, err := Unmarshal(raw)
		if err != nil {
			return nil, fmt.Errorf("reading %d of list: %w", len(list), err)
		}
		list = append(list, r)
	}
	if d.err != nil {
		return nil, fmt.Errorf("reading %d of list: %w", len(list), d.err)
	}
	return list, nil
}
