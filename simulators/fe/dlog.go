package fe

import (
	"context"
	"slices"
)

const (
	exponentBits = 22
	// maxGiantSteps limits the search each way: with 2^20 entries to about 5 s modulo a prime of 2048 bits,
	// for results up to 2^40.
	maxGiantSteps = 1 << 20
	// walkSteps is the number of elements between two looks at the context, below a millisecond in the
	// slowest group, and at most as many are computed needlessly at the end of a search.
	walkSteps = 32
)

// A logGroup is a cyclic group with elements E, written multiplicatively, and its generator g. Discrete
// logarithms are searched by fingerprints of elements: 64 bits that differ for different elements, but for
// chance. Its methods do not change their arguments.
type logGroup[E any] interface {
	// id names the group and its generator in a file name: groups of equal id have the same fingerprints.
	id() string
	// symmetric reports whether an element and its inverse share a fingerprint.
	symmetric() bool
	power(z int64) E // g^z, for z of either sign
	equal(x, y E) bool
	// walk sets prints[i] to the fingerprint of x*step^i and returns x*step^len(prints).
	walk(x, step E, prints []uint64) E
}

// A logTable finds z in g^z for small z of either sign by baby steps and giant steps (Shanks): with m baby steps g^0 …
// g^(m-1) in the table, z = j*w + i if g^z * g^(-j*w) is the entry g^i. The giant step w is m, or 2m-1 if an entry
// stands for g^i and g^-i. The search goes outward from zero, j = 0, ±1, ±2, …, so that it takes about 2*|z|/w steps.
//
// An entry is one word: the exponent i in the lowest 22 bits, the lowest 42 bits of the fingerprint of g^i above it. A
// match of those bits is verified, so that a wrong entry costs time or a result, but never gives a wrong one.
type logTable[E any] struct {
	group   logGroup[E]
	entries []uint64 // ascending
	width   int64    // w
	up      E        // g^w
	down    E        // g^-w
	from    TableOrigin
}

func newLogTable[E any](group logGroup[E], entries []uint64) *logTable[E] {
	width := int64(len(entries))
	if group.symmetric() {
		width = 2*width - 1
	}
	return &logTable[E]{group: group, entries: entries, width: width, up: group.power(width), down: group.power(-width)}
}

// logEntries computes the entries of a table.
func logEntries[E any](ctx context.Context, group logGroup[E], count int) ([]uint64, error) {
	prints := make([]uint64, count)
	x, g := group.power(0), group.power(1)
	for at := 0; at < count; at += walkSteps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x = group.walk(x, g, prints[at:min(at+walkSteps, count)])
	}
	for i, print := range prints {
		prints[i] = print<<exponentBits | uint64(i)
	}
	slices.Sort(prints)
	return prints, nil
}

func (t *logTable[E]) find(ctx context.Context, target E, bound int64) (int64, error) {
	var above, below [walkSteps]uint64
	upper, lower := target, target
	// Steps 0 to j rule out everything from -j*w to j*w.
	last := (bound + t.width - 1) / t.width
	for j, steps := int64(0), int64(1); j <= last; j, steps = j+steps, min(2*steps, walkSteps) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		steps = min(steps, last-j+1)
		upper = t.group.walk(upper, t.down, above[:steps])
		lower = t.group.walk(lower, t.up, below[:steps])
		for at := range steps {
			origin := (j + at) * t.width
			if z, ok := t.match(above[at], origin, target, bound); ok {
				return z, nil
			}
			if z, ok := t.match(below[at], -origin, target, bound); ok {
				return z, nil
			}
		}
	}
	return 0, ErrNoResult
}

// match returns the logarithm of the target if its distance from origin is an entry with that fingerprint.
func (t *logTable[E]) match(print uint64, origin int64, target E, bound int64) (int64, bool) {
	key := print << exponentBits
	at, _ := slices.BinarySearch(t.entries, key)
	for ; at < len(t.entries) && t.entries[at]>>exponentBits == key>>exponentBits; at++ {
		distance := int64(t.entries[at] & (1<<exponentBits - 1))
		for _, z := range []int64{origin + distance, origin - distance} {
			if max(z, -z) <= bound && t.group.equal(t.group.power(z), target) {
				return z, true
			}
			if !t.group.symmetric() {
				break
			}
		}
	}
	return 0, false
}

func (t *logTable[E]) origin() TableOrigin { return t.from }

// reach returns the largest bound of find.
func (t *logTable[E]) reach() int64 { return int64(len(t.entries)) * maxGiantSteps }
