// Package plot draws the figures of a report as SVG and PNG.
//
// Data flow: a reports.Figure in base units comes in; the page lays out title, legend, axis titles and notes
// around the data, so that nothing ever covers them; gonum/plot draws axes, and the marks of this package, on
// either canvas. The same figure always gives the same bytes on one kind of machine.
package plot

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
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
func SVG(w io.Writer, f reports.Figure) error {
	p := layout(f)
	canvas := vgsvg.New(p.width, p.height)
	p.draw(draw.New(canvas))
	return written(w, f, canvas)
}

// PanelSVG writes a panel of the figure as an SVG document without title, legend and notes, for a page that prints them
// itself. More than two panels are made to stand three in a row.
func PanelSVG(w io.Writer, f reports.Figure, panel reports.Panel) error {
	width, height := vg.Length(bareWidth), vg.Length(bareHeight)
	if len(f.Panels) > 2 {
		width, height = panelWidth, panelHeight
	}
	if f.Map != nil {
		width = mapWidth
		height = mapHeight(f, width-2*bareMargin) + 2*bareMargin
	}
	canvas := vgsvg.New(width, height)
	c := draw.New(canvas)
	c.SetColor(hex(Paper))
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, bareMargin, -bareMargin, bareMargin, -bareMargin)
	if f.Empty != "" {
		drawEmpty(c, f.Empty)
	} else {
		drawData(c, linear(f), panel)
	}
	return written(w, f, canvas)
}

// A Key is an entry of a figure's legend: its text, and a drawing of the line or mark that it explains.
type Key struct {
	Label  string
	Series bool // it stands for a series, else for something else that is drawn
	entry  entry
}

// Legend returns the keys of the figure, for a page that prints them itself.
func Legend(f reports.Figure) (keys []Key) {
	if f.Empty != "" {
		return nil
	}
	ofSeries := len(f.Legend())
	for i, e := range legend(linear(f), math.MaxFloat32) {
		keys = append(keys, Key{e.label, i < ofSeries, e})
	}
	return keys
}

// SVG writes the drawing as an SVG document.
func (k Key) SVG(w io.Writer) error {
	canvas := vgsvg.New(keyLength+2*bareMargin, 2*keyMiddle)
	k.entry.key(draw.New(canvas), vg.Point{X: bareMargin, Y: keyMiddle}, vg.Point{X: bareMargin + keyLength/2, Y: keyMiddle},
		vg.Point{X: bareMargin + keyLength, Y: keyMiddle})
	return written(w, reports.Figure{ID: k.Label}, canvas)
}

// written writes what is on the canvas.
func written(w io.Writer, f reports.Figure, canvas *vgsvg.Canvas) error {
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return fmt.Errorf("drawing figure %s: %w", f.ID, err)
	}
	if _, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"), []byte(fallbacks))); err != nil {
		return fmt.Errorf("writing figure %s: %w", f.ID, err)
	}
	return nil
}

// PNG writes the figure as a PNG image, 1200 pixels wide or, with three panels in a row, 1900.
func PNG(w io.Writer, f reports.Figure) error {
	p := layout(f)
	canvas := vgimg.NewWith(vgimg.UseWH(p.width, p.height), vgimg.UseDPI(dotsPerInch))
	p.draw(draw.New(canvas))
	encoder := png.Encoder{CompressionLevel: png.BestSpeed} // encoding is half of the work, and what is drawn is flat
	if err := encoder.Encode(w, canvas.Image()); err != nil {
		return fmt.Errorf("writing figure %s: %w", f.ID, err)
	}
	return nil
}

// Ink, Faint, Rule and Paper are the colours of everything that is not data. A page with a dark mode can find
// them in the SVG by these values.
const (
	Ink   = "#1B1F24"
	Faint = "#59616B"
	Rule  = "#D9DEE4"
	Paper = "#FFFFFF"
)

// hex is the colour of a literal such as #1B1F24.
func hex(literal string) color.NRGBA {
	v, err := strconv.ParseUint(literal[1:], 16, 24)
	if err != nil {
		panic(err) // only literals of this package come here
	}
	return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255}
}

// The colours of data, which pages with charts of their own share.
var (
	// LineColours are those of lines by hue, after Okabe and Ito, "Color Universal Design" (2008), without its yellow, which is too
	// pale for a line.
	LineColours = [...]string{"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6F6F6F"}
	// StepColours are a scale that darkens from orange to blue, for lines that are steps of an order.
	StepColours = [...]string{"#E8A33D", "#DD6B55", "#B8428C", "#7A45C0", "#3F5BD8"}
	// PartColours are those of parts of a bar by hue, after Tol, "Colour Schemes" (2021), scheme "bright".
	PartColours = [...]string{"#BBBBBB", "#AA3377", "#EE6677", "#4477AA", "#66CCEE", "#228833", "#6E6E6E", "#CCBB44", "#882255", "#44AA99"}
)

func lineColour(hue int) color.Color { return hex(LineColours[hue%len(LineColours)]) }

// seriesColour is the colour of a series' line: by its hue or, where that is a step of an order, one between those of
// StepColours; grey where it is set back.
func seriesColour(s reports.Series) color.Color {
	if s.Faint {
		return hex("#8C939B")
	}
	if s.Steps == 0 {
		return lineColour(s.Hue)
	}
	at := float64(s.Hue) / float64(max(1, s.Steps-1)) * float64(len(StepColours)-1)
	i := min(int(at), len(StepColours)-2)
	low, high := hex(StepColours[i]), hex(StepColours[i+1])
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + (at-float64(i))*(float64(b)-float64(a))) }
	return color.NRGBA{mix(low.R, high.R), mix(low.G, high.G), mix(low.B, high.B), 255}
}

// Tiles are the colours of a heat map from few to many. A page with a dark mode can turn them round.
var Tiles = [...]string{"#C6DBEF", "#9ECAE1", "#6BAED6", "#4292C6", "#2171B5", "#08519C"}

// shade covers what is outside of a measured window, on a light page and on a dark one.
var shade = color.NRGBA{0x80, 0x88, 0x93, 0x38}

// Shade is the index in Tiles of the colour of a tile of a heat map: by the root of its share, so that rare latencies show beside
// common ones.
func Shade(share float64) int {
	return min(max(0, int(math.Sqrt(share)*float64(len(Tiles)))), len(Tiles)-1)
}

func tileColour(share float64) color.Color { return hex(Tiles[Shade(share)]) }

// markStyle is that of the strokes of a mark.
func markStyle(m reports.Mark) draw.LineStyle {
	return draw.LineStyle{Color: lineColour(m.Hue), Width: 1.2}
}

// partColour is the colour of a part of a bar by hue; variants are lighter.
func partColour(hue, variant int) color.Color {
	c := hex(PartColours[hue%len(PartColours)])
	white := 1 - 1/(1+0.45*float64(variant))
	lighten := func(v uint8) uint8 { return v + uint8(white*float64(255-v)) }
	return color.NRGBA{lighten(c.R), lighten(c.G), lighten(c.B), 255}
}

// lineStyle is that of a series: solid, dashed, dotted or dash-dotted.
func lineStyle(s reports.Series) draw.LineStyle {
	dashes := [...][]vg.Length{nil, {6, 3}, {1.5, 2.5}, {7, 2.5, 1.5, 2.5}}
	turn := s.Variant + s.Hue/7
	if s.Steps > 0 {
		turn = s.Variant
	}
	return draw.LineStyle{Color: seriesColour(s), Width: 1.8, Dashes: dashes[turn%len(dashes)]}
}

// curveStyle is that of a law fitted to the series: as its line, but fainter.
func curveStyle(s reports.Series) draw.LineStyle {
	return draw.LineStyle{Color: seriesColour(s), Width: 0.9, Dashes: []vg.Length{3, 2}}
}

func thin(c string, width vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: hex(c), Width: width}
}

// words is a text style in Liberation Sans.
func words(size vg.Length, colour string) text.Style {
	return text.Style{
		Color:   hex(colour),
		Font:    font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
		Handler: plot.DefaultTextHandler,
	}
}

// keyMiddle is half the height of a key's drawing: room for a ring.
const keyMiddle = 2 * glyphRadius

// glyphRadius is the size of a mark.
const glyphRadius = 3.6

// glyph draws the mark of a series: its shape tells series apart without colour, and it is hollow where the
// point is not valid.
func glyph(c draw.Canvas, s reports.Series, at vg.Point, hollow bool, radius vg.Length) {
	shapes := [...][]vg.Point{
		nil, // circle
		{{X: -.88, Y: -.88}, {X: .88, Y: -.88}, {X: .88, Y: .88}, {X: -.88, Y: .88}},
		{{X: -1.1, Y: -.8}, {X: 1.1, Y: -.8}, {X: 0, Y: 1.2}},
		{{X: 0, Y: -1.3}, {X: 1.1, Y: 0}, {X: 0, Y: 1.3}, {X: -1.1, Y: 0}},
		{{X: -1.1, Y: .8}, {X: 1.1, Y: .8}, {X: 0, Y: -1.2}},
		{{X: 0, Y: 1.2}, {X: 1.15, Y: .35}, {X: .7, Y: -1}, {X: -.7, Y: -1}, {X: -1.15, Y: .35}},
	}
	path := outline(shapes[(s.Hue+2*s.Variant)%len(shapes)], at, radius)
	c.SetColor(seriesColour(s))
	if hollow {
		c.SetColor(hex(Paper))
	}
	c.Fill(path)
	c.SetLineStyle(draw.LineStyle{Color: seriesColour(s), Width: 1.4})
	c.Stroke(path)
}

// outline is the path around a shape of the given corners, or around a circle.
func outline(corners []vg.Point, at vg.Point, radius vg.Length) (p vg.Path) {
	if corners == nil {
		p.Move(vg.Point{X: at.X + radius, Y: at.Y})
		p.Arc(at, radius, 0, 2*math.Pi)
	} else {
		p.Move(at.Add(corners[0].Scale(radius)))
		for _, corner := range corners[1:] {
			p.Line(at.Add(corner.Scale(radius)))
		}
	}
	p.Close()
	return p
}
