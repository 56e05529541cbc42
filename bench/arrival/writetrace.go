package arrival

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"time"
)

// WriteTrace writes rows as ReadTrace reads them, with times in seconds. meter gives the id of the
// meter of that index. Reading the trace gives the same values and ids, and the same times where
// the first one is 0.
//
// It ends with the first error of the rows or of the writer, or with one that names the row,
// counted from 1, that ReadTrace would refuse; the rows before it may be written already.
func WriteTrace(to io.Writer, meter func(int) string, rows iter.Seq2[Row, error]) error {
	text := csv.NewWriter(to)
	if err := text.Write(header[:]); err != nil {
		return fmt.Errorf("write trace: %w", err)
	}
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
