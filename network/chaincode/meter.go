package chaincode

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/binary"
	"errors"
	"time"

	"meterbench/simulators/fe/codec"
	"meterbench/simulators/reading"
)

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
