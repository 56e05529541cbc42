package workloads

import (
	"math"
	"time"

	"meterbench/bench/arrival"
	"meterbench/simulators/reading"
)

// traceSource is a Source of what the meters of a trace reported. Every load level follows the trace's
// first rows from the beginning.
type traceSource struct {
	trace    *arrival.Trace
	interval time.Duration
	rows     []traceRow
	count    []uint64 // by meter, of its rows
	total    []uint64 // by meter, of its values
}

// A traceRow holds what the rows before it add up to.
type traceRow struct {
	number   uint64 // of the meter's rows
	register uint64 // of the meter's values, this one included
}

// newTraceSource takes the given number of rows, whose values are at least 0.
func newTraceSource(trace *arrival.Trace, rows int, interval time.Duration) *traceSource {
	r := &traceSource{
		trace: trace, interval: interval, rows: make([]traceRow, rows),
		count: make([]uint64, trace.Meters()), total: make([]uint64, trace.Meters()),
	}
	for i := range r.rows {
		row := trace.Row(i)
		r.total[row.Meter] += uint64(math.Round(row.Value))
		r.rows[i] = traceRow{number: r.count[row.Meter], register: r.total[row.Meter]}
		r.count[row.Meter]++
	}
	return r
}

// Reading implements Source.
func (r *traceSource) Reading(at uint64) (meter int, number uint64, values reading.Values) {
	level, i := at/uint64(len(r.rows)), at%uint64(len(r.rows))
	row := r.trace.Row(int(i))
	return row.Meter, level*r.count[row.Meter] + r.rows[i].number, reading.Values{
		Interval: r.interval,
		Register: level*r.total[row.Meter] + r.rows[i].register,
		Wh:       []int64{int64(math.Round(row.Value))},
	}
}
