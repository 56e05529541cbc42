package reading

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"meterbench/internal/lows"
)

// MaxRegistrations is the greatest number of registrations in one batch.
const MaxRegistrations = 1000

// MaxSpan is the longest time that one reading may cover.
const MaxSpan = (1<<32 - 1) * time.Second

// A Registration makes a meter known to the contract. Only Verify of a registered meter can change.
type Registration struct {
	Meter   string // as in Reading
	Key     []byte // P-256 point, SEC 1 compressed, KeySize bytes
	Verify  bool   // false: the contract does not check this meter's signatures, to isolate the cost of the check
	Gateway string // id of the gateway that may submit the meter's bills; empty: none may
	// Parameters is the id of the parameters on the ledger under which the meter encrypts every reading.
	// Zero: it encrypts none.
	Parameters Hash
	// The meter starts to measure at Begin, and each reading covers Span, both in whole seconds: reading n
	// ends at Begin+(n+1)*Span, and the contract refuses every other time. Span is at most MaxSpan. If it is
	// 0, times are not checked, and Begin is zero.
	Begin time.Time
	Span  time.Duration
}

// registrationVersion is that of a batch of registrations. Version 1 had key and verify alone.
const registrationVersion = 2

func (r *Registration) check() error {
	if err := CheckMeter(r.Meter); err != nil {
		return err
	}
	if err := checkKey(r.Key); err != nil {
		return fmt.Errorf("meter %s: %w", r.Meter, err)
	}
	if r.Gateway != "" {
		if err := CheckMeter(r.Gateway); err != nil {
			return fmt.Errorf("meter %s: gateway: %w", r.Meter, err)
		}
	}
	if r.Span < 0 || r.Span > MaxSpan || r.Span%time.Second != 0 {
		return fmt.Errorf("meter %s: span of %v; want whole seconds from 0 to 2^32-1", r.Meter, r.Span)
	}
	if r.Span == 0 {
		if !r.Begin.IsZero() {
			return fmt.Errorf("meter %s: begin is set but span is not", r.Meter)
		}
		return nil
	}
	if err := checkTime(r.Begin); err != nil {
		return fmt.Errorf("meter %s: begin: %w", r.Meter, err)
	}
	return nil
}

// MarshalRegistrations returns the wire form of a batch of 1 to MaxRegistrations:
//
//	version 1 | count 2 | for each: length 1, meter id | key 33 | verify 1, 0 or 1 |
//	  length 1, gateway id | parameters 32 | begin, Unix time 8 | span in s 4
//
// It fails on a batch that UnmarshalRegistrations would refuse.
func MarshalRegistrations(batch []Registration) ([]byte, error) {
	if n := len(batch); n == 0 || n > MaxRegistrations {
		return nil, fmt.Errorf("marshal registrations: batch of %d; want 1 to %d", n, MaxRegistrations)
	}
	b := binary.BigEndian.AppendUint16([]byte{registrationVersion}, uint16(len(batch)))
	for i := range batch {
		r := &batch[i]
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("marshal registrations: %w", err)
		}
		b = appendShort(b, r.Meter)
		b = append(b, r.Key...)
		verify := byte(0)
		if r.Verify {
			verify = 1
		}
		b = append(b, verify)
		b = appendShort(b, r.Gateway)
		b = append(b, r.Parameters[:]...)
		if r.Span == 0 {
			b = binary.BigEndian.AppendUint64(b, 0)
		} else {
			b = appendTime(b, r.Begin)
		}
		b = binary.BigEndian.AppendUint32(b, uint32(r.Span/time.Second))
	}
	return b, nil
}

// UnmarshalRegistrations is the inverse of MarshalRegistrations. It does not check that a key is a point on
// the curve. Keys alias b.
func UnmarshalRegistrations(b []byte) ([]Registration, error) {
	d := newDecoder(b, registrationVersion)
	count := d.uint(2)
	if d.err == nil && (count == 0 || count > MaxRegistrations) {
		d.err = fmt.Errorf("batch of %d; want 1 to %d", count, MaxRegistrations)
	}
	var batch []Registration
	for i := uint64(0); i < count && d.err == nil; i++ {
		r := Registration{Meter: d.short(), Key: d.bytes(KeySize)}
		verify := d.uint(1)
		r.Verify = verify == 1
		r.Gateway = d.short()
		r.Parameters = d.hash()
		r.Begin = d.time()
		if r.Span = time.Duration(d.uint(4)) * time.Second; r.Span == 0 && r.Begin.Unix() == 0 {
			r.Begin = time.Time{}
		}
		switch {
		case d.err != nil:
		case verify > 1:
			d.err = fmt.Errorf("meter %s: verify is %d; want 0 or 1", r.Meter, verify)
		default:
			d.err = r.check()
		}
		batch = append(batch, r)
	}
	if err := d.end(); err != nil {
		return nil, fmt.Errorf("unmarshal registrations: %w", err)
	}
	return batch, nil
}

// A Gateway collects the readings of meters, submits them, and signs bills. Meters' registrations name it.
type Gateway struct {
	ID  string // as a meter's
	Key []byte // P-256 point, SEC 1 compressed, KeySize bytes
}

const gatewayVersion = 1

func (g Gateway) check() error {
	if err := CheckMeter(g.ID); err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	if err := checkKey(g.Key); err != nil {
		return fmt.Errorf("gateway %s: %w", g.ID, err)
	}
	return nil
}

// Marshal returns the wire form:
//
//	version 1 | length 1, id | key 33
//
// It fails on a gateway that UnmarshalGateway would refuse.
func (g Gateway) Marshal() ([]byte, error) {
	if err := g.check(); err != nil {
		return nil, fmt.Errorf("marshal gateway: %w", err)
	}
	return append(appendShort([]byte{gatewayVersion}, g.ID), g.Key...), nil
}

// UnmarshalGateway is the inverse of Marshal. It does not check that the key is a point on the curve. The key
// aliases b.
func UnmarshalGateway(b []byte) (Gateway, error) {
	d := newDecoder(b, gatewayVersion)
	g := Gateway{ID: d.short(), Key: d.bytes(KeySize)}
	return finish(d, "gateway", g, g.check)
}

// KeySize is the size of a compressed P-256 public key in bytes.
const KeySize = 33

// Compress returns a P-256 public key as a SEC 1 compressed point, KeySize bytes.
func Compress(key *ecdsa.PublicKey) ([]byte, error) {
	point, err := key.Bytes() // 4, x, y
	if err != nil {
		return nil, fmt.Errorf("compress key: %w", err)
	}
	if len(point) != 2*KeySize-1 {
		return nil, errors.New("compress key: not a key on P-256")
	}
	return append([]byte{2 + point[len(point)-1]&1}, point[1:KeySize]...), nil
}

// ParseKey is the inverse of Compress.
func ParseKey(compressed []byte) (*ecdsa.PublicKey, error) {
	point, err := Decompress(compressed)
	if err != nil {
		return nil, err
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

// PointSize is the size of an uncompressed P-256 public key in bytes.
const PointSize = 65

// Decompress returns a compressed key as a SEC 1 uncompressed point, PointSize bytes: a form that is read
// without a square root.
func Decompress(compressed []byte) ([]byte, error) {
	if err := checkKey(compressed); err != nil {
		return nil, err
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), compressed)
	if x == nil {
		return nil, errors.New("key is not a point of P-256")
	}
	point := make([]byte, PointSize)
	point[0] = 4 // SEC 1: uncompressed
	x.FillBytes(point[1:KeySize])
	y.FillBytes(point[KeySize:])
	return point, nil
}

func checkKey(key []byte) error {
	if len(key) != KeySize || key[0] != 2 && key[0] != 3 {
		return fmt.Errorf("key is not a compressed P-256 point of %d bytes", KeySize)
	}
	return nil
}

// sign returns the deterministic signature of a digest (RFC 6979) with the lower s, for which the source of
// randomness is nil.
func sign(key *ecdsa.PrivateKey, digest [32]byte) ([]byte, error) {
	return lows.Key{PrivateKey: key}.Sign(nil, digest[:], crypto.SHA256)
}

// verify returns ErrSignature unless sign could have made the signature, with any nonce.
func verify(key *ecdsa.PublicKey, digest [32]byte, signature []byte) error {
	if !lows.Verify(key, digest[:], signature) {
		return ErrSignature
	}
	return nil
}
