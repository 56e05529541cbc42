package reading

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// MaxValues is the greatest number of values in one reading.
const MaxValues = 1024

// Values are the energy per interval that a meter measured and the register that adds it up. Energy is never negative.
type Values struct {
	Register uint64        // energy register at the end of the last interval, in Wh
	Interval time.Duration // length of every interval, positive
	Wh       []int64       // energy per interval in Wh, oldest first, 1 to MaxValues
}

const valuesHeader = 8 + 8 + 2

// Marshal returns the wire form of at most MaxValues values:
//
//	register 8 | interval in ns 8 | count 2 | energy 8 each
func (v Values) Marshal() []byte {
	return v.append(make([]byte, 0, valuesHeader+8*len(v.Wh)))
}

func (v Values) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, v.Register)
	b = binary.BigEndian.AppendUint64(b, uint64(v.Interval))
	return appendIntegers(b, v.Wh)
}

// UnmarshalValues is the inverse of Marshal. It refuses trailing bytes, an interval that is not positive, no
// or too many values, and negative energy.
func UnmarshalValues(b []byte) (Values, error) {
	d := decoder{rest: b}
	v, err := d.values()
	if err == nil {
		err = d.end()
	}
	if err != nil {
		return Values{}, fmt.Errorf("values: %w", err)
	}
	return v, nil
}

func (d *decoder) values() (Values, error) {
	v := Values{Register: d.uint(8), Interval: time.Duration(d.uint(8)), Wh: d.integers()}
	switch n, negative := len(v.Wh), slices.IndexFunc(v.Wh, func(wh int64) bool { return wh < 0 }); {
	case d.err != nil:
		return Values{}, d.err
	case v.Interval <= 0:
		return Values{}, errors.New("interval is not positive")
	case n == 0 || n > MaxValues:
		return Values{}, fmt.Errorf("%d values; want 1 to %d", n, MaxValues)
	case negative >= 0:
		return Values{}, fmt.Errorf("value %d is negative", negative)
	}
	return v, nil
}

const paddedHeader = 4

// MarshalPadded returns the values in a payload of exactly size bytes, the plaintext control for a ciphertext
// of that size:
//
//	size 4 | values as Marshal has them | zeros
//
// It fails if they do not fit or size is beyond MaxPayload.
func (v Values) MarshalPadded(size int) ([]byte, error) {
	if least := paddedHeader + valuesHeader + 8*len(v.Wh); size < least || size > MaxPayload {
		return nil, fmt.Errorf("pad %d values to %d bytes; want %d to %d", len(v.Wh), size, least, MaxPayload)
	}
	b := binary.BigEndian.AppendUint32(make([]byte, 0, size), uint32(size))
	return v.append(b)[:size], nil
}

// UnmarshalPadded is the inverse of MarshalPadded. It refuses a size other than its header says and padding
// that is not zero.
func UnmarshalPadded(b []byte) (Values, error) {
	d := decoder{rest: b}
	size := d.uint(paddedHeader)
	v, err := d.values()
	switch {
	case err != nil:
	case size != uint64(len(b)):
		err = fmt.Errorf("%d bytes; header says %d", len(b), size)
	case len(bytes.TrimLeft(d.rest, "\x00")) > 0:
		err = errors.New("padding is not zero")
	}
	if err != nil {
		return Values{}, fmt.Errorf("padded values: %w", err)
	}
	return v, nil
}

var errShort = errors.New("ends too early")

// A Hash is a SHA-256 hash.
type Hash [32]byte

// String returns the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash is the inverse of String. It accepts no other form.
func ParseHash(s string) (h Hash, err error) {
	if b, err := hex.DecodeString(s); err == nil && len(b) == len(h) {
		copy(h[:], b)
	}
	if h.String() != s {
		return Hash{}, fmt.Errorf("%.80q is no SHA-256 hash in lower-case hexadecimal", s)
	}
	return h, nil
}

// A decoder reads a wire form from the front. After the first error everything reads as zero; end returns that error.
type decoder struct {
	rest []byte
	err  error
}

// bytes reads the next n bytes, which alias the input.
func (d *decoder) bytes(n uint64) []byte {
	if d.err == nil && n > uint64(len(d.rest)) {
		d.err = errShort
	}
	if d.err != nil {
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

// uint reads a big-endian number of size bytes, at most 8.
func (d *decoder) uint(size int) uint64 {
	var v uint64
	for _, c := range d.bytes(uint64(size)) {
		v = v<<8 | uint64(c)
	}
	return v
}

// short reads a string with its length in one byte in front.
func (d *decoder) short() string { return string(d.bytes(d.uint(1))) }

func (d *decoder) hash() (h Hash) {
	copy(h[:], d.bytes(uint64(len(h))))
	return h
}

// integers reads what appendIntegers appends.
func (d *decoder) integers() []int64 {
	raw := d.bytes(8 * d.uint(2))
	list := make([]int64, len(raw)/8)
	for i := range list {
		list[i] = int64(binary.BigEndian.Uint64(raw[8*i:]))
	}
	return list
}

// time reads a time in Unix seconds.
func (d *decoder) time() time.Time { return time.Unix(int64(d.uint(8)), 0).UTC() }

// newDecoder returns a decoder of a wire form that begins with that version.
func newDecoder(b []byte, version uint64) *decoder {
	d := &decoder{rest: b}
	if v := d.uint(1); d.err == nil && v != version {
		d.err = fmt.Errorf("version %d; want %d", v, version)
	}
	return d
}

// end returns the first error, or one for bytes left over.
func (d *decoder) end() error {
	if d.err == nil && len(d.rest) > 0 {
		return fmt.Errorf("%d bytes too many", len(d.rest))
	}
	return d.err
}

// finish returns a value that was read to the end and passes its check, else the error.
func finish[T any](d *decoder, what string, read T, check func() error) (none T, err error) {
	if err = d.end(); err == nil {
		err = check()
	}
	if err != nil {
		return none, fmt.Errorf("unmarshal %s: %w", what, err)
	}
	return read, nil
}

// appendShort appends a string of at most 255 bytes with its length in front.
func appendShort(b []byte, s string) []byte { return append(append(b, byte(len(s))), s...) }

// appendIntegers appends integers, in two's complement, with their number in two bytes in front.
func appendIntegers(b []byte, list []int64) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(list)))
	for _, v := range list {
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	return b
}

// appendTime appends a time in Unix seconds.
func appendTime(b []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(t.Unix()))
}

// checkTime checks that a time has a wire form.
func checkTime(t time.Time) error {
	if s := t.Unix(); s < 0 || s > MaxTime || t.Nanosecond() != 0 {
		return fmt.Errorf("time %v is not in whole seconds from 0 to %d since 1970", t, int64(MaxTime))
	}
	return nil
}
