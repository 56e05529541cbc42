package reading

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

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

// A decoder reads a wire form from the front. After the first error everything reads as zero; end
// returns that error.
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

func (d *decoder) version(want uint64) {
	if v := d.uint(1); d.err == nil && v != want {
		d.err = fmt.Errorf("version %d; want %d", v, want)
	}
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
