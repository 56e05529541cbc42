package plot

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"meterbench/internal/printable"
	"meterbench/reports"
)

// A mapCaption is words on a map, in a box that covers nothing else, and what they belong to.
type mapCaption struct {
	lines  []string
	styles []text.Style
	box    vg.Rectangle
	of     vg.Point
}

// placeCaptions finds room for the words of sites and ways: each as near as it can be to what it belongs to, without touching
// words that are placed already, the mark of a site, or the edge. Sites go first, those with near neighbours before others.
// Ways whose words find no room have none.
func placeCaptions(frame vg.Rectangle, m reports.Map, sites []vg.Point, ways [][]vg.Point) (all []mapCaption) {
	const room = 2.4 * glyphRadius
	var taken []vg.Rectangle
	for _, s := range sites {
		taken = append(taken, vg.Rectangle{Min: vg.Point{X: s.X - room, Y: s.Y - room}, Max: vg.Point{X: s.X + room, Y: s.Y + room}})
	}
	put := func(c mapCaption, at []vg.Point, must bool) {
		best, covered := -1, vg.Length(math.MaxFloat32)
		boxes := make([]vg.Rectangle, len(at))
		for i, middle := range at {
			boxes[i] = centred(c, middle, frame)
			if area := overlaps(boxes[i], taken, frame); area < covered {
				best, covered = i, area
			}
			if covered == 0 {
				break
			}
		}
		if best >= 0 && (covered == 0 || must) {
			c.box = boxes[best]
			taken, all = append(taken, c.box), append(all, c)
		}
	}
	order := make([]int, len(sites))
	for i := range order {
		order[i] = i
	}
	nearest := func(i int) vg.Length {
		least := vg.Length(math.MaxFloat32)
		for j, s := range sites {
			if j != i {
				least = min(least, distance(s, sites[i]))
			}
		}
		return least
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(nearest(a), nearest(b)) })
	for _, i := range order {
		c := siteCaption(m.Sites[i], sites[i])
		put(c, around(c, sites[i], ways), true)
	}
	for i, l := range m.Links {
		if l.Label == "" {
			continue
		}
		c := mapCaption{lines: []string{printable.Line(l.Label)}, styles: []text.Style{wayWords()}}
		var at []vg.Point
		for _, share := range []float64{0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68, 0.26, 0.74, 0.2, 0.8, 0.14, 0.86} {
			if n := len(ways[i]); n > 0 {
				at = append(at, ways[i][int(share*float64(n-1))])
			}
		}
		put(c, at, false)
	}
	return all
}

func siteCaption(s reports.MapSite, at vg.Point) mapCaption {
	name := words(9.5, Ink)
	name.Font.Weight = titleStyle().Font.Weight
	c := mapCaption{lines: []string{printable.Line(s.Name)}, styles: []text.Style{name}, of: at}
	for _, line := range s.Lines {
		c.lines, c.styles = append(c.lines, printable.Line(line)), append(c.styles, words(9, Ink))
	}
	return c
}

func wayWords() text.Style { return words(8.5, Ink) }

// size returns the width and height of a caption's box.
func (p mapCaption) size() (width, height vg.Length) {
	const pad = 3
	for i, line := range p.lines {
		width = max(width, p.styles[i].Width(line))
		height += lines(1, p.styles[i])
	}
	return width + 2*pad, height + 2
}

// around returns places for the middle of a site's words, the nearest first, and of equally near ones those that cover least
// of the ways.
func around(c mapCaption, site vg.Point, ways [][]vg.Point) (all []vg.Point) {
	width, height := c.size()
	for _, away := range []vg.Length{9, 20, 36, 56, 80, 110, 150, 200, 260} {
		var ring []vg.Point
		for i := range 16 {
			angle := float64(i) * math.Pi / 8
			ring = append(ring, vg.Point{
				X: site.X + vg.Length(math.Cos(angle))*(away+width/2), Y: site.Y + vg.Length(math.Sin(angle))*(away+height/2),
			})
		}
		crossed := func(middle vg.Point) (n int) {
			box := boxAt(middle, width, height)
			for _, way := range ways {
				for _, p := range way {
					if within(box, p) {
						n++
					}
				}
			}
			return n
		}
		slices.SortStableFunc(ring, func(a, b vg.Point) int { return cmp.Compare(crossed(a), crossed(b)) })
		all = append(all, ring...)
	}
	return all
}

func boxAt(middle vg.Point, width, height vg.Length) vg.Rectangle {
	return vg.Rectangle{
		Min: vg.Point{X: middle.X - width/2, Y: middle.Y - height/2}, Max: vg.Point{X: middle.X + width/2, Y: middle.Y + height/2},
	}
}

// centred returns the box of a caption around a place, moved into the frame where little of it is outside.
func centred(c mapCaption, middle vg.Point, frame vg.Rectangle) vg.Rectangle {
	const little = 12
	width, height := c.size()
	box := boxAt(middle, width, height)
	into := func(low, high *vg.Length, least, most vg.Length) {
		if by := least - *low; by > 0 && by <= little {
			*low, *high = *low+by, *high+by
		}
		if by := *high - most; by > 0 && by <= little {
			*low, *high = *low-by, *high-by
		}
	}
	into(&box.Min.X, &box.Max.X, frame.Min.X+1, frame.Max.X-1)
	into(&box.Min.Y, &box.Max.Y, frame.Min.Y+1, frame.Max.Y-1)
	return box
}

// overlaps returns how much of a box is taken, or outside of the frame.
func overlaps(box vg.Rectangle, taken []vg.Rectangle, frame vg.Rectangle) (area vg.Length) {
	common := func(r vg.Rectangle) vg.Length {
		width := min(box.Max.X, r.Max.X) - max(box.Min.X, r.Min.X)
		height := min(box.Max.Y, r.Max.Y) - max(box.Min.Y, r.Min.Y)
		return max(0, width) * max(0, height)
	}
	size := (box.Max.X - box.Min.X) * (box.Max.Y - box.Min.Y)
	if inside := common(frame); inside < size*0.999 {
		area = size - inside
	}
	for _, r := range taken {
		area += common(r)
	}
	return area
}

func within(box vg.Rectangle, p vg.Point) bool {
	return p.X >= box.Min.X && p.X <= box.Max.X && p.Y >= box.Min.Y && p.Y <= box.Max.Y
}

func distance(a, b vg.Point) vg.Length {
	return vg.Length(math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y)))
}

// lead draws a line from the words to their site, where they are not right beside it.
func (p mapCaption) lead(c draw.Canvas) {
	if p.of == (vg.Point{}) {
		return
	}
	to := vg.Point{X: max(p.box.Min.X, min(p.box.Max.X, p.of.X)), Y: max(p.box.Min.Y, min(p.box.Max.Y, p.of.Y))}
	if distance(to, p.of) > 4*glyphRadius {
		c.StrokeLine2(thin(Ink, 0.7), p.of.X, p.of.Y, to.X, to.Y)
	}
}

// draw writes the words on the colour of the page.
func (p mapCaption) draw(c draw.Canvas) {
	c.SetColor(hex(Paper))
	c.Fill(p.box.Path())
	if len(p.lines) > 1 {
		c.SetLineStyle(thin(Faint, 0.5))
		c.Stroke(p.box.Path())
	}
	top := p.box.Max.Y
	for i, line := range p.lines {
		s := p.styles[i]
		s.YAlign = draw.YTop
		c.FillText(s, vg.Point{X: p.box.Min.X + 3, Y: top - 1}, line)
		top -= lines(1, s)
	}
}
