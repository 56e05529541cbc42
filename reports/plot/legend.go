package plot

import (
	"cmp"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"meterbench/internal/printable"
	"meterbench/reports"
)

// legend lists what the marks of the figure mean, in the order of its series.
func legend(f reports.Figure, width vg.Length) (all []entry) {
	add := func(label string, key func(c draw.Canvas, left, middle, right vg.Point)) {
		label = cut(printable.Line(label), labelStyle(), width-keyWidth)
		all = append(all, entry{label, keyWidth + labelStyle().Width(label) + 14, key})
	}
	for _, s := range f.Legend() {
		add(s.Name, func(c draw.Canvas, left, middle, right vg.Point) {
			if f.Kind == reports.Stacked && !s.Beside {
				c.SetColor(partColour(s.Hue, s.Variant))
				c.Fill(vg.Rectangle{Min: vg.Point{X: left.X, Y: left.Y - 4.5}, Max: vg.Point{X: right.X, Y: right.Y + 4.5}}.Path())
				return
			}
			if f.Kind == reports.Lines {
				c.StrokeLine2(lineStyle(s), left.X, left.Y, right.X, right.Y)
			}
			if !s.Unmarked {
				glyph(c, s, middle, false, glyphRadius)
			}
		})
	}
	if f.Map != nil {
		mapLegend(*f.Map, add)
	}
	frame(f, add)
	for _, l := range f.Levels {
		add(l.Name, func(c draw.Canvas, left, _, right vg.Point) {
			c.StrokeLine2(levelStyle(), left.X, left.Y, right.X, right.Y)
		})
	}
	if f.HasSaturation() {
		add("saturation point", func(c draw.Canvas, _, middle, _ vg.Point) { ring(c, middle, 1.6*glyphRadius) })
	}
	if f.HasInvalid() && f.Kind != reports.Stacked {
		add("hollow: not valid", func(c draw.Canvas, _, middle, _ vg.Point) {
			glyph(c, reports.Series{Hue: 6}, middle, true, glyphRadius)
		})
	}
	return all
}

// frame lists what is drawn in the panels beside the series, each once.
func frame(f reports.Figure, add func(string, func(c draw.Canvas, left, middle, right vg.Point))) {
	seen := map[string]bool{}
	once := func(label string, key func(c draw.Canvas, left, middle, right vg.Point)) {
		if !seen[label] {
			seen[label] = true
			add(label, key)
		}
	}
	for _, p := range f.All() {
		if p.Tiles != nil {
			once("transactions, few to many", func(c draw.Canvas, left, _, right vg.Point) {
				shades := len(Tiles)
				for i := range shades {
					c.SetColor(hex(Tiles[i]))
					x := left.X + vg.Length(i)*(right.X-left.X)/vg.Length(shades)
					c.Fill(vg.Rectangle{Min: vg.Point{X: x, Y: left.Y - 4.5}, Max: vg.Point{X: x + (right.X-left.X)/vg.Length(shades), Y: left.Y + 4.5}}.Path())
				}
			})
		}
		if p.Spans != nil {
			once("outside of the measured window", func(c draw.Canvas, left, _, right vg.Point) {
				c.SetColor(shade)
				c.Fill(vg.Rectangle{Min: vg.Point{X: left.X, Y: left.Y - 4.5}, Max: vg.Point{X: right.X, Y: left.Y + 4.5}}.Path())
			})
		}
		for _, e := range p.Events {
			label := map[bool]string{true: "event that takes something away", false: "event that gives it back"}[e.Harms]
			once(cmp.Or(e.Means, label), func(c draw.Canvas, _, middle, _ vg.Point) {
				c.StrokeLine2(eventStyle(e.Harms), middle.X, middle.Y-5, middle.X, middle.Y+5)
			})
		}
		for _, m := range p.Marks {
			once(m.Name, func(c draw.Canvas, left, middle, right vg.Point) {
				for _, x := range []vg.Length{left.X + 6, middle.X, right.X - 6} {
					c.StrokeLine2(markStyle(m), x, middle.Y-3.5, x, middle.Y+3.5)
				}
			})
		}
	}
}

// rows breaks the legend into rows that fit the width.
func rows(entries []entry, width vg.Length) (all [][]entry) {
	used := vg.Length(0)
	for _, e := range entries {
		if len(all) == 0 || used+e.width-14 > width {
			all, used = append(all, nil), 0
		}
		all[len(all)-1] = append(all[len(all)-1], e)
		used += e.width
	}
	return all
}
