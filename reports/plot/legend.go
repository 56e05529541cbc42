package plot

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"meterbench/reports"
)

// legend lists what the marks of the figure mean, in the order of its series.
func legend(f reports.Figure, width vg.Length) []entry {
	var all []entry
	add := func(label string, key func(c draw.Canvas, left, middle, right vg.Point)) {
		label = cut(reports.Printable(label), labelStyle(), width-keyWidth)
		all = append(all, entry{label, keyWidth + labelStyle().Width(label) + 14, key})
	}
	for _, s := range f.Series {
		add(s.Name, func(c draw.Canvas, left, middle, right vg.Point) {
			if f.Kind == reports.Stacked {
				c.SetColor(partColour(s.Hue, s.Variant))
				c.Fill(vg.Rectangle{Min: vg.Point{X: left.X, Y: left.Y - 4.5}, Max: vg.Point{X: right.X, Y: right.Y + 4.5}}.Path())
				return
			}
			c.StrokeLine2(lineStyle(s), left.X, left.Y, right.X, right.Y)
			glyph(c, s, middle, false, glyphRadius)
		})
	}
	for _, l := range f.Levels {
		add(l.Name, func(c draw.Canvas, left, _, right vg.Point) {
			c.StrokeLine2(levelStyle(), left.X, left.Y, right.X, right.Y)
		})
	}
	if f.HasSaturation() {
		add("saturation point", func(c draw.Canvas, _, middle, _ vg.Point) { ring(c, middle, 1.6*glyphRadius) })
	}
	if f.HasInvalid() && f.Kind == reports.Lines {
		add("hollow: not valid", func(c draw.Canvas, _, middle, _ vg.Point) {
			glyph(c, reports.Series{Hue: 6}, middle, true, glyphRadius)
		})
	}
	return all
}

// rows breaks the legend into rows that fit the width.
func rows(entries []entry, width vg.Length) [][]entry {
	var all [][]entry
	used := vg.Length(0)
	for _, e := range entries {
		if len(all) == 0 || used+e.width-14 > width {
			all = append(all, nil)
			used = 0
		}
		all[len(all)-1] = append(all[len(all)-1], e)
		used += e.width
	}
	return all
}

// ring marks a saturation point around its glyph.
func ring(c draw.Canvas, at vg.Point, radius vg.Length) {
	c.SetLineStyle(thin(Ink, 1.3))
	c.Stroke(outline(nil, at, radius))
}

func levelStyle() draw.LineStyle {
	return draw.LineStyle{Color: hex(Ink), Width: 1.2, Dashes: []vg.Length{8, 3}}
}
