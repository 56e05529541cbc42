package charts

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"meterbench/internal/printable"
	"meterbench/reports"
	"meterbench/reports/plot"
)

// Units are the names by which units.js knows the units of reports.
var Units = map[reports.Unit]string{
	reports.Text: "", reports.Count: "count", reports.Plain: "", reports.Seconds: "s", reports.Bytes: "B", reports.Cores: "cores",
	reports.PerSecond: "tx/s", reports.AnswersPerSecond: "answered/s", reports.Rate: "/s", reports.BytesPerSecond: "B/s", reports.Share: "%",
	reports.Times: "×", reports.Signatures: "sig", reports.Percentile: "percentile",
}

// A number keeps the six significant digits that charts show.
type number float64

// MarshalJSON implements [json.Marshaler].
func (n number) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(n), 'g', 6, 64), nil
}

// chart is a figure as figures.js reads it. What all panels share stands once.
type chart struct {
	ID      string   `json:"id"`
	X       axis     `json:"x"`
	Y       axis     `json:"y"`
	Stacked bool     `json:"stacked,omitempty"`
	Series  []series `json:"series"`
	Levels  []number `json:"levels,omitempty"`
	Panels  []panel  `json:"panels"`
}

type axis struct {
	Label string   `json:"label"`
	Unit  string   `json:"unit"`
	Log   bool     `json:"log,omitempty"`
	Free  bool     `json:"free,omitempty"`
	Ticks []number `json:"ticks,omitempty"`
}

type series struct {
	Name     string `json:"name"`
	Hue      int    `json:"hue,omitempty"`
	Variant  int    `json:"variant,omitempty"`
	Steps    int    `json:"steps,omitempty"`
	Faint    bool   `json:"faint,omitempty"`
	Unmarked bool   `json:"unmarked,omitempty"`
}

type panel struct {
	Title      string     `json:"title,omitempty"`
	Categories []string   `json:"categories,omitempty"`
	Until      number     `json:"until,omitempty"`
	Lines      []line     `json:"lines"`
	Tiles      *tiles     `json:"tiles,omitempty"`
	Marks      []mark     `json:"marks,omitempty"`
	Events     []event    `json:"events,omitempty"`
	Spans      [][]number `json:"spans,omitempty"`
}

// line has the points of a series in a panel.
type line struct {
	Series  int            `json:"series"`      // its index in those of the figure
	X       []number       `json:"x,omitempty"` // none: that of the line before
	Y       []number       `json:"y"`
	Y95     [][]number     `json:"y95,omitempty"` // the interval of each Y, empty where there is none
	X95     [][]number     `json:"x95,omitempty"`
	Hollow  []int          `json:"hollow,omitempty"` // the indices of points
	Rings   []int          `json:"rings,omitempty"`
	Labels  map[int]string `json:"labels,omitempty"`
	Singles *dots          `json:"singles,omitempty"`
	Curve   *dots          `json:"curve,omitempty"`
}

type dots struct {
	X      []number `json:"x"`
	Y      []number `json:"y"`
	Hollow []int    `json:"hollow,omitempty"`
}

// tiles is a heat map on a grid: At has for each tile the indices of its lower edges in X and Y, and its shade.
type tiles struct {
	X  []number `json:"x"`
	Y  []number `json:"y"`
	At []int    `json:"at"`
}

type mark struct {
	Name string   `json:"name"`
	Hue  int      `json:"hue,omitempty"`
	Top  bool     `json:"top,omitempty"`
	X    []number `json:"x"`
}

type event struct {
	X     number `json:"x"`
	Label string `json:"label"`
	Harms bool   `json:"harms,omitempty"`
}

// Draws reports whether charts draw the figure: lines, and bars without marks beside them, of which there is something to draw.
func Draws(f reports.Figure) bool {
	if f.Empty != "" || f.Kind != reports.Lines && f.Kind != reports.Stacked {
		return false
	}
	return !slices.ContainsFunc(f.Legend(), func(s reports.Series) bool { return s.Beside }) &&
		!slices.ContainsFunc(f.All(), func(p reports.Panel) bool { return p.Tiles != nil && gridOf(p.Tiles) == nil })
}

// Data returns what figures.js draws of a figure as JSON in which no character means anything to HTML.
func Data(f reports.Figure) ([]byte, error) {
	f.Y.Log = f.Y.Log && f.Kind != reports.Stacked // heights add up on a linear axis
	f = plot.Drawable(f)
	c := chart{ID: f.ID, X: axisOf(f.X), Y: axisOf(f.Y), Stacked: f.Kind == reports.Stacked}
	index := map[string]int{}
	for i, s := range f.Legend() {
		index[s.Name] = i
		c.Series = append(c.Series, series{printable.Line(s.Name), s.Hue, s.Variant, s.Steps, s.Faint, s.Unmarked})
	}
	for _, l := range f.Levels {
		c.Levels = append(c.Levels, number(l.Y))
	}
	for _, p := range f.All() {
		if c.Stacked {
			p.Categories = starred(p)
		}
		c.Panels = append(c.Panels, panelOf(p, index))
	}
	data, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("writing the data of figure %s: %w", f.ID, err)
	}
	return data, nil
}

// starred returns the categories of bars with a mark where these are not valid, as the picture has it.
func starred(p reports.Panel) []string {
	names := slices.Clone(p.Categories)
	for i := range names {
		invalid := func(at reports.Point) bool { return at.Invalid && int(at.X) == i }
		if slices.ContainsFunc(p.Series, func(s reports.Series) bool { return slices.ContainsFunc(s.Points, invalid) }) {
			names[i] += " *"
		}
	}
	return names
}

func axisOf(a reports.Axis) axis {
	return axis{printable.Line(a.Label), Units[a.Unit], a.Log, a.Free, numbers(a.Ticks)}
}

func panelOf(p reports.Panel, index map[string]int) panel {
	to := panel{Title: printable.Line(p.Title), Until: number(p.Until)}
	for _, c := range p.Categories {
		to.Categories = append(to.Categories, printable.Line(c))
	}
	var before []number
	for _, s := range p.Series {
		l := lineOf(s, index[s.Name])
		if slices.Equal(l.X, before) {
			l.X = nil
		} else {
			before = l.X
		}
		to.Lines = append(to.Lines, l)
	}
	if p.Tiles != nil {
		to.Tiles = gridOf(p.Tiles)
	}
	for _, m := range p.Marks {
		to.Marks = append(to.Marks, mark{printable.Line(m.Name), m.Hue, m.Top, numbers(sparse(m.X))})
	}
	for _, e := range p.Events {
		to.Events = append(to.Events, event{number(e.X), printable.Line(e.Label), e.Harms})
	}
	for _, s := range p.Spans {
		to.Spans = append(to.Spans, numbers([]float64{s.From, s.To}))
	}
	return to
}

func lineOf(s reports.Series, index int) line {
	all := dotsOf(s.Points)
	l := line{Series: index, X: all.X, Y: all.Y, Hollow: all.Hollow}
	y95, x95 := make([][]number, len(s.Points)), make([][]number, len(s.Points))
	for i, p := range s.Points {
		if v := p.Interval; v != nil {
			y95[i], l.Y95 = []number{number(v.Low), number(v.High)}, y95
		}
		if v := p.Across; v != nil {
			x95[i], l.X95 = []number{number(v.Low), number(v.High)}, x95
		}
		if p.Saturation {
			l.Rings = append(l.Rings, i)
		}
		if p.Label != "" {
			if l.Labels == nil {
				l.Labels = map[int]string{}
			}
			l.Labels[i] = printable.Line(p.Label)
		}
	}
	if len(s.Singles) > 0 {
		l.Singles = dotsOf(s.Singles)
	}
	if len(s.Curve) > 0 {
		l.Curve = dotsOf(s.Curve)
	}
	return l
}

func dotsOf(points []reports.Point) *dots {
	d := dots{X: []number{}, Y: []number{}}
	for i, p := range points {
		d.X, d.Y = append(d.X, number(p.X)), append(d.Y, number(p.Y))
		if p.Invalid {
			d.Hollow = append(d.Hollow, i)
		}
	}
	return &d
}

func numbers(values []float64) (all []number) {
	for _, v := range values {
		all = append(all, number(v))
	}
	return all
}

// sparse returns instants without those that are less than a thousandth of the whole behind the one before, as block cuts are: a
// chart has not so many pixels.
func sparse(instants []float64) (kept []float64) {
	if len(instants) == 0 {
		return nil
	}
	instants = slices.Sorted(slices.Values(instants))
	least, last := instants[len(instants)-1]/1000, math.Inf(-1)
	for _, at := range instants {
		if at-last >= least {
			kept, last = append(kept, at), at
		}
	}
	return kept
}

// gridOf returns the tiles by the edges of their grid, nil where they lie on none.
func gridOf(all []reports.Tile) *tiles {
	var xs, ys []float64
	for _, t := range all {
		xs, ys = append(xs, t.X[:]...), append(ys, t.Y[:]...)
	}
	xs, ys = distinct(xs), distinct(ys)
	to := tiles{X: numbers(xs), Y: numbers(ys)}
	for _, t := range all {
		x, y := slices.Index(xs, t.X[0]), slices.Index(ys, t.Y[0])
		if x < 0 || y < 0 || x+1 >= len(xs) || y+1 >= len(ys) || xs[x+1] != t.X[1] || ys[y+1] != t.Y[1] {
			return nil
		}
		to.At = append(to.At, x, y, plot.Shade(t.Share))
	}
	return &to
}

func distinct(values []float64) []float64 {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}
