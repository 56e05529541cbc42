package reports

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/metric"
	"meterbench/bench/result"
)

// sources are those of uncertainty, in order of presentation.
var sources = []result.Source{result.SourceScatter, result.SourceInstrument, result.SourceEndEffects, result.SourceObserver, result.SourceYardstick}

// uncertaintySection states the uncertainty of the headline figures by its sources, nil for a run without.
func uncertaintySection(budgets []result.Budget) []Section {
	s := Section{ID: "uncertainty", Title: "Uncertainty", Intro: intro("section uncertainty")}
	for _, h := range metric.Headlines() {
		of := slices.DeleteFunc(slices.Clone(budgets), func(b result.Budget) bool { return b.Figure != h.Key })
		if len(of) > 0 {
			t := Table{ID: "uncertainty-" + h.Slug, Title: "Uncertainty of the " + h.Title, Detail: true}
			s.Tables = append(s.Tables, budgetTable(t, of, UnitOf(h.Unit)))
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
		{Column{Key: "repetitions", Title: "repetitions", Unit: Count, CSVOnly: !severalOf(budgets)},
			func(b result.Budget) Cell { return positive(float64(b.Repetitions)) }},
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
		{Column{Key: "coverage_factor", Title: "k", Unit: Plain}, func(b result.Budget) Cell { return positive(b.Factor) }},
		{Column{Key: "value_expanded", Title: "expanded", Unit: unit}, func(b result.Budget) Cell { return number(b.Expanded) }},
		{Column{Key: "expanded_share", Title: "of the value", Unit: Share}, func(b result.Budget) Cell { return optional(b.Expanded/b.Value, b.Value > 0) }},
		{Column{Key: "mostly", Title: "mostly from"}, func(b result.Budget) Cell { return text(mostly(b)) }},
	}...))
}

// severalOf reports whether any figure is one of several repetitions.
func severalOf(budgets []result.Budget) bool {
	return slices.ContainsFunc(budgets, func(b result.Budget) bool { return b.Repetitions > 1 })
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
