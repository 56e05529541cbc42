package plot

import (
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"meterbench/reports"
)

// dotsShare is the part of a category's room over which its dots stand.
const dotsShare = 0.7

// beside returns the panel with the points of one category side by side, in the order of the series that have one there.
func beside(p reports.Panel) reports.Panel {
	p.Series = slices.Clone(p.Series)
	there := map[float64]int{} // points by category
	for _, s := range p.Series {
		for _, x := range places(s) {
			there[x]++
		}
	}
	before := map[float64]int{}
	for i := range p.Series {
		s := &p.Series[i]
		all := places(*s)
		s.Points = slices.Clone(s.Points)
		for j := range s.Points {
			x := s.Points[j].X
			s.Points[j].X += dotsShare * ((float64(before[x])+0.5)/float64(there[x]) - 0.5)
		}
		for _, x := range all {
			before[x]++
		}
	}
	return p
}

// places returns the categories in which the series has points, each once.
func places(s reports.Series) (all []float64) {
	for _, p := range s.Points {
		if !slices.Contains(all, p.X) {
			all = append(all, p.X)
		}
	}
	return all
}

// dots draws points with their intervals, and a rule between categories.
func (m marks) dots(c draw.Canvas, p *plot.Plot, at func(x, y float64) vg.Point) {
	x, _ := p.Transforms(&c)
	for i := 1; i < len(m.panel.Categories); i++ {
		x := x(float64(i) - 0.5)
		c.StrokeLine2(thin(Rule, 0.7), x, c.Min.Y, x, c.Max.Y)
	}
	for _, s := range m.panel.Series {
		for _, p := range s.Points {
			mark := at(p.X, p.Y)
			if i := p.Interval; i != nil {
				whisker(c, s, at(p.X, i.Low), at(p.X, i.High))
			}
			glyph(c, s, mark, p.Invalid, glyphRadius)
			caption(c, p.Label, mark)
		}
	}
}
