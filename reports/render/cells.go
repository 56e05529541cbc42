// Package render writes a report as text for a terminal, as CSV and as one HTML file, and lays out a run's
// folder with all of it.
//
// Data flow: a reports.Report in base units comes in; each table becomes a sheet of strings (scaled per
// column, three significant digits, absences marked and explained), and each writer sets the sheets in its
// own syntax and escapes every string for it. Only CSV keeps the base units.
package render

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"meterbench/bench/stats"
	"meterbench/internal/printable"
	"meterbench/reports"
)

// A sheet is a table as it is printed.
type sheet struct {
	Title string
	Heads []head
	Rows  [][]string
	Links [][]string // by cell, as Rows: the id of the element that it leads to
	Faint []bool     // by row: set back
	Notes []string
}

// A head is the heading of a column: its title and the unit of its digits.
type head struct {
	Title, Unit string
	Number      bool // set in digits, aligned right
	Short       bool // the cells are words that stay on one line
}

// shortWords is the most characters of a cell of words that stays on one line.
const shortWords = 12

// newSheet prints the columns of the table that are kept.
func newSheet(t reports.Table, keep func(reports.Column) bool) sheet {
	s := sheet{Title: printable.Line(t.Title), Rows: make([][]string, len(t.Rows)), Links: make([][]string, len(t.Rows)), Faint: make([]bool, len(t.Rows))}
	copy(s.Faint, t.Faint)
	whys := absences(t, keep)
	for i, c := range t.Columns {
		if !keep(c) {
			continue
		}
		scale := c.Unit.Scale(familyValues(t, i, keep))
		h := head{printable.Line(c.Title), scale.Symbol, c.Unit != reports.Text, true}
		for r, row := range t.Rows {
			printed := cell(row[i], c.Unit, scale, whys)
			h.Short = h.Short && utf8.RuneCountInString(printed) <= shortWords
			s.Rows[r], s.Links[r] = append(s.Rows[r], printed), append(s.Links[r], row[i].Link)
		}
		s.Heads = append(s.Heads, h)
	}
	for i, why := range whys {
		s.Notes = append(s.Notes, absent(i, len(whys))+": "+why+".")
	}
	for _, n := range t.Notes {
		s.Notes = append(s.Notes, printable.Line(n))
	}
	return s
}

// absences are the distinct reasons why cells of the kept columns are absent, in order of first appearance.
func absences(t reports.Table, keep func(reports.Column) bool) (whys []string) {
	for _, row := range t.Rows {
		for i, c := range row {
			if c.Why != "" && keep(t.Columns[i]) && !slices.Contains(whys, c.Why) {
				whys = append(whys, c.Why)
			}
		}
	}
	return whys
}

// familyValues are the numbers by which a column's scale is chosen: its own and those of the other kept
// columns of one quantity, as its other quantiles or its interval, so that they share one unit.
func familyValues(t reports.Table, column int, keep func(reports.Column) bool) (values []float64) {
	family, _, _ := strings.Cut(t.Columns[column].Key, "_")
	for i, c := range t.Columns {
		if other, _, _ := strings.Cut(c.Key, "_"); !keep(c) || other != family || c.Unit != t.Columns[column].Unit {
			continue
		}
		for _, row := range t.Rows {
			if n := row[i].Number; n != nil {
				values = append(values, *n)
			}
			if around := row[i].Interval; around != nil {
				values = append(values, around.Low, around.High)
			}
		}
	}
	return values
}

func cell(c reports.Cell, unit reports.Unit, scale reports.Scale, whys []string) string {
	switch {
	case c.Number != nil:
		return unit.Digits(*c.Number, scale)
	case c.Interval != nil:
		s := span(*c.Interval, unit, scale)
		if c.Interval.N > 0 {
			s += fmt.Sprintf(", n = %d", c.Interval.N)
		}
		return s
	case c.Why != "":
		return absent(slices.Index(whys, c.Why), len(whys))
	}
	return printable.Line(c.Text)
}

// span writes an interval. An end that is not bounded is infinite.
func span(i stats.Interval, unit reports.Unit, scale reports.Scale) string {
	switch low, high := math.IsInf(i.Low, 0), math.IsInf(i.High, 0); {
	case low && high:
		return "any"
	case high:
		return "from " + unit.Digits(i.Low, scale)
	case low:
		return "up to " + unit.Digits(i.High, scale)
	}
	return unit.Range(i.Low, i.High, scale)
}

// absent is the mark of a cell without a number, numbered where a table has several reasons.
func absent(i, of int) string {
	if of == 1 {
		return "–"
	}
	return "–" + strings.Map(func(r rune) rune { return []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")[r-'0'] }, fmt.Sprint(i+1))
}

// visible keeps the columns that readers see; the others are in CSV only.
func visible(c reports.Column) bool { return !c.CSVOnly }

// mark is a verdict as one character.
func mark(v reports.Verdict) string { return [...]string{"·", "✓", "!", "✗"}[v] }
