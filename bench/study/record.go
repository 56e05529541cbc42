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

// TraceFile is what a scenario with record leaves in the run's folder: when
// which meter was due to report what, over the whole run. A load can follow it.
const TraceFile = "trace.csv"

// A Reporter is a workload that tells what it makes of a sequence number.
type Reporter interface {
	// Reading returns the meter's id and the energy that the reading covers, in Wh.
	Reading(seq uint64) (meter string, wh uint64)
}

// A recording is a level whose readings are to be recorded.
type recording struct {
	series      string
	first, next uint64
	begun       time.Time
	workload    Reporter
}

// record notes a level that is over.
func (s *study) record(l level, first, next uint64, begun time.Time) {
	reporter, ok := s.workloads[l.series.Name].(Reporter)
	if s.Scenario.Record && ok {
		s.recordings = append(s.recordings, recording{l.series.Name, first, next, begun, reporter})
	}
}

// writeTrace writes the transactions of all levels as a trace. Times count from
// the first level's start, and are when a transaction was intended.
func (s *study) writeTrace() error {
	if len(s.recordings) == 0 {
		return nil
	}
	trace := recorded{meters: map[string]int{}}
	for row, err := range s.writer.Transactions() {
		if err != nil {
			return fmt.Errorf("record the readings: %w", err)
		}
		i := slices.IndexFunc(s.recordings, func(r recording) bool { return r.holds(&row) })
		if i >= 0 {
			r := s.recordings[i]
			trace.add(r.begun.Sub(s.recordings[0].begun)+row.Intended, r.workload, row.Seq)
		}
	}
	if len(trace.rows) == 0 {
		return nil
	}
	file, err := os.Create(filepath.Join(s.Dir, TraceFile))
	if err != nil {
		return fmt.Errorf("record the readings: %w", err)
	}
	err = arrival.WriteTrace(file, func(i int) string { return trace.ids[i] }, trace.sorted())
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	return err
}

func (r recording) holds(row *result.Row) bool {
	return row.Series == r.series && row.Seq >= r.first && row.Seq < r.next
}

// A recorded is a trace being put together.
type recorded struct {
	rows   []arrival.Row
	ids    []string
	meters map[string]int // index in ids
}

func (t *recorded) add(at time.Duration, workload Reporter, seq uint64) {
	id, wh := workload.Reading(seq)
	meter, known := t.meters[id]
	if !known {
		meter = len(t.ids)
		t.meters[id] = meter
		t.ids = append(t.ids, id)
	}
	t.rows = append(t.rows, arrival.Row{At: at, Meter: meter, Value: float64(wh)})
}

// sorted yields the rows in order of time; transactions were stored as they ended.
func (t *recorded) sorted() iter.Seq2[arrival.Row, error] {
	slices.SortFunc(t.rows, func(a, b arrival.Row) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Meter, b.Meter), cmp.Compare(a.Value, b.Value))
	})
	return func(yield func(arrival.Row, error) bool) {
		for _, row := range t.rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}
