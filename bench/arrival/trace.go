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
	"strings"
	"time"
)

// Row is one line of a Trace: a meter reported a value.
type Row struct {
	At    time.Duration // since the first row of the trace
	Meter int           // the meter, from 0 in the order in which the trace first names them
	Wh    int64         // energy, at least 0
}

// Trace holds which meter reported what and when, in order of time. It is held in memory, 24 bytes per row,
// so that all of it is checked and no file is read under load. It may be used by many goroutines at once.
type Trace struct {
	chunks  [][]row // all but the last of chunkRows, so that none is copied as the trace grows
	meters  []string
	largest Place

	interval time.Duration
}

// chunkRows is the number of rows of a chunk.
const chunkRows = 1 << 14

type row struct {
	at    time.Duration
	wh    int64
	meter uint32
}

// Place is where a value stands in its file.
type Place struct {
	Wh     int64
	Line   int // from 1
	Column int // from 1, in bytes
}

func (t *Trace) add(r row) {
	last := len(t.chunks) - 1
	switch {
	case last < 0:
		t.chunks = append(t.chunks, nil)
		last++
	case len(t.chunks[last]) == chunkRows:
		t.chunks = append(t.chunks, make([]row, 0, chunkRows))
		last++
	}
	t.chunks[last] = append(t.chunks[last], r)
}

func (t *Trace) row(i int) *row { return &t.chunks[i/chunkRows][i%chunkRows] }

// Len returns the number of rows, at least 1.
func (t *Trace) Len() int {
	last := len(t.chunks) - 1
	if last < 0 {
		return 0
	}
	return last*chunkRows + len(t.chunks[last])
}

// Row returns row i, from 0. Arrival i of a Replay is row i.
func (t *Trace) Row(i int) Row {
	r := t.row(i)
	return Row{r.at, int(r.meter), r.wh}
}

// Largest returns the largest value, the first of equal ones, and where it stands in the file: of registers the later
// of the two whose difference it is.
func (t *Trace) Largest() Place { return t.largest }

// Interval returns the time from row to row of a meter, in whole seconds, where it is the same for all meters and their
// times are of a calendar: in RFC 3339, or in seconds since 1970. Else it is 0. Of interval values fewer than every other row
// may be missing.
func (t *Trace) Interval() time.Duration { return t.interval }

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
		for i := range r.Trace.Len() {
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

func (r Replay) nanoseconds(i int) float64 { return math.Round(float64(r.Trace.row(i).at) / r.Speed) }

// WriteTrace writes rows as ReadTrace reads them, as interval values in whole Wh with times in seconds. meter gives the id of the meter of
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
		switch err := CheckMeter(id); {
		case err != nil:
			return fmt.Errorf("write trace: row %d: %w", n, err)
		case row.At < last:
			return fmt.Errorf("write trace: row %d: its time, %v, is before %v; times begin at 0 and never fall", n, row.At, last)
		case row.Wh < 0 || row.Wh > MaxWh:
			return fmt.Errorf("write trace: row %d: %d Wh are not within 0 and %d", n, row.Wh, int64(MaxWh))
		}
		last = row.At
		if err := text.Write([]string{formatSeconds(row.At), id, strconv.FormatInt(row.Wh, 10)}); err != nil {
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

// formatSeconds writes d, at least 0, in seconds with as many decimals as it takes.
func formatSeconds(d time.Duration) string {
	text := strconv.FormatInt(int64(d/time.Second), 10)
	if rest := d % time.Second; rest > 0 {
		text += strings.TrimRight(fmt.Sprintf(".%09d", int64(rest)), "0")
	}
	return text
}
