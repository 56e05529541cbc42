package render

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"meterbench/reports"
)

// CSV writes a table with every column, in base units and full precision. An interval takes three
// columns: low, high and n. Absent cells are empty.
func CSV(w io.Writer, t reports.Table) error {
	out := csv.NewWriter(w)
	var header []string
	for _, c := range t.Columns {
		if c.Interval {
			header = append(header, c.Key+"_low", c.Key+"_high", c.Key+"_n")
		} else {
			header = append(header, c.Key)
		}
	}
	rows := [][]string{header}
	for _, row := range t.Rows {
		var record []string
		for i, c := range row {
			record = append(record, values(c, t.Columns[i])...)
		}
		rows = append(rows, record)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("writing table %s as CSV: %w", t.ID, err)
	}
	return nil
}

// values are a cell's under the keys of its column.
func values(c reports.Cell, column reports.Column) []string {
	full := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	switch {
	case column.Interval && c.Interval == nil:
		return []string{"", "", ""}
	case column.Interval:
		return []string{full(c.Interval.Low), full(c.Interval.High), strconv.Itoa(c.Interval.N)}
	case c.Number == nil:
		return []string{c.Text}
	case column.Unit == reports.Count:
		return []string{strconv.FormatFloat(*c.Number, 'f', -1, 64)}
	}
	return []string{full(*c.Number)}
}
