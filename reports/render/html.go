package render

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"unicode/utf8"

	"meterbench/reports"
	"meterbench/reports/plot"
)

//go:embed report.html.tmpl
var page string

//go:embed report.css
var style string

// A view is what the page's template sees of a report.
type view struct {
	reports.Report
	Style    template.CSS
	On       string // the target in words
	Sections []sectionView
	Manifest tableView
	Warnings []reports.Warning // the first
	Folded   []reports.Warning // the others, in sight on demand
}

type sectionView struct {
	reports.Section
	Figures []figureView
	Folded  []figureView // further ones, in sight on demand
	Tables  []tableView
}

// figuresShown is how many figures of a section, and rowsOpen how many rows of
// a table that is a detail, stand on the page without being asked for.
const (
	figuresShown = 9
	rowsOpen     = 12
)

// shortWords is how many characters a cell of words may have to stay on one line.
const shortWords = 12

type figureView struct {
	reports.Figure
	SVG template.HTML
}

type tableView struct {
	ID    string
	Title string
	Heads []headView
	Rows  [][]string
	Notes []string
	Fold  bool // in sight on demand
}

type headView struct {
	Title, Unit string
	Number      bool
	Short       bool // the cells are words that stay on one line
}

// HTML writes the report as one page that needs no other file and no network.
func HTML(w io.Writer, rep reports.Report) error {
	parsed, err := template.New("report").Funcs(template.FuncMap{"mark": mark}).Parse(page)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	v := view{Report: rep, Style: template.CSS(style), On: target(rep), Manifest: newTableView(rep.Manifest), Warnings: rep.Warnings}
	if len(rep.Warnings) > warningsShown {
		v.Warnings, v.Folded = rep.Warnings[:warningsShown], rep.Warnings[warningsShown:]
	}
	for _, s := range rep.Sections {
		sv := sectionView{Section: s}
		for _, f := range s.Figures {
			drawn, err := inline(f)
			if err != nil {
				return err
			}
			sv.Figures = append(sv.Figures, figureView{f, drawn})
		}
		if len(sv.Figures) > figuresShown {
			sv.Figures, sv.Folded = sv.Figures[:figuresShown], sv.Figures[figuresShown:]
		}
		for _, t := range s.Tables {
			if len(t.Rows) > 0 || len(t.Notes) > 0 {
				sv.Tables = append(sv.Tables, newTableView(t))
			}
		}
		v.Sections = append(v.Sections, sv)
	}
	if err := parsed.Execute(w, v); err != nil {
		return fmt.Errorf("writing the HTML page: %w", err)
	}
	return nil
}

// inline draws a figure for standing inside the page. What the drawing takes
// from the result are texts, and the canvas escapes them.
func inline(f reports.Figure) (template.HTML, error) {
	var b bytes.Buffer
	if err := plot.BareSVG(&b, f); err != nil {
		return "", err
	}
	_, svg, found := bytes.Cut(b.Bytes(), []byte("<svg "))
	if !found {
		return "", fmt.Errorf("drawing figure %s: no svg element", f.ID)
	}
	return template.HTML(`<svg aria-hidden="true" focusable="false" ` + string(svg)), nil
}

func newTableView(t reports.Table) tableView {
	s := newSheet(t, shown)
	v := tableView{ID: t.ID, Title: s.title, Rows: s.rows, Notes: s.notes, Fold: t.Detail && len(t.Rows) > rowsOpen || len(t.Rows) > rowsShown}
	for i, h := range s.heads {
		wide := slices.ContainsFunc(s.rows, func(row []string) bool { return utf8.RuneCountInString(row[i]) > shortWords })
		v.Heads = append(v.Heads, headView{h.title, h.unit, s.numbers[i], !wide})
	}
	return v
}
