package render

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"reflect"

	"meterbench/reports"
	"meterbench/reports/plot"
)

//go:embed report.html.tmpl
var page string

//go:embed report.css
var style string

// The page folds what is beyond these numbers: figures of a section, and rows of a table that is a
// detail. Warnings and rows of other tables fold beyond those that the terminal shows.
const (
	figuresShown = 9
	rowsOpen     = 12
)

// HTML writes the report as one page that needs no other file and no network.
func HTML(w io.Writer, rep reports.Report) error {
	parsed, err := template.New("report").Funcs(template.FuncMap{
		"mark": mark, "target": target, "draw": draw,
		"style":         func() template.CSS { return template.CSS(style) },
		"sheet":         func(t reports.Table) sheet { return newSheet(t, shown) },
		"fold":          func(t reports.Table) bool { return t.Detail && len(t.Rows) > rowsOpen || len(t.Rows) > rowsShown },
		"figuresShown":  func() int { return figuresShown },
		"warningsShown": func() int { return warningsShown },
		"first":         func(n int, list any) any { v := reflect.ValueOf(list); return v.Slice(0, min(n, v.Len())).Interface() },
		"rest": func(n int, list any) any {
			v := reflect.ValueOf(list)
			return v.Slice(min(n, v.Len()), v.Len()).Interface()
		},
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	if err := parsed.Execute(w, rep); err != nil {
		return fmt.Errorf("writing the HTML page: %w", err)
	}
	return nil
}

// draw draws a figure for standing inside the page. What the drawing takes from the result are
// texts, and the canvas escapes them.
func draw(f reports.Figure) (template.HTML, error) {
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
