package render

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"

	"meterbench/internal/printable"
	"meterbench/internal/regular"
	"meterbench/reports"
	"meterbench/reports/plot"
)

// formats has a row for each form in which a report lies in a run's folder: the subfolder, the extension, and
// the files in that form.
var formats = []struct {
	folder, extension string
	files             func(reports.Report) []file
}{
	{"csv", ".csv", each(reports.Report.Tables, func(t reports.Table) string { return t.ID }, CSV)},
	{"figures", ".svg", each(reports.Report.Figures, figureID, plot.SVG)},
	{"figures", ".png", each(reports.Report.Figures, figureID, plot.PNG)},
	{"", ".html", each(whole, func(reports.Report) string { return "report" }, HTML)},
}

func figureID(f reports.Figure) string          { return f.ID }
func whole(rep reports.Report) []reports.Report { return []reports.Report{rep} }

// A file is a name without its extension, and the content.
type file struct {
	name  string
	write func(io.Writer) error
}

// each makes a file of every item that a report has of one kind.
func each[T any](items func(reports.Report) []T, name func(T) string, write func(io.Writer, T) error) func(reports.Report) []file {
	return func(rep reports.Report) (files []file) {
		for _, item := range items(rep) {
			files = append(files, file{name(item), func(w io.Writer) error { return write(w, item) }})
		}
		return files
	}
}

// Folder writes the report into a run's folder in every format. Each file appears whole or not at all, and none outside of
// the folder, wherever a link in it leads. Between two files the end of the context ends it.
func Folder(ctx context.Context, dir string, rep reports.Report) error {
	root, err := regular.Folder(dir)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	defer root.Close()
	drawn, stop := context.WithCancel(ctx)
	defer stop()
	for f := range drawAll(drawn, rep) {
		if f.err == nil {
			f.err = f.into(root)
		}
		if f.err != nil {
			return fmt.Errorf("writing the report: %w", f.err)
		}
	}
	return context.Cause(ctx)
}

// A drawing is the content of a file.
type drawing struct {
	folder, name string
	content      []byte
	err          error
}

// drawAll yields the files of a report until the context ends, whatever the drawing of one takes.
func drawAll(ctx context.Context, rep reports.Report) iter.Seq[drawing] {
	drawings := make(chan drawing)
	go func() {
		defer close(drawings)
		for _, format := range formats {
			for _, f := range format.files(rep) {
				var b bytes.Buffer
				err := f.write(&b)
				select {
				case drawings <- drawing{format.folder, f.name + format.extension, b.Bytes(), err}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return func(yield func(drawing) bool) {
		for {
			select {
			case d, ok := <-drawings:
				if !ok || ctx.Err() != nil || !yield(d) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// ErrNoFolder says that something else lies where the folder of a report's files belongs.
var ErrNoFolder = errors.New("is no folder but a link or a file, which is not followed or overwritten; remove it")

// into writes the file into a folder of the run's.
func (d drawing) into(root *os.Root) error {
	folder := root
	if d.folder != "" {
		if err := root.Mkdir(d.folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		path := filepath.Join(root.Name(), d.folder)
		info, err := root.Lstat(d.folder)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%s: %w", path, ErrNoFolder)
		}
		if err != nil {
			return err
		}
		if folder, err = root.OpenRoot(d.folder); err != nil {
			return err
		}
		defer folder.Close()
	}
	return renameio.WriteFile(d.name, d.content, 0o644, renameio.WithRoot(folder), renameio.WithStaticPermissions(0o644))
}

// CSV writes a table with every column, in base units and full precision. An interval takes three columns:
// low, high and n. Absent cells are empty. No text is a formula to a spreadsheet: see printable.Cell.
func CSV(w io.Writer, t reports.Table) error {
	rows := make([][]string, len(t.Rows)+1) // the header first
	for i, c := range t.Columns {
		if c.Interval {
			rows[0] = append(rows[0], c.Key+"_low", c.Key+"_high", c.Key+"_n")
		} else {
			rows[0] = append(rows[0], printable.Cell(c.Key))
		}
		for r, row := range t.Rows {
			rows[r+1] = append(rows[r+1], values(row[i], c)...)
		}
	}
	if err := csv.NewWriter(w).WriteAll(rows); err != nil {
		return fmt.Errorf("writing table %s as CSV: %w", t.ID, err)
	}
	return nil
}

// values are a cell's under the keys of its column.
func values(c reports.Cell, column reports.Column) []string {
	full := func(v float64) string {
		if math.IsInf(v, 0) { // an end that is not bounded
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	switch {
	case column.Interval && c.Interval == nil:
		return []string{"", "", ""}
	case column.Interval:
		n := ""
		if c.Interval.N > 0 { // else it is not known
			n = strconv.Itoa(c.Interval.N)
		}
		return []string{full(c.Interval.Low), full(c.Interval.High), n}
	case c.Number == nil:
		return []string{printable.Cell(c.Text)}
	case column.Unit == reports.Count:
		return []string{strconv.FormatFloat(*c.Number, 'f', -1, 64)}
	}
	return []string{full(*c.Number)}
}

//go:embed report.html.tmpl
var page string

//go:embed report.css
var style string

// The page folds what is beyond these numbers: figures of a section, and rows of a table that is a detail. It also folds
// figures that go on with another one.
// Warnings and rows of other tables fold beyond those that the terminal shows.
const (
	figuresShown = 9
	rowsOpen     = 12
)

// HTML writes the report as one page that needs no other file and no network.
func HTML(w io.Writer, rep reports.Report) error {
	code, err := script(rep)
	if err != nil {
		return err
	}
	parsed, err := template.New("report").Funcs(template.FuncMap{
		"script": func() template.JS { return template.JS(code) }, "policy": func() string { return policy(code) },
		"chartStyle": chartStyle, "data": data,
		"mark": mark, "target": target, "draw": draw, "drawKey": drawKey, "legend": plot.Legend,
		"style":         func() template.CSS { return template.CSS(style) },
		"sheet":         func(t reports.Table) sheet { return newSheet(t, visible) },
		"fold":          func(t reports.Table) bool { return t.Detail && len(t.Rows) > rowsOpen || len(t.Rows) > rowsShown },
		"open":          func(all []reports.Figure) []reports.Figure { open, _ := folded(all); return open },
		"folded":        func(all []reports.Figure) []reports.Figure { _, closed := folded(all); return closed },
		"breakable":     breakable,
		"warningsShown": func() int { return warningsShown },
		"link":          func(text, to string) anchor { return anchor{text, to} },
		"first":         func(n int, list any) any { v := reflect.ValueOf(list); return v.Slice(0, min(n, v.Len())).Interface() },
		"rest": func(n int, list any) any {
			v := reflect.ValueOf(list)
			return v.Slice(min(n, v.Len()), v.Len()).Interface()
		},
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	var b strings.Builder
	err = parsed.Execute(&b, rep)
	if err == nil { // the template has escaped what is HTML; a page is read in terminals too
		_, err = io.WriteString(w, printable.Lines(strings.ReplaceAll(b.String(), "\r\n", "\n")))
	}
	if err != nil {
		return fmt.Errorf("writing the HTML page: %w", err)
	}
	return nil
}

// folded parts the figures of a section into those that are open and those that are folded.
func folded(all []reports.Figure) (open, closed []reports.Figure) {
	for _, f := range all {
		if f.Further || len(open) == figuresShown {
			closed = append(closed, f)
		} else {
			open = append(open, f)
		}
	}
	return open, closed
}

// breakable lets a name of factors break before each of them.
func breakable(name string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(name), "/", "<wbr>/"))
}

// anchor is a text that may lead to an element of the page.
type anchor struct{ Text, To string }

// draw draws a panel of a figure for standing inside the page.
func draw(f reports.Figure, panel reports.Panel) (template.HTML, error) {
	return inline(f.ID, func(w io.Writer) error { return plot.PanelSVG(w, f, panel) })
}

// drawKey draws the sample of an entry of a legend.
func drawKey(k plot.Key) (template.HTML, error) { return inline(k.Label, k.SVG) }

// inline returns a drawing as an element of the page. What it takes from the result are texts, and the canvas
// escapes them.
func inline(what string, write func(io.Writer) error) (template.HTML, error) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return "", err
	}
	_, svg, found := bytes.Cut(b.Bytes(), []byte("<svg "))
	if !found {
		return "", fmt.Errorf("drawing figure %s: no svg element", what)
	}
	return template.HTML(`<svg aria-hidden="true" focusable="false" ` + string(svg)), nil
}
