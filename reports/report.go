// Package reports turns a stored run into a Report: tables, figures, findings
// and warnings as data.
//
// Data flow: Build reads a result.Run and a result.Summary, nothing else, and
// computes no new measurement: it orders, groups by series and load level,
// takes medians over repetitions and ratios between stored values. Everything
// stays in base units (seconds, bytes, cores, transactions per second);
// package plot draws the figures, package render writes the rest, and only
// they scale and round.
package reports

import "time"

// A Report is everything that is said about one run.
type Report struct {
	Scenario  string // its name, or what else was measured
	Run       string // empty where there was none
	Target    string // fabric | reference
	Simulated bool   // the target was the reference ledger, no blockchain
	Complete  bool
	Started   time.Time
	Ended     time.Time
	Findings  []Finding
	Warnings  []Warning
	Sections  []Section
	Manifest  Table
	Source    string // the scenario's YAML in full
	Topology  string // the topology as indented JSON
}

// Tables returns every table of the report in order, the manifest last.
func (r Report) Tables() []Table {
	var all []Table
	for _, s := range r.Sections {
		all = append(all, s.Tables...)
	}
	return append(all, r.Manifest)
}

// Figures returns every figure of the report in order.
func (r Report) Figures() []Figure {
	var all []Figure
	for _, s := range r.Sections {
		all = append(all, s.Figures...)
	}
	return all
}

// A Verdict says how a finding is to be taken.
type Verdict uint8

// The verdicts.
const (
	Neutral Verdict = iota // a measured value
	Good                   // a check that passed
	Caution                // holds with a restriction that the text names
	Bad                    // a check that failed
)

// String returns the verdict's name.
func (v Verdict) String() string { return [...]string{"neutral", "good", "caution", "bad"}[v] }

// A Finding is one headline: a subject, the value that matters, and a sentence
// that says exactly what was compared or counted.
type Finding struct {
	Subject string // for example "Saturation, plain"
	Value   string // for example "712 tx/s at 128 clients"
	Text    string
	Verdict Verdict
}

// A Warning restricts what the numbers can be used for.
type Warning struct {
	Where string // the series and load levels; empty: the run as a whole
	Text  string
}

// String returns the warning as one line.
func (w Warning) String() string {
	if w.Where == "" {
		return w.Text
	}
	return w.Where + ": " + w.Text
}

// A Section groups what belongs to one question.
type Section struct {
	ID      string // letters, digits and -
	Title   string
	Intro   string
	Figures []Figure
	Tables  []Table
}

// A Table is rows of typed cells.
type Table struct {
	ID      string // letters, digits and -; the name of its CSV file
	Title   string
	Columns []Column
	Rows    [][]Cell
	Notes   []string
	Detail  bool // not part of the short summary for a terminal
}

// A Column says what its cells are.
type Column struct {
	Key      string // CSV header, with the base unit as suffix; never changes
	Title    string
	Unit     Unit
	Interval bool // the cells are 95 % intervals; CSV writes low, high and n
	Rank     int  // where a terminal is too narrow, the highest goes first; 0 stays
	CSVOnly  bool // of no use to who reads, only to programs
}

// A Cell is a text, a number in its column's unit, an interval, or absent.
type Cell struct {
	Text     string
	Number   *float64
	Interval *Interval
	Why      string // absent, and this is the reason; shown as a footnote
}

// An Interval is a 95 % confidence interval over N values.
type Interval struct {
	Low, High float64
	N         int
}

// text makes a cell of words.
func text(s string) Cell { return Cell{Text: s} }

// number makes a cell of a number; what is not a finite number is absent.
func number(v float64) Cell {
	if !finite(v) {
		return Cell{Why: whyNotFinite}
	}
	return Cell{Number: &v}
}

// count makes a cell of a whole number.
func count[T int | uint32 | uint64](n T) Cell { return number(float64(n)) }

// quantile makes a cell of a quantile that may not have been stored.
func quantile(v *float64) Cell {
	if v == nil {
		return Cell{Why: whyQuantile}
	}
	return number(*v)
}

// Reasons for absent cells.
const (
	whyNotFinite = "not a finite number in the stored result"
	whyQuantile  = "fewer than 10 samples lie beyond this quantile, so it is not stated"
	whyMedian    = "fewer than 6 timings: the 95 % interval of a median does not exist"
	whyInterval  = "no interval was stored for this load level"
)
