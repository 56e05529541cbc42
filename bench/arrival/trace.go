package arrival

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"sort"
	"strconv"
	"time"
)

// Row is one line of a Trace: a meter reported a value.
type Row struct {
	At    time.Duration // since the first row of the trace
	Meter int           // the meter, from 0 in the order in which the trace first names them
	Value float64       // in the unit of the source of the trace
}

// Trace holds which meter reported what and when, in order of time. It is held in memory, 20 bytes per row,
// so that all of it is checked and no file is read under load. It may be used by many goroutines at once.
type Trace struct {
	at     []time.Duration
	value  []float64
	meter  []uint32
	meters []string
}

// Len returns the number of rows, at least 1.
func (t *Trace) Len() int { return len(t.at) }

// Row returns row i, from 0. Arrival i of a Replay is row i.
func (t *Trace) Row(i int) Row { return Row{t.at[i], int(t.meter[i]), t.value[i]} }

// Meters returns the number of meters.
func (t *Trace) Meters() int { return len(t.meters) }

// Meter returns the id of a meter.
func (t *Trace) Meter(i int) string { return t.meters[i] }

// Replay is the Process that follows a Trace from its first row, at 0, to its last.
type Replay struct {
	Trace *Trace
	Speed float64 // above 0; 1 is as recorded, 60 plays an hour in a minute
}

// Validate returns an error that names the first field that makes no sense.
func (r Replay) Validate() error {
	switch {
	case r.Trace == nil || r.Trace.Len() == 0:
		return errors.New("replay of arrivals: the trace has no rows")
	case !(r.Speed > 0) || math.IsInf(r.Speed, 1):
		return fmt.Errorf("replay of arrivals: speed is %v; give a positive number, 1 is as recorded", r.Speed)
	}
	return nil
}

// Offsets returns the instants of the trace's rows divided by Speed, rounded to the nanosecond, beyond 104
// days to the 53 bits of a float64. Rows that come after 292 years are left out.
func (r Replay) Offsets(*rand.Rand) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		for i := range r.Trace.at {
			ns := r.nanoseconds(i)
			if !(ns < math.MaxInt64) || !yield(time.Duration(ns)) {
				return
			}
		}
	}
}

// Rate returns the number of arrivals in the whole second that t is in.
func (r Replay) Rate(t time.Duration) float64 {
	second := float64(t.Truncate(time.Second))
	if t < 0 {
		return 0
	}
	before := func(ns float64) int {
		return sort.Search(r.Trace.Len(), func(i int) bool { return r.nanoseconds(i) >= ns })
	}
	return float64(before(second+1e9) - before(second))
}

func (r Replay) nanoseconds(i int) float64 { return math.Round(float64(r.Trace.at[i]) / r.Speed) }

// WriteTrace writes rows as ReadTrace reads them, with times in seconds. meter gives the id of the meter of
// that index. Reading the trace gives the same values and ids, and the same times where the first one is 0.
//
// It ends with the first error of the rows or of the writer, or with one that names the row, counted from 1,
// that ReadTrace would refuse; the rows before it may be written already.
func WriteTrace(to io.Writer, meter func(int) string, rows iter.Seq2[Row, error]) error {
	text := csv.NewWriter(to)
	text.Write(header[:]) // into a buffer
	n := 0
	var last time.Duration
	for row, err := range rows {
		if err != nil {
			return fmt.Errorf("write trace: %w", err)
		}
		n++
		id := meter(row.Meter)
		switch err := checkMeter(id); {
		case err != nil:
			return fmt.Errorf("write trace: row %d: %w", n, err)
		case row.At < last:
			return fmt.Errorf("write trace: row %d: its time, %v, is before %v; times begin at 0 and never fall", n, row.At, last)
		case math.IsNaN(row.Value) || math.IsInf(row.Value, 0):
			return fmt.Errorf("write trace: row %d: the value %v is not a number", n, row.Value)
		}
		last = row.At
		if err := text.Write([]string{formatSeconds(row.At), id, strconv.FormatFloat(row.Value, 'f', -1, 64)}); err != nil {
			return fmt.Errorf("write trace: row %d: %w", n, err)
		}
	}
	if n == 0 {
		return fmt.Errorf("write trace: there are no rows")
	}
	text.Flush()
	if err := text.Error(); err != nil {
		return fmt.Errorf("write trace: %w", err)
	}
	return nil
}
