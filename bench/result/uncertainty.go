package result

import (
	"math"

	"meterbench/bench/stats"
)

// Coverage is the factor by which the combined standard uncertainty of a figure is expanded where that is known well: about
// 95 % of a normal distribution lie within (Guide to the Expression of Uncertainty in Measurement, JCGM 100:2008, 6.3.3).
// Where it rests on few values the factor is larger, see stats.Expansion.
const Coverage = 2

// Budget is the uncertainty of a headline figure by its sources, after the Guide to the Expression of Uncertainty in
// Measurement (JCGM 100:2008). All values are in the figure's unit.
type Budget struct {
	Figure string `json:"figure"` // its key in a Point
	Series string `json:"series"`
	Load   Load   `json:"load"`
	// Value is the mean of so many repetitions, the valid ones; in runs of older versions, where Repetitions is 0, that of the
	// last one.
	Value       float64     `json:"value"`
	Repetitions int         `json:"repetitions,omitempty"`
	Components  []Component `json:"components"`
	Standard    float64     `json:"standard"`        // combined
	Factor      float64     `json:"coverage_factor"` // k, Expanded over Standard
	Expanded    float64     `json:"expanded"`
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
	// Freedom are its degrees of freedom, 0 of bounds, which are taken as known, and in runs of older versions.
	Freedom float64 `json:"degrees_of_freedom,omitempty"`
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

// Add adds a source whose standard uncertainty is known from repeated observations, with so many degrees of freedom, 0 for any
// number.
func (b *Budget) Add(source Source, standard, freedom float64) {
	b.add(Component{Source: source, Standard: standard, Type: "A", Freedom: freedom})
}

// AddBounds adds a source that moves the figure by at most bound, either way: a rectangular distribution has the standard
// deviation bound / √3 (JCGM 100:2008, 4.3.7).
func (b *Budget) AddBounds(source Source, bound float64) {
	b.add(Component{Source: source, Standard: bound / math.Sqrt(3), Type: "B"})
}

// add expands each component by the factor of its own degrees of freedom, k[i], and adds up in squares:
//
//	U² = Σ (k[i] u[i])²
//
// (as in Donner and Zou, Closed-form Confidence Intervals for Functions of the Normal Mean and Standard Deviation, Statistical
// Methods in Medical Research 21, 2012). The effective degrees of freedom of Welch and Satterthwaite (JCGM 100:2008, G.4.1) come
// from the scatter as it happens to be seen: where that is small by chance they are many, and k is 2. Then value ± U misses more
// often than it says, see TestBudgetOfFewValues.
func (b *Budget) add(c Component) {
	b.Components = append(b.Components, c)
	b.Standard = math.Hypot(b.Standard, c.Standard)
	b.Expanded = math.Hypot(b.Expanded, stats.Expansion(c.Freedom)*c.Standard)
	if b.Factor = Coverage; b.Standard > 0 {
		b.Factor = max(Coverage, b.Expanded/b.Standard)
	}
}

// Share returns what part of the combined variance a component makes, 0 to 1.
func (b *Budget) Share(c Component) float64 {
	if b.Standard == 0 {
		return 0
	}
	return c.Standard * c.Standard / (b.Standard * b.Standard)
}
