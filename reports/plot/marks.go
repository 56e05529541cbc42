package plot

import (
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"meterbench/internal/printable"
	"meterbench/reports"
)

// drawData draws axis titles, axes and marks of a panel into the canvas. The title of the Y axis stands upright above it.
func drawData(c draw.Canvas, f reports.Figure, panel reports.Panel) {
	f, panel = Drawable(f), drawablePanel(f, panel)
	if f.Map != nil {
		drawMap(c, *f.Map)
		return
	}
	if f.Kind == reports.Dots {
		panel = beside(panel)
	}
	yScale := reports.Scale{Factor: 1}
	if !f.Y.Log {
		_, top := extent(f, covered(f, panel, f.Y), yScale)
		yScale = f.Y.Unit.Scale([]float64{top})
	}
	style := words(10.5, Faint)
	width := c.Max.X - c.Min.X
	top := write(c, style, cut(axisTitle(f.Y, yScale), style, width), c.Max.Y) - 6
	style.XAlign = draw.XCenter
	c.FillText(style, vg.Point{X: c.Center().X, Y: c.Min.Y + style.FontExtents().Descent}, cut(axisTitle(f.X, f.X.Unit.Scale(nil)), style, width))
	c.Max.Y = top
	c.Min.Y += lines(1, style) + 2

	p := newAxes(f, panel, yScale, width)
	m := marks{f, panel, yScale}
	p.Add(m)
	if len(panel.Events) > 0 { // the room for their words is not the axes'
		data := p.DataCanvas(c)
		x, _ := p.Transforms(&data)
		c.Max.Y -= eventRoom(eventLabels(panel.Events, data.Min.X, data.Max.X, x))
	}
	p.Draw(c)
}

// marks are a panel's data as gonum draws them.
type marks struct {
	figure reports.Figure
	panel  reports.Panel
	scale  reports.Scale
}

// Plot draws the grid, the reference lines and the data.
func (m marks) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	at := func(px, py float64) vg.Point { return vg.Point{X: x(px), Y: y(py / m.scale.Factor)} }
	for _, span := range m.panel.Spans {
		c.SetColor(shade)
		c.Fill(vg.Rectangle{Min: vg.Point{X: x(span.From), Y: c.Min.Y}, Max: vg.Point{X: x(span.To), Y: c.Max.Y}}.Path())
	}
	grid(c, p)
	for _, t := range m.panel.Tiles {
		c.SetColor(tileColour(t.Share))
		c.Fill(vg.Rectangle{Min: at(t.X[0], t.Y[0]), Max: at(t.X[1], t.Y[1])}.Path())
	}
	switch m.figure.Kind {
	case reports.Stacked:
		m.bars(c, at)
	case reports.Dots:
		m.dots(c, p, at)
	default:
		m.lines(c, at)
	}
	for _, l := range m.figure.Levels {
		height := at(1, l.Y).Y
		c.StrokeLine2(levelStyle(), c.Min.X, height, c.Max.X, height)
	}
	if m.figure.Kind == reports.Stacked {
		m.totals(c, at)
	}
	for _, mark := range m.panel.Marks {
		m.rug(c, mark, x)
	}
	events(c, eventLabels(m.panel.Events, c.Min.X, c.Max.X, x))
}

// rug draws the instants of a mark as strokes at the edge, those that would touch as one.
func (m marks) rug(c draw.Canvas, mark reports.Mark, x func(float64) vg.Length) {
	const stroke, length = 1.2, 7
	from, to := c.Min.Y, c.Min.Y+length
	if mark.Top {
		from, to = c.Max.Y-length, c.Max.Y
	}
	last := c.Min.X - stroke
	for _, instant := range mark.X {
		if at := x(instant); at-last >= stroke && at <= c.Max.X {
			c.StrokeLine2(markStyle(mark), at, from, at, to)
			last = at
		}
	}
}

// GlyphBoxes keeps room for the marks at the edges.
func (m marks) GlyphBoxes(p *plot.Plot) (boxes []plot.GlyphBox) {
	const r = 2.5 * glyphRadius
	room := vg.Rectangle{Min: vg.Point{X: -r, Y: -r}, Max: vg.Point{X: r, Y: r}}
	if m.figure.Kind == reports.Stacked {
		return nil
	}
	for _, s := range m.panel.Series {
		for _, pt := range s.Points {
			boxes = append(boxes, plot.GlyphBox{X: p.X.Norm(pt.X), Y: p.Y.Norm(pt.Y / m.scale.Factor), Rectangle: room})
		}
	}
	return boxes
}

func (m marks) lines(c draw.Canvas, at func(x, y float64) vg.Point) {
	for _, s := range m.panel.Series {
		for _, p := range s.Singles {
			glyph(c, s, at(p.X, p.Y), p.Invalid, 1.5)
		}
	}
	stroke := func(style draw.LineStyle, points []reports.Point) {
		path := make([]vg.Point, len(points))
		for i, p := range points {
			path[i] = at(p.X, p.Y)
		}
		c.StrokeLines(style, path)
	}
	for _, s := range m.panel.Series {
		stroke(lineStyle(s), s.Points)
		stroke(curveStyle(s), s.Curve)
	}
	for _, s := range m.panel.Series {
		for _, p := range s.Points {
			if i := p.Interval; i != nil {
				whisker(c, s, at(p.X, i.Low), at(p.X, i.High))
			}
			if !s.Unmarked {
				glyph(c, s, at(p.X, p.Y), p.Invalid, glyphRadius)
			}
			if p.Saturation {
				ring(c, at(p.X, p.Y), 2.2*glyphRadius)
			}
			if i := p.Across; i != nil {
				across(c, s, at(i.Low, p.Y), at(i.High, p.Y))
			}
			mark := at(p.X, p.Y)
			if p.Across != nil {
				mark.Y -= acrossEnd // below the ends of the bar
			}
			caption(c, p.Label, mark)
		}
	}
}

// caption writes a label to the right of a mark, clear of a ring around it, or to the left where there is no room.
func caption(c draw.Canvas, label string, at vg.Point) {
	style := words(9.5, Ink)
	label = printable.Line(label)
	at.Y -= 2.6 * glyphRadius
	if at.X += 1.8 * glyphRadius; at.X+style.Width(label) > c.Max.X {
		at.X -= 3.6 * glyphRadius
		style.XAlign = draw.XRight
	}
	c.FillText(style, at, label)
}

// acrossEnd is how far the ends of an interval of X reach to both sides.
const acrossEnd = 5

// across draws an interval of X.
func across(c draw.Canvas, s reports.Series, low, high vg.Point) {
	style := thin(Ink, 1.3)
	if s.Faint {
		style.Color = seriesColour(s)
	}
	c.StrokeLine2(style, low.X, low.Y, high.X, high.Y)
	for _, end := range []vg.Point{low, high} {
		c.StrokeLine2(style, end.X, end.Y-acrossEnd, end.X, end.Y+acrossEnd)
	}
}

// whisker draws an interval.
func whisker(c draw.Canvas, s reports.Series, low, high vg.Point) {
	style := draw.LineStyle{Color: seriesColour(s), Width: 1.3}
	c.StrokeLine2(style, low.X, low.Y, high.X, high.Y)
	for _, end := range []vg.Point{low, high} {
		c.StrokeLine2(style, end.X-6, end.Y, end.X+6, end.Y)
	}
}

// bars stacks the series of each category.
func (m marks) bars(c draw.Canvas, at func(x, y float64) vg.Point) {
	categories := len(m.panel.Categories)
	room := at(1, 0).X - at(0, 0).X // of a category
	half := min(0.36, float64(45/room))
	heights := make([]float64, categories)
	for _, s := range stacked(m.panel.Series) {
		for _, p := range s.Points {
			i := int(p.X)
			if i < 0 || i >= categories {
				continue
			}
			low, high := at(p.X-half, heights[i]), at(p.X+half, heights[i]+p.Y)
			c.SetColor(partColour(s.Hue, s.Variant))
			c.Fill(vg.Rectangle{Min: low, Max: high}.Path())
			if high.Y-low.Y > 2 { // a seam that tells neighbours apart without colour
				c.StrokeLine2(thin(Paper, 0.8), low.X, high.Y, high.X, high.Y)
			}
			heights[i] += p.Y
		}
	}
	for _, s := range m.panel.Series {
		for _, p := range s.Points {
			if !s.Beside {
				break
			}
			x := p.X + half + float64(2*glyphRadius/room)
			if i := p.Interval; i != nil {
				whisker(c, s, at(x, i.Low), at(x, i.High))
			}
			glyph(c, s, at(x, p.Y), p.Invalid, glyphRadius)
		}
	}
}

// stacked returns the series that are parts of bars.
func stacked(all []reports.Series) []reports.Series {
	return kept(all, func(s reports.Series) bool { return !s.Beside })
}

// totals writes above each bar its height where there is room, and a mark where it is not valid.
func (m marks) totals(c draw.Canvas, at func(x, y float64) vg.Point) {
	categories := len(m.panel.Categories)
	room := at(1, 0).X - at(0, 0).X // of a category
	heights, invalid := make([]float64, categories), make([]bool, categories)
	for _, s := range stacked(m.panel.Series) {
		for _, p := range s.Points {
			if i := int(p.X); i >= 0 && i < categories {
				heights[i] += p.Y
				invalid[i] = invalid[i] || p.Invalid
			}
		}
	}
	style := words(9, Ink)
	style.XAlign = draw.XCenter
	for i, h := range heights {
		mark := map[bool]string{true: " *"}[invalid[i]]
		label := strings.TrimSpace(m.figure.Y.Unit.Digits(h, m.scale)) + mark
		if style.Width(label) > room-1 {
			label = mark
		}
		if label == "" {
			continue
		}
		foot := at(float64(i), h)
		foot.Y += 2 + style.FontExtents().Descent
		half := style.Width(label) / 2
		c.SetColor(hex(Paper)) // so that no reference line crosses it
		c.Fill(vg.Rectangle{Min: vg.Point{X: foot.X - half, Y: foot.Y - 1}, Max: vg.Point{X: foot.X + half, Y: foot.Y + 7}}.Path())
		c.FillText(style, foot, label)
	}
}
