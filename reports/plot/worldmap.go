package plot

import (
	_ "embed"
	"fmt"
	"math"
	"strings"
	"sync"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"meterbench/reports"
)

// Sizes of a map, in points.
const (
	mapWidth = 740
	wayWidth = 1.3
)

// The part of the earth that a map shows, in degrees.
const (
	mapMargin    = 9   // around what is shown
	leastBreadth = 50  // of longitude
	flattest     = 2.6 // breadth over height
	steepest     = 1.5
)

// land.txt has the coastlines.
//
//go:embed land.txt
var landText string

// A place is a point on the earth, in degrees.
type place struct{ longitude, latitude float64 }

// lands returns the coastlines.
var lands = sync.OnceValue(func() (rings [][]place) {
	for line := range strings.Lines(landText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var ring []place
		var x, y, dx, dy int
		for _, word := range strings.Fields(line) {
			if _, err := fmt.Sscanf(word, "%d,%d", &dx, &dy); err != nil {
				panic(err) // a test reads all of them
			}
			x, y = x+dx, y+dy
			ring = append(ring, place{float64(x) / 10, float64(y) / 10})
		}
		rings = append(rings, ring)
	}
	return rings
})

// A view is the part of the earth that a map shows, on a plate carrée: a degree of longitude is as long as one of latitude.
type view struct{ west, east, south, north float64 }

// drawableMap returns the map with the sites that are on the earth, and the ways between these.
func drawableMap(m reports.Map) *reports.Map {
	place := map[int]int{} // by number before
	var clean reports.Map
	for i, s := range m.Sites {
		if math.Abs(s.Latitude) <= 90 && math.Abs(s.Longitude) <= 180 {
			place[i] = len(clean.Sites)
			clean.Sites = append(clean.Sites, s)
		}
	}
	for _, l := range m.Links {
		from, known := place[l.From]
		to, also := place[l.To]
		if known && also {
			clean.Links = append(clean.Links, reports.MapLink{From: from, To: to, Label: l.Label})
		}
	}
	return &clean
}

// viewOf returns the view of a map.
func viewOf(m reports.Map) view {
	v := view{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	cover := func(p place) {
		v.west, v.east = min(v.west, p.longitude), max(v.east, p.longitude)
		v.south, v.north = min(v.south, p.latitude), max(v.north, p.latitude)
	}
	for _, s := range m.Sites {
		cover(place{s.Longitude, s.Latitude})
	}
	for _, l := range m.Links {
		for _, part := range greatCircle(m.Sites[l.From], m.Sites[l.To]) {
			for _, p := range part {
				cover(p)
			}
		}
	}
	if len(m.Sites) == 0 {
		return view{-180, 180, -90, 90}
	}
	v.west, v.east, v.south, v.north = v.west-mapMargin, v.east+mapMargin, v.south-mapMargin, v.north+mapMargin
	widen := func(low, high *float64, to, least, most float64) {
		if more := (to - (*high - *low)) / 2; more > 0 {
			*low, *high = *low-more, *high+more
		}
		if *low < least {
			*low, *high = least, min(most, *high+least-*low)
		}
		if *high > most {
			*low, *high = max(least, *low+most-*high), most
		}
	}
	widen(&v.west, &v.east, leastBreadth, -180, 180)
	widen(&v.south, &v.north, (v.east-v.west)/flattest, -90, 90)
	widen(&v.west, &v.east, (v.north-v.south)*steepest, -180, 180)
	return v
}

// height returns the height of a map of some width.
func (v view) height(width vg.Length) vg.Length {
	return width * vg.Length((v.north-v.south)/(v.east-v.west))
}

// mapHeight returns the height of a figure's map.
func mapHeight(f reports.Figure, width vg.Length) vg.Length {
	return viewOf(*drawableMap(*f.Map)).height(width)
}

// on returns where a place is on a canvas.
func (v view) on(c draw.Canvas, p place) vg.Point {
	return vg.Point{
		X: c.Min.X + (c.Max.X-c.Min.X)*vg.Length((p.longitude-v.west)/(v.east-v.west)),
		Y: c.Min.Y + (c.Max.Y-c.Min.Y)*vg.Length((p.latitude-v.south)/(v.north-v.south)),
	}
}

// greatCircle returns the shortest way between two sites, in parts where it crosses the edge of a map at 180 degrees, by
// linear interpolation on the sphere (K. Shoemake, Animating Rotation with Quaternion Curves, SIGGRAPH 1985).
func greatCircle(from, to reports.MapSite) (parts [][]place) {
	const degree, steps = math.Pi / 180, 96
	vector := func(s reports.MapSite) [3]float64 {
		return [3]float64{
			math.Cos(s.Latitude*degree) * math.Cos(s.Longitude*degree), math.Cos(s.Latitude*degree) * math.Sin(s.Longitude*degree),
			math.Sin(s.Latitude * degree),
		}
	}
	a, b := vector(from), vector(to)
	angle := math.Acos(max(-1, min(1, a[0]*b[0]+a[1]*b[1]+a[2]*b[2])))
	if angle < 1e-6 || angle > math.Pi-1e-6 { // one place, or as far apart as can be: no way is the shortest
		return nil
	}
	var part []place
	for i := range steps + 1 {
		t := float64(i) / steps
		f, g := math.Sin((1-t)*angle)/math.Sin(angle), math.Sin(t*angle)/math.Sin(angle)
		x, y, z := f*a[0]+g*b[0], f*a[1]+g*b[1], f*a[2]+g*b[2]
		p := place{math.Atan2(y, x) / degree, math.Asin(max(-1, min(1, z))) / degree}
		if last := len(part) - 1; last >= 0 && math.Abs(p.longitude-part[last].longitude) > 180 {
			q := part[last] // the edge lies between them
			edge := math.Copysign(180, q.longitude)
			there := p.longitude + math.Copysign(360, q.longitude)
			at := q.latitude
			if d := there - q.longitude; d != 0 {
				at += (p.latitude - q.latitude) * (edge - q.longitude) / d
			}
			parts = append(parts, append(part, place{edge, at}))
			part = []place{{-edge, at}}
		}
		part = append(part, p)
	}
	return append(parts, part)
}

// drawMap draws coastlines, ways, sites and their words into the canvas.
func drawMap(c draw.Canvas, m reports.Map) {
	v := viewOf(m)
	c.Min.Y = c.Max.Y - v.height(c.Max.X-c.Min.X)
	graticule(c, v)
	c.SetColor(hex(Rule))
	for _, ring := range lands() {
		points := make([]vg.Point, len(ring))
		for i, p := range ring {
			points[i] = v.on(c, p)
		}
		if clipped := c.ClipPolygonXY(points); len(clipped) > 2 {
			c.Fill(polygon(clipped))
		}
	}
	var ways [][]vg.Point
	for _, l := range m.Links {
		var way []vg.Point
		for _, part := range greatCircle(m.Sites[l.From], m.Sites[l.To]) {
			line := make([]vg.Point, len(part))
			for i, p := range part {
				line[i] = v.on(c, p)
			}
			c.StrokeLines(wayStyle(), c.ClipLinesXY(line)...)
			way = append(way, line...)
		}
		ways = append(ways, way)
	}
	c.SetLineStyle(thin(Faint, 0.8))
	c.Stroke(c.Rectangle.Path())
	at := make([]vg.Point, len(m.Sites))
	for i, s := range m.Sites {
		at[i] = v.on(c, place{s.Longitude, s.Latitude})
	}
	captions := placeCaptions(c.Rectangle, m, at, ways)
	for _, p := range captions {
		p.lead(c)
	}
	for i, s := range m.Sites {
		siteMark(c, at[i], s.Leads)
	}
	for _, p := range captions {
		p.draw(c)
	}
}

// graticule draws every 30th meridian and parallel.
func graticule(c draw.Canvas, v view) {
	const every = 30
	for l := math.Ceil(v.west/every) * every; l <= v.east; l += every {
		x := v.on(c, place{longitude: l}).X
		c.StrokeLine2(thin(Rule, 0.6), x, c.Min.Y, x, c.Max.Y)
	}
	for l := math.Ceil(v.south/every) * every; l <= v.north; l += every {
		y := v.on(c, place{latitude: l}).Y
		c.StrokeLine2(thin(Rule, 0.6), c.Min.X, y, c.Max.X, y)
	}
}

func polygon(points []vg.Point) (p vg.Path) {
	p.Move(points[0])
	for _, next := range points[1:] {
		p.Line(next)
	}
	p.Close()
	return p
}

func wayStyle() draw.LineStyle { return draw.LineStyle{Color: lineColour(0), Width: wayWidth} }

// siteMark marks a site, with a ring where an orderer leads.
func siteMark(c draw.Canvas, at vg.Point, leads bool) {
	disc := outline(nil, at, glyphRadius)
	c.SetColor(lineColour(1))
	c.Fill(disc)
	c.SetLineStyle(thin(Ink, 0.8))
	c.Stroke(disc)
	if leads {
		ring(c, at, 2*glyphRadius)
	}
}

// mapLegend lists what is on a map.
func mapLegend(m reports.Map, add func(string, func(c draw.Canvas, left, middle, right vg.Point))) {
	leads := false
	for _, s := range m.Sites {
		leads = leads || s.Leads
	}
	add("site", func(c draw.Canvas, _, middle, _ vg.Point) { siteMark(c, middle, false) })
	if leads {
		add("site of the orderer that leads", func(c draw.Canvas, _, middle, _ vg.Point) { siteMark(c, middle, true) })
	}
	if len(m.Links) > 0 {
		add("great circle, with the round trip", func(c draw.Canvas, left, _, right vg.Point) {
			c.StrokeLine2(wayStyle(), left.X, left.Y, right.X, right.Y)
		})
	}
}
