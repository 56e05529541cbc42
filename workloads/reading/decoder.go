package reading

import (
	"errors"
	"fmt"
)

var errShort = errors.New("ends too early")

// A decoder takes a wire form apart from the front. After the first error
// everything reads as zero; end returns that error.
type decoder struct {
	rest []byte
	err  error
}

// bytes takes the next n bytes, aliasing the input.
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

// uint takes a big-endian number of size bytes, at most 8.
func (d *decoder) uint(size int) uint64 {
	var v uint64
	for _, c := range d.bytes(uint64(size)) {
		v = v<<8 | uint64(c)
	}
	return v
}

func (d *decoder) version() {
	if v := d.uint(1); d.err == nil && v != version {
		d.err = fmt.Errorf("version %d; want %d", v, version)
	}
}

// end returns the first error, or one for bytes left over.
func (d *decoder) end() error {
	if d.err == nil && len(d.rest) > 0 {
		return fmt.Errorf("%d bytes too many", len(d.rest))
	}
	return d.err
}
