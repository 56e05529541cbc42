// Package compare decides whether one build, setting or machine differs from another in what was measured of both.
//
// Data flow: Read makes Runs of run folders or of files in Go benchmark format; Compare pairs them where they were
// interleaved, takes the values of each metric at each level from both sides, and gives each Row its difference with an
// interval, a p and a Verdict. Nothing is printed here.
package compare

import (
	"time"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// A Source says where values come from and under which conditions they were measured.
type Source struct {
	Path     string // as the user may name it: the folder of the run, or the file
	Run      string // its id; empty for a file
	Scenario string
	Started  time.Time // zero for a file
	// Sign is the time of one P-256 signature in seconds, 0 where it is unknown. It tells how fast the machine was; nothing
	// is decided by it.
	Sign       float64
	Complete   bool        // false: the run was interrupted, and counts with what it measured
	Failed     int         // points at which nothing succeeded: they take part with a rate of 0
	Invalid    int         // points that the instrument spoilt: they do not take part
	Disturbed  int         // points with events: nor do they
	Conditions []Condition // by series and key, those of the whole first
}

// A Condition is one under which values were measured.
type Condition struct {
	Series string // of which it is one; empty: of the whole source
	Key    Key
	Value  string
}

// A Row compares a metric at one level of one series.
type Row struct {
	Series     string      // or a benchmark's name
	Load       result.Load // zero for a benchmark
	Metric     metric.Metric
	Base, Head Sample
	Paired     bool // values at the same place belong to neighbouring runs
	EqualPace  bool // Difference, and what follows from it, is that at an equal pace of the machine
	// Difference is relative: head over base less 1, by their geometric means, or where values are 0 by the arithmetic ones;
	// +Inf from 0, NaN where it has no meaning.
	Difference float64
	// Interval is that of Difference, nil where there are too few values. It is not adjusted.
	Interval *stats.Interval
	P        float64 // of a difference at least so far from 0 where there is none; 1 where nothing can be tested
	Adjusted float64 // P after Holm over the gated rows; P itself in other rows
	// Smallest is the least relative difference that such data show with the power 0.8 (Power); +Inf where none.
	Smallest float64
	Gated    bool
	Verdict  Verdict
	Warnings []stats.Warning // what the verdict is qualified by
}

// A Sample is the values of a metric on one side, one for each run and repetition, in the order of time.
type Sample struct {
	Values  []float64
	Paces   []float64 // time of a P-256 signature while each value was measured, in seconds; 0 where that is unknown
	Median  float64   // NaN without values
	Missing int       // points at this level that took part and do not have the metric
}

// Verdict is what a Row comes to.
type Verdict string

// The verdicts.
const (
	Better       Verdict = "better"
	Worse        Verdict = "worse"
	NoDifference Verdict = "no difference" // none as large as the minimum effect
	CannotTell   Verdict = "cannot tell"
)

// Verdicts returns them, the worst first.
func Verdicts() []Verdict { return []Verdict{Worse, Better, NoDifference, CannotTell} }

// Options say how to compare. The zero value has the defaults.
type Options struct {
	Alpha   float64  // of the gate as a whole; 0: DefaultAlpha
	Minimum float64  // relative difference that matters; 0: DefaultMinimum
	Gate    []string // names of metrics, or units of benchmark files, that decide; nil: by the table of metrics
	Allow   []Key    // conditions that may differ, and those below them: host for host.cores; Any for all of them
}

// Defaults and what verdicts rest on.
const (
	DefaultAlpha   = 0.05
	DefaultMinimum = 0.05
	Power          = 0.8
)

// A Comparison is what Compare found.
type Comparison struct {
	Base, Head     []Source // in the order of time, as the values of the rows
	Paired         bool     // runs of both sides took turns
	Rows           []Row    // by series, load and metric, in the order in which they were measured and All has metrics
	Unlike         []Unlike // conditions that differ, all of them allowed
	Alpha, Minimum float64
	Warnings       []stats.Warning // of the whole
}

// Count returns how many gated rows have the verdict.
func (c *Comparison) Count(v Verdict) (n int) {
	for i := range c.Rows {
		if c.Rows[i].Gated && c.Rows[i].Verdict == v {
			n++
		}
	}
	return n
}

// Unlike is a condition that differs between the sides, or among the runs of one.
type Unlike struct {
	Series     string // in which; empty: in the whole
	Key        Key
	Base, Head []string // its values on each side, each once, sorted
	// Told says that it is for information: what it names is what comparisons are made for, as a version.
	Told bool
}
