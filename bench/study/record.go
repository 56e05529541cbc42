package study

import (
	"cmp"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"meterbench/bench/arrival"
	"meterbench/bench/result"
)

// TraceFile is the trace that a scenario with record leaves in the run's folder: when which meter was due to report
// what, over the whole run. A load can follow it.
const TraceFile = "trace.csv"

// Reporter is a workload that can say which reading belongs to a sequence number.
type Reporter interface {
	// Reading returns the meter's id and the energy that the reading covers, in Wh.
	Reading(seq uint64) (meter string, wh uint64)
}

// A rowRange is the transactions of one level among those of the run, but for those of its run-out.
type rowRange struct {
	series      string
	first, next uint64        // sequence numbers
	end         time.Duration // of the level's hold
}

func (r rowRange) holds(row *result.Row) bool {
	return row.Series == r.series && row.Seq >= r.first && row.Seq < r.next && row.Intended < r.end
}

// A recording is a level whose readings are to be recorded.
type recording struct {
	rowRange
	start    time.Time
	workload Reporter
}

// record notes a level that is over.
func (s *session) record(rows rowRange, start time.Time) {
	reporter, ok := s.workloads[rows.series].(Reporter)
	if s.Scenario.Record && ok {
		s.recordings = append(s.recordings, recording{rows, start, reporter})
	}
}

// writeTrace writes the transactions of all levels as a trace. Times count from the first level's start, and
// are when a transaction was intended.
func (s *study) writeTrace() error {
	if !slices.ContainsFunc(s.recordings, func(r recording) bool { return r.next > r.first }) {
		return nil
	}
	path := filepath.Join(s.Dir, TraceFile)
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("record the readings: %w", err)
	}
	trace := traceBuilder{of: s.recordings, meters: map[string]int{}}
	err = arrival.WriteTrace(file, func(i int) string { return trace.ids[i] }, trace.rows(s.writer.Transactions()))
	if err = cmp.Or(err, file.Close()); err != nil {
		os.Remove(path) // half a trace looks like a whole one
		return fmt.Errorf("record the readings: %w", err)
	}
	return nil
}

// traceBuilder collects the readings of one turn after the other, 24 bytes each, and the ids of all meters.
type traceBuilder struct {
	of     []recording
	ids    []string
	meters map[string]int // index in ids
}

// rows yields the readings of stored transactions in order of time. Those of a turn were stored together, in
// the order in which they ended.
func (t *traceBuilder) rows(stored iter.Seq2[result.Row, error]) iter.Seq2[arrival.Row, error] {
	return func(yield func(arrival.Row, error) bool) {
		var turn []arrival.Row
		var start time.Time
		flush := func() bool {
			slices.SortFunc(turn, func(a, b arrival.Row) int {
				return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Meter, b.Meter), cmp.Compare(a.Wh, b.Wh))
			})
			for _, row := range turn {
				if !yield(row, nil) {
					return false
				}
			}
			turn = turn[:0]
			return true
		}
		for row, err := range stored {
			if err != nil {
				yield(arrival.Row{}, err)
				return
			}
			at := slices.IndexFunc(t.of, func(r recording) bool { return r.holds(&row) })
			if at < 0 {
				continue
			}
			r := &t.of[at]
			if !r.start.Equal(start) && !flush() {
				return
			}
			start = r.start
			turn = append(turn, t.reading(r, &row))
		}
		flush()
	}
}

func (t *traceBuilder) reading(r *recording, row *result.Row) arrival.Row {
	id, wh := r.workload.Reading(row.Seq)
	meter, known := t.meters[id]
	if !known {
		meter = len(t.ids)
		t.meters[id] = meter
		t.ids = append(t.ids, id)
	}
	return arrival.Row{At: r.start.Sub(t.of[0].start) + row.Intended, Meter: meter, Wh: int64(wh)}
}
