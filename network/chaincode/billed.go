package chaincode

import (
	"encoding/binary"
	"errors"
	"slices"
)

// billed holds which readings of a meter have a bill by a function, as ranges in ascending order that do not touch. Bills
// that follow each other make one range. It is what the world state has under reading.BilledKey:
//
//	for each range: from 8 | to, exclusive 8
type billed []billedRange

type billedRange struct{ from, to uint64 }

// maxBilled is the greatest number of ranges, which bounds what a meter and a function take in the world state to 1.6 kB.
const maxBilled = 100

func parseBilled(b []byte) (billed, error) {
	if len(b)%16 != 0 {
		return nil, errors.New("malformed")
	}
	ranges := make(billed, 0, len(b)/16)
	for ; len(b) > 0; b = b[16:] {
		ranges = append(ranges, billedRange{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])})
	}
	return ranges, nil
}

func (b billed) marshal() (wire []byte) {
	for _, r := range b {
		wire = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(wire, r.from), r.to)
	}
	return wire
}

// overlap returns the first range of readings that are billed and in [from, to).
func (b billed) overlap(from, to uint64) (billedRange, bool) {
	for _, r := range b {
		if r.from < to && from < r.to {
			return billedRange{max(r.from, from), min(r.to, to)}, true
		}
	}
	return billedRange{}, false
}

// with returns the ranges with another, which overlaps none.
func (b billed) with(from, to uint64) billed {
	first, _ := slices.BinarySearchFunc(b, from, func(r billedRange, from uint64) int {
		if r.to < from {
			return -1
		}
		return 1
	})
	last := first
	for ; last < len(b) && b[last].from <= to; last++ { // those that touch it
		from, to = min(from, b[last].from), max(to, b[last].to)
	}
	return slices.Replace(slices.Clone(b), first, last, billedRange{from, to})
}
