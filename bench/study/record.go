package study

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"meterbench/bench/arrival"
	"meterbench/bench/result"
)

// MetersFile says which meters of a trace that a series followed have which ids on the ledger: a line series,meter,ledger for
// each, sorted. A run leaves it beside TraceFile.
const MetersFile = "meters.csv"

// TraceFile is the trace that a scenario with record leaves in the run's folder: when which meter was due to report
// what, over the whole run. A load can follow it. Meters have the ids of the trace that their series followed, else those on
// the ledger.
const TraceFile = "trace.csv"

// Reporter is a workload that can say which reading belongs to a sequence number.
type Reporter interface {
	// Reading returns the meter's id and the energy that the reading covers, in Wh; no id, where the transaction is none of
	// a meter.
	Reading(seq uint64) (meter string, wh uint64)
	// Recorded returns the meter's id in the trace that the workload follows, empty where it follows none.
	Recorded(seq uint64) (meter string)
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
	trace := newTraceBuilder(s.recordings)
	err = arrival.WriteTrace(file, func(i int) string { return trace.ids[i] }, trace.rows(s.writer.Transactions()))
	if err = cmp.Or(err, file.Close()); err != nil {
		os.Remove(path) // half a trace looks like a whole one
		return fmt.Errorf("record the readings: %w", err)
	}
	return trace.writeMeters(filepath.Join(s.Dir, MetersFile))
}

// traceBuilder collects the readings of one turn after the other, 24 bytes each, and the ids of all meters.
type traceBuilder struct {
	of       []recording
	ids      []string
	meters   map[string]int // index in ids
	followed [][]string     // lines of MetersFile
	noted    map[[2]string]bool
}

func newTraceBuilder(of []recording) *traceBuilder {
	return &traceBuilder{of: of, meters: map[string]int{}, noted: map[[2]string]bool{}}
}

// writeMeters writes the ids of the meters of traces, where there are any.
func (t *traceBuilder) writeMeters(path string) error {
	if len(t.followed) == 0 {
		return nil
	}
	slices.SortFunc(t.followed, slices.Compare)
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(append([][]string{{"series", "meter", "ledger"}}, t.followed...)); err != nil {
		return fmt.Errorf("record the meters: %w", err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o666); err != nil {
		return fmt.Errorf("record the meters: %w", err)
	}
	return nil
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
			if meter, wh := r.workload.Reading(row.Seq); meter != "" {
				turn = append(turn, t.reading(r, &row, meter, wh))
			}
		}
		flush()
	}
}

func (t *traceBuilder) reading(r *recording, row *result.Row, ledger string, wh uint64) arrival.Row {
	id := cmp.Or(r.workload.Recorded(row.Seq), ledger)
	if key := [2]string{r.series, ledger}; id != ledger && !t.noted[key] {
		t.noted[key] = true
		t.followed = append(t.followed, []string{r.series, id, ledger})
	}
	meter, known := t.meters[id]
	if !known {
		meter = len(t.ids)
		t.meters[id] = meter
		t.ids = append(t.ids, id)
	}
	return arrival.Row{At: r.start.Sub(t.of[0].start) + row.Intended, Meter: meter, Wh: int64(wh)}
}
