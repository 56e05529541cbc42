// Package plot draws the figures of a report as SVG and PNG.
//
// Data flow: a reports.Figure in base units comes in; the page lays out title, legend, axis titles
// and notes around the data, so that nothing ever covers them; gonum/plot draws axes, and the marks
// of this package, on either canvas. The same figure always gives the same bytes on one kind of
// machine.
package plot

import (
	"bytes"
	"fmt"
	"io"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"meterbench/reports"
)

// dotsPerInch makes a PNG twice as fine as a screen's 72 points.
const dotsPerInch = 144

// fallbacks are fonts with the metrics of Liberation Sans, for a viewer that does not have it.
const fallbacks = "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"

// SVG writes the figure as an SVG document.
func SVG(w io.Writer, f reports.Figure) error { return svg(w, f, layout(f, false)) }

// BareSVG writes the figure as an SVG document without title and notes, for a page that prints them
// itself.
func BareSVG(w io.Writer, f reports.Figure) error { return svg(w, f, layout(f, true)) }

func svg(w io.Writer, f reports.Figure, p page) error {
	canvas := vgsvg.New(pageWidth, p.height)
	p.draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return fmt.Errorf("drawing figure %s: %w", f.ID, err)
	}
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"), []byte(fallbacks)))
	if err != nil {
		return fmt.Errorf("writing figure %s: %w", f.ID, err)
	}
	return nil
}

// PNG writes the figure as a PNG image of 1200 pixels width.
func PNG(w io.Writer, f reports.Figure) error {
	p := layout(f, false)
	canvas := vgimg.NewWith(vgimg.UseWH(pageWidth, p.height), vgimg.UseDPI(dotsPerInch))
	p.draw(draw.New(canvas))
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(w); err != nil {
		return fmt.Errorf("writing figure %s: %w", f.ID, err)
	}
	return nil
}

// pageWidth is 800 pixels of a browser (96 per inch).
const pageWidth = 600 * vg.Length(1)
