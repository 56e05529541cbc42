// Package reports turns a stored run into a Report: tables, figures, findings and warnings as data.
//
// Data flow: Read takes a run's folder, Build its result.Run and result.Summary alone, and both compute no new
// measurement: they order, group by series and load level, take medians over repetitions and ratios between stored
// values; of the folder's histograms and transactions they draw what lies behind the figures of some levels.
// Everything stays in base units (seconds, bytes, cores, transactions per second); package plot draws the
// figures, package render writes the rest, and only they scale and round.
package reports

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/group"
)

// A Report is everything that is said about one run.
type Report struct {
	Scenario  string // its name, or what else was measured
	Run       string // empty where there was none; else it has a folder, with every table and figure as a file
	Lead      string // what the report is about, where it is about no run
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

// Tables returns every table of the report in order, the manifest last where there is one.
func (r Report) Tables() []Table {
	var all []Table
	for _, s := range r.Sections {
		all = append(all, s.AllTables()...)
	}
	if len(r.Manifest.Rows) > 0 {
		all = append(all, r.Manifest)
	}
	return all
}

// Figures returns every figure of the report in order.
func (r Report) Figures() []Figure {
	var all []Figure
	for _, s := range r.Sections {
		all = append(all, s.Figures...)
		for _, a := range s.Answers {
			if a.Figure != nil {
				all = append(all, *a.Figure)
			}
		}
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

// A Finding is one headline: a subject, the value that matters, and a sentence that says exactly what was
// compared or counted.
type Finding struct {
	Subject string // for example "Saturation, plain"
	Value   string // for example "712 tx/s at 128 clients"
	Text    string
	Verdict Verdict
	// To is the id of the element of a page that shows what the finding rests on: a section's, figure-<id> or
	// table-<id>. Empty where there is none.
	To string
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
	Answers []Answer
}

// AllTables returns the tables of the section, those of its answers last.
func (s Section) AllTables() []Table {
	all := slices.Clone(s.Tables)
	for _, a := range s.Answers {
		all = append(all, a.Table)
	}
	return all
}

// Build makes the report of a run from its manifest and its summary alone, without the figures that need more of its
// folder. It never fails: what the run does not hold is said in the report.
func Build(run result.Run, sum result.Summary) Report { return build(run, sum, details{}) }

// Read makes the report of a run's folder. What cannot be read there is a warning.
func Read(folder *result.Folder) Report {
	more, failed := detailsOf(folder, seriesOf(folder.Summary))
	r := build(folder.Run, folder.Summary, more)
	if failed != nil {
		r.Warnings = append(r.Warnings, Warning{Text: "figures are missing or incomplete: " + strings.ReplaceAll(failed.Error(), "\n", "; ")})
	}
	return r
}

func build(run result.Run, sum result.Summary, more details) Report {
	all := seriesOf(sum)
	fe := newEncryption(sum.FE, all)
	return Report{
		Scenario: sum.Scenario, Run: sum.Run, Target: sum.Target, Simulated: sum.Target == result.TargetReference,
		Complete: sum.Complete, Started: run.Started, Ended: run.Ended,
		Findings: findings(run, sum, all, fe),
		Warnings: warnings(sum, all),
		Sections: slices.Concat(
			claimsSection(sum.Claims),
			thresholdsSection(sum.Thresholds),
			[]Section{throughputSection(all)},
			phasesSection(all),
			factorSection(all),
			readsSection(all),
			conflictsSection(all),
			bytesSection(all),
			[]Section{latencySection(all, more)},
			timeSection(all, more),
			sitesSection(run, sum, all),
			eventsSection(all),
			uncertaintySection(sum.Uncertainty),
			costsSection(all),
			workersSection(all),
			[]Section{resourceSection(all, run.Host), encryptionSection(fe, run), checksSection(sum, all)}),
		Manifest: manifest(run, sum),
		Source:   run.Source, Topology: indented(run.Topology),
	}.present()
}

// FE makes the report of encryption costs that were measured without a run.
func FE(costs []result.FECost) Report {
	e := newEncryption(costs, nil)
	return Report{Scenario: "Cost of functional encryption on this machine", Complete: true, Sections: []Section{{
		ID: "encryption", Title: "Functional encryption", Figures: e.costFigures(), Tables: []Table{e.costTable(), e.schemeTable()},
	}}}.present()
}

func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return string(raw)
	}
	return b.String()
}

// warnings gathers what restricts the numbers: the run's own warnings, then every point that is not valid
// with its reasons, those with the same ones together.
func warnings(sum result.Summary, all []series) (ws []Warning) {
	ws = unseen(sum)
	for _, w := range sum.Notices {
		ws = append(ws, Warning{places(w.Where), w.Text})
	}
	ws = append(distinct(ws), driverWarnings(all)...)
	var flagged []Warning
	for _, s := range all {
		for _, l := range s.levels {
			for _, p := range l.points {
				w := Warning{fmt.Sprintf("%s at %s", p.Series, p.Load), strings.Join(p.Reasons, "; ")}
				if len(l.points) > 1 {
					w.Where += fmt.Sprintf(", repetition %d", p.Repetition)
				}
				if !p.Valid && len(p.Reasons) == 0 {
					w.Text = "not valid, no reason stored"
				}
				flagged = append(flagged, w)
			}
		}
	}
	for _, group := range group.By(flagged, func(w Warning) string { return w.Text }) {
		if why := group[0].Text; why != "" {
			ws = append(ws, Warning{places(each(group, func(w Warning) string { return w.Where })), why})
		}
	}
	return ws
}

func places(where []string) string {
	if len(where) == 0 {
		return "" // the run as a whole
	}
	return listed(fewOf(where))
}

// each returns something of every item, a text for example.
func each[T, U any](items []T, of func(T) U) (all []U) {
	for _, item := range items {
		all = append(all, of(item))
	}
	return all
}

// names are those of the series of a figure.
func names(all []Series) []string { return each(all, func(s Series) string { return s.Name }) }

// fewOf keeps the first few items and counts the others.
func fewOf(items []string) []string {
	const few = 6
	if len(items) <= few+1 {
		return items
	}
	return append(slices.Clone(items[:few]), fmt.Sprintf("%d more", len(items)-few))
}

// listed writes items as a list in a sentence.
func listed(items []string) string {
	switch last := len(items) - 1; last {
	case -1:
		return "no series"
	case 0:
		return items[0]
	default:
		return strings.Join(items[:last], ", ") + " and " + items[last]
	}
}

// notes.txt has the sentences above sections and below tables and figures that are true of every run:
// paragraphs under headings.
//
//go:embed notes.txt
var noteText string

// notes returns the paragraphs under a heading of notes.txt.
func notes(heading string) []string { return slices.Clone(noteTable()[heading]) }

// intro returns the paragraphs as one.
func intro(heading string) string { return strings.Join(notes(heading), " ") }

var noteTable = sync.OnceValue(func() map[string][]string {
	table := map[string][]string{}
	heading := ""
	for paragraph := range strings.SplitSeq(strings.TrimSpace(noteText), "\n\n") {
		if found, ok := strings.CutPrefix(paragraph, "== "); ok {
			heading = found
		} else {
			table[heading] = append(table[heading], strings.Join(strings.Fields(paragraph), " "))
		}
	}
	return table
})
