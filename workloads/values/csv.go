package values

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"meterbench/bench/scenario"
	"meterbench/internal/strictyaml"
)

// Order says in which order rows of a CSV file come. The zero value is InTurn.
type Order string

// The orders.
const (
	InTurn   Order = "turn"
	AtRandom Order = "random"
)

// A CSV is a column of the rows of a file, whose first line names the columns. All columns of one file that come in one
// order are of the same row in a transaction.
type CSV struct {
	File   string `yaml:"file"`   // with a header, relative to the scenario's
	Column string `yaml:"column"` // by its name in the header
	Order  Order  `yaml:"order"`  // turn (default): row after row, again and again; random: each as often
	rows   *rows
}

func (c *CSV) check(at string, _ Defaults) *strictyaml.Problem {
	switch {
	case c.File == "":
		return strictyaml.Problemf("", at+".file", "the name of a file is needed")
	case c.Column == "":
		return strictyaml.Problemf("", at+".column", "the name of a column is needed")
	case c.Order != "":
		return strictyaml.OneOf(at+".order", c.Order, InTurn, AtRandom)
	}
	return nil
}

func (c *CSV) bind(_ string, b Binding) Maker {
	column, rows := slices.Index(c.rows.header, c.Column), c.rows.rows
	place := "csv " + c.File // one for all columns
	return func(to []byte, t *Turn) []byte {
		n := t.Seq % uint64(len(rows))
		if c.Order == AtRandom {
			n = b.stream(place, t.Seq).Rand().Uint64N(uint64(len(rows)))
		}
		return append(to, rows[n][column]...)
	}
}

func (c *CSV) most(Defaults) (n int) {
	if c.rows == nil {
		return 0
	}
	column := slices.Index(c.rows.header, c.Column)
	for _, row := range c.rows.rows {
		n = max(n, len(row[column]))
	}
	return n
}

func (c *CSV) String() string { return "csv " + c.Column }

// rows are the content of a file.
type rows struct {
	header []string
	rows   [][]string
}

// Read returns the value with the rows of its file, where it is of one. The error is a *strictyaml.Error about the
// file, or a *strictyaml.Problem about the value at a path.
func (v Value) Read(at string, files *scenario.Files) (Value, error) {
	if v.generator == nil || v.generator.CSV == nil {
		return v, nil
	}
	of := *v.generator.CSV
	at += ".csv"
	path := files.Resolve(of.File)
	if read, ok := files.Read[path].(*rows); ok {
		of.rows = read
	} else {
		var err error
		if of.rows, err = readRows(path, func() (io.ReadCloser, error) { return files.Open(of.File, MaxCSVBytes) }, at); err != nil {
			return v, err
		}
		files.Read[path] = of.rows
	}
	if !slices.Contains(of.rows.header, of.Column) {
		return v, strictyaml.Problemf(strictyaml.Hint(of.Column, of.rows.header), at+".column", "%s has no column %q", path, of.Column)
	}
	return Value{generator: &Generators{CSV: &of}}, nil
}

func readRows(path string, open func() (io.ReadCloser, error), at string) (*rows, error) {
	f, err := open()
	var text []byte
	if err == nil {
		defer f.Close() // only read
		text, err = io.ReadAll(f)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, strictyaml.Problemf("", at+".file", "there is no file %s", path)
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, strictyaml.Problemf("", at+".file", "the file %s %v", path, e.Err)
	}
	if err != nil {
		return nil, strictyaml.Problemf("", at+".file", "%v", err)
	}
	return parseRows(path, text)
}

// parseRows reads a CSV file. The error is a *strictyaml.Error.
func parseRows(path string, text []byte) (*rows, error) {
	wrong := func(line, column int, hint, format string, args ...any) error {
		return &strictyaml.Error{File: path, Line: line, Column: column, Msg: fmt.Sprintf(format, args...), Hint: hint}
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	var all rows
	var err error
	for {
		var row []string
		if row, err = r.Read(); err != nil {
			break
		}
		if i := slices.IndexFunc(row, func(value string) bool { return !utf8.ValidString(value) }); i >= 0 {
			line, column := r.FieldPos(i)
			return nil, wrong(line, column, "save the file as UTF-8", "%.40q is not UTF-8", row[i])
		}
		if all.header == nil {
			all.header = row
			for i, name := range row {
				line, column := r.FieldPos(i)
				switch {
				case strings.TrimSpace(name) == "":
					return nil, wrong(line, column, "the first line names the columns", "column %d has no name", i+1)
				case slices.Contains(row[:i], name):
					return nil, wrong(line, column, "give it another name", "there are two columns %q", name)
				}
			}
			continue
		}
		for i, value := range row {
			if len(value) > MaxSize {
				line, column := r.FieldPos(i)
				return nil, wrong(line, column, "is a quote missing?", "the value has %d bytes, more than %d", len(value), MaxSize)
			}
		}
		if all.rows = append(all.rows, row); len(all.rows) > MaxRows {
			return nil, wrong(len(all.rows), 1, "use a shorter file", "the file has more than %d rows", MaxRows)
		}
	}
	broken, is := errors.AsType[*csv.ParseError](err)
	switch {
	case is && errors.Is(err, csv.ErrFieldCount):
		return nil, wrong(broken.Line, 1, "quote values that hold a comma, or complete the row",
			"the row has not as many values as the header has names, %d", len(all.header))
	case is:
		return nil, wrong(broken.Line, broken.Column, `put a value with quotes or line breaks in quotes, and write " in it twice`, "%v", broken.Err)
	case err != io.EOF:
		return nil, wrong(0, 0, "", "%v", err)
	case len(all.rows) == 0:
		return nil, wrong(0, 0, "the first line names the columns, each other one is a row", "the file has no rows")
	}
	return &all, nil
}
