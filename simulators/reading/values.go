package reading

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// MaxValues is the greatest number of values in one reading.
const MaxValues = 1024

// Values are the energy per interval that a meter measured and the register that adds it up. Energy is
// never negative.
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

// UnmarshalValues is the inverse of Marshal. It refuses trailing bytes, an interval that is not
// positive, no or too many values, and negative energy.
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

// MarshalPadded returns the values in a payload of exactly size bytes, the plaintext control for a
// ciphertext of that size:
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

// UnmarshalPadded is the inverse of MarshalPadded. It refuses a size other than its header says and
// padding that is not zero.
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
