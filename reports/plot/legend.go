package plot

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"meterbench/reports"
)

// legend lists what the marks of the figure mean, in the order of its series.
func legend(f reports.Figure, width vg.Length) []entry {
	var all []entry
	for _, s := range f.Series {
		key := func(c draw.Canvas, at vg.Point) {
			c.StrokeLine2(lineStyle(s), at.X, at.Y, at.X+keyWidth-6, at.Y)
			glyph(c, s, vg.Point{X: at.X + (keyWidth-6)/2, Y: at.Y}, false, glyphRadius)
		}
		if f.Kind == reports.Stacked {
			key = func(c draw.Canvas, at vg.Point) { box(c, s, at) }
		}
		all = append(all, entry{label: s.Name, key: key})
	}
	for _, l := range f.Levels {
		all = append(all, entry{label: l.Name, key: func(c draw.Canvas, at vg.Point) {
			c.StrokeLine2(levelStyle(), at.X, at.Y, at.X+keyWidth-6, at.Y)
		}})
	}
	if f.HasSaturation() {
		all = append(all, entry{label: "saturation point", key: func(c draw.Canvas, at vg.Point) {
			ring(c, vg.Point{X: at.X + (keyWidth-6)/2, Y: at.Y}, 1.6*glyphRadius)
		}})
	}
	if f.HasInvalid() && f.Kind == reports.Lines {
		all = append(all, entry{label: "hollow: not valid", key: func(c draw.Canvas, at vg.Point) {
			glyph(c, reports.Series{Hue: 6}, vg.Point{X: at.X + (keyWidth-6)/2, Y: at.Y}, true, glyphRadius)
		}})
	}
	for i := range all {
		all[i].label = cut(reports.Printable(all[i].label), labelStyle(), width-keyWidth)
		all[i].width = keyWidth + labelStyle().Width(all[i].label) + 14
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

func box(c draw.Canvas, s reports.Series, at vg.Point) {
	r := vg.Rectangle{Min: vg.Point{X: at.X, Y: at.Y - 4.5}, Max: vg.Point{X: at.X + keyWidth - 6, Y: at.Y + 4.5}}
	c.SetColor(partColour(s.Hue, s.Variant))
	c.Fill(r.Path())
}

// ring marks a saturation point around its glyph.
func ring(c draw.Canvas, at vg.Point, radius vg.Length) {
	c.SetLineStyle(thin(Ink, 1.3))
	c.Stroke(outline(nil, at, radius))
}

func levelStyle() draw.LineStyle {
	return draw.LineStyle{Color: hex(Ink), Width: 1.2, Dashes: []vg.Length{8, 3}}
}
