package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"meterbench/bench/stats"
)

// A Kind says how a Figure is drawn.
type Kind uint8

// The kinds of figures.
const (
	Lines   Kind = iota // points, joined, with intervals
	Stacked             // one bar per category of X, the series stacked in order
	Dots                // points over categories of X, those of one category beside each other in the order of the series, with intervals
	World               // a map
)

// A Figure is a diagram as data, in base units.
type Figure struct {
	ID     string // letters, digits and -; the name of its files
	Title  string
	Alt    string // what it shows, in words, for readers who cannot see it
	Kind   Kind
	X, Y   Axis
	Series []Series // of a figure that is one diagram
	Panels []Panel  // of one that is several
	Map    *Map     // World only
	Levels []Level  // horizontal reference lines, in every panel
	Notes  []string // what the marks mean and what exactly is compared
	Empty  string   // not empty: there is nothing to draw, and this is why
	// Further is set where the figure goes on with the panels of another one that was too large.
	Further bool
}

// A Panel is one of several small diagrams of a Figure that answer one question. They share its axes and its legend:
// a name stands for one colour, line and mark in all of them.
type Panel struct {
	Title      string
	Categories []string // Stacked and Dots: the places of X
	Series     []Series
	Tiles      []Tile // a heat map below the series
	Marks      []Mark
	Events     []Event
	Spans      []Span  // outside of what is measured: shaded
	Until      float64 // the X axis goes at least so far
}

// A Tile is a rectangle of a heat map, darker the larger its share.
type Tile struct {
	X, Y  [2]float64 // from and to
	Share float64    // of the largest of the panel, above 0, to 1
}

// A Mark is something that happened at some instants, drawn at the edge of a Panel.
type Mark struct {
	Name string
	Hue  int
	Top  bool // at the upper edge, else at the lower one
	X    []float64
}

// An Event is something done on purpose at an instant, drawn as an upright line through a Panel with words above it.
type Event struct {
	X     float64
	Label string // its number and words; where these have no room, the number alone
	Harms bool   // it takes something away, else it gives something back
	Means string // what such lines are, for the legend; empty: events of a level
}

// A Span is a part of the X axis.
type Span struct{ From, To float64 }

// All returns the figure's panels; one that is a single diagram has one, without a title.
func (f Figure) All() []Panel {
	if f.Panels == nil {
		return []Panel{{Categories: f.X.Categories, Series: f.Series}}
	}
	return f.Panels
}

// Legend returns the series of all panels, those of one name once, and steps of an order in that.
func (f Figure) Legend() (all []Series) {
	seen := map[string]bool{}
	for _, p := range f.All() {
		for _, s := range p.Series {
			if !seen[s.Name] {
				seen[s.Name], all = true, append(all, s)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Series) int {
		if a.Steps == 0 || b.Steps == 0 {
			return 0
		}
		return cmp.Compare(a.Hue, b.Hue)
	})
	return all
}

// An Axis describes one direction of a Figure.
type Axis struct {
	Label      string
	Unit       Unit
	Log        bool      // Lines only
	Ticks      []float64 // where labels go; nil: chosen when drawing
	Categories []string  // Stacked and Dots, X only: the places of a figure without panels
	Free       bool      // every panel has a range of its own, else they share one
}

// A Series is one legend entry of a Figure. Hue and Variant are small numbers that tell which series belong together:
// the same Hue is the same colour in every figure of its Kind, Variant distinguishes lines or shades within it.
type Series struct {
	Name     string
	Hue      int
	Variant  int
	Steps    int // Lines only: above 0, Hue is a step of an order of so many, as loads have, and its colour one of a scale
	Points   []Point
	Singles  []Point // the repetitions behind Points, where there are several
	Curve    []Point // Lines only: a law fitted to Points, drawn dashed without marks
	Faint    bool    // set back, in grey, as what nobody need choose
	Unmarked bool    // Lines only: Points are joined without marks, because they are many
	Beside   bool    // Stacked only: Points are marks with intervals beside the bars, and not parts of them
}

// A Point is one mark. For Stacked and Dots, X is the index of the category; for Stacked, Y is the height of the part.
type Point struct {
	X, Y       float64
	Interval   *stats.Interval // of Y
	Across     *stats.Interval // of X, where it is uncertain too
	Invalid    bool            // drawn hollow
	Saturation bool            // marked as the saturation point of its series
	Label      string          // written beside the mark
}

// A Level is a horizontal reference line.
type Level struct {
	Name string
	Y    float64
}

// HasInvalid tells whether any mark is drawn hollow.
func (f Figure) HasInvalid() bool { return f.any(func(p Point) bool { return p.Invalid }) }

// HasSaturation tells whether any mark is a saturation point.
func (f Figure) HasSaturation() bool { return f.any(func(p Point) bool { return p.Saturation }) }

// HasAcross tells whether any mark carries an interval of X.
func (f Figure) HasAcross() bool { return f.any(func(p Point) bool { return p.Across != nil }) }

// HasIntervals tells whether any mark carries an interval.
func (f Figure) HasIntervals() bool { return f.any(func(p Point) bool { return p.Interval != nil }) }

func (f Figure) any(is func(Point) bool) bool {
	return slices.ContainsFunc(f.All(), func(p Panel) bool {
		return slices.ContainsFunc(p.Series, func(s Series) bool { return slices.ContainsFunc(s.Points, is) })
	})
}

// described returns the figure with its title and the names of its series as the description.
func (f Figure) described() Figure {
	of := names(f.Series)
	if f.Panels != nil {
		of = titles(f.Panels)
	}
	if f.Map != nil {
		f.Alt = f.Map.alt()
		return f
	}
	f.Alt = fmt.Sprintf("%s for %s.", f.Title, listed(of))
	return f
}

// TickPoints returns the figure with the labels of its X axis at its points.
func (f Figure) TickPoints() Figure {
	for _, s := range f.Series {
		for _, p := range s.Points {
			f.X.Ticks = append(f.X.Ticks, p.X)
		}
	}
	f.X.Ticks = distinct(slices.Sorted(slices.Values(f.X.Ticks)))
	return f
}

// Settle drops what cannot be drawn (numbers that are not finite, or not positive on a logarithmic axis) and
// sets Empty to why where nothing is left.
func (f Figure) Settle(why string) Figure {
	f.Series = f.settled(f.Series)
	var panels []Panel
	for _, p := range f.Panels {
		if p.Series = f.settled(p.Series); len(p.Series) > 0 {
			panels = append(panels, p)
		}
	}
	if f.Panels = panels; len(f.Series) == 0 && len(panels) == 0 {
		f.Empty = why
	}
	return f
}

// settled returns the series with only what can be drawn, those without anything left out.
func (f Figure) settled(all []Series) (kept []Series) {
	for _, s := range all {
		s.Points, s.Singles, s.Curve = f.drawable(s.Points), f.drawable(s.Singles), f.drawable(s.Curve)
		if len(s.Points) > 0 {
			kept = append(kept, s)
		}
	}
	return kept
}

// drawable returns the points that can be drawn, without the intervals that cannot.
func (f Figure) drawable(points []Point) (kept []Point) {
	// limit is far beyond anything measured and far from overflow.
	const limit = 1e60
	fits := func(v float64, log bool) bool { return math.Abs(v) < limit && (!log || v > 0) }
	for _, p := range points {
		if i := p.Interval; i != nil && (!fits(i.Low, f.Y.Log) || !fits(i.High, false)) {
			p.Interval = nil
		}
		if i := p.Across; i != nil && (!fits(i.Low, f.X.Log) || !fits(i.High, false)) {
			p.Across = nil
		}
		if fits(p.X, f.X.Log) && fits(p.Y, f.Y.Log) {
			kept = append(kept, p)
		}
	}
	return kept
}

// The hues of Stacked figures: what happens at one place has one colour.
const (
	hueIdle = iota // waiting, and what is not part of the run
	hueEncrypt
	hueClient
	huePeer
	hueChaincode // and the way from the peer to the orderer
	hueOrderer
	hueStolen
	hueCA
	hueResponder
	hueEmulation
)
