// Package reports turns a stored run into a Report: tables, figures, findings and warnings as data.
//
// Data flow: Build reads a result.Run and a result.Summary, nothing else, and computes no new
// measurement: it orders, groups by series and load level, takes medians over repetitions and
// ratios between stored values. Everything stays in base units (seconds, bytes, cores, transactions
// per second); package plot draws the figures, package render writes the rest, and only they scale
// and round.
package reports

import "time"

// A Report is everything that is said about one run.
type Report struct {
	Scenario  string // its name, or what else was measured
	Run       string // empty where there was none
	Target    string // fabric, reference, or empty where the run ended before there was one
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

// A Finding is one headline: a subject, the value that matters, and a sentence that says exactly
// what was compared or counted.
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
