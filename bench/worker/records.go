package worker

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"meterbench/bench/result"
)

// Records go over the wire column by column: first their number, then each column, which is the one value of all of them (mode same) or
// a value each. Instants are differences to the one that the transaction passed before, and what grows from record to record are
// differences to the record before, all as varints: an instant takes two to four bytes, a record some 60, of which 32 are the
// transaction's id.

// mostRecords is the most in one batch.
const mostRecords = 4096

// The modes of a column.
const (
	same   = 0
	single = 1
)

// errRecords says that records could not be decoded.
var errRecords = errors.New("records that cannot be decoded")

// columns hold the integers of records, one column after the other, in the order in which they are written.
type columns [14][]uint64

const (
	colSeq = iota
	colIntended
	colStarted
	colPrepared
	colEndorsed
	colSubmitted
	colCommitted
	colEnded
	colEncrypt
	colBlock
	colBytes
	colOutcome
	colPlace // channel, site and attempts
	colID    // whether there is one
)

// A recordEncoder encodes records. It is used by one goroutine.
type recordEncoder struct{ columns }

// encode appends records to b.
func (e *recordEncoder) encode(b []byte, records []result.Record) []byte {
	for i := range e.columns {
		e.columns[i] = e.columns[i][:0]
	}
	var before result.Record
	for i := range records {
		r := &records[i]
		e.put(colSeq, difference(int64(r.Seq), int64(before.Seq)))
		e.put(colIntended, difference(int64(r.Intended), int64(before.Intended)))
		last := r.Intended
		for col, at := range [...]time.Duration{r.Started, r.Prepared, r.Endorsed, r.Submitted, r.Committed} {
			e.put(colStarted+col, passed(at, &last))
		}
		ended := uint64(0)
		if r.Ended != 0 {
			ended = 1 + difference(int64(r.Ended), int64(last))
		}
		e.put(colEnded, ended)
		e.put(colEncrypt, uint64(r.Encrypt))
		e.put(colBlock, difference(int64(r.Block), int64(before.Block)))
		e.put(colBytes, uint64(r.Bytes))
		e.put(colOutcome, uint64(r.Outcome))
		e.put(colPlace, uint64(r.Channel)|uint64(r.Site)<<16|uint64(r.Attempts)<<32)
		id := uint64(0)
		if r.TxID != [32]byte{} {
			id = 1
		}
		e.put(colID, id)
		before = *r
	}
	b = binary.AppendUvarint(b, uint64(len(records)))
	for _, column := range e.columns {
		b = appendColumn(b, column)
	}
	for i := range records {
		if r := &records[i]; r.TxID != [32]byte{} {
			b = append(b, r.TxID[:]...)
		}
	}
	return b
}

func (e *recordEncoder) put(column int, v uint64) { e.columns[column] = append(e.columns[column], v) }

// difference returns to - from so that small ones of either sign are small numbers.
func difference(to, from int64) uint64 {
	d := to - from // of any two, as it wraps around
	return uint64(d)<<1 ^ uint64(d>>63)
}

// sum is the inverse of difference.
func sum(from int64, d uint64) int64 { return from + int64(d>>1^-(d&1)) }

// passed returns an instant by the last one before it, which it moves on; 0 where it was not reached.
func passed(at time.Duration, last *time.Duration) uint64 {
	if at == result.NotReached {
		return 0
	}
	d := difference(int64(at), int64(*last))
	*last = at
	return 1 + d
}

// reached is the inverse of passed.
func reached(d uint64, last *time.Duration) time.Duration {
	if d == 0 {
		return result.NotReached
	}
	*last = time.Duration(sum(int64(*last), d-1))
	return *last
}

func appendColumn(b []byte, column []uint64) []byte {
	alike := true
	for _, v := range column {
		alike = alike && v == column[0]
	}
	if alike {
		b = append(b, same)
		column = column[:min(1, len(column))]
	} else {
		b = append(b, single)
	}
	for _, v := range column {
		b = binary.AppendUvarint(b, v)
	}
	return b
}

// A recordDecoder decodes records. It is used by one goroutine.
type recordDecoder struct {
	columns
	records []result.Record
}

// decode returns the records in b, valid until it is called again. worker is the number that they get.
func (d *recordDecoder) decode(b []byte, worker uint16) ([]result.Record, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > mostRecords {
		return nil, errRecords
	}
	b = b[size:]
	var err error
	for i := range d.columns {
		if d.columns[i], b, err = readColumn(d.columns[i][:0], b, int(n)); err != nil {
			return nil, err
		}
	}
	if cap(d.records) < int(n) {
		d.records = make([]result.Record, mostRecords)
	}
	d.records = d.records[:n]
	var before result.Record
	for i := range d.records {
		r := &d.records[i]
		*r = result.Record{
			Seq: uint64(sum(int64(before.Seq), d.columns[colSeq][i])), Intended: time.Duration(sum(int64(before.Intended), d.columns[colIntended][i])),
			Encrypt: time.Duration(d.columns[colEncrypt][i]), Block: uint64(sum(int64(before.Block), d.columns[colBlock][i])), Worker: worker,
		}
		last := r.Intended
		for col, at := range [...]*time.Duration{&r.Started, &r.Prepared, &r.Endorsed, &r.Submitted, &r.Committed} {
			*at = reached(d.columns[colStarted+col][i], &last)
		}
		if ended := d.columns[colEnded][i]; ended != 0 {
			r.Ended = time.Duration(sum(int64(last), ended-1))
		}
		size, outcome, place := d.columns[colBytes][i], d.columns[colOutcome][i], d.columns[colPlace][i]
		if size > math.MaxUint32 || outcome >= uint64(len(result.Counts{})) || place >= 1<<48 || r.Encrypt < 0 {
			return nil, errRecords
		}
		r.Bytes, r.Outcome = uint32(size), result.Outcome(outcome)
		r.Channel, r.Site, r.Attempts = uint16(place), uint16(place>>16), uint16(place>>32)
		if d.columns[colID][i] != 0 {
			if len(b) < len(r.TxID) {
				return nil, errRecords
			}
			b = b[copy(r.TxID[:], b):]
		}
		if !plausible(r) {
			return nil, errRecords
		}
		before = *r
	}
	if len(b) > 0 {
		return nil, errRecords
	}
	return d.records, nil
}

// plausible reports whether instants can be those of a level: what is computed from them must not overflow.
func plausible(r *result.Record) bool {
	const most = 1 << 60 // 36 years
	for _, at := range [...]time.Duration{r.Started, r.Prepared, r.Endorsed, r.Submitted, r.Committed} {
		if at < result.NotReached || at > most {
			return false
		}
	}
	return r.Intended >= 0 && r.Intended <= most && r.Ended >= 0 && r.Ended <= most
}

// readColumn appends the n values of a column to it, and returns what comes after them.
func readColumn(column []uint64, b []byte, n int) ([]uint64, []byte, error) {
	if len(b) == 0 || b[0] > single {
		return column, nil, errRecords
	}
	mode := b[0]
	b = b[1:]
	for i := range n {
		if mode == same && i > 0 {
			column = append(column, column[0])
			continue
		}
		v, size := binary.Uvarint(b)
		if size <= 0 {
			return column, nil, errRecords
		}
		column, b = append(column, v), b[size:]
	}
	return column, b, nil
}
