package history

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"meterbench/internal/printable"
	"meterbench/internal/regular"
)

// What a history may hold: more is refused before memory is taken for it.
const (
	maxBytes   = 8 << 20
	maxColumns = 2000
	maxLines   = 50_000
)

// A History is the content of a file.
type History struct {
	Lines      []Line   // in the order of time
	Columns    []Column // of figures, in the order of the file
	Keys       []string // names of all other columns but the first three, in the order of the file
	Repeated   int      // lines that were left out because they are there twice, cell by cell
	Disordered int      // lines that start before one that stands above them
}

// A Line is a run.
type Line struct {
	Number     int // in the file, from 1; the header's is that
	Time       time.Time
	Run        string
	Scenario   string
	Conditions []string  // by Keys
	Figures    []float64 // by Columns; NaN where the run has none
}

// Read reads the history in a file. Its errors say where in the file they are.
func Read(path string) (*History, error) {
	data, err := regular.Read(path, maxBytes)
	if err != nil {
		return nil, err
	}
	h, _, err := parse(path, data)
	return h, err
}

// utf8BOM is what some spreadsheets begin a file with.
const utf8BOM = "\ufeff"

// parse reads a history and returns it with its cells, the header first.
func parse(path string, data []byte) (*History, [][]string, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte(utf8BOM))))
	p := parser{path: path, csv: r}
	header, err := r.Read()
	if err == io.EOF {
		return nil, nil, fmt.Errorf("%s: is empty, a history begins with a header; remove it", p.name())
	}
	if err != nil {
		return nil, nil, p.broken(err)
	}
	if err := p.header(header); err != nil {
		return nil, nil, err
	}
	cells := [][]string{header}
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, p.broken(err)
		}
		if len(cells) > maxLines {
			return nil, nil, fmt.Errorf("%s: has more than %d lines; keep the last ones", p.name(), maxLines)
		}
		again, err := p.line(row, cells)
		if err != nil {
			return nil, nil, err
		}
		if !again {
			cells = append(cells, row)
		}
	}
	for i := 1; i < len(p.Lines); i++ {
		if p.Lines[i].Time.Before(p.Lines[i-1].Time) {
			p.Disordered++
		}
	}
	slices.SortStableFunc(p.Lines, func(a, b Line) int { return a.Time.Compare(b.Time) })
	return &p.History, cells, nil
}

// A parser fills a History.
type parser struct {
	History
	path    string
	csv     *csv.Reader
	figures []int               // where Columns are
	keys    []int               // where Keys are
	fixed   [3]int              // where time, run and scenario are
	seen    map[[2]string][]int // indices of the lines of a run and scenario
}

func (p *parser) name() string { return printable.Line(p.path) }

// errorf returns an error at a cell of the line that was read last.
func (p *parser) errorf(cell int, format string, args ...any) error {
	line, column := p.csv.FieldPos(cell)
	return fmt.Errorf("%s:%d:%d: %s", p.name(), line, column, fmt.Sprintf(format, args...))
}

// broken says where a file is no CSV.
func (p *parser) broken(err error) error {
	e, ok := errors.AsType[*csv.ParseError](err)
	switch {
	case !ok:
		return fmt.Errorf("%s: %w", p.name(), err)
	case errors.Is(e.Err, csv.ErrFieldCount):
		return fmt.Errorf("%s:%d:%d: the line has not as many cells as the header; complete or remove it", p.name(), e.Line, e.Column)
	}
	return fmt.Errorf("%s:%d:%d: is no CSV: %w; separate cells by commas, and double the quotes in a quoted one", p.name(), e.Line, e.Column, e.Err)
}

func (p *parser) header(names []string) error {
	if len(names) > maxColumns {
		return p.errorf(maxColumns, "more than %d columns", maxColumns)
	}
	p.seen = map[[2]string][]int{}
	for i, name := range names {
		if first := slices.Index(names, name); first < i {
			return p.errorf(i, "column %s is there twice", quoted(name))
		}
	}
	for i, name := range []string{timeColumn, runColumn, scenarioColumn} {
		if p.fixed[i] = slices.Index(names, name); p.fixed[i] < 0 {
			return p.errorf(0, "is no history: its header has no column %s; name a new file, or one that run --history wrote", name)
		}
	}
	for i, name := range names {
		if slices.Contains(p.fixed[:], i) {
			continue
		}
		if c, ok := ParseColumn(name); ok {
			p.Columns, p.figures = append(p.Columns, c), append(p.figures, i)
		} else {
			p.Keys, p.keys = append(p.Keys, name), append(p.keys, i)
		}
	}
	return nil
}

// line adds a line, unless it is there already.
func (p *parser) line(row []string, before [][]string) (again bool, err error) {
	number, _ := p.csv.FieldPos(0)
	l := Line{Number: number, Run: row[p.fixed[1]], Scenario: row[p.fixed[2]], Figures: make([]float64, len(p.figures))}
	if l.Time, err = time.Parse(time.RFC3339, row[p.fixed[0]]); err != nil || l.Time.Year() < 1 {
		return false, p.errorf(p.fixed[0], "want a time as 2026-11-28T09:30:00Z, got %s", quoted(row[p.fixed[0]]))
	}
	for i, name := range []string{runColumn, scenarioColumn} {
		if row[p.fixed[i+1]] == "" {
			return false, p.errorf(p.fixed[i+1], "the line has no %s", name)
		}
	}
	for i, at := range p.figures {
		if l.Figures[i], err = figure(row[at]); err != nil {
			return false, p.errorf(at, "%s: want a number or nothing, got %s", quoted(p.Columns[i].String()), quoted(row[at]))
		}
	}
	for _, at := range p.keys {
		l.Conditions = append(l.Conditions, row[at])
	}
	if again, err := p.isThere(l, row, before); again || err != nil {
		return again, err
	}
	key := [2]string{l.Run, l.Scenario}
	p.seen[key] = append(p.seen[key], len(p.Lines))
	p.Lines = append(p.Lines, l)
	return false, nil
}

// isThere reports whether the run of a line is in one before it. A run is named after the second in which it started, so that
// several of a scenario have one name only if they started in the same second, in different folders; the fraction then tells
// them apart. Lines of older versions have none: they are the run that has the rest in common.
func (p *parser) isThere(l Line, row []string, before [][]string) (bool, error) {
	at := p.fixed[0]
	for _, i := range p.seen[[2]string{l.Run, l.Scenario}] {
		other := p.Lines[i]
		whole := l.Time.Nanosecond() == 0 || other.Time.Nanosecond() == 0
		second := l.Time.Unix() == other.Time.Unix()
		what := ""
		switch cells := before[i+1]; {
		case second && !whole && !l.Time.Equal(other.Time):
			continue
		case !second:
			what = "another time"
		case !slices.Equal(cells[:at], row[:at]) || !slices.Equal(cells[at+1:], row[at+1:]):
			what = "other cells"
		default:
			p.Repeated++
			return true, nil
		}
		return false, p.errorf(0, "run %s of scenario %s is in line %d already, with %s; remove one of them",
			printable.Line(l.Run), printable.Line(l.Scenario), other.Number, what)
	}
	return false, nil
}

// largest bounds figures, so that sums of their distances stay finite.
const largest = 1e100

// figure returns the number in a cell, NaN where it is empty.
func figure(cell string) (float64, error) {
	if cell == "" {
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err == nil && !(math.Abs(v) <= largest) || strings.ContainsAny(cell, "_xXpP") {
		err = strconv.ErrSyntax
	}
	return v, err
}

// quoted returns what is in a file, short and in quotes.
func quoted(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strconv.Quote(text)
}
