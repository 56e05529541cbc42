package reports

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/result"
)

// budgeted are the figures whose uncertainty is stated, in order of presentation.
var budgeted = []struct {
	key, slug, name string
	unit            Unit
}{
	{result.ThroughputKey, "throughput", "throughput", PerSecond},
	{result.CompletedKey, "completed", "rate of commits and answers", Rate},
	{result.AnsweredKey, "answered", "rate of answers", AnswersPerSecond},
	{"commit_p50_s", "commit-p50", "median commit latency", Seconds},
	{"commit_p99_s", "commit-p99", "p99 of the commit latency", Seconds},
	{"answer_p50_s", "answer-p50", "median latency of answers", Seconds},
	{"answer_p99_s", "answer-p99", "p99 of the latency of answers", Seconds},
	{"client_cpu_per_commit_signatures", "client-cpu", "client's CPU time per commit, in P-256 signatures", Times},
}

// sources are those of uncertainty, in order of presentation.
var sources = []result.Source{result.SourceScatter, result.SourceInstrument, result.SourceEndEffects, result.SourceObserver, result.SourceYardstick}

// uncertaintySection states the uncertainty of the headline figures by its sources, nil for a run without.
func uncertaintySection(budgets []result.Budget) []Section {
	s := Section{ID: "uncertainty", Title: "Uncertainty", Intro: intro("section uncertainty")}
	for _, figure := range budgeted {
		of := slices.DeleteFunc(slices.Clone(budgets), func(b result.Budget) bool { return b.Figure != figure.key })
		if len(of) > 0 {
			t := Table{ID: "uncertainty-" + figure.slug, Title: "Uncertainty of the " + figure.name, Detail: true}
			s.Tables = append(s.Tables, budgetTable(t, of, figure.unit))
		}
	}
	if s.Tables == nil {
		return nil
	}
	last := &s.Tables[len(s.Tables)-1]
	last.Notes = append(last.Notes, notes("uncertainty")...)
	return []Section{s}
}

// budgetTable has a row for each budget and a column for each source that any of them knows.
func budgetTable(t Table, budgets []result.Budget, unit Unit) Table {
	fields := []field[result.Budget]{
		{Column{Key: "series", Title: "series"}, func(b result.Budget) Cell { return text(b.Series) }},
		{Column{Key: "load", Title: "at"}, func(b result.Budget) Cell { return text(b.Load.String()) }},
		{Column{Key: "value", Title: "value", Unit: unit}, func(b result.Budget) Cell { return number(b.Value) }},
	}
	for _, source := range sources {
		standard := func(b result.Budget) Cell {
			if c, ok := component(b, source); ok {
				return number(c.Standard)
			}
			if slices.Contains(b.Missing, source) {
				return Cell{Why: whyMissing}
			}
			return Cell{}
		}
		if slices.ContainsFunc(budgets, func(b result.Budget) bool { c := standard(b); return c.Number != nil || c.Why != "" }) {
			fields = append(fields, field[result.Budget]{Column{Key: "value_" + slug(string(source)), Title: string(source), Unit: unit}, standard})
		}
	}
	return tabulate(t, budgets, append(fields, []field[result.Budget]{
		{Column{Key: "value_standard", Title: "combined", Unit: unit}, func(b result.Budget) Cell { return number(b.Standard) }},
		{Column{Key: "value_expanded", Title: fmt.Sprintf("expanded, k = %d", result.Coverage), Unit: unit},
			func(b result.Budget) Cell { return number(b.Expanded) }},
		{Column{Key: "expanded_share", Title: "of the value", Unit: Share}, func(b result.Budget) Cell { return optional(b.Expanded/b.Value, b.Value > 0) }},
		{Column{Key: "mostly", Title: "mostly from"}, func(b result.Budget) Cell { return text(mostly(b)) }},
	}...))
}

// whyMissing explains the cell of a source that nothing is known of.
const whyMissing = "nothing is known of this source, so that the uncertainty is at least what stands here"

func component(b result.Budget, source result.Source) (result.Component, bool) {
	i := slices.IndexFunc(b.Components, func(c result.Component) bool { return c.Source == source })
	if i < 0 {
		return result.Component{}, false
	}
	return b.Components[i], true
}

// mostly names the source with the largest share of the combined variance.
func mostly(b result.Budget) string {
	if len(b.Components) == 0 || !(b.Standard > 0) {
		return ""
	}
	most := slices.MaxFunc(b.Components, func(a, c result.Component) int { return cmp.Compare(a.Standard, c.Standard) })
	return fmt.Sprintf("%s, %s", most.Source, Share.Format(b.Share(most)))
}
