package reports

import "meterbench/bench/stats"

// A Table is rows of typed cells.
type Table struct {
	ID      string // letters, digits and -; the name of its CSV file
	Title   string
	Columns []Column
	Rows    [][]Cell
	Notes   []string
	Detail  bool // not part of the short summary for a terminal
}

// A Column describes its cells.
type Column struct {
	Key      string // CSV header, with the base unit as suffix; never changes
	Title    string
	Unit     Unit
	Interval bool // the cells are 95 % intervals; CSV writes low, high and n
	Rank     int  // where a terminal is too narrow, the highest goes first; 0 stays
	CSVOnly  bool // of no use to readers, only to programs
}

// A Cell is a text, a number in its column's unit, an interval, or absent.
type Cell struct {
	Text     string
	Number   *float64
	Interval *stats.Interval
	Why      string // why the cell is absent; shown as a footnote
}

// Reasons for absent cells.
const (
	whyNotFinite = "not a finite number in the stored result"
	whyQuantile  = "fewer than 10 samples lie beyond this quantile, so it is not stated"
	whyMedian    = "fewer than 6 timings: the 95 % interval of a median does not exist"
	whyInterval  = "no interval was stored for this load level"
)

// text makes a cell of words.
func text(s string) Cell { return Cell{Text: s} }

// number makes a cell of a number; what is not a finite number is absent.
func number(v float64) Cell {
	if !finite(v) {
		return Cell{Why: whyNotFinite}
	}
	return Cell{Number: &v}
}

// count makes a cell of a whole number.
func count[T int | uint32 | uint64](n T) Cell { return number(float64(n)) }

// quantile makes a cell of a quantile that may not have been stored.
func quantile(v *float64) Cell {
	if v == nil {
		return Cell{Why: whyQuantile}
	}
	return number(*v)
}

// optional makes a cell of a number that may not exist.
func optional(v float64, ok bool) Cell {
	if !ok {
		return Cell{}
	}
	return number(v)
}

// positive makes a cell of a number that is only stored where it is above 0.
func positive(v float64) Cell { return optional(v, v > 0) }

// interval makes a cell of an interval, or of why there is none.
func interval(i *stats.Interval, why string) Cell {
	if i == nil || !finite(i.Low) || !finite(i.High) {
		return Cell{Why: why}
	}
	return Cell{Interval: i}
}

// between is the interval of two stored bounds, nil where there are none.
func between(low, high *float64, n int) *stats.Interval {
	if low == nil || high == nil {
		return nil
	}
	return &stats.Interval{Low: *low, High: *high, N: n}
}

// yesNo makes a cell of an answer.
func yesNo(yes bool) Cell {
	if yes {
		return text("yes")
	}
	return text("no")
}

// add appends a row of two texts, unless the second is empty.
func (t *Table) add(item, value string) {
	if value != "" {
		t.Rows = append(t.Rows, []Cell{text(item), text(value)})
	}
}

// A field is a column of a table whose rows are items of one type, and the cell of an item.
type field[T any] struct {
	Column
	Cell func(T) Cell
}

// tabulate gives the table a column for each field and a row for each item.
func tabulate[T any](t Table, items []T, fields []field[T]) Table {
	for _, f := range fields {
		t.Columns = append(t.Columns, f.Column)
	}
	for _, item := range items {
		row := make([]Cell, len(fields))
		for i, f := range fields {
			row[i] = f.Cell(item)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
