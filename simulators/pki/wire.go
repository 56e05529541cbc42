package pki

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"meterbench/simulators/reading"
)

// wireVersion is that of all wire forms of the package.
const wireVersion = 1

// MarshalRegistrations returns the wire form of a list of 1 to MaxBatch:
//
//	version 1 | count 1 | for each: length 1, meter | length 1, owner | from, Unix time 8 | length 2, key | length 1, proof
//
// It fails on a list that UnmarshalRegistrations would refuse.
func MarshalRegistrations(list []Registration) ([]byte, error) {
	b := cryptobyte.NewBuilder([]byte{wireVersion, byte(min(len(list), 255))})
	err := checkCount(len(list))
	for i := range list {
		r := &list[i]
		err = first(err, r.check())
		addShort(b, r.Meter)
		addShort(b, r.Owner)
		addTime(b, r.From)
		addLong(b, r.Key)
		addShort(b, r.Proof)
	}
	wire, err := finish(b, err)
	return wire, wrap("marshal registrations", err)
}

// UnmarshalRegistrations is the inverse of MarshalRegistrations. It checks neither keys nor proofs. Both alias b.
func UnmarshalRegistrations(b []byte) ([]Registration, error) {
	d := newDecoder(b)
	count := int(d.byte())
	if d.err == nil {
		d.err = checkCount(count)
	}
	var list []Registration
	for range count {
		r := Registration{Meter: string(d.short()), Owner: string(d.short()), From: d.time(), Key: d.long(), Proof: d.short()}
		if d.err == nil {
			d.err = r.check()
		}
		if d.err != nil {
			break
		}
		list = append(list, r)
	}
	if err := d.end(); err != nil {
		return nil, wrap("unmarshal registrations", err)
	}
	return list, nil
}

// Marshal returns the wire form:
//
//	version 1 | length 1, meter | version of the key 4 | from, Unix time 8 | length 2, key | length 1, proof | length 1, signature
//
// It fails on a rotation that UnmarshalRotation would refuse.
func (r *Rotation) Marshal() ([]byte, error) {
	b := cryptobyte.NewBuilder([]byte{wireVersion})
	addShort(b, r.Meter)
	b.AddUint32(r.Version)
	addTime(b, r.From)
	addLong(b, r.Key)
	addShort(b, r.Proof)
	addShort(b, r.Signature)
	wire, err := finish(b, r.check())
	return wire, wrap("marshal rotation", err)
}

// UnmarshalRotation is the inverse of Marshal. It checks neither key nor signatures. All alias b.
func UnmarshalRotation(b []byte) (Rotation, error) {
	d := newDecoder(b)
	r := Rotation{Meter: string(d.short()), Version: d.uint32(), From: d.time(), Key: d.long(), Proof: d.short(), Signature: d.short()}
	err := d.end()
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return Rotation{}, wrap("unmarshal rotation", err)
	}
	return r, nil
}

// Marshal returns the wire form:
//
//	version 1 | length 1, meter | version of the key 4 | reason 1 | Unix time 8
//
// It fails on a revocation that UnmarshalRevocation would refuse.
func (r *Revocation) Marshal() ([]byte, error) {
	b := cryptobyte.NewBuilder([]byte{wireVersion})
	addShort(b, r.Meter)
	b.AddUint32(r.Version)
	b.AddUint8(uint8(r.Reason))
	addTime(b, r.Time)
	wire, err := finish(b, r.check())
	return wire, wrap("marshal revocation", err)
}

// UnmarshalRevocation is the inverse of Marshal.
func UnmarshalRevocation(b []byte) (Revocation, error) {
	d := newDecoder(b)
	r := Revocation{Meter: string(d.short()), Version: d.uint32(), Reason: Reason(d.byte()), Time: d.time()}
	err := d.end()
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return Revocation{}, wrap("unmarshal revocation", err)
	}
	return r, nil
}

func checkCount(n int) error {
	if n < 1 || n > MaxBatch {
		return fmt.Errorf("list of %d; want 1 to %d", n, MaxBatch)
	}
	return nil
}

func addShort[T string | []byte](b *cryptobyte.Builder, s T) {
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
}

func addLong(b *cryptobyte.Builder, s []byte) {
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s) })
}

// addTime adds Unix seconds, 0 for the zero time.
func addTime(b *cryptobyte.Builder, t time.Time) {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	b.AddUint64(uint64(t.Unix()))
}

// finish returns what was built, or the first error.
func finish(b *cryptobyte.Builder, err error) ([]byte, error) {
	wire, failed := b.Bytes()
	if err = first(err, failed); err != nil {
		return nil, err
	}
	return wire, nil
}

// A decoder reads a wire form. After an error every field is zero.
type decoder struct {
	rest cryptobyte.String
	err  error
}

func newDecoder(b []byte) *decoder {
	d := &decoder{rest: b}
	if v := d.byte(); d.err == nil && v != wireVersion {
		d.err = fmt.Errorf("version %d; want %d", v, wireVersion)
	}
	return d
}

var errShort = errors.New("cut short")

// read notes whether a field was there.
func (d *decoder) read(ok func() bool) {
	if d.err == nil && !ok() {
		d.err = errShort
	}
}

func (d *decoder) byte() (v byte) {
	d.read(func() bool { return d.rest.ReadUint8(&v) })
	return v
}

func (d *decoder) uint32() (v uint32) {
	d.read(func() bool { return d.rest.ReadUint32(&v) })
	return v
}

func (d *decoder) short() (v cryptobyte.String) {
	d.read(func() bool { return d.rest.ReadUint8LengthPrefixed(&v) })
	return v
}

func (d *decoder) long() (v cryptobyte.String) {
	d.read(func() bool { return d.rest.ReadUint16LengthPrefixed(&v) })
	return v
}

// time reads Unix seconds; 0 is the zero time.
func (d *decoder) time() time.Time {
	var v uint64
	d.read(func() bool { return d.rest.ReadUint64(&v) })
	if v == 0 {
		return time.Time{}
	}
	if v > reading.MaxTime {
		d.err = first(d.err, fmt.Errorf("time %d; want at most %d", v, int64(reading.MaxTime)))
		return time.Time{}
	}
	return time.Unix(int64(v), 0).UTC()
}

// end returns the first error, or whether bytes are left.
func (d *decoder) end() error {
	if d.err == nil && !d.rest.Empty() {
		d.err = fmt.Errorf("%d bytes too many", len(d.rest))
	}
	return d.err
}
