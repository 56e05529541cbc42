package result

import "math"

// Coverage is the factor by which the combined standard uncertainty of a figure is expanded: about 95 % of a normal
// distribution lie within (Guide to the Expression of Uncertainty in Measurement, JCGM 100:2008, 6.3.3).
const Coverage = 2

// Budget is the uncertainty of a headline figure by its sources, after the Guide to the Expression of Uncertainty in
// Measurement (JCGM 100:2008). All values are in the figure's unit.
type Budget struct {
	Figure     string      `json:"figure"` // its key in a Point
	Series     string      `json:"series"`
	Load       Load        `json:"load"`
	Value      float64     `json:"value"`
	Components []Component `json:"components"`
	Standard   float64     `json:"standard"` // combined
	Expanded   float64     `json:"expanded"` // Coverage times that
	// Missing are sources that nothing is known of, so that the uncertainty is at least Expanded.
	Missing []Source `json:"missing,omitempty"`
}

// Component is the contribution of one source.
type Component struct {
	Source   Source  `json:"source"`
	Standard float64 `json:"standard"` // standard uncertainty
	// Type is A where it is the scatter of repeated observations, B where it follows from bounds, within which every
	// value is taken as equally likely.
	Type string `json:"type"`
}

// Source is a source of uncertainty.
type Source string

// The sources.
const (
	SourceScatter    Source = "scatter"     // of the measured values, within a window or over runs
	SourceInstrument Source = "instrument"  // what a calibration found under the same condition
	SourceEndEffects Source = "end effects" // a block more or less at the window's ends
	SourceObserver   Source = "observer"    // the peer at which commits are seen
	SourceYardstick  Source = "yardstick"   // the time of one P-256 signature
)

// Add adds a source whose standard uncertainty is known, from repeated observations.
func (b *Budget) Add(source Source, standard float64) {
	b.add(Component{Source: source, Standard: standard, Type: "A"})
}

// AddBounds adds a source that moves the figure by at most bound, either way: a rectangular distribution has the standard
// deviation bound / √3 (JCGM 100:2008, 4.3.7).
func (b *Budget) AddBounds(source Source, bound float64) {
	b.add(Component{Source: source, Standard: bound / math.Sqrt(3), Type: "B"})
}

func (b *Budget) add(c Component) {
	b.Components = append(b.Components, c)
	b.Standard = math.Hypot(b.Standard, c.Standard)
	b.Expanded = Coverage * b.Standard
}

// Share returns what part of the combined variance a component makes, 0 to 1.
func (b *Budget) Share(c Component) float64 {
	if b.Standard == 0 {
		return 0
	}
	return c.Standard * c.Standard / (b.Standard * b.Standard)
}
