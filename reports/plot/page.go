package plot

import (
	"sort"
	"strings"

	"golang.org/x/image/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"meterbench/internal/printable"
	"meterbench/reports"
)

// Sizes of the page, in points.
const (
	margin      = 12  // around a page with title and notes
	bareMargin  = 2   // around one inside another page
	dataHeight  = 300 // axes and their labels included
	bareWidth   = 470 // of a diagram inside another page
	bareHeight  = 270
	panelWidth  = 300 // of one of several
	panelHeight = 210
	panelGap    = 14
	leading     = 1.3 // line height over font size
	noteGap     = 5
)

// pageWidth is 800 pixels of a browser (96 per inch).
const pageWidth = 600 * vg.Length(1)

// A page is a figure with everything around its data laid out.
type page struct {
	figure        reports.Figure
	width, height vg.Length
	title, notes  []string
	legend        [][]entry // rows
	columns       int       // of panels
	cell          vg.Length // height of a row of panels
}

// An entry is one line of the legend.
type entry struct {
	label string
	width vg.Length
	key   func(c draw.Canvas, left, middle, right vg.Point) // draws the sample between the points
}

// keyWidth is the room of a legend entry's sample, and keyLength the sample's own.
const (
	keyWidth  = 34
	keyLength = keyWidth - 6
)

func titleStyle() text.Style {
	s := words(13, Ink)
	s.Font.Weight = font.WeightBold
	return s
}

func panelStyle() text.Style {
	s := words(11, Ink)
	s.Font.Weight = font.WeightBold
	return s
}

func labelStyle() text.Style { return words(10.5, Ink) }
func noteStyle() text.Style  { return words(10, Faint) }

// linear returns the figure with an axis on which heights add up.
func linear(f reports.Figure) reports.Figure {
	if f.Kind == reports.Stacked {
		f.Y.Log = false
	}
	return f
}

// layout decides what goes where; the height follows from it.
func layout(f reports.Figure) page {
	p := page{figure: linear(f), width: pageWidth, columns: 1, cell: dataHeight}
	if n := len(f.Panels); n > 0 {
		p.columns = min(n, 3)
		if p.cell = panelHeight + panelGap; n == 1 {
			p.cell = dataHeight
		}
		p.width = max(pageWidth, vg.Length(p.columns)*(panelWidth+panelGap)-panelGap+2*margin)
		if f.Panels[0].Title != "" {
			p.cell += lines(1, panelStyle())
		}
	}
	if f.Map != nil {
		p.width = mapWidth
		p.cell = mapHeight(f, p.width-2*margin)
	}
	width := p.width - 2*margin
	p.title = wrap(f.Title, titleStyle(), width)
	for _, n := range f.Notes {
		p.notes = append(p.notes, wrap(n, noteStyle(), width)...)
	}
	p.height = 2*margin + p.cell*vg.Length(p.rows()) + lines(len(p.title), titleStyle()) + 4 + lines(len(p.notes), noteStyle()) + noteGap
	if f.Empty == "" {
		p.legend = rows(legend(p.figure, width), width)
		p.height += lines(len(p.legend), labelStyle()) + 6
	}
	return p
}

// rows is the number of rows of panels.
func (p page) rows() int { return (len(p.figure.All()) + p.columns - 1) / p.columns }

func lines(n int, s text.Style) vg.Length { return vg.Length(float64(n)*leading) * s.Font.Size }

// draw puts the page on a canvas of its size.
func (p page) draw(c draw.Canvas) {
	c.SetColor(hex(Paper))
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, margin, -margin, margin, -margin)
	top := c.Max.Y
	for _, line := range p.title {
		top = write(c, titleStyle(), line, top)
	}
	top -= 4
	for _, row := range p.legend {
		x := c.Min.X
		next := top - lines(1, labelStyle())
		for _, e := range row {
			middle := (top + next) / 2
			e.key(c, vg.Point{X: x, Y: middle}, vg.Point{X: x + keyLength/2, Y: middle}, vg.Point{X: x + keyLength, Y: middle})
			s := labelStyle()
			s.YAlign = draw.YCenter
			c.FillText(s, vg.Point{X: x + keyWidth, Y: middle + s.FontExtents().Descent/2}, e.label)
			x += e.width
		}
		top = next
	}
	if len(p.legend) > 0 {
		top -= 6
	}
	below := c.Min.Y + lines(len(p.notes), noteStyle())
	c.Max.Y, c.Min.Y = top, below+noteGap
	for _, line := range p.notes {
		below = write(c, noteStyle(), line, below)
	}
	if p.figure.Empty != "" {
		drawEmpty(c, p.figure.Empty)
		return
	}
	p.panels(c)
}

// panels draws them row by row, each below its title.
func (p page) panels(c draw.Canvas) {
	wide := (c.Max.X - c.Min.X + panelGap) / vg.Length(p.columns)
	for i, panel := range p.figure.All() {
		cell := c
		cell.Min.X += vg.Length(i%p.columns) * wide
		cell.Max.X = cell.Min.X + wide - panelGap
		if p.figure.Panels != nil {
			cell.Max.Y -= vg.Length(i/p.columns) * p.cell
			cell.Min.Y = cell.Max.Y - p.cell + panelGap
		} else {
			cell.Max.X = c.Max.X
		}
		if panel.Title != "" {
			cell.Max.Y = write(cell, panelStyle(), cut(printable.Line(panel.Title), panelStyle(), wide-panelGap), cell.Max.Y)
		}
		drawData(cell, p.figure, panel)
	}
}

// write puts a line of text below top and returns where the next one goes.
func write(c draw.Canvas, s text.Style, line string, top vg.Length) vg.Length {
	s.YAlign = draw.YTop
	c.FillText(s, vg.Point{X: c.Min.X, Y: top}, line)
	return top - lines(1, s)
}

// drawEmpty says in a frame why there is no data.
func drawEmpty(c draw.Canvas, why string) {
	c.SetLineStyle(thin(Rule, 1))
	c.Stroke(c.Rectangle.Path())
	s := words(11.5, Faint)
	s.XAlign, s.YAlign = draw.XCenter, draw.YCenter
	text := wrap(why, s, c.Max.X-c.Min.X-4*margin)
	at := c.Center()
	at.Y += lines(len(text)-1, s) / 2
	for _, line := range text {
		c.FillText(s, at, line)
		at.Y -= lines(1, s)
	}
}

// wrap breaks a text into lines that fit the width, and cuts words that do not.
func wrap(s string, style text.Style, width vg.Length) (all []string) {
	for _, word := range strings.Fields(printable.Line(s)) {
		word = cut(word, style, width)
		if last := len(all) - 1; last >= 0 && style.Width(all[last]+" "+word) <= width {
			all[last] += " " + word
		} else {
			all = append(all, word)
		}
	}
	return all
}

// cut shortens a text until it fits the width.
func cut(s string, style text.Style, width vg.Length) string {
	if style.Width(s) <= width {
		return s
	}
	runes := []rune(s)
	fits := sort.Search(len(runes), func(n int) bool { return style.Width(string(runes[:n+1])+"…") > width })
	return string(runes[:fits]) + "…"
}

// ring marks a saturation point around its glyph.
func ring(c draw.Canvas, at vg.Point, radius vg.Length) {
	c.SetLineStyle(thin(Ink, 1.3))
	c.Stroke(outline(nil, at, radius))
}

func levelStyle() draw.LineStyle {
	return draw.LineStyle{Color: hex(Ink), Width: 1.2, Dashes: []vg.Length{8, 3}}
}
