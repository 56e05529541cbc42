package chaincode

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"meterbench/simulators/fe/codec"
	"meterbench/simulators/reading"
)

// list takes a list of 1 to reading.MaxRegistrations entries apart.
func list(raw []byte) ([][]byte, error) {
	entries, err := reading.SplitList(raw)
	if err == nil && (len(entries) == 0 || len(entries) > reading.MaxRegistrations) {
		err = fmt.Errorf("list of %d; want 1 to %d", len(entries), reading.MaxRegistrations)
	}
	return entries, err
}

// setParameters keeps a list of public keys, each of which says what it is for, under their hashes, all of
// them or none. What is there stays as it is.
func (c *Readings) setParameters(stub shim.ChaincodeStubInterface, raw []byte) error {
	publics, err := list(raw)
	if err != nil {
		return reading.CodeParametersMalformed.Errorf("%v", err)
	}
	keys := make([]string, len(publics))
	for i, public := range publics {
		if len(public) > reading.MaxPublic {
			return reading.CodeParametersMalformed.Errorf("public key of %d bytes; want at most %d", len(public), reading.MaxPublic)
		}
		if _, err := codec.ReadPublic(public); err != nil {
			return reading.CodeParametersMalformed.Errorf("%v", err)
		}
		keys[i] = reading.ParametersKey(reading.ParametersID(public))
	}
	return store(stub, keys, publics)
}

// store writes values under keys that are their hashes, in one round trip.
func store(stub shim.ChaincodeStubInterface, keys []string, values [][]byte) error {
	stored, err := states(stub, keys)
	if err != nil {
		return fmt.Errorf("read the state of %d keys: %w", len(keys), err)
	}
	for i := range keys {
		if len(stored[i]) > 0 {
			values[i] = nil
		}
	}
	return write(stub, keys, values)
}

// approve keeps a list of functions, each under its hash, all of them or none. What is there stays as it is,
// whatever it is asked again.
func (c *Readings) approve(stub shim.ChaincodeStubInterface, raw []byte) error {
	encoded, err := list(raw)
	if err != nil {
		return reading.CodeFunctionMalformed.Errorf("%v", err)
	}
	functions := make([]reading.Function, len(encoded))
	keys, parameters := make([]string, len(encoded)), make([]string, len(encoded))
	for i := range encoded {
		if functions[i], err = reading.UnmarshalFunction(encoded[i]); err != nil {
			return reading.CodeFunctionMalformed.Errorf("%v", err)
		}
		keys[i] = reading.FunctionKey(reading.HashFunction(encoded[i]))
		parameters[i] = reading.ParametersKey(functions[i].Parameters)
	}
	// Functions are usually for the same parameters, which are large.
	distinct := slices.Compact(slices.Sorted(slices.Values(parameters)))
	publics, err := states(stub, distinct)
	if err != nil {
		return fmt.Errorf("read the parameters of %d functions: %w", len(encoded), err)
	}
	for i := range functions {
		at, _ := slices.BinarySearch(distinct, parameters[i])
		if err := fits(&functions[i], publics[at]); err != nil {
			return err
		}
	}
	return store(stub, keys, encoded)
}

// fits holds a function to its parameters, given their state.
func fits(f *reading.Function, state []byte) error {
	if f.Parameters == (reading.Hash{}) {
		return nil // for plaintext
	}
	if len(state) == 0 {
		return reading.CodeNoParameters.Errorf("function %s: parameters %v are not on the ledger", f.Tariff, f.Parameters)
	}
	p, err := codec.ReadPublic(state)
	if err != nil {
		return fmt.Errorf("state of parameters %v: %w", f.Parameters, err)
	}
	if len(f.Weights) != p.Length || f.Bound != p.Bound {
		return reading.CodeFunctionBounds.Errorf("function %s has %d weights and bound %d; its parameters say %d and %d",
			f.Tariff, len(f.Weights), f.Bound, p.Length, p.Bound)
	}
	return nil
}

// registerGateway makes a gateway known. The world state holds its key as an uncompressed point.
func (c *Readings) registerGateway(stub shim.ChaincodeStubInterface, raw []byte) error {
	g, err := reading.UnmarshalGateway(raw)
	if err != nil {
		return reading.CodeRegistration.Errorf("%v", err)
	}
	point, err := reading.Decompress(g.Key)
	if err != nil {
		return reading.CodeKey.Errorf("gateway %s: %v", g.ID, err)
	}
	key := reading.GatewayKey(g.ID)
	stored, err := stub.GetState(key)
	switch {
	case err != nil:
		return fmt.Errorf("read the state of gateway %s: %w", g.ID, err)
	case bytes.Equal(stored, point):
		return nil
	case len(stored) > 0:
		return reading.CodeGatewayConflict.Errorf("gateway %s is registered with another key", g.ID)
	}
	return write(stub, []string{key}, [][]byte{point})
}

// register makes a batch of meters known, all of them or none. Registering one again changes nothing but
// whether its signatures are verified.
func (c *Readings) register(stub shim.ChaincodeStubInterface, raw []byte) error {
	batch, err := reading.UnmarshalRegistrations(raw)
	if err != nil {
		return reading.CodeRegistration.Errorf("%v", err)
	}
	headers, err := parameterHeaders(stub, batch)
	if err != nil {
		return err
	}
	keys := make([]string, len(batch))
	values := make([][]byte, len(batch))
	listed := make(map[string]bool, len(batch))
	for i, r := range batch {
		if listed[r.Meter] {
			return reading.CodeTwice.Errorf("meter %s is in the batch more than once", r.Meter)
		}
		listed[r.Meter] = true
		m, err := newMeter(r, headers[r.Parameters])
		if err != nil {
			return reading.CodeKey.Errorf("meter %s: %v", r.Meter, err)
		}
		keys[i], values[i] = reading.MeterKey(r.Meter), m.marshal()
	}
	stored, err := states(stub, keys)
	if err != nil {
		return fmt.Errorf("read the state of %d meters: %w", len(batch), err)
	}
	for i, r := range batch {
		switch {
		case len(stored[i]) > 0 && !bytes.Equal(stored[i][1:], values[i][1:]):
			return reading.CodeMeterConflict.Errorf("meter %s is registered with another key, schedule, gateway or parameters", r.Meter)
		case bytes.Equal(stored[i], values[i]):
			values[i] = nil
		}
	}
	return write(stub, keys, values)
}

// parameterHeaders returns, for the parameters that a batch of meters names, the header of their ciphertexts.
// The zero hash names none.
func parameterHeaders(stub shim.ChaincodeStubInterface, batch []reading.Registration) (map[reading.Hash]codec.Header, error) {
	headers := map[reading.Hash]codec.Header{{}: {}}
	for _, r := range batch {
		if _, ok := headers[r.Parameters]; ok {
			continue
		}
		raw, err := stub.GetState(reading.ParametersKey(r.Parameters))
		if err != nil {
			return nil, fmt.Errorf("read parameters %v: %w", r.Parameters, err)
		}
		if len(raw) == 0 {
			return nil, reading.CodeNoParameters.Errorf("meter %s: parameters %v are not on the ledger", r.Meter, r.Parameters)
		}
		p, err := codec.ReadPublic(raw)
		if err != nil {
			return nil, fmt.Errorf("state of parameters %v: %w", r.Parameters, err)
		}
		headers[r.Parameters] = p.Header
	}
	return headers, nil
}

// meter is a registration as the world state holds it:
//
//	verify 1, 0 or 1 | key 65, the point uncompressed | header 5 of its ciphertexts: scheme 1, bits 2, length 2, or zeros |
//	  begin, Unix time 8 | span in s 4 | parameters 32 | gateway id
//
// Whatever a reading is held to stands here, so that storing one reads no further key: the point decompressed, which
// spares a square root, and of the parameters the header that every ciphertext under them has.
type meter struct {
	verify     bool
	key        []byte // uncompressed point
	header     codec.Header
	begin      uint64 // Unix seconds
	span       uint64 // seconds; 0: times are not checked
	parameters reading.Hash
	gateway    string
}

// encrypts reports whether the meter's readings are ciphertexts.
func (m *meter) encrypts() bool { return m.parameters != (reading.Hash{}) }

// newMeter returns what to store of a registration. header is that of the registration's parameters.
func newMeter(r reading.Registration, header codec.Header) (meter, error) {
	point, err := reading.Decompress(r.Key)
	if err != nil {
		return meter{}, err
	}
	m := meter{verify: r.Verify, key: point, header: header, parameters: r.Parameters, gateway: r.Gateway}
	if r.Span > 0 {
		m.begin, m.span = uint64(r.Begin.Unix()), uint64(r.Span/time.Second)
	}
	return m, nil
}

// registration is the inverse of newMeter.
func (m *meter) registration(id string) (reading.Registration, error) {
	key, err := compress(m.key)
	r := reading.Registration{
		Meter: id, Key: key, Verify: m.verify, Gateway: m.gateway, Parameters: m.parameters, Span: time.Duration(m.span) * time.Second,
	}
	if m.span > 0 {
		r.Begin = time.Unix(int64(m.begin), 0).UTC()
	}
	return r, err
}

const meterSize = 1 + reading.PointSize + 5 + 8 + 4 + 32 // without the gateway's id

func (m *meter) marshal() []byte {
	b := make([]byte, 0, meterSize+len(m.gateway))
	verify := byte(0)
	if m.verify {
		verify = 1
	}
	b = append(append(b, verify), m.key...)
	b = append(b, m.header.Scheme.Number())
	b = binary.BigEndian.AppendUint16(b, uint16(m.header.Bits))
	b = binary.BigEndian.AppendUint16(b, uint16(m.header.Length))
	b = binary.BigEndian.AppendUint64(b, m.begin)
	b = binary.BigEndian.AppendUint32(b, uint32(m.span))
	b = append(b, m.parameters[:]...)
	return append(b, m.gateway...)
}

func parseMeter(b []byte) (meter, error) {
	if len(b) < meterSize || b[0] > 1 {
		return meter{}, errors.New("malformed")
	}
	m := meter{verify: b[0] == 1, key: b[1:][:reading.PointSize]}
	rest := b[1+reading.PointSize:]
	m.header = codec.Header{
		Scheme: codec.Numbered(rest[0]), Bits: int(binary.BigEndian.Uint16(rest[1:])), Length: int(binary.BigEndian.Uint16(rest[3:])),
	}
	m.begin = binary.BigEndian.Uint64(rest[5:])
	m.span = uint64(binary.BigEndian.Uint32(rest[13:]))
	copy(m.parameters[:], rest[17:])
	m.gateway = string(rest[17+len(m.parameters):])
	return m, nil
}

// publicKey returns a key as the world state holds it.
func publicKey(point []byte) (*ecdsa.PublicKey, error) {
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

// compress returns a key as registrations have it.
func compress(point []byte) ([]byte, error) {
	key, err := publicKey(point)
	if err != nil {
		return nil, err
	}
	return reading.Compress(key)
}

// keeps reports whether a time belongs to the number of a reading: that of the meter's begin plus its span for each
// reading up to and including this one. So readings cannot be reordered, and no other reading need be looked at.
func (m *meter) keeps(number uint64, at time.Time) bool {
	if m.span == 0 {
		return true
	}
	if number >= reading.MaxTime/m.span { // the product below stays in range
		return false
	}
	return uint64(at.Unix()) == m.begin+(number+1)*m.span
}
