// Package comparison says what a comparison found: as a report for a terminal, a pull request or a page, as JSON for scripts
// and as cases for a CI service.
//
// Data flow: a compare.Comparison comes in. Build makes a reports.Report of it, which package render writes; JSON writes it
// in base units; Suite makes the cases that package junit writes. No verdict is made here.
package comparison

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"meterbench/bench/compare"
	"meterbench/bench/result"
	"meterbench/internal/group"
	"meterbench/internal/printable"
	"meterbench/reports"
)

// Build makes the report of a comparison.
func Build(c *compare.Comparison) reports.Report {
	gated, others := parted(c)
	changes := matrix(c)
	rep := reports.Report{
		Scenario: title(c), Simulated: simulated(c), Lead: lead(c), Complete: true,
		Findings: findings(c, gated),
		Warnings: warnings(c),
	}
	sections := []reports.Section{
		{ID: "gated", Title: "Gated figures", Intro: "What decides the comparison. Differences are those of head to base.",
			Figures: differences(c, gated), Tables: []reports.Table{changes, gatedTable(gated, changes)}},
		{ID: "curves", Title: "Throughput and latency over load", Intro: "Both sides over each other, in all series that both have.",
			Figures: slices.Concat(rateFigures(c), latencyFigures(c))},
		{ID: "by-run", Title: "Run by run", Intro: "The values behind the gated figures, in the order in which they were measured.",
			Figures: runFigures(gated)},
		{ID: "others", Title: "Other figures",
			Intro:  "What is not gated: compared without a correction for their number, so that about one in twenty differs by chance.",
			Tables: []reports.Table{otherTable(others)}},
		{ID: "compared", Title: "What was compared", Intro: "Where the values come from, and what differs between the sides.",
			Tables: []reports.Table{sourceTable(c), unlikeTable(c)}},
	}
	for _, s := range sections {
		s.Figures = slices.DeleteFunc(s.Figures, func(f reports.Figure) bool { return f.Empty != "" })
		s.Tables = slices.DeleteFunc(s.Tables, func(t reports.Table) bool { return len(t.Rows) == 0 })
		if len(s.Figures)+len(s.Tables) > 0 {
			rep.Sections = append(rep.Sections, s)
		}
	}
	return rep
}

// Verdict is what the gated rows come to together: worse where one is, then cannot tell where that of one is, then better.
func Verdict(c *compare.Comparison) compare.Verdict {
	for _, v := range []compare.Verdict{compare.Worse, compare.CannotTell, compare.Better} {
		if c.Count(v) > 0 {
			return v
		}
	}
	return compare.NoDifference
}

// simulated reports whether anything was measured on the reference ledger, which is no blockchain.
func simulated(c *compare.Comparison) bool {
	reference := compare.Condition{Key: compare.Target, Value: result.TargetReference}
	return slices.ContainsFunc(slices.Concat(c.Base, c.Head), func(s compare.Source) bool { return slices.Contains(s.Conditions, reference) })
}

// parted returns the gated rows, those first that a reader must see, and the others in their order.
func parted(c *compare.Comparison) (gated, others []compare.Row) {
	for _, r := range c.Rows {
		if r.Gated {
			gated = append(gated, r)
		} else {
			others = append(others, r)
		}
	}
	slices.SortStableFunc(gated, func(a, b compare.Row) int { return cmp.Compare(urgency(a.Verdict), urgency(b.Verdict)) })
	return gated, others
}

func urgency(v compare.Verdict) int {
	return slices.Index([]compare.Verdict{compare.Worse, compare.CannotTell, compare.Better, compare.NoDifference}, v)
}

// title is the outcome in a few words.
func title(c *compare.Comparison) string {
	of := scenarios(c)
	if of != "" {
		of += ": "
	}
	return of + map[compare.Verdict]string{
		compare.Worse:        "head is worse than base",
		compare.Better:       "head is better than base",
		compare.NoDifference: "no difference between base and head",
		compare.CannotTell:   "cannot tell head from base",
	}[Verdict(c)]
}

// scenarios names those of both sides.
func scenarios(c *compare.Comparison) string {
	var names []string
	for _, s := range slices.Concat(c.Base, c.Head) {
		if s.Scenario != "" && !slices.Contains(names, s.Scenario) {
			names = append(names, s.Scenario)
		}
	}
	return strings.Join(names, ", ")
}

// lead says what was compared, and by which rule.
func lead(c *compare.Comparison) string {
	paired := ""
	if c.Paired {
		paired = ", paired in the order of their starts"
	}
	return fmt.Sprintf("Base: %s. Head: %s%s. A difference counts from %s on; the gate is wrong in at most %s of equal pairs, "+
		"over all gated figures together (Holm).",
		side(c.Base), side(c.Head), paired, about(c.Minimum), about(c.Alpha))
}

// side names the sources of one side: by their folder where they share one.
func side(sources []compare.Source) string {
	if len(sources) == 0 {
		return "nothing"
	}
	if len(sources) == 1 {
		return sources[0].Path
	}
	folder := filepath.Dir(sources[0].Path)
	for _, s := range sources {
		if filepath.Dir(s.Path) != folder {
			return fmt.Sprintf("%s and %d more", sources[0].Path, len(sources)-1)
		}
	}
	what := "runs"
	if sources[0].Run == "" {
		what = "files"
	}
	return fmt.Sprintf("%d %s in %s", len(sources), what, folder)
}

// where names the level of a row.
func where(r compare.Row) string {
	if r.Load == (result.Load{}) {
		return r.Series
	}
	return r.Series + " at " + r.Load.String()
}

// mostFindings is the number of rows of one verdict that are findings of their own.
const mostFindings = 8

// findings are the outcome, the rows that are worse or better, and what is to be said of the rest.
func findings(c *compare.Comparison, gated []compare.Row) []reports.Finding {
	n := len(gated)
	of := func(v compare.Verdict) string { return fmt.Sprintf("%d of %d", c.Count(v), n) }
	fs := []reports.Finding{gate(c, n)}
	for _, v := range []compare.Verdict{compare.Worse, compare.Better} {
		rows := slices.DeleteFunc(slices.Clone(gated), func(r compare.Row) bool { return r.Verdict != v })
		for i, r := range rows {
			if i == mostFindings {
				fs = append(fs, reports.Finding{Subject: "And", Value: fmt.Sprintf("%d more %s", len(rows)-i, v), Text: "They are in the table.",
					Verdict: colour(v), To: "table-gated-figures"})
				break
			}
			fs = append(fs, reports.Finding{Subject: where(r) + ", " + r.Metric.Name, Value: changed(r) + ": " + string(v), Text: evidence(r) + ".",
				Verdict: colour(v), To: "table-gated-figures"})
		}
	}
	if c.Count(compare.CannotTell) > 0 {
		fs = append(fs, reports.Finding{Subject: "Cannot tell", Value: of(compare.CannotTell), Text: needed(c, gated),
			Verdict: reports.Caution, To: "table-gated-figures"})
	}
	if c.Count(compare.NoDifference) > 0 {
		fs = append(fs, reports.Finding{Subject: "No difference", Value: of(compare.NoDifference), Verdict: reports.Neutral, To: "table-gated-figures",
			Text: fmt.Sprintf("Their intervals lie within %s of base, and a difference that large would have shown.", about(c.Minimum))})
	}
	return fs
}

// gate is the outcome of the comparison.
func gate(c *compare.Comparison, n int) reports.Finding {
	f := reports.Finding{Subject: "Gate", Verdict: colour(Verdict(c)), To: "table-gated-figures"}
	f.Value = map[compare.Verdict]string{
		compare.Worse:        "regression",
		compare.Better:       "no regression",
		compare.NoDifference: "no regression",
		compare.CannotTell:   "no regression seen, but not all can be told",
	}[Verdict(c)]
	var counts []string
	for _, v := range compare.Verdicts() {
		if k := c.Count(v); k > 0 {
			counts = append(counts, fmt.Sprintf("%s: %d", v, k))
		}
	}
	f.Text = fmt.Sprintf("Of %s, %s.", printable.Count(n, "gated figure"), strings.Join(counts, ", "))
	return f
}

// colour is how a verdict is to be taken.
func colour(v compare.Verdict) reports.Verdict {
	return map[compare.Verdict]reports.Verdict{
		compare.Worse: reports.Bad, compare.Better: reports.Good, compare.CannotTell: reports.Caution, compare.NoDifference: reports.Neutral,
	}[v]
}

// needed says what it would take to tell the rows that cannot be told.
func needed(c *compare.Comparison, gated []compare.Row) string {
	smallest, fewest, ranked := 0.0, math.MaxInt, false
	for _, r := range gated {
		of := min(len(r.Base.Values), len(r.Head.Values)) // where one side lacks it, more runs show no more
		if r.Verdict == compare.CannotTell && of > 0 {
			fewest, ranked = min(fewest, of), ranked || math.IsInf(r.Smallest, 0) && of >= compare.MinValues
			if !math.IsInf(r.Smallest, 0) {
				smallest = max(smallest, r.Smallest)
			}
		}
	}
	text := fmt.Sprintf("A difference of %s may be there or not. ", about(c.Minimum))
	switch runs := math.Ceil(float64(fewest) * math.Pow(smallest/c.Minimum, 2)); {
	case fewest == math.MaxInt:
		return text + "Only one side has the figures."
	case fewest < compare.MinValues:
		return text + fmt.Sprintf("So few values (%d a side) show little: measure at least %d runs of each.", fewest, compare.MinValues)
	case ranked && smallest <= c.Minimum:
		return text + "Some have no ratio, or scatter without bounds: of those only ranks can tell, of more runs."
	case smallest <= c.Minimum:
		return text + "The intervals reach beyond it: measure more runs of each."
	case runs > 1000:
		return text + fmt.Sprintf("The smallest that the data could have shown goes up to %s: the figures scatter too much to be gated at this minimum effect.",
			about(smallest))
	default:
		return text + fmt.Sprintf("The smallest that the data could have shown goes up to %s: measure about %.0f runs of each.", about(smallest), runs)
	}
}

// warnings are those of the comparison and of its gated rows, alike ones together.
func warnings(c *compare.Comparison) (ws []reports.Warning) {
	for _, w := range c.Warnings {
		ws = append(ws, reports.Warning{Text: w.Text})
	}
	var flagged []reports.Warning
	for _, r := range c.Rows {
		for _, w := range r.Warnings {
			if r.Gated {
				flagged = append(flagged, reports.Warning{Where: where(r) + ", " + r.Metric.Name, Text: w.Text})
			}
		}
	}
	for _, alike := range group.By(flagged, func(w reports.Warning) string { return w.Text }) {
		at := alike[0].Where
		if more := len(alike) - 1; more > 0 {
			at = fmt.Sprintf("%s and %d more", at, more)
		}
		ws = append(ws, reports.Warning{Where: at, Text: alike[0].Text})
	}
	return ws
}
